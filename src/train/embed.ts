import { extname } from "node:path";
import { createNpyWriter } from "../data/arrays/npy.js";
import { createSafetensorsWriter } from "../data/arrays/safetensors.js";
import type { ArrayWriter } from "../data/arrays/writer.js";
import { describeUnreadable, type Unreadable } from "../data/checks.js";
import { formatCsv } from "../data/csv.js";
import type { ImageFile } from "../data/open.js";
import { UserError } from "../errors.js";
import { refuseToOverwrite, writeFileAtomic } from "../files.js";
import type { WorkOptions } from "../progress.js";
import { DEFAULT_SEED } from "../random.js";
import { namesFile } from "./array-embeddings.js";
import { checkOptions } from "./check-options.js";
import { embedImages } from "./embeddings.js";
import type { BackboneOptions } from "./options.js";
import { openBackboneOn } from "./prepare.js";
import { meanOverViews } from "./score.js";

export interface EmbedOptions extends BackboneOptions, WorkOptions {
  readonly images: readonly ImageFile[];
  /** `.npy` or `.safetensors`; the names of the rows go to `<out>.files.csv`. */
  readonly out: string;
  readonly force?: boolean | undefined;
  readonly seed?: number | undefined;
  readonly unreadable?: "skip" | "fail" | undefined;
}

export interface EmbedResult {
  /** `[rows, size]`. */
  readonly rows: number;
  readonly size: number;
  readonly backbone: string;
  readonly out: string;
  readonly unreadable: readonly Unreadable[];
}

/** A write costs as much as reading an embedding from the cache: rows are gathered. */
const ROWS_AT_ONCE = 64;

/** Array formats by extension. */
const FORMATS: Readonly<Record<string, (path: string, shape: readonly number[]) => Promise<ArrayWriter>>> = {
  ".npy": (path, shape) => createNpyWriter(path, { dtype: "float32", shape }),
  ".safetensors": (path, shape) => createSafetensorsWriter(path, { tensors: [{ name: "embedding", dtype: "float32", shape }] }),
};

/**
 * Writes one embedding per image, `[N, D]` float32, row after row in bounded memory, and the images' names beside them.
 * With 8 views a row is the mean over them.
 *
 * @throws UserError `usage` for another extension
 */
export async function embed(options: EmbedOptions): Promise<EmbedResult> {
  checkOptions(options, ["images", "out"]);
  const { images, out, force = false, views = 1, signal, onProgress, onWarning } = options;
  const format = FORMATS[extname(out).toLowerCase()];
  if (format === undefined) {
    throw new UserError("usage", `--out ${out}: expected a name that ends in ${Object.keys(FORMATS).join(" or ")}`);
  }
  for (const path of [out, namesFile(out)]) refuseToOverwrite(path, force);
  const work = { signal, onProgress, onWarning };
  const backbone = await openBackboneOn(images, { ...options, seed: options.seed ?? DEFAULT_SEED });
  const size = backbone.embeddingSize;

  /** One pass over the images; the shape stands at the head of the file, so a file that turns out unreadable calls for another. */
  const pass = async (files: readonly ImageFile[]): Promise<Unreadable[]> => {
    const unreadable: Unreadable[] = [];
    const writer = await format(out, [files.length, size]);
    const block = new Float32Array(ROWS_AT_ONCE * size);
    let held = 0;
    const flush = async () => {
      await writer.write(block.subarray(0, held * size));
      held = 0;
    };
    try {
      for await (const { index, vector, error } of embedImages(files, files.length, backbone, { ...options, ...work })) {
        if (error !== undefined) {
          if (options.unreadable === "fail") throw error;
          unreadable.push({ file: files[index].file, reason: error.message });
        } else if (unreadable.length === 0) {
          block.set(meanOverViews(vector, views, size), held * size);
          if (++held === ROWS_AT_ONCE) await flush();
        }
      }
      if (unreadable.length === 0) {
        await flush();
        await writer.finish();
      }
    } finally {
      await writer.close();
    }
    return unreadable;
  };
  const unreadable = await pass(images);
  const bad = new Set(unreadable.map(({ file }) => file));
  const kept = images.filter(({ file }) => !bad.has(file));
  if (kept.length === 0)
    throw new UserError(
      "bad-file",
      `none of the ${images.length} images could be read: ${unreadable[0]?.reason ?? "there are none"}`,
    );
  if (unreadable.length > 0) {
    onWarning?.(describeUnreadable(unreadable, images.length));
    await pass(kept);
  }
  writeFileAtomic(namesFile(out), formatCsv([["file"], ...kept.map(({ file }) => [file])]));
  return { rows: kept.length, size, backbone: backbone.id, out, unreadable };
}
