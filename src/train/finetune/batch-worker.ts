import { workerData } from "node:worker_threads";
import { mapInOrder } from "../../concurrency.js";
import { UserError } from "../../errors.js";
import { mixPixels } from "../../learn/mixing.js";
import { drawAugmentation } from "../../raster/augment/augmentations.js";
import { augmentedInput } from "../../raster/augment/augmented-input.js";
import { toInput } from "../../raster/preprocess.js";
import type { Raster } from "../../raster/raster.js";
import { type Answer, serveThread } from "../../thread.js";
import { IMAGE_ERRORS, readRaster } from "../image-files.js";
import { type BatchWorkerData, DECODING, type FillRequest, type FillResult, type Replacement } from "./batch-loader.js";

// workerData is untyped by Node; batch-loader.ts is the only one that starts this file.
const { samples, preprocess, augment, seed, keepBytes } = workerData as BatchWorkerData;
const { bands, heightPx, widthPx } = preprocess;
const imageSize = bands.length * heightPx * widthPx;

/** The first images that come stay: in turns through more than fits, throwing out the oldest would find none of them again. */
const kept = new Map<number, Raster>();
let keptBytes = 0;

async function load(row: number): Promise<Raster> {
  const known = kept.get(row);
  if (known !== undefined) return known;
  const raster = await readRaster(samples[row].path, samples[row].file);
  if (keptBytes + raster.data.byteLength <= keepBytes) {
    keptBytes += raster.data.byteLength;
    kept.set(row, raster);
  }
  return raster;
}

function write(raster: Raster, row: number, epoch: number, pixels: Float32Array, offset: number): void {
  const { file } = samples[row];
  if (augment === undefined) {
    toInput(raster, preprocess, pixels, offset, { file });
  } else {
    const drawn = drawAugmentation(augment, { seed, epoch, index: row }, { image: raster, input: preprocess });
    augmentedInput(raster, preprocess, drawn, pixels, offset, { file });
  }
}

/** What a piece of work gave, or the error of this one image. */
async function attempt<T>(work: () => T | Promise<T>): Promise<{ value: T; error?: undefined } | { error: UserError }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof UserError && IMAGE_ERRORS.has(error.code)) return { error };
    throw error;
  }
}

async function fill({ epoch, pixels: buffer, positions, rows, mix }: FillRequest): Promise<Answer<FillResult>> {
  const pixels = new Float32Array(buffer);
  const replaced: Replacement[] = [];
  let i = 0;
  for await (const loaded of mapInOrder(rows, DECODING, (row) => attempt(() => load(row)))) {
    const position = positions[i];
    const offset = position * imageSize;
    let row = rows[i++];
    let error = loaded.error ?? (await attempt(() => write(loaded.value, row, epoch, pixels, offset))).error;
    if (error === undefined) continue;
    const unreadable: { row: number; message: string }[] = [];
    while (error !== undefined) {
      unreadable.push({ row, message: error.message });
      if (unreadable.length === samples.length) throw noneReadable(error);
      row = (row + 1) % samples.length;
      error = (await attempt(async () => write(await load(row), row, epoch, pixels, offset))).error;
    }
    replaced.push({ position, row, unreadable });
  }
  if (mix !== undefined) mixPixels(pixels, [mix.count, bands.length, heightPx, widthPx], mix.how);
  return { result: { pixels: buffer, replaced }, transfer: [buffer] };
}

function noneReadable(last: UserError): UserError {
  return new UserError("bad-data", `none of the ${samples.length} images can be read; the last: ${last.message}`, {
    hint: last.hint ?? "Check that the images are still where they were when the training began.",
    cause: last,
  });
}

/** One batch at a time: they are wanted in their order. */
let chain: Promise<unknown> = Promise.resolve();

await serveThread<FillRequest, FillResult>(async () => (request) => {
  const current = chain.then(() => fill(request));
  chain = current.catch(() => {});
  return current;
});
