import { createRandom, type Random } from "../random.js";
import type { Measure, Metrics } from "./metrics/report.js";

/** Where 95 % of resampled values lie. */
export type Interval = readonly [low: number, high: number];

/** Intervals by the name of the metric. */
export type Intervals = Readonly<Record<string, Interval>>;

/** How rows are drawn again. */
export interface BootstrapOptions {
  readonly rows: number;
  /** Rows of one group are drawn together; a row without one stands alone. */
  readonly groups?: readonly (string | undefined)[] | undefined;
  readonly seed: number;
  /** Default 1,000; fewer where rows × classes make that long. */
  readonly resamples?: number | undefined;
}

/** Two results on the same rows. */
export interface PairedDifference {
  readonly a: number;
  readonly b: number;
  /** a − b. */
  readonly difference: number;
  /** Of the difference; A and B are told apart only where it does not hold 0. */
  readonly interval: Interval;
}

const RESAMPLES = 1000;
const LEVEL = 0.95;

/** Percentile bootstrap (Efron 1979): intervals of every metric; one that half of the resamples leave undefined has none. */
export function bootstrapIntervals(measure: Measure, options: BootstrapOptions): Intervals {
  const intervals: Record<string, Interval> = {};
  for (const [name, values] of gather(resample(options).map((weights) => measure(weights)))) {
    if (values.length * 2 > (options.resamples ?? RESAMPLES)) intervals[name] = percentiles(values);
  }
  return intervals;
}

/** Differences of every metric of two measures of the same rows, resampled in pairs. */
export function pairedDifferences(a: Measure, b: Measure, options: BootstrapOptions): Readonly<Record<string, PairedDifference>> {
  const draws = resample(options).map((weights) => difference(a(weights), b(weights)));
  const [ofA, ofB] = [a(), b()];
  const found: Record<string, PairedDifference> = {};
  for (const [name, values] of gather(draws)) {
    if (ofA[name] === undefined || ofB[name] === undefined) continue;
    found[name] = { a: ofA[name], b: ofB[name], difference: ofA[name] - ofB[name], interval: percentiles(values) };
  }
  return found;
}

/** How often each row counts in every resample. */
function resample({ rows, groups, seed, resamples = RESAMPLES }: BootstrapOptions): Float64Array[] {
  const random = createRandom(seed, "bootstrap");
  const units = unitsOf(rows, groups);
  return Array.from({ length: resamples }, () => draw(units, rows, random));
}

function draw(units: readonly (readonly number[])[], rows: number, random: Random): Float64Array {
  const weights = new Float64Array(rows);
  for (let i = 0; i < units.length; i++) for (const row of units[random.int(units.length)]) weights[row]++;
  return weights;
}

function unitsOf(rows: number, groups: BootstrapOptions["groups"]): readonly (readonly number[])[] {
  const units = new Map<string, number[]>();
  for (let row = 0; row < rows; row++) {
    const key = groups?.[row] === undefined ? `row ${row}` : `group ${groups[row]}`;
    const unit = units.get(key);
    if (unit) unit.push(row);
    else units.set(key, [row]);
  }
  return [...units.values()];
}

function difference(a: Metrics, b: Metrics): Metrics {
  return Object.fromEntries(Object.keys(a).flatMap((name) => (b[name] === undefined ? [] : [[name, a[name] - b[name]]])));
}

function gather(draws: readonly Metrics[]): Map<string, number[]> {
  const values = new Map<string, number[]>();
  for (const metrics of draws) {
    for (const [name, value] of Object.entries(metrics)) {
      const known = values.get(name);
      if (known) known.push(value);
      else values.set(name, [value]);
    }
  }
  return values;
}

function percentiles(values: readonly number[]): Interval {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => {
    const position = share * (sorted.length - 1);
    const low = Math.floor(position);
    return sorted[low] + (position - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
  };
  return [at((1 - LEVEL) / 2), at((1 + LEVEL) / 2)];
}
