import { quantiles } from "./quantiles.js";

/** y ≈ gain · x + offset, in one variable of several. */
export interface RobustLine {
  readonly gain: number;
  readonly offset: number;
  /** Of x and y, over the pairs that the line rests on. */
  readonly correlation: number;
  /** Of y − gain · x − offset over the same. */
  readonly rmse: number;
}

/** A line for each variable, all through the same pairs. */
export interface RobustLines {
  readonly lines: readonly RobustLine[];
  /** 1 for a pair that follows the lines in all variables `[n]`. */
  readonly kept: Uint8Array;
  readonly count: number;
}

/** What was measured twice: `[K][n]` each, all numbers finite. */
export interface Pairs {
  readonly x: readonly Float32Array[];
  readonly y: readonly Float32Array[];
}

/** This share of the pairs is taken to follow one line. */
const CORE = 0.6;
/** Standard normal quantiles of half the core and of 0.975. */
const HALF_CORE_Z = -0.5244;
const CUT_Z = 1.96;
const MOST_STEPS = 30;
/** No scatter is less, so that nothing is divided by 0. */
const TINY = 1e-60;
/** Starts are tried on so many pairs, spread evenly. */
const TRIED = 20_000;

/**
 * Lines between two measurements of the same things of which up to about a third changed: those that have the least scatter in the
 * closest 60 % of the pairs, found by concentration steps from several starts (FAST-LTS, Rousseeuw & Van Driessen 2006), the
 * distance of a pair being that in all variables together; then through all pairs within the 97.5 % quantile of χ² of it (reweighted as
 * there). A line is the reduced major axis, gain = σy/σx: both measurements are noisy, and swapping them gives the inverse.
 *
 * @throws RangeError for fewer than two pairs
 */
export function robustLines(pairs: Pairs): RobustLines {
  const n = pairs.x[0]?.length ?? 0;
  if (n < 2) throw new RangeError(`a line through ${n} pairs`);
  const few = thinned(pairs, n);
  const tried = startsOf(few).map((lines) => concentrate(few, lines));
  const best = tried.reduce((least, one) => (one.scatter < least.scatter ? one : least));
  const { lines, distances, kept } = concentrate(pairs, best.lines);
  // In the core scatter is less than in all that follows the lines: distances are brought to the scale of χ² by their median.
  const core = distances.filter((_, at) => kept[at] === 1).sort();
  const scale = Math.max(quantiles(core, [0.5])[0] / chiSquared(lines.length, HALF_CORE_Z), Number.MIN_VALUE);
  const most = chiSquared(lines.length, CUT_Z) * scale;
  const close = Uint8Array.from(distances, (distance) => (distance <= most ? 1 : 0));
  return { lines: linesThrough(pairs, close), kept: close, count: close.reduce((sum, one) => sum + one, 0) };
}

/** Quantile of χ² by the standard normal one (Wilson & Hilferty 1931). */
function chiSquared(degrees: number, z: number): number {
  const share = 2 / (9 * degrees);
  return degrees * (1 - share + z * Math.sqrt(share)) ** 3;
}

function thinned({ x, y }: Pairs, n: number): Pairs {
  const step = Math.ceil(n / TRIED);
  if (step === 1) return { x, y };
  const some = (values: Float32Array) => values.filter((_, at) => at % step === 0);
  return { x: x.map(some), y: y.map(some) };
}

/** Slopes of pairs that differ by less of the spread are noise. */
const LEAST_STEP = 0.25;
/** A prime: partners lie all over. */
const PARTNER = 7919;

/** What is tried first: gains of nothing, of several kinds of spread, and of the slopes between pairs (Theil & Sen), in the middle. */
function startsOf(pairs: Pairs): readonly (readonly RobustLine[])[] {
  const SHARES = [0.25, 0.75, 0.05, 0.95];
  const [a, b] = [pairs.x, pairs.y].map((planes) => planes.map((values) => quantiles(values.slice().sort(), SHARES)));
  const spread = (values: readonly number[], low: number) => values[low + 1] - values[low];
  const kinds: readonly ((band: number) => number)[] = [
    () => 1,
    (band) => spread(b[band], 0) / spread(a[band], 0),
    (band) => spread(b[band], 2) / spread(a[band], 2),
    (band) => medianSlope(pairs.x[band], pairs.y[band], LEAST_STEP * spread(a[band], 2)),
  ];
  return kinds.map((gainOf) =>
    pairs.x.map((x, band) => {
      const gain = gainOf(band);
      const usable = Number.isFinite(gain) && gain > 0 ? gain : 1;
      const [offset] = quantiles(Float64Array.from(x, (value, at) => pairs.y[band][at] - usable * value).sort(), [0.5]);
      return { gain: usable, offset, correlation: 0, rmse: 0 };
    }),
  );
}

