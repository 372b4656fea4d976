import { availableParallelism } from "node:os";
import { compiledFile } from "../../compiled.js";
import { UserError } from "../../errors.js";
import { checkMix, drawMix, type Mix, type MixOptions } from "../../learn/mixing.js";
import { throwIfAborted, type WorkOptions } from "../../progress.js";
import { createRandom, DEFAULT_SEED } from "../../random.js";
import { type AugmentOptions, checkAugment } from "../../raster/augment/augmentations.js";
import type { Preprocess } from "../../raster/preprocess.js";
import { openThread } from "../../thread.js";
import type { NamedFile } from "../image-files.js";
import { type BatchOrder, type BatchPlace, batchesFrom } from "./batch-order.js";

/** Images on their way into a training step. */
export interface Batch extends BatchPlace {
  /** `[N]`: which sample each image is. */
  readonly rows: Int32Array;
  /** `[N, C, H, W]` in the range of the source pixels, already mixed. Lent until the next call of `next`, which takes it away. */
  readonly pixels: Float32Array;
  /** How the images were mixed; the targets are still to be, by `mixTargets`. */
  readonly mix: Mix | undefined;
  /** Samples of this batch that cannot be read; in `rows` and `pixels` others stand in their place. */
  readonly unreadable: readonly number[];
}

/** Batches without end, prepared ahead of time. */
export interface BatchLoader {
  /**
   * Resolves to the next batch. Call it again only when the last one has settled.
   *
   * @throws UserError `bad-data` if no image can be read at all, `bad-model` if the preprocessing cannot be done, `aborted`
   */
  next(): Promise<Batch>;
  close(): Promise<void>;
}

export interface BatchLoaderOptions extends Pick<WorkOptions, "signal" | "onWarning"> {
  readonly samples: readonly NamedFile[];
  readonly preprocess: Preprocess;
  /** Images in a batch. */
  readonly batch: number;
  /** How images are changed at random; undefined: not at all. */
  readonly augment?: AugmentOptions | undefined;
  /** How images of a batch are mixed, each with another; undefined: not at all. */
  readonly mix?: MixOptions | undefined;
  /** Default `shuffled`, for training. `given` is for validation. */
  readonly order?: BatchOrder | undefined;
  readonly seed?: number | undefined;
  /** The batch to begin with: the same that an uninterrupted training would have seen. */
  readonly start?: BatchPlace | undefined;
  /** Worker threads. By default one for four cores: the training itself wants them all. */
  readonly threads?: number | undefined;
  /** Batches that are prepared while one is in use. Default 3. */
  readonly ahead?: number | undefined;
  /** Decoded images are kept up to this many bytes in all, since every epoch visits each of them. Default 512 MiB. */
  readonly keepBytes?: number | undefined;
}

/** Images that a worker lets libuv's threads decode while it resamples one. */
export const DECODING = 3;

/** What a worker is started with. */
export interface BatchWorkerData {
  readonly samples: readonly NamedFile[];
  readonly preprocess: Preprocess;
  readonly augment: AugmentOptions | undefined;
  readonly seed: number;
  readonly keepBytes: number;
}

/** Asks a worker for its images of one batch. */
export interface FillRequest {
  readonly epoch: number;
  /** Of the whole batch; goes to the worker and comes back. */
  readonly pixels: ArrayBuffer;
  /** Where in the batch each image goes. */
  readonly positions: Int32Array;
  /** Which sample each is. */
  readonly rows: Int32Array;
  /** To be done once these images are in: they are the last. */
  readonly mix: { readonly count: number; readonly how: Mix } | undefined;
}

/** What a worker did. */
export interface FillResult {
  readonly pixels: ArrayBuffer;
  readonly replaced: readonly Replacement[];
}

/** An image that could not be read, and the next that could. */
export interface Replacement {
  readonly position: number;
  readonly row: number;
  readonly unreadable: readonly { readonly row: number; readonly message: string }[];
}

/** A batch, and the memory that it lies in. */
interface Prepared {
  readonly batch: Batch;
  readonly buffer: ArrayBuffer;
}

/**
 * Opens worker threads that decode and augment images for a training.
 *
 * Each sample belongs to one worker, by its row, so that no two keep the same image. A batch's memory goes from worker to worker, each
 * filling in its own images, and then to the caller: nothing is copied, and `ahead` + 1 batches are all there are. Workers with
 * nothing to prepare sleep. The bytes of a batch depend on seed, epoch and step alone, not on threads, timing or where training began.
 *
 * An image that cannot be read is told of once, and the next row whose image can be read stands in its place. That is for images
 * that were removed or damaged while they were in use: whoever opens a training has left out those that could not be read before.
 *
 * @throws UserError `usage` for augmentations that make no sense, `aborted`
 * @throws RangeError if the samples fill no batch
 */
