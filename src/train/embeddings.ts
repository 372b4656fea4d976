import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { mapInOrder } from "../concurrency.js";
import { messageOf, UserError } from "../errors.js";
import { readWholeFile } from "../files.js";
import type { Backbone } from "../model/backbone.js";
import { perViewModel } from "../model/backbones/views.js";
import type { WorkOptions } from "../progress.js";
import { MAX_IMAGE_BYTES } from "../raster/formats.js";
import type { Raster } from "../raster/raster.js";
import { type ImagePool, openImagePool } from "../runtime/image-pool.js";
import type { RuntimeChoice } from "../runtime/session.js";
import { type EmbeddingCache, openEmbeddingCache } from "./embedding-cache.js";
import { IMAGE_ERRORS, type NamedFile, readRaster } from "./image-files.js";
import { spread } from "./spread.js";

/** How many of the 8 flips and rotations of an image are embedded. */
export type Views = 1 | 8;

export interface EmbedImagesOptions extends WorkOptions {
  /** 1: the image as it stands; 8: each of its flips and rotations. Default 1. */
  readonly views?: Views | undefined;
  /** Folder of the embedding cache; without one everything is computed. */
  readonly cache?: string | undefined;
  readonly threads?: number | undefined;
  readonly runtime?: RuntimeChoice | undefined;
  /** Name of the stage in progress events. */
  readonly stage?: string | undefined;
}

/** The embedding of one image, or why there is none. */
export type EmbeddedImage =
  | { readonly index: number; readonly vector: Float32Array; readonly error?: undefined }
  | { readonly index: number; readonly vector?: undefined; readonly error: UserError };

/**
 * Embeds images in order, from the cache where it can: yields one vector `[V · D]` per image, V views of D floats.
 * One bad image yields its error and does not end the work.
 *
 * @throws UserError `aborted`, or a failure of the model itself
 */
export async function* embedImages(
  files: Iterable<NamedFile>,
  total: number,
  backbone: Backbone,
  options: EmbedImagesOptions = {},
): AsyncGenerator<EmbeddedImage> {
  const { signal, onProgress, onWarning, views = 1, stage = "embed" } = options;
  const size = views * backbone.embeddingSize;
  const cache: EmbeddingCache | undefined =
    options.cache === undefined
      ? undefined
      : openEmbeddingCache({
          folder: options.cache,
          identity: { backbone: backbone.sha256, preprocess: backbone.preprocess, views },
          size,
          onWarning,
        });
  let pool: Promise<ImagePool> | undefined;
  const openPool = () => {
    pool ??= openImagePool({
      model: views === 1 ? backbone.model : perViewModel(backbone.model),
      preprocess: backbone.preprocess,
      outputs: ["embedding"],
      threads: options.threads,
      runtime: options.runtime,
      onWarning,
    });
    return pool;
  };

  let cached = 0;
  let done = 0;
  let keeping = true;
  /** A cache that cannot be written, on a full disk say, is no reason to stop. */
  const keep = (key: Buffer, vector: Float32Array) => {
    if (!keeping) return;
    try {
      cache?.append(key, vector);
    } catch (error) {
      keeping = false;
      onWarning?.(`${messageOf(error)}; going on without`);
    }
  };
  let scratch = new Uint8Array(0);
  /** Most images of a warm run are read only to be recognised: they share their memory. */
  const reuse = (bytes: number) => {
    if (scratch.length < bytes) scratch = new Uint8Array(2 * bytes);
    return scratch.subarray(0, bytes);
  };
  const embed = async ({ file, path }: NamedFile, index: number): Promise<EmbeddedImage> => {
    try {
      const bytes = readWholeFile(path, { maxBytes: MAX_IMAGE_BYTES, file, allocate: reuse });
      const key = createHash("sha256").update(bytes).digest();
      const known = new Float32Array(size);
      if (cache?.read(key, known, 0)) {
        cached++;
        return { index, vector: known };
      }
      // The memory belongs to the next image as soon as this one waits.
      const copy = new Uint8Array(bytes);
      const vector = (await (await openPool()).run(copy, file)).embedding;
      keep(key, vector);
      return { index, vector };
    } catch (error) {
      if (error instanceof UserError && IMAGE_ERRORS.has(error.code)) return { index, error };
      throw error;
    }
  };
  try {
    onProgress?.({ stage, done, total, unit: "images" });
    let next = 0;
    const limit = (options.threads ?? availableParallelism()) * 4;
    for await (const result of mapInOrder(files, limit, (file) => embed(file, next++), signal)) {
      done++;
      onProgress?.({ stage, done, total, unit: "images", ...(cached > 0 ? { note: `${cached} from the cache` } : {}) });
      yield result;
    }
  } finally {
    cache?.close();
    await (await pool?.catch(() => undefined))?.close();
  }
}

/** Decodes up to `limit` images, evenly spread over the files; those that cannot be read are passed over. */
export async function* readSpread(files: readonly NamedFile[], limit: number): AsyncGenerator<Raster> {
  for (const { file, path } of spread(files, limit)) {
    try {
      yield await readRaster(path, file);
    } catch (error) {
      if (!(error instanceof UserError)) throw error; // an unreadable image is counted and named when it is embedded
    }
  }
}
