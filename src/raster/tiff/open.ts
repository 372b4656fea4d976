import { UserError } from "../../errors.js";
import type { ByteSource } from "../bytes/bytes.js";
import { placedTransform } from "../geo/transform.js";
import type { Raster } from "../raster.js";
import type { OpenRasterOptions, RasterInfo, RasterReader, ReadOptions } from "../reader.js";
import { requestedOf, scalingOf } from "../requested.js";
import type { PixelWindow } from "../resample.js";
import { newSamples } from "../samples.js";
import { describeBands, paletteOf } from "./bands.js";
import { checkImage, type TiffImage } from "./check.js";
import type { Companions } from "./companions.js";
import { countOf, type Directory, numberOf, readDirectories, textOf } from "./directory.js";
import { parseGdalMetadata } from "./gdal-metadata.js";
import { georeferenceOf } from "./georeference.js";
import { measuredPixels, nonZero, parseNodata } from "./validity.js";
import { readPlanes } from "./window.js";

const MAX_BLOCK_BYTES = 2 ** 28;
const MAX_THINNED_PIXELS = 2 ** 24;

/** Bits of the tag NewSubfileType. */
const REDUCED = 1;
const MASK = 4;

/** A level of resolution and the mask that belongs to it. */
interface Level {
  readonly image: TiffImage;
  readonly mask: TiffImage | undefined;
}

/**
 * Opens a TIFF: its first image, that image's overviews and masks. Further pages are other images and left alone. The sources are
 * closed with the reader.
 *
 * @throws UserError `bad-file`, `limit`
 */
export async function openTiff(
  source: ByteSource,
  options: OpenRasterOptions = {},
  companions: Partial<Companions> = {},
): Promise<RasterReader> {
  const { maxBlockBytes = MAX_BLOCK_BYTES, bandNames, onWarning } = options;
  const warn = onWarning && ((message: string) => onWarning(`${source.name}: ${message}`));
  const [first, ...others] = await readDirectories(source, onWarning);
  const image = await checkImage(first, { maxBlockBytes, onWarning });
  const pages = await pagesOf(others, companions, onWarning);
  const levels = await levelsOf(image, pages, { maxBlockBytes, onWarning });
  const info = { ...describe(image, levels, bandNames, warn), categories: companions.categories };
  return {
    info,
    read: (readOptions = {}) => readLevel(info, levels, readOptions),
    async close() {
      for (const open of [source, companions.overviews, companions.mask]) await open?.close();
    },
  };
}

/** Directories beside the first image's, by what they are to it. */
interface Pages {
  readonly overviews: readonly Directory[];
  readonly masks: readonly Directory[];
}

/** Overviews and masks in files of their own count where the file itself has none, as with GDAL. */
async function pagesOf(
  others: readonly Directory[],
  companions: Partial<Companions>,
  onWarning: OpenRasterOptions["onWarning"],
): Promise<Pages> {
  const kindOf = (directory: Directory) => numberOf(directory, "subfileType", 0);
  const masksIn = (directories: readonly Directory[]) => directories.filter((directory) => kindOf(directory) & MASK);
  // A directory without a width is no image, whatever it calls itself.
  const overviewsIn = (directories: readonly Directory[]) =>
    directories.filter((directory) => (kindOf(directory) & (REDUCED | MASK)) === REDUCED && countOf(directory, "width") > 0);
  let [overviews, masks] = [overviewsIn(others), masksIn(others)];
  if (overviews.length === 0 && companions.overviews !== undefined) {
    try {
      const beside = await readDirectories(companions.overviews, onWarning);
      [overviews, masks] = [overviewsIn(beside), [...masks, ...masksIn(beside)]];
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      onWarning?.(`${error.message}; these overviews are not used`);
    }
  }
  // All images in a file of masks are masks.
  if (masks.length === 0 && companions.mask !== undefined) masks = [...(await readDirectories(companions.mask, onWarning))];
  return { overviews, masks };
}

async function levelsOf(
  image: TiffImage,
  pages: Pages,
  options: { maxBlockBytes: number; onWarning: OpenRasterOptions["onWarning"] },
): Promise<readonly Level[]> {
  const images = [image];
  for (const directory of pages.overviews) {
    const overview = await overviewOf(image, directory, options);
    if (overview !== undefined) images.push(overview);
  }
  const masks: TiffImage[] = [];
  // A mask that cannot be read would pass for "all measured": refused.
  for (const directory of pages.masks) masks.push(await checkImage(directory, options));
  images.sort((a, b) => b.widthPx * b.heightPx - a.widthPx * a.heightPx);
  return images.map((level) => ({
    image: level,
    mask: masks.find(({ widthPx, heightPx }) => widthPx === level.widthPx && heightPx === level.heightPx),
  }));
}

