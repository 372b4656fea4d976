/**
 * How often label i stands in a row of the first matrix and label j in the same row of the second, `[K, K]` counts of rows. A matrix
 * against itself says what belongs together (the diagonal, how often each stands at all); labels against decisions, what a model
 * gives to the images of each label. O(N K + pairs).
 *
 * @param first `[N, K]` of 1 (it stands) and anything else
 * @param second `[N, K]`, likewise
 */
export function coOccurrence(first: ArrayLike<number>, second: ArrayLike<number>, classes: number): Float64Array {
  const counts = new Float64Array(classes * classes);
  for (let start = 0; start < first.length; start += classes) {
    const standing = present(second, start, classes);
    for (const i of present(first, start, classes)) for (const j of standing) counts[i * classes + j]++;
  }
  return counts;
}

function present(matrix: ArrayLike<number>, start: number, classes: number): number[] {
  const labels: number[] = [];
  for (let k = 0; k < classes; k++) if (matrix[start + k] === 1) labels.push(k);
  return labels;
}
