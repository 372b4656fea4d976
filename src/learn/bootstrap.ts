import { createRandom } from "../random.js";
import type { Measure, Metrics } from "./metrics/report.js";
import { quantiles } from "./quantiles.js";

/** Where 95 % of resampled values lie. */
export type Interval = readonly [low: number, high: number];

/** Intervals by the name of the metric. */
export type Intervals = Readonly<Record<string, Interval>>;

/** How rows are drawn again. */
export interface BootstrapOptions {
  readonly rows: number;
  /** Columns of what is measured; with the rows, how long one resample takes. Default 1. */
  readonly classes?: number | undefined;
  /** Rows of one group are drawn together; a row without one stands alone. */
  readonly groups?: readonly (string | undefined)[] | undefined;
  readonly seed: number;
  /** Default 1,000, and 100 at the least where rows × classes make that long. */
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
const FEWEST_RESAMPLES = 100;
/** Cells that are looked at before resamples become fewer: some seconds. */
const MAX_CELLS = 5e8;
const LEVEL = 0.95;

/**
 * Percentile bootstrap (Efron 1979): intervals of every metric. One that has no value for all rows, or that half of the resamples
 * leave undefined, has none; nor has anything where fewer than two groups or rows could be drawn.
 */
export function bootstrapIntervals(measure: Measure, options: BootstrapOptions): Intervals {
  const found = measure();
  const intervals: Record<string, Interval> = {};
  for (const [name, interval] of resample(options, measure)) if (found[name] !== undefined) intervals[name] = interval;
  return intervals;
}

/** Differences of every metric of two measures of the same rows, resampled in pairs. */
export function pairedDifferences(a: Measure, b: Measure, options: BootstrapOptions): Readonly<Record<string, PairedDifference>> {
  const [ofA, ofB] = [a(), b()];
  const found: Record<string, PairedDifference> = {};
  for (const [name, interval] of resample(options, (weights) => difference(a(weights), b(weights)))) {
    if (ofA[name] === undefined || ofB[name] === undefined) continue;
    found[name] = { a: ofA[name], b: ofB[name], difference: ofA[name] - ofB[name], interval };
  }
  return found;
}

/** The interval of every metric that more than half of the resamples define. One resample is held at a time. */
function resample({ rows, classes = 1, groups, seed, resamples }: BootstrapOptions, measure: Measure): Map<string, Interval> {
  const random = createRandom(seed, "bootstrap");
  const { unitOfRow, units } = unitsOf(rows, groups);
  const intervals = new Map<string, Interval>();
  if (units < 2) return intervals;
  const draws = resamples ?? Math.max(FEWEST_RESAMPLES, Math.min(RESAMPLES, Math.floor(MAX_CELLS / (rows * classes))));
  const drawn = new Float64Array(units);
  const weights = new Float64Array(rows);
  const values = new Map<string, number[]>();
  for (let draw = 0; draw < draws; draw++) {
    drawn.fill(0);
    for (let i = 0; i < units; i++) drawn[random.int(units)]++;
    for (let row = 0; row < rows; row++) weights[row] = drawn[unitOfRow[row]];
    for (const [name, value] of Object.entries(measure(weights))) {
      const known = values.get(name);
      if (known) known.push(value);
      else values.set(name, [value]);
    }
  }
  for (const [name, known] of values) if (known.length * 2 > draws) intervals.set(name, percentiles(known));
  return intervals;
}

/** The unit that each row is drawn with `[N]`: its group, or the row alone. */
function unitsOf(rows: number, groups: BootstrapOptions["groups"]): { unitOfRow: Uint32Array; units: number } {
  const unitOfRow = new Uint32Array(rows);
  const unitOfGroup = new Map<string, number>();
  let units = 0;
  for (let row = 0; row < rows; row++) {
    const group = groups?.[row];
    const known = group === undefined ? undefined : unitOfGroup.get(group);
    unitOfRow[row] = known ?? units++;
    if (group !== undefined && known === undefined) unitOfGroup.set(group, unitOfRow[row]);
  }
  return { unitOfRow, units };
}

function difference(a: Metrics, b: Metrics): Metrics {
  return Object.fromEntries(Object.keys(a).flatMap((name) => (b[name] === undefined ? [] : [[name, a[name] - b[name]]])));
}

function percentiles(values: readonly number[]): Interval {
  const sorted = Float64Array.from(values).sort();
  const [low, high] = quantiles(sorted, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]);
  return [low, high];
}
