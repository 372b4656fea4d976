import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { compiledFile } from "../compiled.js";
import { type ErrorCode, UserError } from "../errors.js";
import type { Preprocess } from "../raster/preprocess.js";
import type { RuntimeChoice } from "./session.js";

/** What a worker thread is given when it starts. */
export interface ImageWorkerData {
  /** In memory that all workers share. */
  readonly model: Uint8Array<SharedArrayBuffer>;
  readonly preprocess: Preprocess;
  readonly outputs: readonly string[];
  readonly runtime: RuntimeChoice;
}

export interface ImageRequest {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly file: string;
}

export type ImageReply =
  | { readonly kind: "ready" }
  | { readonly kind: "notice"; readonly message: string }
  | { readonly kind: "result"; readonly id: number; readonly outputs: Record<string, Float32Array> }
  | {
      readonly kind: "error";
      readonly id: number | undefined;
      readonly code: ErrorCode | undefined;
      readonly message: string;
      readonly hint: string | undefined;
    };

/** Worker threads that turn encoded images into a model's outputs: decode, preprocess, run. */
export interface ImagePool {
  /** How many images to keep under way so that no core waits. */
  readonly concurrency: number;
  /** Rejects with the UserError of this one image; the pool goes on. */
  run(bytes: Uint8Array, file: string): Promise<Record<string, Float32Array>>;
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

interface Job {
  readonly resolve: (outputs: Record<string, Float32Array>) => void;
  readonly reject: (error: unknown) => void;
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
  const members = Array.from({ length: threads }, () => openMember(data, tellOnce));
  try {
    await Promise.all(members.map((member) => member.ready));
  } catch (error) {
    await Promise.all(members.map((member) => member.close()));
    throw error;
  }
  return {
    concurrency: threads * 4,
    run(bytes, file) {
      const idlest = members.reduce((best, member) => (member.load() < best.load() ? member : best));
      return idlest.run(bytes, file);
    },
    async close() {
      await Promise.all(members.map((member) => member.close()));
    },
  };
}

function openMember(data: ImageWorkerData, onNotice: (message: string) => void) {
  const worker = new Worker(compiledFile("./image-worker.js", import.meta.url), { workerData: data });
  const jobs = new Map<number, Job>();
  let nextId = 0;
  let failure: unknown;
  let settleReady: Job;
  const ready = new Promise<unknown>((resolve, reject) => {
    settleReady = { resolve, reject };
  });

  const failAll = (error: unknown) => {
    failure = error;
    settleReady.reject(error);
    for (const job of jobs.values()) job.reject(error);
    jobs.clear();
  };
  worker.on("message", (reply: ImageReply) => {
    switch (reply.kind) {
      case "ready":
        settleReady.resolve({});
        return;
      case "notice":
        onNotice(reply.message);
        return;
      case "result":
        jobs.get(reply.id)?.resolve(reply.outputs);
        jobs.delete(reply.id);
        return;
      case "error": {
        const error = reviveError(reply);
        if (reply.id === undefined) {
          failAll(error);
        } else {
          jobs.get(reply.id)?.reject(error);
          jobs.delete(reply.id);
        }
        return;
      }
      default: {
        const exhaustive: never = reply;
        throw new Error(`unexpected reply ${JSON.stringify(exhaustive)}`);
      }
    }
  });
  worker.on("error", failAll);
  worker.on("exit", (code) => failAll(new Error(`an image worker ended with code ${code}`)));

  return {
    ready,
    load: () => jobs.size,
    run(bytes: Uint8Array, file: string) {
      if (failure !== undefined) return Promise.reject(failure);
      const id = nextId++;
      return new Promise<Record<string, Float32Array>>((resolve, reject) => {
        jobs.set(id, { resolve, reject });
        const request: ImageRequest = { id, bytes, file };
        worker.postMessage(request);
      });
    },
    async close() {
      worker.removeAllListeners("exit");
      await worker.terminate();
      failAll(new UserError("aborted", "the image pool was closed"));
    },
  };
}

function reviveError(reply: Extract<ImageReply, { kind: "error" }>): Error {
  if (reply.code === undefined) return new Error(reply.message);
  return new UserError(reply.code, reply.message, reply.hint === undefined ? {} : { hint: reply.hint });
}
