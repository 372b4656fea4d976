import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../errors.js";
import { histogramOf } from "../../report/tensorboard/histogram.js";
import { createEventWriter, type EventWriter } from "../../report/tensorboard/writer.js";
import type { FinalLayer, Score } from "./layer.js";

/** TensorBoard's two curves. */
const CURVES = ["train", "validation"] as const;
type Curve = (typeof CURVES)[number];

/** Writes what retrain.py wrote, under its tags. */
export interface Summaries {
  /** Accuracy and cross entropy. */
  add(curve: Curve, step: number, score: Score): void;
  /** How the weights and the probabilities of a batch are spread. */
  addSpread(curve: Curve, step: number, layer: Pick<FinalLayer, "weights" | "bias">, score: Score): void;
  flush(): void;
  close(): void;
}

/**
 * Starts the event files `<folder>/{train,validation}`; without a folder nothing is written.
 * With `force`, event files of an earlier run are removed, and nothing else.
 */
export function openSummaries(
  folder: string | undefined,
  { force, wallTime }: { readonly force: boolean; readonly wallTime?: (() => number) | undefined },
): Summaries {
  if (folder === undefined) return { add() {}, addSpread() {}, flush() {}, close() {} };
  refuseSummaries(folder, { force });
  for (const file of earlierEvents(folder)) rmSync(file);
  const writers = new Map<Curve, EventWriter>();
  for (const curve of CURVES) writers.set(curve, createEventWriter(join(folder, curve), { wallTime }));
  return {
    add(curve, step, { accuracy, crossEntropy }) {
      writers.get(curve)?.scalar("accuracy", accuracy, step);
      writers.get(curve)?.scalar("cross_entropy", crossEntropy, step);
    },
    addSpread(curve, step, { weights, bias }, { probabilities }) {
      const spread = {
        "final_training_ops/weights/summaries/histogram": weights.data,
        "final_training_ops/biases/summaries/histogram": bias.data,
        activations: probabilities,
      };
      for (const [tag, values] of Object.entries(spread)) writers.get(curve)?.add("histograms", tag, histogramOf(values), step);
    },
    flush() {
      for (const writer of writers.values()) writer.flush();
    },
    close() {
      for (const writer of writers.values()) writer.close();
    },
  };
}

/** @throws UserError `exists` where events of an earlier run would mix with new ones */
export function refuseSummaries(folder: string, { force }: { readonly force: boolean }): void {
  if (force || earlierEvents(folder).length === 0) return;
  throw new UserError("exists", `${folder}: holds the events of an earlier run`, {
    hint: "Choose another --summaries_dir, or add --force to remove its event files.",
  });
}

function earlierEvents(folder: string): string[] {
  return CURVES.flatMap((curve) => {
    const inside = join(folder, curve);
    if (!existsSync(inside)) return [];
    return readdirSync(inside)
      .filter((name) => name.startsWith("events.out.tfevents."))
      .map((name) => join(inside, name));
  });
}
