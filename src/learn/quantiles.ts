/** Quantiles of values that are in ascending order, interpolated linearly as numpy's default; NaN without values. */
export function quantiles(sorted: ArrayLike<number>, shares: readonly number[]): number[] {
  return shares.map((share) => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.min(sorted.length - 1, below + 1);
    return sorted.length === 0 ? NaN : sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  });
}
