import { mapInOrder } from "../concurrency.js";
import type { Sample } from "../data/dataset.js";
import { thumbnail } from "../raster/encode.js";
import type { Raster } from "../raster/raster.js";
import { readRaster } from "./image-files.js";

/** The longer side of pictures in reports. */
export const THUMBNAIL_PX = 128;
/** Images decoded at the same time: each may be large. */
export const DECODED_AT_ONCE = 4;

type Picture = Pick<Sample, "path" | "file">;

/** What is drawn of a sample; undefined if its image has become unreadable meanwhile, or cannot be shown. */
export async function drawnOf<T>({ path, file }: Picture, draw: (raster: Raster) => T | Promise<T>): Promise<T | undefined> {
  try {
    return await draw(await readRaster(path, file));
  } catch {
    return undefined;
  }
}

/** The thumbnail of a sample, or nothing where none can be drawn. */
export async function thumbnailOf(sample: Picture): Promise<{ thumbnail?: string }> {
  const uri = await drawnOf(sample, (raster) => thumbnail(raster, THUMBNAIL_PX));
  return uri === undefined ? {} : { thumbnail: uri };
}

/** Things said of files, in their order, each with the thumbnail of its file where there is one. */
export async function withThumbnails<T extends { readonly file: string }>(
  items: readonly T[],
  samples: readonly Picture[],
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<(T & { readonly thumbnail?: string })[]> {
  const sampleOf = new Map(samples.map((sample) => [sample.file, sample]));
  const pictured: (T & { readonly thumbnail?: string })[] = [];
  const picture = async (item: T) => {
    const sample = sampleOf.get(item.file);
    return sample === undefined ? item : { ...item, ...(await thumbnailOf(sample)) };
  };
  for await (const item of mapInOrder(items, DECODED_AT_ONCE, picture, signal)) pictured.push(item);
  return pictured;
}

/** Thumbnails by position, in the order given, for as long as the bytes last. Images without a picture cost nothing. */
export async function thumbnailsWithin(
  maxBytes: number,
  samples: readonly Picture[],
  order: readonly number[],
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<ReadonlyMap<number, string>> {
  const pictures = new Map<number, string>();
  let bytes = 0;
  const picture = async (index: number) => ({ index, ...(await thumbnailOf(samples[index])) });
  for await (const { index, thumbnail: uri } of mapInOrder(order, DECODED_AT_ONCE, picture, signal)) {
    if (uri === undefined) continue;
    bytes += uri.length;
    if (bytes > maxBytes) break;
    pictures.set(index, uri);
  }
  return pictures;
}
