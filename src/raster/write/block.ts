import type { Raster, RasterDType } from "../raster.js";
import { HOST_LITTLE, newSamples } from "../samples.js";

/** Some pixels `[C, H, W]`, planar. */
export type Pixels = Pick<Raster, "data" | "widthPx" | "heightPx">;

/** TIFF predictors: what is compressed instead of the samples. */
export const PREDICTOR = { none: 1, horizontal: 2, floatingPoint: 3 } as const;

export type Predictor = (typeof PREDICTOR)[keyof typeof PREDICTOR];

/** The predictor that serves a sample type best; 8-bit samples compress as well without one. */
export function predictorOf(dtype: RasterDType): Predictor {
  if (dtype === "uint8") return PREDICTOR.none;
  return dtype === "float32" || dtype === "float64" ? PREDICTOR.floatingPoint : PREDICTOR.horizontal;
}

/** How the samples of a block become bytes. */
export interface BlockForm {
  readonly dtype: RasterDType;
  readonly predictor: Predictor;
  /** Size of the stored block; what the pixels do not cover is filled. */
  readonly widthPx: number;
  readonly heightPx: number;
  readonly fill: number;
}

/**
 * The bytes of a block before compression: the given bands interleaved, padded at the right and the bottom, predicted,
 * little-endian.
 *
 * @param bands indices of the bands that this block holds
 */
export function blockBytes(pixels: Pixels, bands: readonly number[], form: BlockForm): Uint8Array {
  const { dtype, predictor, widthPx, heightPx, fill } = form;
  const stride = bands.length;
  const samples = newSamples(dtype, widthPx * heightPx * stride);
  if (fill !== 0 && (pixels.widthPx < widthPx || pixels.heightPx < heightPx)) samples.fill(fill);
  bands.forEach((band, sample) => {
    for (let row = 0; row < pixels.heightPx; row++) {
      let from = (band * pixels.heightPx + row) * pixels.widthPx;
      let to = row * widthPx * stride + sample;
      for (const end = from + pixels.widthPx; from < end; from++, to += stride) samples[to] = pixels.data[from];
    }
  });
  const rowSamples = widthPx * stride;
  if (predictor === PREDICTOR.horizontal) differences(samples, rowSamples, stride);
  const bytes = littleEndian(samples);
  return predictor === PREDICTOR.floatingPoint ? bytePlanes(bytes, rowSamples, samples.BYTES_PER_ELEMENT, stride) : bytes;
}

/** Each sample becomes its difference to the one of the pixel before, modulo its type; in place. */
function differences(samples: Raster["data"], rowSamples: number, stride: number): void {
  for (let start = 0; start < samples.length; start += rowSamples) {
    // Backwards, so that the neighbour still is itself.
    for (let at = start + rowSamples - 1; at >= start + stride; at--) samples[at] -= samples[at - stride];
  }
}

/** Adobe's floating point predictor (Technical Note 3): each row as planes of bytes, highest first, then their differences. */
function bytePlanes(bytes: Uint8Array, rowSamples: number, size: number, stride: number): Uint8Array {
  const planes = new Uint8Array(bytes.length);
  const rowBytes = rowSamples * size;
  for (let start = 0; start < bytes.length; start += rowBytes) {
    for (let plane = 0; plane < size; plane++) {
      const to = start + plane * rowSamples;
      const from = start + size - 1 - plane;
      for (let sample = 0; sample < rowSamples; sample++) planes[to + sample] = bytes[from + sample * size];
    }
    for (let at = start + rowBytes - 1; at >= start + stride; at--) planes[at] -= planes[at - stride];
  }
  return planes;
}

const SWAPS: Readonly<Record<number, (bytes: Buffer) => void>> = {
  2: (bytes) => bytes.swap16(),
  4: (bytes) => bytes.swap32(),
  8: (bytes) => bytes.swap64(),
};

/** The memory of the samples; turned round in place where the machine is not little-endian. */
function littleEndian(samples: Raster["data"]): Uint8Array {
  const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  if (!HOST_LITTLE) SWAPS[samples.BYTES_PER_ELEMENT]?.(bytes);
  return bytes;
}
