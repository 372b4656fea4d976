import { UserError } from "../errors.js";
import type { Random } from "../random.js";
import type { PixelWindow } from "../raster/resample.js";
import { drawBeta } from "./beta.js";

/** How images of a batch are mixed. With both, each batch is mixed the one way or the other, by a fair coin. */
export interface MixOptions {
  /** α of mixup (Zhang et al. 2018): λ ~ Beta(α, α). 0.2 is usual. */
  readonly mixup?: number | undefined;
  /** α of cutmix (Yun et al. 2019). 1 is usual. */
  readonly cutmix?: number | undefined;
}

/** How one batch is mixed: one draw for all its images, each with its partner, as timm's `batch` mode. */
export interface Mix {
  /** The share of its own labels, and in mixup of its own pixels, that each image keeps. */
  readonly lambda: number;
  /** Cutmix only: what comes from the partner. λ is 1 − its share of the image. */
  readonly window?: PixelWindow | undefined;
}

/** @throws UserError `usage` unless each α is positive */
export function checkMix(options: MixOptions): void {
  for (const name of ["mixup", "cutmix"] as const) {
    const alpha = options[name];
    if (alpha !== undefined && !(alpha > 0 && alpha < Number.POSITIVE_INFINITY)) {
      throw new UserError("usage", `${name}: α ${alpha}; a positive number would be right`, {
        hint: `Leave ${name} out, or give it an α as 0.2.`,
      });
    }
  }
}

/** Draws how a batch of images of this size is mixed; undefined if no way is given. */
export function drawMix(
  random: Random,
  { mixup, cutmix }: MixOptions,
  { widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number },
): Mix | undefined {
  // Drawn always, so that a batch's λ does not depend on whether there is a choice.
  const coin = random.next();
  if (mixup !== undefined && (cutmix === undefined || coin < 0.5)) return { lambda: drawBeta(random, mixup, mixup) };
  if (cutmix === undefined) return undefined;
  // Sides of the image times √(1 − λ), around any of its pixels.
  const share = Math.sqrt(1 - drawBeta(random, cutmix, cutmix));
  const part = (lengthPx: number) => {
    const sidePx = Math.round(lengthPx * share);
    const first = random.int(lengthPx) - Math.floor(sidePx / 2);
    return [Math.max(0, first), Math.min(lengthPx, first + sidePx)];
  };
  const [left, right] = part(widthPx);
  const [top, bottom] = part(heightPx);
  const window = { leftPx: left, topPx: top, widthPx: right - left, heightPx: bottom - top };
  // What was cut off at the border does not count.
  return { lambda: 1 - (window.widthPx * window.heightPx) / (widthPx * heightPx), window };
}

/**
 * Mixes a batch `[N, C, H, W]` in place. The partner of image i is image N − 1 − i, so a batch must have been drawn in random order;
 * of an odd number, the one in the middle stays as it is.
 */
export function mixPixels(pixels: Float32Array, [n, channels, heightPx, widthPx]: readonly number[], mix: Mix): void {
  const imageSize = channels * heightPx * widthPx;
  for (let i = 0, j = n - 1; i < j; i++, j--) {
    const a = pixels.subarray(i * imageSize, (i + 1) * imageSize);
    const b = pixels.subarray(j * imageSize, (j + 1) * imageSize);
    if (mix.window === undefined) blend(a, b, mix.lambda);
    else swap(a, b, { channels, heightPx, widthPx, window: mix.window });
  }
}

/**
 * Mixes one matrix of cell weights `[N, K]`, as `mixPixels` does the images: λ · own + (1 − λ) · partner's. Both matrices of
 * `CELL_WEIGHTS`, each mixed on its own, are the soft targets: the losses are linear in them, so the mixed loss is λ of the loss of
 * one labelling and 1 − λ of the other's. A cell that is unknown in one of the two weighs 0 there: only the other's share is left,
 * and the image teaches that label with less weight. What a column weighs in the batch stays the same.
 */
export function mixTargets(weights: Float32Array, classes: number, { lambda }: Mix): Float32Array {
  const n = weights.length / classes;
  const mixed = new Float32Array(weights.length);
  for (let i = 0; i < n; i++) {
    const own = i * classes;
    const partner = (n - 1 - i) * classes;
    for (let k = 0; k < classes; k++) mixed[own + k] = lambda * weights[own + k] + (1 - lambda) * weights[partner + k];
  }
  return mixed;
}

/** a, b = λa + (1 − λ)b, λb + (1 − λ)a. */
function blend(a: Float32Array, b: Float32Array, lambda: number): void {
  const rest = 1 - lambda;
  for (let s = 0; s < a.length; s++) {
    const [x, y] = [a[s], b[s]];
    a[s] = lambda * x + rest * y;
    b[s] = lambda * y + rest * x;
  }
}

function swap(
  a: Float32Array,
  b: Float32Array,
  { channels, heightPx, widthPx, window }: { channels: number; heightPx: number; widthPx: number; window: PixelWindow },
): void {
  for (let channel = 0; channel < channels; channel++) {
    for (let y = window.topPx; y < window.topPx + window.heightPx; y++) {
      const from = (channel * heightPx + y) * widthPx + window.leftPx;
      const row = a.slice(from, from + window.widthPx);
      a.set(b.subarray(from, from + window.widthPx), from);
      b.set(row, from);
    }
  }
}
