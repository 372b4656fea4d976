/** Metrics under weights of the rows `[N]`, 1 each by default; undefined where one has no value. */
export type WeightedMetrics = (weights?: Float64Array) => Readonly<Record<string, number | undefined>>;

/** Sums every column of a table `[N, columns]` over its rows; a row of weight 0 is not looked at, so that its infinities do not count. */
export function sumRows(table: Float64Array, columns: number, weights?: Float64Array): Float64Array {
  const sums = new Float64Array(columns);
  for (let row = 0, start = 0; start < table.length; row++, start += columns) {
    const weight = weights === undefined ? 1 : weights[row];
    if (weight === 0) continue;
    for (let column = 0; column < columns; column++) sums[column] += weight * table[start + column];
  }
  return sums;
}

/** Whether every score of a known label lies in [0, 1]. */
export function areProbabilities(scores: ArrayLike<number>, labels: ArrayLike<number>): boolean {
  for (let i = 0; i < labels.length; i++) if (labels[i] >= 0 && !(scores[i] >= 0 && scores[i] <= 1)) return false;
  return true;
}
