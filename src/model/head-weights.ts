import type { Head } from "../task.js";

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

function survey(labels: Int8Array, classes: number) {
  const rows = labels.length / classes;
  const positives = new Int32Array(rows);
  const known = new Int32Array(rows);
  const knownPerClass = new Int32Array(classes);
  for (let j = 0; j < labels.length; j++) {
    if (labels[j] < 0) continue;
    const row = Math.floor(j / classes);
    known[row]++;
    knownPerClass[j % classes]++;
    if (labels[j] === 1) positives[row]++;
  }
  return { rows, positives, known, knownPerClass };
}
