/** What decides how many samples are drawn. */
export interface SampleSizeOptions {
  /** Share of each stratum in the area; they add up to 1. */
  readonly weights: ArrayLike<number>;
  /** Share of each stratum on which the map is expected to be right. */
  readonly users: ArrayLike<number>;
  /** Wanted of the overall accuracy. */
  readonly standardError: number;
}

/** How many samples are needed in all. */
export interface SampleSize {
  /** Standard deviation of right and wrong in each stratum: √(U (1 − U)). */
  readonly deviations: Float64Array;
  /** n = (Σ W S / SE)². */
  readonly exact: number;
  readonly total: number;
  /** The total divided by the weights alone. */
  readonly proportional: Float64Array;
}

/** The size of a stratified sample whose overall accuracy has a standard error (Cochran 1977, eq. 5.25, for many cells). */
export function sampleSize({ weights, users, standardError }: SampleSizeOptions): SampleSize {
  const deviations = Float64Array.from(users, (share) => Math.sqrt(share * (1 - share)));
  const exact = (deviations.reduce((sum, deviation, h) => sum + weights[h] * deviation, 0) / standardError) ** 2;
  const total = Math.ceil(exact);
  return { deviations, exact, total, proportional: Float64Array.from(weights, (weight) => weight * total) };
}

export interface AllocationOptions {
  readonly total: number;
  readonly weights: ArrayLike<number>;
  /** Cells of each stratum: no more samples than these. */
  readonly cells: ArrayLike<number>;
  /** For each stratum, or all of its cells: those of a rare one would tell nothing of it. */
  readonly least: number;
}

/**
 * Samples of each stratum: rare ones get the least, the others share the rest by their weights (Olofsson et al. 2014, 5.1.2). They are
 * more than the total where the least asks for it.
 */
export function allocateSamples({ total, weights, cells, least }: AllocationOptions): Uint32Array {
  const strata = weights.length;
  const floors = Array.from({ length: strata }, (_, h) => Math.min(least, cells[h]));
  const settled = new Map<number, number>();
  for (;;) {
    const open = Array.from({ length: strata }, (_, h) => h).filter((h) => !settled.has(h));
    const rest = total - [...settled.values()].reduce((sum, count) => sum + count, 0);
    const weight = open.reduce((sum, h) => sum + weights[h], 0);
    const shares = open.map((h) => (weight > 0 ? (Math.max(0, rest) * weights[h]) / weight : 0));
    // One kind at a time: who has too few takes from the others, who has too many gives to them.
    const few = open.filter((h, i) => shares[i] < floors[h]);
    const full = few.length > 0 ? [] : open.filter((h, i) => shares[i] > cells[h]);
    if (few.length === 0 && full.length === 0) {
      const whole = wholes(shares);
      for (const [i, h] of open.entries()) settled.set(h, whole[i]);
      return Uint32Array.from({ length: strata }, (_, h) => Math.min(cells[h], settled.get(h) ?? 0));
    }
    for (const h of few) settled.set(h, floors[h]);
    for (const h of full) settled.set(h, cells[h]);
  }
}

/** Whole numbers with the same sum, each less than one away; the largest remainders are rounded up. */
function wholes(shares: readonly number[]): number[] {
  const down = shares.map(Math.floor);
  const left = Math.round(shares.reduce((sum, share, i) => sum + share - down[i], 0));
  const byRemainder = [...shares.keys()].sort((a, b) => shares[b] - down[b] - (shares[a] - down[a]) || a - b);
  for (const i of byRemainder.slice(0, left)) down[i]++;
  return down;
}

/**
 * The standard error of the overall accuracy that samples are expected to give: √ Σ W² S² (1 − n / N) / n, as `estimateAreas` has it
 * (Cochran 1977, eq. 5.6). A sample of all cells has none.
 *
 * @param cells N of each stratum; undefined for many more than samples, where 1 − n / N is 1
 */
export function expectedStandardError(
  weights: ArrayLike<number>,
  deviations: ArrayLike<number>,
  samples: ArrayLike<number>,
  cells?: ArrayLike<number>,
): number {
  let variance = 0;
  for (let h = 0; h < weights.length; h++) {
    if (samples[h] === 0) continue;
    const left = cells === undefined ? 1 : Math.max(0, 1 - samples[h] / cells[h]);
    variance += (left * (weights[h] * deviations[h]) ** 2) / samples[h];
  }
  return Math.sqrt(variance);
}

export interface StratumSizesOptions extends SampleSizeOptions, Pick<AllocationOptions, "cells" | "least"> {}

/** Samples of each stratum, and the standard error of the overall accuracy that is expected of them. */
export interface StratumSizes {
  readonly samples: Uint32Array;
  readonly expectedStandardError: number;
}

/**
 * The fewest samples, allocated as `allocateSamples` does, that are expected to have a standard error. They are other than `sampleSize`
 * says: fewer where the map has few cells, more where rare strata take of the total what the others need. At most all cells, which
 * have no error.
 */
export function sizesOfStrata({ weights, users, standardError, cells, least }: StratumSizesOptions): StratumSizes {
  const { deviations } = sampleSize({ weights, users, standardError });
  // Nothing can be said of a stratum without samples.
  const floor = Math.max(1, least);
  const sizesOf = (total: number): StratumSizes => {
    const samples = allocateSamples({ total, weights, cells, least: floor });
    return { samples, expectedStandardError: expectedStandardError(weights, deviations, samples, cells) };
  };
  let tooFew = 0;
  let enough = Array.from(cells).reduce((sum, count) => sum + count, 0);
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (sizesOf(middle).expectedStandardError <= standardError) enough = middle;
    else tooFew = middle;
  }
  return sizesOf(enough);
}
