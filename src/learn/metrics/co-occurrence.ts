/** How often two labels stand together, `[K, K]` counts of rows; on the diagonal, how often each stands at all. */
export interface CoOccurrence {
  /** Both true. */
  readonly truth: Float64Array;
  /** Both decided on, in rows where both are known. */
  readonly decided: Float64Array;
}

/**
 * Counts pairs of labels `[N, K]` of 1, 0 and −1 (unknown) and pairs of decisions `[N, K]`, so that what a model puts together can be
 * held against what belongs together. O(N K + pairs).
 */
export function coOccurrence(labels: ArrayLike<number>, decisions: ArrayLike<number>, classes: number): CoOccurrence {
  const counts = { truth: new Float64Array(classes * classes), decided: new Float64Array(classes * classes) };
  for (let start = 0; start < labels.length; start += classes) {
    countPairs(counts.truth, classes, (k) => labels[start + k] === 1);
    countPairs(counts.decided, classes, (k) => labels[start + k] >= 0 && decisions[start + k] === 1);
  }
  return counts;
}

function countPairs(matrix: Float64Array, classes: number, stands: (k: number) => boolean): void {
  const present: number[] = [];
  for (let k = 0; k < classes; k++) if (stands(k)) present.push(k);
  for (const i of present) for (const j of present) matrix[i * classes + j]++;
}
