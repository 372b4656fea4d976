import { UserError } from "../errors.js";
import { stratifiedInterval } from "./share-interval.js";

/** A part of the map from which samples were drawn by themselves. */
export interface Stratum {
  readonly name: string;
  /** In any unit, the same for all. */
  readonly area: number;
  /** Units that samples were drawn from without being put back; undefined for many more than samples. */
  readonly cells?: number | undefined;
  /** The classes of the map that occur in it, as indices; undefined where nobody says. */
  readonly mapped?: readonly number[] | undefined;
}

/** Samples of one stratum of which the map says the same, and of which the same was found. */
export interface SampleGroup {
  readonly stratum: number;
  /** Class of the map; -1 where it is not known. */
  readonly mapped: number;
  /** Class on the ground. */
  readonly found: number;
  readonly count: number;
}

/** An estimate and how sure it is. */
export interface Estimate {
  /** Undefined where nothing can be said. */
  readonly value: number | undefined;
  /** Undefined where the sample cannot tell. */
  readonly standardError: number | undefined;
  /** Why either is undefined. */
  readonly why: string | undefined;
}

/** What a stratified sample says of a map and of the ground. Indices are those of the classes. */
export interface AreaEstimate {
  /** Share of each stratum in the area. */
  readonly weights: Float64Array;
  readonly area: number;
  /** Share of the area `[K, K]`: rows are classes of the map, columns classes on the ground; undefined where the map is not known. */
  readonly proportions: Float64Array | undefined;
  /** Share of the area on which the map is right. */
  readonly overall: Estimate;
  /** User's accuracy: of what the map calls so, the share that is. */
  readonly users: readonly Estimate[];
  /** Producer's accuracy: of what is so, the share that the map calls so. */
  readonly producers: readonly Estimate[];
  /** Share of the area that is so. */
  readonly shares: readonly Estimate[];
  /** Where that share lies; undefined where its standard error is. Not the share ± z standard errors: see `stratifiedInterval`. */
  readonly intervals: readonly (readonly [low: number, high: number] | undefined)[];
  /** Samples of each stratum. */
  readonly samples: Float64Array;
  /** What of the samples counts for nothing. */
  readonly notes: readonly string[];
}

export interface AreaEstimateOptions {
  readonly strata: readonly Stratum[];
  /** How many there are; strata need not be classes. */
  readonly classes: number;
  readonly samples: readonly SampleGroup[];
  /** How often intervals hold the truth. Default 0.95. */
  readonly level?: number | undefined;
}

/**
 * Accuracy of a map and areas on the ground, from a stratified random sample (Stehman 2014). Everything is a ratio of two totals,
 * each a mean of an indicator of the samples; where strata are the classes of the map, these are the estimators of Olofsson et al. 2014.
 * Where a stratum says how many cells it has, its part is corrected for that finite population (Cochran 1977, eq. 5.6).
 *
 * @throws UserError `bad-data` naming a stratum that has an area and no sample, or where no stratum has an area
 */
export function estimateAreas({ strata, classes, samples, level }: AreaEstimateOptions): AreaEstimate {
  const sample = sampleOf(strata, samples);
  const isMapKnown = samples.every(({ mapped, count }) => mapped >= 0 || count === 0);
  const ratio = (y: Indicator, x: Indicator = always, within?: (stratum: Stratum) => boolean) =>
    stratifiedRatio(sample, samples.map(y), samples.map(x), within);
  const ofMap = (estimate: () => Estimate) => (isMapKnown ? estimate() : MAP_UNKNOWN);
  const each = <T>(of: (k: number) => T) => Array.from({ length: classes }, (_, k) => of(k));
  const isFound =
    (k: number): Indicator =>
    ({ found }) =>
      Number(found === k);
  const isMapped =
    (k: number): Indicator =>
    ({ mapped }) =>
      Number(mapped === k);
  const isBoth =
    (i: number, j: number): Indicator =>
    ({ mapped, found }) =>
      Number(mapped === i && found === j);
  const { weights, counts } = sample;
  const shares = each((k) => ratio(isFound(k)));
  return {
    weights,
    area: sample.area,
    proportions: isMapKnown
      ? Float64Array.from({ length: classes ** 2 }, (_, cell) =>
          meanOf(sample, samples.map(isBoth(Math.floor(cell / classes), cell % classes))),
        )
      : undefined,
    overall: ofMap(() => ratio(({ mapped, found }) => Number(mapped === found))),
    users: each((k) => ofMap(() => ratio(isBoth(k, k), isMapped(k), ({ mapped }) => mapped?.includes(k) ?? true))),
    producers: each((k) => ofMap(() => ratio(isBoth(k, k), isFound(k)))),
    shares,
    intervals: shares.map(({ standardError }, k) =>
      standardError === undefined
        ? undefined
        : stratifiedInterval(weights, sumsOf(sample, samples.map(isFound(k))), counts, {
            level,
            left: strata.map((_, h) => leftOf(sample, h)),
          }),
    ),
    samples: counts,
    notes: strata.flatMap(({ name, area }, h) =>
      area === 0 && counts[h] > 0 ? [`${counts[h]} samples of ${JSON.stringify(name)} count for nothing: it has no area`] : [],
    ),
  };
}

