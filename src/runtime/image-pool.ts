import { compiledFile } from "../compiled.js";
import type { Preprocess } from "../raster/preprocess.js";
import type { Raster } from "../raster/raster.js";
import type { RuntimeChoice } from "./session.js";
import { type SharedModel, sharedModel } from "./shared-model.js";
import { openThreadPool } from "./thread-pool.js";

/** What a worker thread is given when it starts. */
export interface ImageWorkerData {
  readonly model: SharedModel;
  readonly preprocess: Preprocess;
  readonly outputs: readonly string[];
  readonly runtime: RuntimeChoice;
}

/** One image: an encoded file, or its pixels. */
export interface ImageRequest {
  readonly image: Uint8Array | Raster;
  readonly file: string;
}

/** Outputs by name. */
export type ImageOutputs = Record<string, Float32Array>;

/** Worker threads that turn images into a model's outputs: decode, preprocess, run. */
export interface ImagePool {
  /** How many images to keep under way so that no core waits. */
  readonly concurrency: number;
  /** Rejects with the UserError of this one image; the pool goes on. */
  run(image: Uint8Array | Raster, file: string): Promise<ImageOutputs>;
  close(): Promise<void>;
}

export interface ImagePoolOptions {
  /** Serialised ONNX with the input `image` `[N, C, H, W]`. */
  readonly model: Uint8Array;
  readonly preprocess: Preprocess;
  /** Names of the outputs to return. */
  readonly outputs: readonly string[];
  /** Worker threads; one per core by default. */
  readonly threads?: number | undefined;
  /** How many images will come, where that is known: there are never more threads than images. */
  readonly images?: number | undefined;
  readonly runtime?: RuntimeChoice | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * Opens a pool of worker threads, each with a session of one thread that runs one image at a time: no barrier between cores,
 * and an image's outputs do not depend on what else is under way, so the same bytes come out whatever the number of threads.
 */
export async function openImagePool({
  model,
  preprocess,
  outputs,
  threads,
  images,
  runtime = "auto",
  onWarning,
}: ImagePoolOptions): Promise<ImagePool> {
  const workerData: ImageWorkerData = { model: sharedModel(model), preprocess, outputs, runtime };
  const pool = await openThreadPool<ImageRequest, ImageOutputs>({
    file: compiledFile("./image-worker.js", import.meta.url),
    workerData,
    name: "an image worker",
    threads,
    requests: images,
    onWarning,
  });
  return {
    concurrency: pool.threads * 4,
    run: (image, file) => pool.run({ image, file }),
    close: pool.close,
  };
}
