/// <reference lib="es2024.arraybuffer" />
import { parentPort, workerData } from "node:worker_threads";
import { messageOf, UserError } from "../errors.js";
import { decodeRaster } from "../raster/formats.js";
import { toInput } from "../raster/preprocess.js";
import { float32 } from "../tensor.js";
import type { ImageReply, ImageRequest, ImageWorkerData } from "./image-pool.js";
import { openSession } from "./open.js";
import type { Session } from "./session.js";

const port = parentPort;
if (port === null) throw new Error("this file runs as a worker thread only");
// workerData is untyped by Node; image-pool.ts is the only one that starts this file.
const { model, preprocess, outputs, runtime } = workerData as ImageWorkerData;
const reply = (message: ImageReply, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

const shape = [1, preprocess.bands.length, preprocess.heightPx, preprocess.widthPx];
const pixels = new Float32Array(shape.reduce((a, b) => a * b, 1));

/** Decoding runs on libuv's threads; this chain keeps preprocessing and inference one image at a time. */
let chain: Promise<unknown> = Promise.resolve();

async function answer(session: Session, request: ImageRequest): Promise<void> {
  try {
    const decoding = decodeRaster(request.bytes, { file: request.file });
    decoding.catch(() => {}); // thrown again below, when its turn comes
    const previous = chain;
    const current = (async () => {
      await previous;
      toInput(await decoding, preprocess, pixels, 0, { file: request.file });
      return session.run({ image: float32(shape, pixels) }, outputs);
    })();
    chain = current.catch(() => {});
    const results = await current;
    const arrays: Record<string, Float32Array> = {};
    for (const name of outputs) {
      const { data } = results[name];
      if (!(data instanceof Float32Array))
        throw new UserError("bad-model", `the output "${name}" of the model is not float32`, { hint: "Export it with float32." });
      if (!data.every(Number.isFinite)) {
        throw new UserError("numeric", `${request.file}: the network gives NaN or infinite values for this image`, {
          hint: "Look at the image's values. If other images fail too, the model is damaged, or its preprocessing does not fit.",
        });
      }
      arrays[name] = data.slice();
    }
    reply(
      { kind: "result", id: request.id, outputs: arrays },
      Object.values(arrays).map((array) => array.buffer as ArrayBuffer), // slice() made them; none is shared
    );
  } catch (error) {
    replyError(request.id, error);
  }
}

function replyError(id: number | undefined, error: unknown): void {
  const user = error instanceof UserError ? error : undefined;
  reply({ kind: "error", id, code: user?.code, message: messageOf(error), hint: user?.hint });
}

try {
  // ONNX Runtime takes no shared memory. Once it has read this copy, the copy is shrunk: the collector would let it lie for long.
  const copy = new Uint8Array(new ArrayBuffer(model.length, { maxByteLength: model.length }));
  copy.set(model);
  const session = await openSession(copy, {
    threads: 1,
    runtime,
    onWarning: (message) => reply({ kind: "notice", message }),
  });
  copy.buffer.resize(0);
  port.on("message", (request: ImageRequest) => void answer(session, request));
  reply({ kind: "ready" });
} catch (error) {
  replyError(undefined, error);
}
