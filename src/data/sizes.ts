import { readFile, stat } from "node:fs/promises";
import { mapInOrder } from "../concurrency.js";
import { messageOf, UserError } from "../errors.js";
import type { WorkOptions } from "../progress.js";
import { checkImage, MAX_IMAGE_BYTES } from "../raster/formats.js";
import type { RasterDType } from "../raster/raster.js";
import type { Unreadable } from "./checks.js";
import type { Sample } from "./dataset.js";

type ImageSample = Pick<Sample, "file" | "path">;

/** Datasets of mixed sizes may have as many kinds as images. */
const SHOWN_KINDS = 5;

/** One kind of image among those that were looked at. */
export interface ImageKind {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly bands: readonly string[];
  readonly dtype: RasterDType;
  readonly count: number;
}

/** What the headers of some images say. */
export interface ImageSizes {
  readonly lookedAt: number;
  /** Most frequent first. */
  readonly kinds: readonly ImageKind[];
  readonly unreadable: readonly Unreadable[];
}

/** Reads the headers of at most `limit` images, evenly spread over the samples; nothing is decoded. */
export async function measureImages(
  { samples }: { readonly samples: readonly ImageSample[] },
  { limit = 500, signal, onProgress }: WorkOptions & { readonly limit?: number } = {},
): Promise<ImageSizes> {
  const step = Math.max(1, samples.length / limit);
  const chosen = Array.from({ length: Math.min(limit, samples.length) }, (_, i) => samples[Math.floor(i * step)]);
  const kinds = new Map<string, ImageKind>();
  const unreadable: Unreadable[] = [];
  let done = 0;
  for await (const { file, header, reason } of mapInOrder(chosen, 4, headerOf, signal)) {
    onProgress?.({ stage: "look at images", done: ++done, total: chosen.length, unit: "images" });
    if (header === undefined) {
      unreadable.push({ file, reason });
      continue;
    }
    const { widthPx, heightPx, bands, dtype } = header;
    const key = `${widthPx} ${heightPx} ${bands} ${dtype}`;
    kinds.set(key, { widthPx, heightPx, bands, dtype, count: (kinds.get(key)?.count ?? 0) + 1 });
  }
  return { lookedAt: chosen.length, kinds: [...kinds.values()].sort((a, b) => b.count - a.count), unreadable };
}

/** The kinds of image on one line, the most frequent first: `all 500 are 64×64 uint8 (red, green, blue)`. */
export function describeSizes(kinds: readonly ImageKind[]): string {
  const total = kinds.reduce((sum, { count }) => sum + count, 0);
  const some = kinds.slice(0, SHOWN_KINDS).map(({ widthPx, heightPx, bands, dtype, count }) => {
    const what = `${widthPx}×${heightPx} ${dtype} (${bands.join(", ")})`;
    return count === total ? `all ${total} are ${what}` : `${count} of ${total} are ${what}`;
  });
  const more = kinds.length > SHOWN_KINDS ? [`${kinds.length - SHOWN_KINDS} other kinds`] : [];
  return [...some, ...more].join("; ");
}

async function headerOf({ file, path }: ImageSample) {
  try {
    const { size } = await stat(path);
    if (size > MAX_IMAGE_BYTES) {
      throw new UserError("limit", `${size} bytes, the limit is ${MAX_IMAGE_BYTES}`, {
        hint: "Cut the image into smaller ones.",
      });
    }
    return { file, header: await checkImage(await readFile(path), { file }), reason: "" };
  } catch (error) {
    return { file, header: undefined, reason: messageOf(error) };
  }
}
