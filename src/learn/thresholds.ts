/** A threshold for one label, and the F1 it reaches where it was tuned. */
export interface TunedThreshold {
  readonly threshold: number;
  readonly f1: number;
}

/**
 * The probability from which saying the label maximises F1. Candidates lie midway between neighbouring probabilities, so that the
 * threshold does not hang on one sample; of equal ones the highest is taken. O(N log N).
 *
 * @param labels `[N]`: 1, 0 or −1 (unknown, left out)
 * @param probabilities `[N]`, best from samples that the head has not seen
 * @returns undefined without a positive
 */
export function bestF1Threshold(labels: ArrayLike<number>, probabilities: ArrayLike<number>): TunedThreshold | undefined {
  const order = Array.from({ length: labels.length }, (_, i) => i)
    .filter((i) => labels[i] >= 0)
    .sort((a, b) => probabilities[b] - probabilities[a]);
  const positives = order.reduce((count, i) => count + (labels[i] === 1 ? 1 : 0), 0);
  if (positives === 0) return undefined;
  let best: TunedThreshold = { threshold: 1, f1: -1 };
  let hits = 0;
  order.forEach((i, rank) => {
    if (labels[i] === 1) hits++;
    const here = probabilities[i];
    const below = rank + 1 < order.length ? probabilities[order[rank + 1]] : 0;
    if (below === here) return; // tied samples are said or not said together
    // F1 = 2 tp / (said + positives)
    const f1 = (2 * hits) / (rank + 1 + positives);
    if (f1 > best.f1) best = { threshold: (here + below) / 2, f1 };
  });
  return best;
}

/** One threshold per class of labels and probabilities `[N, K]`; `fallback` for a class without a positive. */
export function bestF1Thresholds(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
  fallback = 0.5,
): number[] {
  const samples = labels.length / classes;
  const column = (matrix: ArrayLike<number>, k: number) => Array.from({ length: samples }, (_, i) => matrix[i * classes + k]);
  return Array.from(
    { length: classes },
    (_, k) => bestF1Threshold(column(labels, k), column(probabilities, k))?.threshold ?? fallback,
  );
}
