import type { Loss } from "../learn/loss.js";
import type { Head, HeadLoss } from "../task.js";
import { lossGraph } from "./head.js";

/** How much each label counts in the loss of a head. */
export interface LossWeighting {
  /** `[K]`: multiplies the loss of each class. */
  readonly classWeights?: ArrayLike<number> | undefined;
  /** `[K]`: multiplies the loss of positives of the sigmoid head. */
  readonly posWeight?: ArrayLike<number> | undefined;
  /** Softmax: t(1−s) + s/K. Sigmoid: t(1−s) + s/2. */
  readonly labelSmoothing?: number | undefined;
}

/** The weight of every cell in the loss, and what could not be used. */
export interface CellWeights {
  /** `[N, K]`: of saying the label. */
  readonly positive: Float32Array;
  /** `[N, K]`: of not saying it. */
  readonly negative: Float32Array;
  /** Rows that teach nothing: no known label, or (softmax) no positive one. */
  readonly leftOut: number;
}

/**
 * Folds labels `[N, K]` of 1, 0 and −1 (unknown: weight zero) into cell weights.
 * Softmax: the mean over usable rows, targets divided by their number. Sigmoid: the sum over classes of the mean over known labels.
 */
export const CELL_WEIGHTS: Readonly<
  Record<Head, (labels: Int8Array, classes: number, weighting?: LossWeighting) => CellWeights>
> = {
  softmax(labels, classes, { classWeights, labelSmoothing = 0 } = {}) {
    const { rows, positives } = survey(labels, classes);
    const usable = positives.filter((count) => count > 0).length;
    const positive = new Float32Array(labels.length);
    for (let j = 0; j < labels.length; j++) {
      const count = positives[Math.floor(j / classes)];
      if (count === 0) continue;
      const target = labels[j] === 1 ? 1 / count : 0;
      positive[j] = ((target * (1 - labelSmoothing) + labelSmoothing / classes) * (classWeights?.[j % classes] ?? 1)) / usable;
    }
    return { positive, negative: new Float32Array(0), leftOut: rows - usable };
  },

  sigmoid(labels, classes, { classWeights, posWeight, labelSmoothing = 0 } = {}) {
    const { rows, known, knownPerClass } = survey(labels, classes);
    const positive = new Float32Array(labels.length);
    const negative = new Float32Array(labels.length);
    for (let j = 0; j < labels.length; j++) {
      if (labels[j] < 0) continue;
      const k = j % classes;
      const target = labels[j] * (1 - labelSmoothing) + labelSmoothing / 2;
      const weight = (classWeights?.[k] ?? 1) / knownPerClass[k];
      positive[j] = weight * (posWeight?.[k] ?? 1) * target;
      negative[j] = weight * (1 - target);
    }
    return { positive, negative, leftOut: rows - known.filter((count) => count > 0).length };
  },
};

/** Weights under which rare classes count as much as common ones. */
export const BALANCED_WEIGHTS: Readonly<Record<Head, (labels: Int8Array, classes: number) => LossWeighting>> = {
  /** N / (K · positives), as scikit-learn's `balanced`. */
  softmax(labels, classes) {
    const { positivesPerClass } = survey(labels, classes);
    const total = positivesPerClass.reduce((sum, count) => sum + count, 0);
    return { classWeights: Float64Array.from(positivesPerClass, (count) => (count === 0 ? 1 : total / (classes * count))) };
  },
  /** Negatives / positives of each class. */
  sigmoid(labels, classes) {
    const { knownPerClass, positivesPerClass } = survey(labels, classes);
    return {
      posWeight: Float64Array.from(positivesPerClass, (count, k) => (count === 0 ? 1 : (knownPerClass[k] - count) / count)),
    };
  },
};

/**
 * The unweighted loss of every row of logits `[N, K]` that can be judged: what the mean in `CELL_WEIGHTS` is the mean of.
 * @throws UserError `usage` where the head has no such loss
 */
export function rowLosses(
  head: Head,
  logits: ArrayLike<number>,
  labels: Int8Array,
  classes: number,
  loss: HeadLoss = "cross-entropy",
): Float64Array {
  return ROW_LOSSES[head](lossGraph(head, loss).reference, logits, labels, classes);
}

const ROW_LOSSES: Readonly<
  Record<Head, (reference: Loss, logits: ArrayLike<number>, labels: Int8Array, classes: number) => Float64Array>
> = {
  softmax(reference, logits, labels, classes) {
    const { positives } = survey(labels, classes);
    const targets = Float64Array.from(labels, (label, j) => (label === 1 ? 1 / positives[Math.floor(j / classes)] : 0));
    const { values } = reference({ logits, targets, classes }, { targetKind: "probability", reduction: "sum" });
    return values.filter((_, row) => positives[row] > 0);
  },
  /** K times the mean over the known labels of the row. */
  sigmoid(reference, logits, labels, classes) {
    const { known } = survey(labels, classes);
    const { values } = reference(
      { logits, targets: labels.map((label) => Math.max(label, 0)), classes },
      { mask: labels.map((label) => Number(label >= 0)), reduction: "sum" },
    );
    const sums = new Float64Array(known.length);
    for (let j = 0; j < values.length; j++) sums[Math.floor(j / classes)] += values[j];
    return sums.map((sum, row) => (sum * classes) / known[row]).filter((_, row) => known[row] > 0);
  },
};

function survey(labels: Int8Array, classes: number) {
  const rows = labels.length / classes;
  const positives = new Int32Array(rows);
  const known = new Int32Array(rows);
  const knownPerClass = new Int32Array(classes);
  const positivesPerClass = new Int32Array(classes);
  for (let j = 0; j < labels.length; j++) {
    if (labels[j] < 0) continue;
    const row = Math.floor(j / classes);
    known[row]++;
    knownPerClass[j % classes]++;
    if (labels[j] === 1) {
      positives[row]++;
      positivesPerClass[j % classes]++;
    }
  }
  return { rows, positives, known, knownPerClass, positivesPerClass };
}
