import type { Raster, RasterDType } from "../raster.js";
import { integerRange } from "../samples.js";

/**
 * GDAL's text for "no measurement" as a number that samples of this type can be; undefined where there is none.
 *
 * @param onWarning hears of a text that is no number, or that no sample can be
 */
export function parseNodata(
  text: string | undefined,
  dtype: RasterDType,
  onWarning?: (message: string) => void,
): number | undefined {
  const trimmed = text?.trim();
  if (trimmed === undefined || trimmed === "") return undefined;
  const value = numberIn(trimmed);
  if (value === undefined) {
    onWarning?.(`its nodata value "${trimmed.slice(0, 40)}" is no number: every pixel counts as measured`);
    return undefined;
  }
  const range = integerRange(dtype);
  if (range !== undefined && !(Number.isInteger(value) && value >= range[0] && value <= range[1])) {
    onWarning?.(`its nodata value ${trimmed} is none of ${dtype}: every pixel counts as measured`);
    return undefined;
  }
  return dtype === "float32" ? Math.fround(value) : value;
}

/**
 * What blocks that were never written are filled with where no sample can be nodata: the whole number next to it, as in GDAL.
 *
 * @param stored "uint8", "int64", "float32"
 */
export function emptySample(text: string | undefined, stored: string): number {
  const value = numberIn(text?.trim() ?? "") ?? 0;
  const [, unsigned, bits] = /^(u?)int(\d+)$/.exec(stored) ?? [];
  if (bits === undefined) return value;
  const values = 2 ** Number(bits);
  const [lowest, highest] = unsigned === "u" ? [0, values - 1] : [-values / 2, values / 2 - 1];
  const nearest = Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
  return Number.isNaN(value) ? 0 : Math.min(Math.max(nearest, lowest), highest);
}

const WORDS: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  "-nan": Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "+inf": Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};

function numberIn(text: string): number | undefined {
  const word = text.toLowerCase();
  if (Object.hasOwn(WORDS, word)) return WORDS[word];
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) return undefined;
  return Number(text);
}

/**
 * 1 where a pixel of `[C, H, W]` was measured: where any band holds a number that is not nodata.
 *
 * @param pixels H·W
 */
export function measuredPixels(data: Raster["data"], pixels: number, nodata: number): Uint8Array {
  const valid = new Uint8Array(pixels);
  for (let start = 0; start < data.length; start += pixels) {
    // A NaN differs from everything; it is no measurement whatever nodata is.
    for (let i = 0; i < pixels; i++) {
      const value = data[start + i];
      if (value !== nodata && !Number.isNaN(value)) valid[i] = 1;
    }
  }
  return valid;
}

/** 1 where a mask or an alpha band is not 0. */
export function nonZero(plane: Raster["data"]): Uint8Array {
  // `Uint8Array.from` makes a list of all values first.
  const valid = new Uint8Array(plane.length);
  for (let i = 0; i < plane.length; i++) if (plane[i] !== 0) valid[i] = 1;
  return valid;
}
