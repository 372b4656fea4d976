import { availableParallelism } from "node:os";
import { UserError } from "../../errors.js";
import { blockCache } from "../block-cache.js";
import type { ByteSource } from "../bytes/bytes.js";
import type { OpenRasterOptions, RasterReader } from "../reader.js";
import { checkImage, type TiffImage } from "./check.js";
import type { Companions } from "./companions.js";
import { countOf, type Directory, numberOf, readDirectories } from "./directory.js";
import { infoOf } from "./info.js";
import { type Level, readLevel } from "./level.js";

const MAX_BLOCK_BYTES = 2 ** 28;

/** Bits of the tag NewSubfileType. */
const REDUCED = 1;
const MASK = 4;

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
  const { threads = availableParallelism(), cacheBytes, maxBlockBytes = MAX_BLOCK_BYTES, bandNames, onWarning } = options;
  const warn = onWarning && ((message: string) => onWarning(`${source.name}: ${message}`));
  const [first, ...others] = await readDirectories(source, onWarning);
  const image = await checkImage(first, { maxBlockBytes, onWarning });
  const pages = await pagesOf(others, companions, onWarning);
  const levels = await levelsOf(image, pages, { maxBlockBytes, onWarning });
  const info = await infoOf({ image, levels, bandNames }, companions, warn);
  const work = { cache: blockCache(cacheBytes), threads };
  const closing = new AbortController();
  return {
    info,
    read({ signal, ...readOptions } = {}) {
      const stop = signal === undefined ? closing.signal : AbortSignal.any([closing.signal, signal]);
      return readLevel(info, levels, { ...readOptions, signal: stop }, work);
    },
    async close() {
      closing.abort(new UserError("aborted", `${info.file}: was closed, nothing more is read of it`));
      for (const { image: level, mask } of levels) for (const one of [level, mask]) if (one) work.cache.of(one).drop();
      for (const open of [source, companions.overviews, companions.mask, companions.maskOverviews]) await open?.close();
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
  // All images in files of masks are masks.
  if (masks.length === 0 && companions.mask !== undefined) {
    masks = [...(await readDirectories(companions.mask, onWarning))];
    masks.push(...(await maskOverviewsOf(companions, onWarning)));
  }
  return { overviews, masks };
}

/** None where they cannot be read: the whole mask, thinned, serves as well. */
async function maskOverviewsOf(
  { maskOverviews }: Partial<Companions>,
  onWarning: OpenRasterOptions["onWarning"],
): Promise<readonly Directory[]> {
  try {
    return maskOverviews === undefined ? [] : await readDirectories(maskOverviews, onWarning);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    onWarning?.(`${error.message}; these overviews are not used`);
    return [];
  }
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
