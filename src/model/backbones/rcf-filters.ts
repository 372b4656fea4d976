import { cholesky, covariance, solveCholesky } from "../../learn/linalg.js";
import type { Random } from "../../random.js";

/** Whitening: this share of the mean variance is added to every direction, so that noise is not blown up. */
const RIDGE = 0.003;
/** The least that is added, in standardised units squared: constant images have no variance to take a share of. */
const LEAST_RIDGE = 1e-4;
/** A response has unit variance on the training patches; where the ridge made nearly all of it, it is not scaled up further. */
const LEAST_VARIANCE = 0.01;

/** The pixels of one image `[C, S, S]` as the network gets them. */
export interface InputImage {
  readonly data: Float32Array;
  readonly bands: number;
  readonly sidePx: number;
}

/** Where patches are taken: squares of `patchPx` after the image was averaged over blocks of `scale` × `scale` pixels. */
export interface PatchGrid {
  readonly scale: number;
  readonly patchPx: number;
}

/** Centre and spread of each band. */
export interface BandStatistics {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** Convolution weights `[K, C · patchPx²]` and bias `[K]`, on standardised bands. */
export interface FilterBank {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** Takes `count` patches at random places; those with a value that is not a number are left out. `[n, C · patchPx²]`. */
export function samplePatches(image: InputImage, { scale, patchPx }: PatchGrid, count: number, random: Random): Float32Array {
  const size = image.bands * patchPx * patchPx;
  const places = Math.floor(image.sidePx / scale) - patchPx + 1;
  const patches = new Float32Array(count * size);
  let filled = 0;
  for (let i = 0; i < count; i++) {
    const top = random.int(places) * scale;
    const left = random.int(places) * scale;
    const patch = patches.subarray(filled, filled + size);
    readPatch(image, { scale, patchPx }, top, left, patch);
    if (patch.every(Number.isFinite)) filled += size;
  }
  return patches.slice(0, filled);
}

function readPatch(
  { data, bands, sidePx }: InputImage,
  { scale, patchPx }: PatchGrid,
  top: number,
  left: number,
  out: Float32Array,
): void {
  let at = 0;
  for (let band = 0; band < bands; band++) {
    for (let y = 0; y < patchPx; y++) {
      for (let x = 0; x < patchPx; x++) {
        let sum = 0;
        for (let dy = 0; dy < scale; dy++) {
          const row = (band * sidePx + top + y * scale + dy) * sidePx + left + x * scale;
          for (let dx = 0; dx < scale; dx++) sum += data[row + dx];
        }
        out[at++] = sum / (scale * scale);
      }
    }
  }
}

/** Mean and standard deviation per band over patches `[n, C · patchPx²]`; a constant band has deviation 1. */
export function bandStatistics(patches: Float32Array, bands: number, patchPx: number): BandStatistics {
  const area = patchPx * patchPx;
  const bandOf = (index: number) => Math.floor(index / area) % bands;
  const perBand = Math.max(1, patches.length / bands);
  const mean = new Float64Array(bands);
  for (let i = 0; i < patches.length; i++) mean[bandOf(i)] += patches[i] / perBand;
  const variance = new Float64Array(bands);
  for (let i = 0; i < patches.length; i++) variance[bandOf(i)] += (patches[i] - mean[bandOf(i)]) ** 2 / perBand;
  // Below a millionth of the level it is rounding, not variation.
  const deviation = variance.map((value, band) => (Math.sqrt(value) > 1e-6 * Math.abs(mean[band]) ? Math.sqrt(value) : 1));
  return { mean: Float32Array.from(mean), deviation: Float32Array.from(deviation) };
}

/** Brings patches `[n, C · patchPx²]` to mean 0 and deviation 1 per band, in place. */
export function standardizePatches(patches: Float32Array, { mean, deviation }: BandStatistics, patchPx: number): void {
  const area = patchPx * patchPx;
  for (let i = 0; i < patches.length; i++) {
    const band = Math.floor(i / area) % mean.length;
    patches[i] = (patches[i] - mean[band]) / deviation[band];
  }
}

/**
 * Makes `count` filters of random patches q: the response to a patch x is the inner product of both after ZCA whitening,
 * scaled to unit variance. With Σ the covariance and ε the ridge, (x − μ)ᵀ (Σ + εI)^-½ (Σ + εI)^-½ (q − μ) = (x − μ)ᵀ w, so
 * w solves (Σ + εI) w = q − μ and no eigenvectors are needed (Coates and Ng 2012; Rolf et al. 2021, MOSAIKS).
 *
 * @param patches `[n, size]`, standardised; where they are too few or constant, Gaussian noise takes their place
 */
export function whitenedFilters(patches: Float32Array, size: number, count: number, random: Random): FilterBank {
  const { mean, covariance: sigma } = covariance(patches, size);
  let trace = 0;
  for (let i = 0; i < size; i++) trace += sigma[i * size + i];
  const ridge = Math.max((RIDGE * trace) / size, LEAST_RIDGE);
  const regularized = sigma.slice();
  for (let i = 0; i < size; i++) regularized[i * size + i] += ridge;
  const factor = cholesky(regularized, size);

  const rows = patches.length / size;
  const order = random.shuffle(Array.from({ length: rows }, (_, row) => row));
  const weights = new Float32Array(count * size);
  const bias = new Float32Array(count);
  for (let k = 0; k < count; k++) {
    const row = order[k];
    let q = Float64Array.from(mean, (value, i) => (row === undefined ? 0 : patches[row * size + i] - value));
    if (dot(q, q) < size * LEAST_RIDGE) q = q.map(() => random.normal());
    const w = solveCholesky(factor, size, q);
    const regularizedVariance = dot(q, w); // wᵀ (Σ + εI) w, since (Σ + εI) w = q
    const variance = regularizedVariance - ridge * dot(w, w); // wᵀ Σ w
    const scale = 1 / Math.sqrt(Math.max(variance, LEAST_VARIANCE * regularizedVariance));
    weights.set(
      w.map((value) => value * scale),
      k * size,
    );
    bias[k] = -scale * dot(w, mean);
  }
  return { weights, bias };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