/** Undefined for a reduced image that is no level of this one, or is damaged: the others serve without it. */
async function overviewOf(
  image: TiffImage,
  directory: Directory,
  options: { maxBlockBytes: number; onWarning: OpenRasterOptions["onWarning"] },
): Promise<TiffImage | undefined> {
  try {
    const overview = await checkImage(directory, options);
    const alike = overview.samples === image.samples && overview.format.stored === image.format.stored;
    return alike && overview.widthPx <= image.widthPx && overview.heightPx <= image.heightPx ? overview : undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    options.onWarning?.(`${error.message}; this overview is not used`);
    return undefined;
  }
}

function describe(
  image: TiffImage,
  levels: readonly Level[],
  bandNames: readonly string[] | undefined,
  warn: ((message: string) => void) | undefined,
): Omit<RasterInfo, "categories"> {
  const { directory, format } = image;
  const metadata = parseGdalMetadata(textOf(directory, "gdalMetadata") ?? "");
  const bands = describeBands(image, metadata, bandNames);
  const nodata = parseNodata(textOf(directory, "gdalNodata"), format.dtype, warn);
  const alpha = bands.some(({ colour }) => colour === "alpha");
  return {
    file: directory.source.name,
    widthPx: image.widthPx,
    heightPx: image.heightPx,
    dtype: format.dtype,
    stored: format.stored,
    bands,
    nodata,
    // In GDAL's order of precedence.
    validity: levels[0].mask !== undefined ? "mask" : nodata !== undefined ? "nodata" : alpha ? "alpha" : "all",
    georeference: georeferenceOf(directory, warn),
    levels: levels.map(({ image: { widthPx, heightPx } }) => ({ widthPx, heightPx })),
    block: image.block,
    compression: image.codec.name,
    palette: paletteOf(image),
    metadata: metadata.file,
  };
}

async function readLevel(info: RasterInfo, levels: readonly Level[], options: ReadOptions): Promise<Raster> {
  const { level = 0, validity = true, signal } = options;
  if (levels[level] === undefined) throw new RangeError(`${info.file} has the levels 0 to ${levels.length - 1}, not ${level}`);
  const { image, mask } = levels[level];
  const { window, bands, data } = requestedOf(info, image, options);
  await readPlanes(image, { window, bands, data, empty: info.nodata ?? 0, signal });
  const valid = validity ? await validOf(info, { image, mask }, levels[0].mask, { window, data, signal }) : undefined;

  const scaling = scalingOf(info, bands);
  return {
    bands: bands.map((band) => info.bands[band].name),
    widthPx: window.widthPx,
    heightPx: window.heightPx,
    dtype: info.dtype,
    data,
    ...(info.nodata !== undefined && { nodata: info.nodata }),
    ...(info.georeference && {
      georeference: {
        crs: info.georeference.crs,
        transform: placedTransform(
          placedTransform(info.georeference.transform, {
            columnPx: info.widthPx / image.widthPx,
            rowPx: info.heightPx / image.heightPx,
          }),
          window,
        ),
      },
    }),
    ...(valid && { valid }),
    ...(scaling && { scaling }),
  };
}

/** Undefined where every pixel was measured. */
async function validOf(
  info: RasterInfo,
  { image, mask }: Level,
  whole: TiffImage | undefined,
  { window, data, signal }: { window: PixelWindow; data: Raster["data"]; signal: AbortSignal | undefined },
): Promise<Uint8Array | undefined> {
  const pixels = window.widthPx * window.heightPx;
  const planeOf = async (from: TiffImage, band: number) => {
    const plane = newSamples(from.format.dtype, pixels);
    await readPlanes(from, { window, bands: [band], data: plane, empty: 0, signal });
    return nonZero(plane);
  };
  let valid: Uint8Array | undefined;
  if (mask !== undefined) valid = await planeOf(mask, 0);
  else if (whole !== undefined) valid = await thinnedMask(whole, image, { window, signal });
  else if (info.nodata !== undefined) valid = measuredPixels(data, pixels, info.nodata);
  else {
    const alpha = info.bands.findIndex(({ colour }) => colour === "alpha");
    if (alpha >= 0) valid = await planeOf(image, alpha);
  }
  return valid?.includes(0) ? valid : undefined;
}

/** The mask of the whole image for a level that has none of its own: the pixel that GDAL's nearest overviews take. */
async function thinnedMask(
  mask: TiffImage,
  level: TiffImage,
  { window, signal }: { window: PixelWindow; signal: AbortSignal | undefined },
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
    await readPlanes(mask, { window: part, bands: [0], data, empty: 0, signal });
    for (let row = first; row < end; row++) {
      const from = (rowOf(row) - part.topPx) * widthPx - leftPx;
      for (let column = 0; column < window.widthPx; column++) {
        if (data[from + columnOf(column)] !== 0) valid[row * window.widthPx + column] = 1;
      }
    }
  }
  return valid;
}
