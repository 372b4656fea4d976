import type { Raster, RasterDType } from "./raster.js";

const SAMPLES = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const satisfies Record<RasterDType, unknown>;

/** Whether typed arrays of this machine hold their low byte first. */
export const HOST_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Zeros in the typed array that holds a raster's samples. */
export function newSamples(dtype: RasterDType, length: number): Raster["data"] {
  return new SAMPLES[dtype](length);
}

export function bytesPerSample(dtype: RasterDType): number {
  return SAMPLES[dtype].BYTES_PER_ELEMENT;
}

/** Lowest and highest value of an integer type; undefined for floating point. */
export function integerRange(dtype: RasterDType): readonly [lowest: number, highest: number] | undefined {
  if (dtype === "float32" || dtype === "float64") return undefined;
  const values = 2 ** (8 * bytesPerSample(dtype));
  return dtype.startsWith("u") ? [0, values - 1] : [-values / 2, values / 2 - 1];
}

/**
 * The number next to one, which it gives way to where it would mean "no measurement".
 *
 * @param range of the samples' type; undefined for floating point
 */
export function besides(value: number, range: readonly [lowest: number, highest: number] | undefined): number {
  if (range !== undefined) return value === range[0] ? value + 1 : value - 1;
  return value === 0 ? 2 ** -126 : value * (1 + 2 ** -22);
}
