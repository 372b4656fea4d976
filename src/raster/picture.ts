import { RGB, toBands } from "./bands.js";
import type { Raster } from "./raster.js";

/** Shares of the values that are shown black and white where a type has no full range: a few bright roofs must not darken the rest. */
const LOWEST = 0.02;
const HIGHEST = 0.98;

/**
 * A raster as an 8-bit colour picture: a single band three times, the first three bands where there is no red, green and blue.
 * `range` becomes 0 to 255; by default 8 bits as they are, and of all other types what lies between 2 and 98 % of the measured values.
 */
export function toPicture(raster: Raster, range?: readonly [lowest: number, highest: number]): Raster {
  const shown = toBands(raster, shownBands(raster.bands));
  const { bands, widthPx, heightPx, data } = shown;
  const [lowest, highest] = range ?? shownRange([shown]);
  const px = widthPx * heightPx;
  const scale = 255 / (highest - lowest || 1);
  const out = new Uint8Array(3 * px);
  // A typed array would wrap what lies outside; NaN becomes 0.
  for (let i = 0; i < data.length; i++) out[i] = Math.max(0, Math.min(255, Math.round((data[i] - lowest) * scale)));
  if (bands.length === 1) for (const band of [1, 2]) out.copyWithin(band * px, 0, px);
  return { bands: RGB, widthPx, heightPx, dtype: "uint8", data: out };
}

/** Names of the one or three bands that a picture shows. */
export function shownBands(bands: readonly string[]): readonly string[] {
  return RGB.every((name) => bands.includes(name)) ? RGB : bands.length >= 3 ? bands.slice(0, 3) : [bands[0]];
}

/** Values that are sorted for a range; of more, evenly spread ones. */
const MOST_SORTED = 2 ** 23;

/**
 * One range for several pictures, so that their colours can be compared: what lies between 2 and 98 % of the measured values of all of
 * them; 8 bits as they are.
 *
 * @param rasters of one type, with the bands that are shown
 */
export function shownRange(rasters: readonly Raster[]): readonly [lowest: number, highest: number] {
  if (rasters.every(({ dtype }) => dtype === "uint8")) return [0, 255];
  const total = rasters.reduce((sum, { data }) => sum + data.length, 0);
  const step = Math.ceil(total / MOST_SORTED);
  const measured = new Float64Array(rasters.reduce((sum, { data }) => sum + Math.ceil(data.length / step), 0));
  let count = 0;
  for (const { data, valid, nodata, widthPx, heightPx } of rasters) {
    const px = widthPx * heightPx;
    for (let i = 0; i < data.length; i += step) {
      const value = data[i];
      if (!Number.isFinite(value) || value === nodata || (valid !== undefined && valid[i % px] !== 1)) continue;
      measured[count++] = value;
    }
  }
  if (count === 0) return [0, 1];
  const sorted = measured.subarray(0, count).sort();
  const at = (share: number) => sorted[Math.round(share * (count - 1))];
  const [lowest, highest] = [at(LOWEST), at(HIGHEST)];
  return lowest < highest ? [lowest, highest] : [sorted[0], sorted[count - 1]];
}
