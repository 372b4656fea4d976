import { UserError } from "../../errors.js";
import type { TrainingStep } from "../../onnx/training-step.js";
import { historyBytes } from "./history.js";
import { bytesOf, gigabytes, momentsOf } from "./memory.js";
import type { Recipe } from "./recipe.js";

/** What decides how large the checkpoints of a training become. */
export interface CheckpointSizeOptions {
  readonly step: Pick<TrainingStep, "parameters" | "states">;
  readonly recipe: Pick<Recipe, "optimizer" | "ema" | "epochs">;
  /** Of the whole training. */
  readonly updates: number;
  /** Whether epochs are judged: then the best weights are kept beside the newest. */
  readonly isJudged: boolean;
}

/** What a tensor takes in the head of the file, with a long name. */
const HEAD_BYTES = 512;

/** About how many bytes, and never fewer, the last checkpoint of a training has. */
export function checkpointBytes({ step, recipe, updates, isJudged }: CheckpointSizeOptions): number {
  const { parameters, states } = step;
  // As they are now, averaged, and best.
  const copies = 1 + (recipe.ema > 0 ? 1 : 0) + (isJudged ? 1 : 0);
  const moments = momentsOf(recipe.optimizer);
  // Beside them stand two tensors of the history, and what the file says of itself.
  const tensors = copies * (parameters.length + states.length) + moments * parameters.length + 4;
  return (
    copies * (bytesOf(parameters) + bytesOf(states)) +
    moments * bytesOf(parameters) +
    historyBytes(updates, recipe.epochs) +
    tensors * HEAD_BYTES
  );
}

/**
 * Refuses a training that could not be saved, before it starts.
 *
 * @throws UserError `limit` naming the size of a checkpoint
 */
export function refuseUnsavable(options: CheckpointSizeOptions, limit: number): void {
  const bytes = checkpointBytes(options);
  if (bytes <= limit) return;
  throw new UserError(
    "limit",
    `a checkpoint of this training takes up to ${gigabytes(bytes)}; the limit is ${gigabytes(limit)}`,
    {
      hint: "Train a smaller network, freeze more of it, or keep fewer copies of its weights (--optimizer sgd, --ema 0).",
    },
  );
}
