import type { Raster } from "../raster.js";
import type { RasterInfo, ReadOptions } from "../reader.js";
import { rasterOf, requestedOf } from "../requested.js";
import type { PixelWindow } from "../resample.js";
import { newSamples } from "../samples.js";
import type { TiffImage } from "./check.js";
import { textOf } from "./directory.js";
import { emptySample, measuredPixels, nonZero } from "./validity.js";
import { type BlockWork, readPlanes } from "./window.js";

/** Of a mask that is read to be thinned. */
const MAX_THINNED_PIXELS = 2 ** 24;

/** A level of resolution and the mask that belongs to it. */
export interface Level {
  readonly image: TiffImage;
  readonly mask: TiffImage | undefined;
}

/**
 * Reads a window of a level.
 *
 * @throws UserError `bad-file` naming file and block, `limit`; RangeError for what the raster does not have
 */
export async function readLevel(
  info: RasterInfo,
  levels: readonly Level[],
  options: ReadOptions,
  work: BlockWork,
): Promise<Raster> {
  const { level = 0, validity = true, signal } = options;
  if (levels[level] === undefined) throw new RangeError(`${info.file} has the levels 0 to ${levels.length - 1}, not ${level}`);
  const { image, mask } = levels[level];
  const { window, bands, data } = requestedOf(info, image, options);
  const pixels = window.widthPx * window.heightPx;
  const alpha = validity && info.validity === "alpha" ? newSamples(info.dtype, pixels) : undefined;
  const wanted = bands.map((band, order) => ({ band, data, start: order * pixels }));
  // In the same pass: where bands lie together, alpha is in the blocks that are decoded anyway.
  if (alpha !== undefined) wanted.push({ band: info.bands.findIndex(({ colour }) => colour === "alpha"), data: alpha, start: 0 });
  const empty = info.nodata ?? emptySample(textOf(levels[0].image.directory, "gdalNodata"), info.stored);
  await readPlanes(image, { window, bands: wanted, empty, signal }, work);
  const valid = validity
    ? await validOf(info, { image, mask }, levels[0].mask, { window, data, alpha, signal }, work)
    : undefined;
  return rasterOf(info, { window, bands, data }, { level, valid });
}

/** Undefined where nothing tells measured pixels from others. */
async function validOf(
  info: RasterInfo,
  { image, mask }: Level,
  whole: TiffImage | undefined,
  read: { window: PixelWindow; data: Raster["data"]; alpha: Raster["data"] | undefined; signal: AbortSignal | undefined },
  work: BlockWork,
): Promise<Uint8Array | undefined> {
  const { window, signal } = read;
  const pixels = window.widthPx * window.heightPx;
  if (mask !== undefined) {
    const data = newSamples(mask.format.dtype, pixels);
    await readPlanes(mask, { window, bands: [{ band: 0, data, start: 0 }], empty: 0, signal }, work);
    return nonZero(data);
  }
  if (whole !== undefined) return thinnedMask(whole, image, { window, signal }, work);
  if (info.nodata !== undefined) return measuredPixels(read.data, pixels, info.nodata);
  return read.alpha && nonZero(read.alpha);
}

/** The mask of the whole image for a level that has none of its own: the pixel that GDAL's nearest overviews take. */
async function thinnedMask(
  mask: TiffImage,
  level: TiffImage,
  { window, signal }: { window: PixelWindow; signal: AbortSignal | undefined },
  work: BlockWork,
): Promise<Uint8Array> {
  const [sx, sy] = [mask.widthPx / level.widthPx, mask.heightPx / level.heightPx];
  const columnOf = (column: number) => Math.floor(0.5 + (window.leftPx + column) * sx);
  const rowOf = (row: number) => Math.floor(0.5 + (window.topPx + row) * sy);
  const [leftPx, widthPx] = [columnOf(0), columnOf(window.widthPx - 1) + 1 - columnOf(0)];
  // As many rows at a time as a few blocks have, so that a small picture of a large scene stays small.
  const step = Math.max(1, Math.floor(MAX_THINNED_PIXELS / (widthPx * sy)));
  const valid = new Uint8Array(window.widthPx * window.heightPx);
  for (let first = 0; first < window.heightPx; first += step) {
    const end = Math.min(first + step, window.heightPx);
    const part = { leftPx, topPx: rowOf(first), widthPx, heightPx: rowOf(end - 1) + 1 - rowOf(first) };
    const data = newSamples(mask.format.dtype, part.widthPx * part.heightPx);
    await readPlanes(mask, { window: part, bands: [{ band: 0, data, start: 0 }], empty: 0, signal }, work);
    for (let row = first; row < end; row++) {
      const from = (rowOf(row) - part.topPx) * widthPx - leftPx;
      for (let column = 0; column < window.widthPx; column++) {
        if (data[from + columnOf(column)] !== 0) valid[row * window.widthPx + column] = 1;
      }
    }
  }
  return valid;
}
