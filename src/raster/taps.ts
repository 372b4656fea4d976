import type { Interpolation } from "./preprocess.js";

/**
 * Which input samples make each output sample along one axis, and how much each counts.
 * Output sample `i` is the sum over `t` of `weights[i * count + t] * input[starts[i] + t]`.
 */
export interface Taps {
  /** Input samples per output sample; the same for all, padded with weights of zero. */
  readonly count: number;
  readonly starts: Int32Array;
  /** Sum to 1 for every output sample. */
  readonly weights: Float64Array;
  /** `weights` as integers with FIXED_BITS fraction bits. */
  readonly fixedWeights: Int32Array;
}

/** Fraction bits of fixed-point weights: 8 bits of sample and 2 of headroom for negative lobes leave 22 of 32. */
export const FIXED_BITS = 22;

interface Filter {
  /** Half the width of the kernel, in samples of the coarser grid. */
  readonly support: number;
  readonly kernel: (x: number) => number;
}

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** The kernels of Pillow's `Image.resize`; bicubic is Keys 1981 with a = -0.5. */
const FILTERS: Readonly<Record<Exclude<Interpolation, "nearest">, Filter>> = {
  box: { support: 0.5, kernel: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, kernel: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, kernel: (x) => (Math.abs(x) < 1 ? sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)) : 0) },
  bicubic: { support: 2, kernel: (x) => cubic(Math.abs(x), -0.5) },
  lanczos: { support: 3, kernel: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

function cubic(x: number, a: number): number {
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((x - 5) * x + 8) * x * a - 4 * a;
  return 0;
}

const CACHE_ENTRIES = 64;
const CACHE_MAX_WEIGHTS = 65_536;
const cache = new Map<string, Taps>();

/** One axis to be resampled: from `inPx` samples to `outPx`, of which `lengthPx` from `firstPx` on are computed. */
export interface Axis {
  readonly inPx: number;
  readonly outPx: number;
  readonly firstPx: number;
  readonly lengthPx: number;
}

/** The taps of an axis; antialiased: the kernel widens when it shrinks. */
export function tapsFor(axis: Axis, interpolation: Interpolation): Taps {
  const key = `${axis.inPx}/${axis.outPx}/${axis.firstPx}/${axis.lengthPx}/${interpolation}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const taps = interpolation === "nearest" ? nearestTaps(axis) : filterTaps(axis, FILTERS[interpolation]);
  if (taps.weights.length <= CACHE_MAX_WEIGHTS) {
    if (cache.size >= CACHE_ENTRIES) cache.delete(cache.keys().next().value ?? key);
    cache.set(key, taps);
  }
  return taps;
}

function nearestTaps({ inPx, outPx, firstPx, lengthPx }: Axis): Taps {
  const starts = new Int32Array(lengthPx);
  const scale = inPx / outPx;
  let center = scale / 2;
  // Added up rather than multiplied out, so that ties fall as they do in Pillow.
  for (let i = 0; i < firstPx; i++) center += scale;
  for (let i = 0; i < lengthPx; i++, center += scale) starts[i] = Math.min(Math.floor(center), inPx - 1);
  return withFixed(1, starts, new Float64Array(lengthPx).fill(1));
}

function filterTaps({ inPx, outPx, firstPx, lengthPx }: Axis, { support, kernel }: Filter): Taps {
  const scale = inPx / outPx;
  const widening = Math.max(scale, 1);
  const reach = support * widening;
  const centerOf = (i: number) => (firstPx + i + 0.5) * scale;
  const firstOf = (i: number) => Math.max(0, Math.trunc(centerOf(i) - reach + 0.5));
  const endOf = (i: number) => Math.min(inPx, Math.trunc(centerOf(i) + reach + 0.5));
  let count = 0;
  for (let i = 0; i < lengthPx; i++) count = Math.max(count, endOf(i) - firstOf(i));

  const starts = new Int32Array(lengthPx);
  const weights = new Float64Array(lengthPx * count);
  for (let i = 0; i < lengthPx; i++) {
    const start = Math.min(firstOf(i), inPx - count);
    const row = weights.subarray(i * count, (i + 1) * count);
    starts[i] = start;
    let sum = 0;
    for (let x = firstOf(i); x < endOf(i); x++) {
      row[x - start] = kernel((x - centerOf(i) + 0.5) / widening);
      sum += row[x - start];
    }
    if (sum !== 0) for (let t = 0; t < count; t++) row[t] /= sum;
  }
  return withFixed(count, starts, weights);
}

function withFixed(count: number, starts: Int32Array, weights: Float64Array): Taps {
  const one = 2 ** FIXED_BITS;
  // Half away from zero, as Pillow rounds its coefficients; storing truncates.
  const fixedWeights = Int32Array.from(weights, (weight) => weight * one + (weight < 0 ? -0.5 : 0.5));
  return { count, starts, weights, fixedWeights };
}

/** What happens to one plane of samples: a pass along each axis that changes. */
export interface PlanePasses {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly horizontal: Taps | undefined;
  readonly vertical: Taps | undefined;
}
