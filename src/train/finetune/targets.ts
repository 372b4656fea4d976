import { type Mix, mixTargets } from "../../learn/mixing.js";
import { BALANCED_WEIGHTS, CELL_WEIGHTS } from "../../model/head-weights.js";
import type { Head } from "../../task.js";
import type { Lesson } from "./trainer.js";

export interface TargetOptions {
  /** `[N, K]` of 1, 0 and −1 (unknown), of the whole training part. */
  readonly labels: Int8Array;
  /** K. */
  readonly classes: number;
  readonly head: Head;
  readonly classWeights?: "none" | "balanced" | undefined;
  readonly labelSmoothing: number;
  /** Images of one update. */
  readonly images: number;
}

/** What is to be said of the images of a batch. */
export type Targets = (rows: Int32Array, mix?: Mix | undefined) => Omit<Lesson, "pixels">;

/**
 * Cell weights of batches. They are those of the whole training part, N / images times as large: the mean over all batches is then the
 * loss that a head is fitted to, also where labels are unknown or an image teaches nothing, and a label that is known for one image
 * of a batch does not weigh as much as one that is known for all.
 */
export function openTargets({ labels, classes, head, classWeights, labelSmoothing, images }: TargetOptions): Targets {
  const balance = classWeights === "balanced" ? BALANCED_WEIGHTS[head](labels, classes) : {};
  const all = CELL_WEIGHTS[head](labels, classes, { ...balance, labelSmoothing });
  const scale = labels.length / classes / images;
  const pick = (weights: Float32Array, rows: Int32Array, mix: Mix | undefined) => {
    if (weights.length === 0) return weights;
    const picked = new Float32Array(rows.length * classes);
    for (let i = 0; i < rows.length; i++) {
      for (let k = 0; k < classes; k++) picked[i * classes + k] = scale * weights[rows[i] * classes + k];
    }
    return mix ? mixTargets(picked, classes, mix) : picked;
  };
  return (rows, mix) => ({ positive: pick(all.positive, rows, mix), negative: pick(all.negative, rows, mix) });
}
