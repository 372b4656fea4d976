import { mapInOrder } from "../concurrency.js";
import type { Sample } from "../data/dataset.js";
import { thumbnail } from "../raster/encode.js";
import { readRaster } from "./embeddings.js";

const THUMBNAIL_PX = 128;
/** Images decoded at the same time: each may be large. */
export const DECODED_AT_ONCE = 4;

type Picture = Pick<Sample, "path" | "file">;

/** The thumbnail of a sample, or nothing if the image has become unreadable meanwhile or cannot be shown. */
export async function thumbnailOf(
  sample: Picture,
  { px = THUMBNAIL_PX }: { readonly px?: number } = {},
): Promise<{ thumbnail?: string }> {
  try {
    return { thumbnail: await thumbnail(await readRaster(sample.path, sample.file), px) };
  } catch {
    return {};
  }
}

/** Thumbnails by position, in the order given, for as long as the bytes last. Images without a picture cost nothing. */
export async function thumbnailsWithin(
  maxBytes: number,
  samples: readonly Picture[],
  order: readonly number[],
  options: { readonly px?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<ReadonlyMap<number, string>> {
  const pictures = new Map<number, string>();
  let bytes = 0;
  const picture = async (index: number) => ({ index, ...(await thumbnailOf(samples[index], options)) });
  for await (const { index, thumbnail: uri } of mapInOrder(order, DECODED_AT_ONCE, picture, options.signal)) {
    if (uri === undefined) continue;
    bytes += uri.length;
    if (bytes > maxBytes) break;
    pictures.set(index, uri);
  }
  return pictures;
}
