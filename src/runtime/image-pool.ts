import { availableParallelism } from "node:os";
import { compiledFile } from "../compiled.js";
import type { Preprocess } from "../raster/preprocess.js";
import type { Raster } from "../raster/raster.js";
import { openThread } from "../thread.js";
import type { RuntimeChoice } from "./session.js";

/** What a worker thread is given when it starts. */
export interface ImageWorkerData {
  /** In memory that all workers share. */
  readonly model: Uint8Array<SharedArrayBuffer>;
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
export async function openImagePool(options: ImagePoolOptions): Promise<ImagePool> {
  const { images = Number.POSITIVE_INFINITY } = options;
  const threads = Math.max(1, Math.min(options.threads ?? availableParallelism(), images));
  const model = new Uint8Array(new SharedArrayBuffer(options.model.length));
  model.set(options.model);
  const data: ImageWorkerData = {
    model,
    preprocess: options.preprocess,
    outputs: options.outputs,
    runtime: options.runtime ?? "auto",
  };
  // Every worker gives the same notices; one of each is told.
  const told = new Set<string>();
  const tellOnce = (message: string) => {
    if (!told.has(message)) options.onWarning?.(message);
    told.add(message);
  };
  const members = Array.from({ length: threads }, () =>
    openThread<ImageRequest, ImageOutputs>({
      file: compiledFile("./image-worker.js", import.meta.url),
      workerData: data,
      name: "an image worker",
      onNotice: tellOnce,
    }),
  );
  try {
    await Promise.all(members.map((member) => member.ready));
  } catch (error) {
    await Promise.all(members.map((member) => member.close()));
    throw error;
  }
  return {
    concurrency: threads * 4,
    run(image, file) {
      const idlest = members.reduce((best, member) => (member.load() < best.load() ? member : best));
      return idlest.run({ image, file });
    },
    async close() {
      await Promise.all(members.map((member) => member.close()));
    },
  };
}
