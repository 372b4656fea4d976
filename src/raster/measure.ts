/** Share of the pixels of a raster that were measured. */
export function measuredShare({ valid }: { readonly valid?: Uint8Array }): number {
  if (valid === undefined) return 1;
  let measured = 0;
  for (const one of valid) measured += one;
  return measured / valid.length;
}

/** Moments and shares of one band's values, exact. */
export interface BandMeasure {
  /** Finite values. */
  readonly count: number;
  /** NaN where there is no finite value; so are `highest`, `mean` and `deviation`. */
  readonly lowest: number;
  readonly highest: number;
  readonly mean: number;
  /** Over N, not N − 1. */
  readonly deviation: number;
  /** Values that are 0. */
  readonly zeros: number;
  /** Values at the upper end of the type's range. */
  readonly saturated: number;
  /** NaN and infinite values. */
  readonly notFinite: number;
}

/** Measures values in two passes. @param full the value that counts as saturated, where the type has one */
export function measureValues(values: ArrayLike<number>, full?: number): BandMeasure {
  let [count, sum, zeros, saturated, lowest, highest] = [0, 0, 0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    count++;
    sum += value;
    if (value === 0) zeros++;
    if (value === full) saturated++;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  const notFinite = values.length - count;
  if (count === 0) return { count, lowest: NaN, highest: NaN, mean: NaN, deviation: NaN, zeros, saturated, notFinite };
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) squares += (values[i] - mean) ** 2;
  return { count, lowest, highest, mean, deviation: Math.sqrt(squares / count), zeros, saturated, notFinite };
}

/** The measure of all values together (pairwise moments: Chan, Golub and LeVeque 1979). */
export function poolMeasures(measures: readonly BandMeasure[]): BandMeasure {
  return measures.reduce(pool, measureValues([]));
}

function pool(a: BandMeasure, b: BandMeasure): BandMeasure {
  const [zeros, saturated, notFinite] = [a.zeros + b.zeros, a.saturated + b.saturated, a.notFinite + b.notFinite];
  if (a.count === 0 || b.count === 0) return { ...(a.count === 0 ? b : a), zeros, saturated, notFinite };
  const count = a.count + b.count;
  const apart = b.mean - a.mean;
  // M = Ma + Mb + δ² · Na · Nb / N
  const squares = a.count * a.deviation ** 2 + b.count * b.deviation ** 2 + (apart ** 2 * a.count * b.count) / count;
  return {
    count,
    lowest: Math.min(a.lowest, b.lowest),
    highest: Math.max(a.highest, b.highest),
    mean: a.mean + (apart * b.count) / count,
    deviation: Math.sqrt(squares / count),
    zeros,
    saturated,
    notFinite,
  };
}

/** The fractional part of the golden ratio: its multiples modulo 1 cover the interval evenly whatever the width of the image. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** At most `most` of the values, evenly spread; all of them, in order, where they are no more. */
export function spreadValues(values: ArrayLike<number>, most: number): Float32Array {
  if (values.length <= most) return Float32Array.from(values);
  return Float32Array.from({ length: most }, (_, i) => values[Math.floor((((i + 0.5) * GOLDEN) % 1) * values.length)]);
}

/** Shares of the values in equal steps from `from` to `to`, `[bins]`; values outside are in none. */
export function histogram(values: ArrayLike<number>, bins: number, from: number, to: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < values.length; i++) {
    const bin = Math.floor(((values[i] - from) / (to - from)) * bins);
    if (values[i] === to) counts[bins - 1]++;
    else if (bin >= 0 && bin < bins) counts[bin]++;
  }
  return counts.map((count) => count / Math.max(1, values.length));
}
