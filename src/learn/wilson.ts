/** The 95 % quantile of the normal distribution, both sides. */
export const Z95 = 1.959963984540054;

/** Where the share lies of which `hits` of `count` independent draws are a sample, with 95 % certainty (Wilson 1927). */
export function wilsonInterval(hits: number, count: number): readonly [low: number, high: number] {
  if (count === 0) return [0, 1];
  const share = hits / count;
  const spread = Z95 ** 2 / count;
  const centre = share + spread / 2;
  const reach = Z95 * Math.sqrt((share * (1 - share)) / count + spread / (4 * count));
  // Rounding must not take 0 and 1 away where nothing, or everything, was a hit.
  return [hits === 0 ? 0 : (centre - reach) / (1 + spread), hits === count ? 1 : (centre + reach) / (1 + spread)];
}