/** Share of the cells of a stratum that are no samples: what is known for certain has no error. */
function leftOf({ strata, counts }: StratifiedSample, h: number): number {
  const { cells } = strata[h];
  return cells === undefined || cells <= 0 ? 1 : Math.max(0, 1 - counts[h] / cells);
}

type Indicator = (group: SampleGroup) => number;

const always: Indicator = () => 1;
const MAP_UNKNOWN: Estimate = {
  value: undefined,
  standardError: undefined,
  why: "what the map says of some samples is not known",
};

/** A sample by strata. */
interface StratifiedSample {
  readonly strata: readonly Stratum[];
  readonly samples: readonly SampleGroup[];
  readonly weights: Float64Array;
  readonly counts: Float64Array;
  readonly area: number;
}

function sampleOf(strata: readonly Stratum[], samples: readonly SampleGroup[]): StratifiedSample {
  const wrong = strata.find(({ area }) => !(area >= 0 && Number.isFinite(area)));
  if (wrong !== undefined) {
    throw new UserError("bad-data", `the stratum ${JSON.stringify(wrong.name)} cannot have an area of ${wrong.area}`);
  }
  const area = strata.reduce((sum, stratum) => sum + stratum.area, 0);
  if (area === 0) throw new UserError("bad-data", "no stratum has an area");
  const counts = new Float64Array(strata.length);
  for (const { stratum, count } of samples) counts[stratum] += count;
  const empty = strata.find((stratum, h) => stratum.area > 0 && counts[h] === 0);
  if (empty !== undefined) {
    throw new UserError(
      "bad-data",
      `nothing is known of the stratum ${JSON.stringify(empty.name)}: none of its samples has an answer`,
      {
        hint: "Answer samples of every stratum, two at the least: areas on the ground cannot be told without.",
      },
    );
  }
  return { strata, samples, weights: Float64Array.from(strata, (stratum) => stratum.area / area), counts, area };
}

/** Sums of a value of each group over the samples of each stratum. */
function sumsOf({ samples, counts }: StratifiedSample, values: readonly number[]): Float64Array {
  const sums = new Float64Array(counts.length);
  samples.forEach(({ stratum, count }, i) => {
    sums[stratum] += count * values[i];
  });
  return sums;
}

/** Means, likewise; 0 where there are none. */
function meansOf(sample: StratifiedSample, values: readonly number[]): Float64Array {
  return sumsOf(sample, values).map((sum, h) => (sample.counts[h] === 0 ? 0 : sum / sample.counts[h]));
}

/** Σ W ȳ */
function meanOf(sample: StratifiedSample, values: readonly number[]): number {
  return meansOf(sample, values).reduce((sum, mean, h) => sum + sample.weights[h] * mean, 0);
}

/**
 * R = Ŷ / X̂ and its standard error (Stehman 2014, eq. 27 and 28): with d = y − R x,
 * V(R) = X̂⁻² Σ W² s²(d) / n, for s²(y) + R² s²(x) − 2 R s(x, y) = s²(d). With x = 1 it is the mean of y.
 *
 * @param within whether x can be other than 0 in a stratum: the others cannot add to the error
 */
function stratifiedRatio(
  sample: StratifiedSample,
  y: readonly number[],
  x: readonly number[],
  within: (stratum: Stratum) => boolean = () => true,
): Estimate {
  const { strata, samples, weights, counts } = sample;
  const denominator = meanOf(sample, x);
  if (denominator === 0) return { value: undefined, standardError: undefined, why: "no sample is of it" };
  const value = meanOf(sample, y) / denominator;
  const counted = strata.flatMap((stratum, h) => (weights[h] > 0 && within(stratum) ? [h] : []));
  const single = counted.find((h) => counts[h] === 1);
  if (single !== undefined) {
    const why = `one answer of the stratum ${JSON.stringify(strata[single].name)} does not tell how much its cells differ: two are needed`;
    return { value, standardError: undefined, why };
  }
  const residuals = y.map((of, i) => of - value * x[i]);
  const means = meansOf(sample, residuals);
  const squares = new Float64Array(strata.length);
  samples.forEach(({ stratum, count }, i) => {
    squares[stratum] += count * (residuals[i] - means[stratum]) ** 2;
  });
  let variance = 0;
  for (const h of counted) variance += (leftOf(sample, h) * weights[h] ** 2 * squares[h]) / (counts[h] - 1) / counts[h];
  return { value, standardError: Math.sqrt(variance) / denominator, why: undefined };
}
