import { crop } from "../crop.js";
import { type Turn, turnedWalk } from "../dihedral.js";
import { type Preprocess, placement, rangeScale, seenBands } from "../preprocess.js";
import type { Raster } from "../raster.js";
import { type PixelWindow, resize } from "../resample.js";
import type { Augmentation } from "./augmentations.js";

/**
 * Writes the network's input for one augmented raster: float32 `[C, H, W]` at `offset` of `out`, in the range of the source pixels,
 * as `toInput` does. Cut out and resized by the same antialiased filter, turned, contrast and brightness changed, a square hidden.
 *
 * @throws UserError `bad-data` if the raster lacks a band
 * @throws RangeError if `out` is too short
 */
export function augmentedInput(
  raster: Raster,
  preprocess: Preprocess,
  augmentation: Augmentation,
  out: Float32Array,
  offset: number,
  { file = "the image" }: { file?: string } = {},
): void {
  const { widthPx, heightPx, interpolation, bands, range } = preprocess;
  const { crop: window, turn = "none", brightness = 1, contrast = 1, cutout } = augmentation;
  const length = bands.length * widthPx * heightPx;
  if (offset + length > out.length) throw new RangeError(`${length} values do not fit into ${out.length} from ${offset} on`);

  const resized =
    window === undefined
      ? resize(seenBands(raster, preprocess, { file }), placement(raster, preprocess))
      : // Cut first: what lies outside must not be resampled, nor bleed in from beyond the edge.
        resize(seenBands(crop(raster, window), preprocess, { file }), { widthPx, heightPx, interpolation });
  writeTurned(resized, turn, rangeScale(resized, preprocess), out, offset);

  const planePx = widthPx * heightPx;
  for (let band = 0, from = offset; band < bands.length; band++, from += planePx) {
    const plane = out.subarray(from, from + planePx);
    if (brightness !== 1 || contrast !== 1) adjustTone(plane, { brightness, contrast, range });
    if (cutout !== undefined) hide(plane, widthPx, cutout.window, cutout.fill === "mean" ? meanOf(plane) : cutout.fill);
  }
}

/** Turning costs nothing where the samples are brought to float32 anyway. */
function writeTurned({ data, bands, ...size }: Raster, how: Turn, scale: number, out: Float32Array, offset: number): void {
  const { widthPx, heightPx, start, xStep, yStep } = turnedWalk(how, size);
  for (let band = 0, o = offset; band < bands.length; band++) {
    for (let y = 0; y < heightPx; y++) {
      let s = band * widthPx * heightPx + start + y * yStep;
      for (let x = 0; x < widthPx; x++, o++, s += xStep) out[o] = data[s] * scale;
    }
  }
}

/** What `adjustTone` does to a band. */
export interface Tone {
  readonly brightness: number;
  readonly contrast: number;
  /** Lowest and highest value of the source pixels. */
  readonly range: readonly [number, number];
}

/**
 * Changes one band in place: y = lowest + brightness · (m + contrast · (x − m) − lowest), m the mean of the band. Values are not
 * pushed out of the range; those that lay outside already go no further.
 */
export function adjustTone(plane: Float32Array, { brightness, contrast, range: [lowest, highest] }: Tone): void {
  const factor = brightness * contrast;
  const shift = lowest + brightness * ((contrast === 1 ? 0 : meanOf(plane) * (1 - contrast)) - lowest);
  for (let i = 0; i < plane.length; i++) {
    const before = plane[i];
    plane[i] = Math.min(Math.max(before * factor + shift, Math.min(before, lowest)), Math.max(before, highest));
  }
}

/** Fills a window of one band. */
function hide(plane: Float32Array, planeWidthPx: number, { leftPx, topPx, widthPx, heightPx }: PixelWindow, value: number): void {
  for (let y = topPx; y < topPx + heightPx; y++) {
    const from = y * planeWidthPx + leftPx;
    plane.fill(value, from, from + widthPx);
  }
}

/** The mean of what was measured: NaN stands for nothing. */
function meanOf(plane: Float32Array): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < plane.length; i++) {
    if (!Number.isFinite(plane[i])) continue;
    sum += plane[i];
    count++;
  }
  return count === 0 ? 0 : sum / count;
}
