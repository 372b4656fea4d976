import { placedTransform } from "./geo/transform.js";
import type { RasterInfo, RasterReader } from "./reader.js";
import { rasterOf, requestedOf } from "./requested.js";
import type { PixelWindow } from "./resample.js";

/** Which part of a raster. */
export interface ExcerptOptions {
  /** Inside the raster; all of it by default. */
  readonly window?: PixelWindow | undefined;
  /** Indices into its bands, in the order wanted; all of them by default. */
  readonly bands?: readonly number[] | undefined;
}

/**
 * Some of the pixels and bands of a raster as a raster: sample by sample the same, read window by window. Only all of its pixels keep
 * the overviews: those of a part do not begin where it begins. Closing it closes the source.
 *
 * @throws RangeError for a window or band outside the raster
 */
export function excerpt(reader: RasterReader, options: ExcerptOptions): RasterReader {
  const { info: whole } = reader;
  const { widthPx, heightPx } = whole;
  const { window = { leftPx: 0, topPx: 0, widthPx, heightPx }, bands = [...whole.bands.keys()] } = options;
  const { leftPx, topPx } = window;
  if (leftPx < 0 || topPx < 0 || leftPx + window.widthPx > widthPx || topPx + window.heightPx > heightPx) {
    throw new RangeError(`the window ${JSON.stringify(window)} leaves the ${widthPx} × ${heightPx} raster`);
  }
  const stray = bands.find((band) => whole.bands[band] === undefined);
  if (stray !== undefined) throw new RangeError(`${whole.file} has the bands 0 to ${whole.bands.length - 1}, not ${stray}`);
  const isAllPixels = window.widthPx === widthPx && window.heightPx === heightPx;
  const isAllBands = bands.length === whole.bands.length && bands.every((band, place) => band === place);
  if (isAllPixels && isAllBands) return reader;
  const info = excerptInfo(whole, window, bands, isAllPixels);
  return {
    info,
    async read(request = {}) {
      const { level = 0, validity = true, signal } = request;
      const size = info.levels[level];
      if (size === undefined) throw new RangeError(`${info.file} has the levels 0 to ${info.levels.length - 1}, not ${level}`);
      const requested = requestedOf(info, size, request);
      const { data, valid } = await reader.read({
        window: { ...requested.window, leftPx: requested.window.leftPx + leftPx, topPx: requested.window.topPx + topPx },
        bands: requested.bands.map((band) => bands[band]),
        into: requested.data,
        ...{ level, validity, signal },
      });
      return rasterOf(info, { ...requested, data }, { level, valid });
    },
    close: () => reader.close(),
  };
}

function excerptInfo(whole: RasterInfo, window: PixelWindow, bands: readonly number[], isAllPixels: boolean): RasterInfo {
  const { widthPx, heightPx } = window;
  const { georeference, block, levels } = whole;
  return {
    ...whole,
    widthPx,
    heightPx,
    bands: bands.map((band) => whole.bands[band]),
    georeference: georeference && { ...georeference, transform: placedTransform(georeference.transform, window) },
    levels: isAllPixels ? levels : [{ widthPx, heightPx }],
    block: { widthPx: Math.min(block.widthPx, widthPx), heightPx: Math.min(block.heightPx, heightPx) },
  };
}
