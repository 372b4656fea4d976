import { workerData } from "node:worker_threads";
import { decodeRaster } from "../raster/formats.js";
import { toInput } from "../raster/preprocess.js";
import { float32 } from "../tensor.js";
import { type Answer, serveThread } from "../thread.js";
import type { ImageOutputs, ImageRequest, ImageWorkerData } from "./image-pool.js";
import type { Session } from "./session.js";
import { finiteFloats, openSharedModel } from "./shared-model.js";

// workerData is untyped by Node; image-pool.ts is the only one that starts this file.
const { model, preprocess, outputs, runtime } = workerData as ImageWorkerData;

const shape = [1, preprocess.bands.length, preprocess.heightPx, preprocess.widthPx];
const pixels = new Float32Array(shape.reduce((a, b) => a * b, 1));

/** Decoding runs on libuv's threads; this chain keeps preprocessing and inference one image at a time. */
let chain: Promise<unknown> = Promise.resolve();

async function answer(session: Session, { image, file }: ImageRequest): Promise<Answer<ImageOutputs>> {
  const decoding = image instanceof Uint8Array ? decodeRaster(image, { file }) : Promise.resolve(image);
  decoding.catch(() => {}); // thrown again below, when its turn comes
  const previous = chain;
  const current = (async () => {
    await previous;
    toInput(await decoding, preprocess, pixels, 0, { file });
    return session.run({ image: float32(shape, pixels) }, outputs);
  })();
  chain = current.catch(() => {});
  const results = await current;
  const arrays = Object.fromEntries(outputs.map((output) => [output, finiteFloats(results[output], { output, file })]));
  return { result: arrays, transfer: Object.values(arrays).map((array) => array.buffer) };
}

await serveThread<ImageRequest, ImageOutputs>(async (notice) => {
  const session = await openSharedModel(model, { runtime, onWarning: notice });
  return (request) => answer(session, request);
});