export async function openBatchLoader(options: BatchLoaderOptions): Promise<BatchLoader> {
  const { samples, preprocess, batch, augment, mix, signal, onWarning, keepBytes = 512 * 2 ** 20 } = options;
  const { order = "shuffled", seed = DEFAULT_SEED, start = { epoch: 0, step: 0 } } = options;
  const threads = Math.max(1, Math.min(options.threads ?? Math.floor(availableParallelism() / 4), samples.length));
  // A batch is at one worker at a time.
  const ahead = Math.max(1, options.ahead ?? Math.max(3, threads));
  throwIfAborted(signal);
  if (augment !== undefined) checkAugment(augment);
  if (mix !== undefined) checkMix(mix);
  const plan = batchesFrom({ count: samples.length, batch, order, seed }, start);
  const imageSize = preprocess.bands.length * preprocess.heightPx * preprocess.widthPx;

  const workerData: BatchWorkerData = { samples, preprocess, augment, seed, keepBytes: keepBytes / threads };
  const workers = Array.from({ length: threads }, () =>
    openThread<FillRequest, FillResult>({
      file: compiledFile("./batch-worker.js", import.meta.url),
      workerData,
      name: "a worker that prepares batches",
    }),
  );

  const told = new Set<number>();
  const tell = ({ row, message }: Replacement["unreadable"][number]) => {
    if (!told.has(row)) onWarning?.(`${message}; ${INSTEAD[order]}`);
    told.add(row);
  };
  let begun = 0;
  const begin = (buffer: ArrayBuffer): Promise<Prepared> => {
    const { epoch, step, rows } = plan.next().value;
    const how = mix && drawMix(createRandom(seed, `mix/${epoch}/${step}`), mix, preprocess);
    // Each batch begins with another worker, so that all have one to work at.
    const visits = visitsOf(workers, rows, begun++);
    const prepare = async () => {
      const unreadable: number[] = [];
      let pixels = buffer;
      for (const [i, { worker, positions }] of visits.entries()) {
        const last = i === visits.length - 1;
        const request: FillRequest = {
          epoch,
          pixels,
          positions,
          rows: positions.map((position) => rows[position]),
          mix: last && how ? { count: rows.length, how } : undefined,
        };
        const result = await worker.run(request, [pixels]);
        pixels = result.pixels;
        for (const replacement of result.replaced) {
          unreadable.push(rows[replacement.position]);
          rows[replacement.position] = replacement.row;
          replacement.unreadable.forEach(tell);
        }
      }
      const images = new Float32Array(pixels, 0, rows.length * imageSize);
      return { batch: { epoch, step, rows, pixels: images, mix: how, unreadable }, buffer: pixels };
    };
    const preparing = prepare();
    preparing.catch(() => {}); // thrown again by next(), when its turn comes
    return preparing;
  };

  const prepared: Promise<Prepared>[] = [];
  let lent: ArrayBuffer | undefined;
  let waiting = false;
  let failure: unknown;
  let closing: Promise<unknown> | undefined;
  const stop = (reason: unknown): Promise<unknown> => {
    failure ??= reason;
    signal?.removeEventListener("abort", abort);
    closing ??= Promise.all(workers.map((worker) => worker.close()));
    return closing;
  };
  const abort = () => void stop(new UserError("aborted", "stopped", { cause: signal?.reason }));
  signal?.addEventListener("abort", abort);

  try {
    await Promise.all(workers.map((worker) => worker.ready));
    throwIfAborted(signal);
  } catch (error) {
    await stop(error);
    throw failure;
  }
  const newBuffer = () => new ArrayBuffer(batch * imageSize * Float32Array.BYTES_PER_ELEMENT);
  while (prepared.length < ahead) prepared.push(begin(newBuffer()));

  return {
    async next() {
      if (waiting) throw new Error("next() was called before the last batch had come");
      if (failure !== undefined) throw failure;
      waiting = true;
      try {
        prepared.push(begin(lent ?? newBuffer()));
        lent = undefined;
        const { batch, buffer } = await (prepared.shift() as Promise<Prepared>); // one was just pushed
        lent = buffer;
        return batch;
      } catch (error) {
        failure ??= error;
        throw failure;
      } finally {
        waiting = false;
      }
    },
    async close() {
      await stop(new UserError("aborted", "the batch loader was closed"));
    },
  };
}

/** What is done about an image that cannot be read. */
const INSTEAD: Readonly<Record<BatchOrder, string>> = {
  shuffled: "another image takes its place",
  given: "validation goes on without it",
};

/** Which workers a batch visits, and what each of them puts in. */
function visitsOf<Worker>(workers: readonly Worker[], rows: Int32Array, first: number) {
  return workers
    .map((_, i) => {
      const owner = (first + i) % workers.length;
      const positions = Int32Array.from(rows.keys()).filter((position) => rows[position] % workers.length === owner);
      return { worker: workers[owner], positions };
    })
    .filter(({ positions }) => positions.length > 0);
}
