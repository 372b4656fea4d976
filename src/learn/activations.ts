import type { Head } from "../task.js";

/** The logistic function 1 / (1 + e⁻ˣ), exact to the last digits on both tails. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

/** log(1 + eˣ) without overflow: −log σ(−x). */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** log Σ eᶻ of one row of logits. The largest is taken out first, so that nothing overflows. */
export function logSumExp(logits: ArrayLike<number>, start: number, count: number): number {
  let top = start;
  for (let j = start + 1; j < start + count; j++) if (logits[j] > logits[top]) top = j;
  const max = logits[top];
  let rest = 0;
  for (let j = start; j < start + count; j++) if (j !== top) rest += Math.exp(logits[j] - max);
  return max + Math.log1p(rest);
}

/** Row-wise softmax of logits `[N, classes]`; every row sums to 1. */
export function softmaxRows(logits: ArrayLike<number>, classes: number): Float64Array {
  const probabilities = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    let max = Number.NEGATIVE_INFINITY;
    for (let j = start; j < start + classes; j++) max = Math.max(max, logits[j]);
    let sum = 0;
    for (let j = start; j < start + classes; j++) {
      probabilities[j] = Math.exp(logits[j] - max);
      sum += probabilities[j];
    }
    for (let j = start; j < start + classes; j++) probabilities[j] /= sum;
  }
  return probabilities;
}

/** Element-wise sigmoid of logits `[N, classes]`; the probabilities are independent of each other. */
export function sigmoidRows(logits: ArrayLike<number>): Float64Array {
  return Float64Array.from(logits, sigmoid);
}

/** How each head turns logits `[N, classes]` into probabilities of the same shape. */
export const ACTIVATIONS: Readonly<Record<Head, (logits: ArrayLike<number>, classes: number) => Float64Array>> = {
  softmax: softmaxRows,
  sigmoid: sigmoidRows,
};

/** The log-odds of each probability that a head makes of logits `[N, classes]`: log(p / (1 − p)), of the same shape. */
export const LOG_ODDS: Readonly<Record<Head, (logits: ArrayLike<number>, classes: number) => Float64Array>> = {
  /** pₖ / (1 − pₖ) = e^zₖ / Σ_{j≠k} e^zⱼ */
  softmax(logits, classes) {
    const odds = new Float64Array(logits.length);
    for (let start = 0; start < logits.length; start += classes) {
      for (let k = 0; k < classes; k++) {
        const others = Array.from({ length: classes - 1 }, (_, j) => logits[start + j + (j < k ? 0 : 1)]);
        odds[start + k] = logits[start + k] - logSumExp(others, 0, others.length);
      }
    }
    return odds;
  },
  sigmoid: (logits) => Float64Array.from(logits),
};
