/// <reference lib="es2024.arraybuffer" />
import { workerData } from "node:worker_threads";
import { UserError } from "../errors.js";
import { decodeRaster } from "../raster/formats.js";
import { toInput } from "../raster/preprocess.js";
import { float32 } from "../tensor.js";
import { type Answer, serveThread } from "../thread.js";
import type { ImageOutputs, ImageRequest, ImageWorkerData } from "./image-pool.js";
import { openSession } from "./open.js";
import type { Session } from "./session.js";

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
  const arrays: ImageOutputs = {};
  for (const name of outputs) {
    const { data } = results[name];
    if (!(data instanceof Float32Array))
      throw new UserError("bad-model", `the output "${name}" of the model is not float32`, { hint: "Export it with float32." });
    if (!data.every(Number.isFinite)) {
      throw new UserError("numeric", `${file}: the network gives NaN or infinite values for this image`, {
        hint: "Look at the image's values. If other images fail too, the model is damaged, or its preprocessing does not fit.",
      });
    }
    arrays[name] = data.slice();
  }
  // slice() made them; none is shared
  return { result: arrays, transfer: Object.values(arrays).map((array) => array.buffer as ArrayBuffer) };
}

await serveThread<ImageRequest, ImageOutputs>(async (notice) => {
  // ONNX Runtime takes no shared memory. Once it has read this copy, the copy is shrunk: the collector would let it lie for long.
  const copy = new Uint8Array(new ArrayBuffer(model.length, { maxByteLength: model.length }));
  copy.set(model);
  const session = await openSession(copy, { threads: 1, runtime, onWarning: notice });
  copy.buffer.resize(0);
  return (request) => answer(session, request);
});
