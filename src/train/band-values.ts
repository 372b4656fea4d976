import { fullValue } from "../data/pixels.js";
import { quantiles } from "../learn/quantiles.js";
import { type BandMeasure, histogram, poolMeasures, spreadValues } from "../raster/measure.js";
import type { RasterDType } from "../raster/raster.js";

/** Which quantiles are told. */
export const SHARES = [0.01, 0.25, 0.5, 0.75, 0.99] as const;
const BINS = 64;

/** The values of one band over all images that were looked at. */
export interface BandValues extends BandMeasure {
  readonly band: string;
  /** Of the file, or float32 for what the network gets. */
  readonly dtype: RasterDType;
  readonly images: number;
  /** At 1, 25, 50, 75 and 99 %, of an even sample of the pixels. */
  readonly quantiles: readonly number[];
  /** Shares of the pixels in equal steps, from the same sample. */
  readonly histogram: { readonly from: number; readonly to: number; readonly shares: readonly number[] };
}

/** Values of a band under collection. */
export interface Collected {
  readonly band: string;
  readonly dtype: RasterDType;
  readonly measures: BandMeasure[];
  readonly samples: Float32Array[];
}

/** Adds the values of one band of one image, of which it keeps at most `most`. */
export function collect(
  into: Map<string, Collected>,
  { band, dtype }: Pick<Collected, "band" | "dtype">,
  { measure, values, most }: { readonly measure: BandMeasure; readonly values: ArrayLike<number>; readonly most: number },
): void {
  const key = `${dtype} ${band}`;
  const known = into.get(key) ?? { band, dtype, measures: [], samples: [] };
  known.measures.push(measure);
  known.samples.push(spreadValues(values, most));
  into.set(key, known);
}

function joined(samples: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(samples.reduce((length, sample) => length + sample.length, 0));
  let at = 0;
  for (const sample of samples) {
    whole.set(sample, at);
    at += sample.length;
  }
  return whole.filter(Number.isFinite).sort();
}

/** What was collected of a band, its histogram over the given range. */
export function bandValues({ band, dtype, measures, samples }: Collected, [from, to]: readonly [number, number]): BandValues {
  const sorted = joined(samples);
  return {
    band,
    dtype,
    images: measures.length,
    ...poolMeasures(measures),
    quantiles: quantiles(sorted, SHARES),
    histogram: { from, to, shares: histogram(sorted, BINS, from, to) },
  };
}

/** Where the values of a band can lie: the range of an integer type, else from the lowest to the highest. */
export function sourceRange({ dtype, measures }: Collected): readonly [number, number] {
  const full = fullValue(dtype);
  if (full !== undefined) return [0, full];
  const { lowest, highest } = poolMeasures(measures);
  return lowest < highest ? [lowest, highest] : [0, 1];
}

/** The same of x · factor + shift for every pixel x. */
export function scaled(values: BandValues, factor: number, shift: number): BandValues {
  const at = (value: number) => value * factor + shift;
  const turned = factor < 0;
  const ordered = <T>(list: readonly T[]) => (turned ? list.toReversed() : list);
  const [lowest, highest] = ordered([at(values.lowest), at(values.highest)]);
  const [from, to] = ordered([at(values.histogram.from), at(values.histogram.to)]);
  return {
    ...values,
    lowest,
    highest,
    mean: at(values.mean),
    deviation: values.deviation * Math.abs(factor),
    quantiles: ordered(values.quantiles.map(at)),
    histogram: { from, to, shares: ordered(values.histogram.shares) },
  };
}
