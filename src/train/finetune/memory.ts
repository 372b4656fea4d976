import { UserError } from "../../errors.js";
import { createOptimizer, type OptimizerName } from "../../learn/optimizers.js";
import { graphOf, type Model } from "../../onnx/model.js";
import { inferShapes } from "../../onnx/shapes.js";
import type { TrainingStep } from "../../onnx/training-step.js";
import { DATA_TYPES, tensorTypeOf } from "../../onnx/types.js";
import { sizeOf, type Tensor } from "../../tensor.js";
import type { Recipe } from "./recipe.js";

/** Operators whose output is their input under another shape. */
const VIEWS = new Set(["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"]);

/** Node, ONNX Runtime, the code, and the graph of some thousand nodes: measured on networks of 64 px, batch 8. */
const FIXED_BYTES = 190 * 2 ** 20;
/** A worker thread with its image decoders. */
const WORKER_BYTES = 50 * 2 ** 20;
/** The allocator of ONNX Runtime leaves gaps: measured against the peak of ResNet-18 and MobileNetV2, both layouts. */
const GAPS = 1.12;

/**
 * The most bytes that tensors between the nodes of a graph take at one time: each lives from the node that makes it to the last that
 * reads it. Inputs, constants and outputs of the graph are not counted.
 */
export function activationBytes(model: Model): number {
  const graph = graphOf(model);
  const known = inferShapes(graph);
  const bytesOf = (name: string): number => {
    const { shape, code = 1 } = known.get(name) ?? {};
    const elements = (shape ?? []).reduce<number>((product, extent) => product * Number(extent), 1);
    return Number.isFinite(elements) ? (elements * (DATA_TYPES[code]?.bits ?? 32)) / 8 : 0;
  };
  const outside = new Set([...graph.input, ...graph.initializer, ...graph.output].map(({ name }) => name));
  /** Where the memory of a view lies. */
  const owner = new Map<string, string>();
  const ownerOf = (name: string) => owner.get(name) ?? name;
  const lastUse = new Map<string, number>();
  graph.node.forEach((node, place) => {
    const [input] = node.input;
    if (VIEWS.has(node.opType) && !outside.has(node.output[0])) owner.set(node.output[0], ownerOf(input));
    for (const name of [...node.input, ...node.output]) if (name !== "") lastUse.set(ownerOf(name), place);
  });
  const ends = new Map<number, string[]>();
  for (const [name, place] of lastUse) ends.set(place, [...(ends.get(place) ?? []), name]);
  let now = 0;
  let most = 0;
  graph.node.forEach((node, place) => {
    for (const name of node.output) if (name !== "" && !owner.has(name) && !outside.has(name)) now += bytesOf(name);
    most = Math.max(most, now);
    for (const name of ends.get(place) ?? []) if (!outside.has(name)) now -= bytesOf(name);
  });
  return most;
}

export interface MemoryOptions {
  readonly step: TrainingStep;
  readonly recipe: Pick<Recipe, "optimizer" | "ema" | "accumulate">;
  /** The forward pass of a batch that is judged: its session stands beside that of the step. Default: nothing is judged. */
  readonly judging?: Model | undefined;
  /** Batches that are prepared while one is in use. Default 0. */
  readonly ahead?: number | undefined;
  /** Threads that prepare batches. Default 0. */
  readonly workers?: number | undefined;
  /** What decoded images take. Default 0. */
  readonly keptBytes?: number | undefined;
}

/** About how many bytes the process has in use at most while this step is taken again and again. */
export function peakBytes({ step, judging, recipe, ahead = 0, workers = 0, keptBytes = 0 }: MemoryOptions): number {
  // Weights, the model that they came with, gradients; and what the recipe adds.
  const copies = 3 + momentsOf(recipe.optimizer) + (recipe.ema > 0 ? 1 : 0) + (recipe.accumulate > 1 ? 1 : 0);
  const judged = judging ? GAPS * activationBytes(judging) + bytesOf(step.parameters) : 0;
  const { input } = graphOf(step.model);
  const image = sizeOf((tensorTypeOf(input[0])?.shape ?? []).map(Number));
  return Math.round(
    FIXED_BYTES +
      workers * WORKER_BYTES +
      GAPS * activationBytes(step.model) +
      judged +
      copies * bytesOf(step.parameters) +
      4 * bytesOf(step.states) +
      (ahead + 1) * Float32Array.BYTES_PER_ELEMENT * image +
      keptBytes,
  );
}

/** Bytes of tensors outside of the graph. */
export function bytesOf(tensors: readonly { readonly value: Tensor }[]): number {
  return tensors.reduce((sum, { value }) => sum + value.data.byteLength, 0);
}

/** Numbers that an optimizer keeps of each weight. */
export function momentsOf(optimizer: OptimizerName): number {
  const { moments } = createOptimizer(optimizer, [new Float32Array(1)], { momentum: 0.9 });
  return Object.keys(moments[0]).length;
}

type Batches = Pick<Recipe, "batch" | "accumulate">;

/**
 * Refuses a training that does not fit, before it starts.
 *
 * @param peakOf the estimate by what a recipe says of batches
 * @param limit bytes that the process may have in use
 * @throws UserError `limit` naming the batch that would fit
 */
export function refuseTooLarge(peakOf: (batches: Batches) => number, { batch, accumulate }: Batches, limit: number): void {
  const peak = peakOf({ batch, accumulate });
  if (peak <= limit) return;
  const apart = (size: number) => peakOf({ batch: size, accumulate: 1 });
  // Smaller batches are accumulated, which takes a second set of gradients.
  const together = (size: number) => peakOf({ batch: size, accumulate: Math.max(2, accumulate) });
  const largest = (of: (size: number) => number, most: number) => largestFitting((size) => of(size) <= limit, most);
  const fitting = largest(together, batch - 1);
  // Where the network is large against an image, that second set weighs more than the images it saves.
  const alone = fitting > 0 ? 0 : largest(apart, accumulate > 1 ? batch : batch - 1);
  throw new UserError(
    "limit",
    `training with a batch of ${batch} takes about ${gigabytes(peak)} of memory; ${gigabytes(limit)} may be taken`,
    {
      hint:
        fitting > 0
          ? `--batch ${fitting} fits; --accumulate ${Math.ceil((batch * accumulate) / fitting)} beside it keeps the images of an update together.`
          : alone > 0
            ? `--batch ${alone} fits without --accumulate, for which there is no room: an update then sees fewer images.`
            : `Even a single image takes ${gigabytes(apart(1))}: take smaller images or a smaller network, freeze more of it, or keep fewer copies of its weights (--optimizer sgd, --ema 0).`,
    },
  );
}

/** The largest batch, up to `most`, that fits; 0 where none does. */
function largestFitting(fits: (size: number) => boolean, most: number): number {
  let least = 0;
  let above = most + 1;
  while (above - least > 1) {
    const middle = Math.floor((least + above) / 2);
    if (fits(middle)) least = middle;
    else above = middle;
  }
  return least;
}

/** Bytes for people: `0.81 GB`. */
export function gigabytes(bytes: number): string {
  const value = bytes / 1e9;
  return `${value < 10 ? value.toPrecision(2) : Math.round(value)} GB`;
}