/** NaN where no two differ. */
function medianSlope(x: Float32Array, y: Float32Array, leastStep: number): number {
  const slopes: number[] = [];
  for (let at = 0; at < x.length; at++) {
    const other = ((at + 1) * PARTNER) % x.length;
    const step = x[other] - x[at];
    if (Math.abs(step) > leastStep) slopes.push((y[other] - y[at]) / step);
  }
  return quantiles(Float64Array.from(slopes).sort(), [0.5])[0];
}

interface Concentrated {
  readonly lines: readonly RobustLine[];
  /** From the lines that the core was found by. */
  readonly distances: Float64Array;
  readonly kept: Uint8Array;
  /** Of the core, all variables together, as a logarithm. */
  readonly scatter: number;
}

/** Fits the closest pairs again and again, until they stay the same. */
function concentrate(pairs: Pairs, start: readonly RobustLine[]): Concentrated {
  const n = pairs.x[0].length;
  const spreads = pairs.y.map((values) => spreadOf(values));
  let lines = start;
  let scales = pairs.x.map((_, band) => medianOff(pairs, band, start[band]));
  let kept = new Uint8Array(n);
  let distances: Float64Array = new Float64Array(n);
  for (let step = 0; step < MOST_STEPS; step++) {
    const floored = scales.map((scale, band) => Math.max(scale, 1e-6 * spreads[band], TINY));
    distances = distancesFrom(pairs, lines, floored);
    const most = quantiles(distances.slice().sort(), [CORE])[0];
    const closest = Uint8Array.from(distances, (distance) => (distance <= most ? 1 : 0));
    const isSame = closest.every((one, at) => one === kept[at]);
    kept = closest;
    if (isSame) break;
    lines = linesThrough(pairs, kept);
    scales = lines.map(({ rmse }) => rmse);
  }
  const scatter = lines.reduce((sum, { rmse }, band) => sum + Math.log(Math.max(rmse / spreads[band], 1e-9)), 0);
  return { lines, distances, kept, scatter };
}

function spreadOf(values: Float32Array): number {
  const [low, high] = quantiles(values.slice().sort(), [0.05, 0.95]);
  return Math.max(high - low, TINY);
}

function medianOff({ x, y }: Pairs, band: number, { gain, offset }: RobustLine): number {
  return quantiles(Float64Array.from(x[band], (value, at) => Math.abs(y[band][at] - gain * value - offset)).sort(), [0.5])[0];
}

/** Σ ((y − gain · x − offset) / scale)² over the variables, `[n]`. */
function distancesFrom({ x, y }: Pairs, lines: readonly RobustLine[], scales: readonly number[]): Float64Array {
  const distances = new Float64Array(x[0].length);
  lines.forEach(({ gain, offset }, band) => {
    const [xs, ys, scale] = [x[band], y[band], scales[band]];
    for (let at = 0; at < distances.length; at++) distances[at] += ((ys[at] - gain * xs[at] - offset) / scale) ** 2;
  });
  return distances;
}

function linesThrough({ x, y }: Pairs, kept: Uint8Array): readonly RobustLine[] {
  return x.map((xs, band) => reducedMajorAxis(xs, y[band], kept));
}

function reducedMajorAxis(x: Float32Array, y: Float32Array, kept: Uint8Array): RobustLine {
  let [count, meanX, meanY] = [0, 0, 0];
  for (let at = 0; at < x.length; at++) {
    if (kept[at] === 0) continue;
    count++;
    meanX += x[at];
    meanY += y[at];
  }
  meanX /= count;
  meanY /= count;
  let [xx, yy, xy] = [0, 0, 0];
  for (let at = 0; at < x.length; at++) {
    if (kept[at] === 0) continue;
    const [dx, dy] = [x[at] - meanX, y[at] - meanY];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  // Of what has no spread nobody knows a gain; without any on either side, 1 is as good as another, and right.
  if (xx === 0 || yy === 0) {
    const isConstant = xx === yy;
    return { gain: 1, offset: meanY - meanX, correlation: isConstant ? 1 : 0, rmse: Math.sqrt((xx + yy) / count) };
  }
  const gain = Math.sqrt(yy / xx) * (xy < 0 ? -1 : 1);
  // Σ (dy − gain · dx)² = yy + gain² · xx − 2 gain · xy.
  const rmse = Math.sqrt(Math.max(0, yy + gain * gain * xx - 2 * gain * xy) / count);
  return { gain, offset: meanY - gain * meanX, correlation: xy / Math.sqrt(xx * yy), rmse };
}
