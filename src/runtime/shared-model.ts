/// <reference lib="es2024.arraybuffer" />
import { UserError } from "../errors.js";
import type { Tensor } from "../tensor.js";
import { openSession } from "./open.js";
import type { RuntimeChoice, Session } from "./session.js";

/** A model in memory that all threads share. */
export type SharedModel = Uint8Array<SharedArrayBuffer>;

/** Copies a serialised model to where all threads see it. */
export function sharedModel(model: Uint8Array): SharedModel {
  const shared = new Uint8Array(new SharedArrayBuffer(model.length));
  shared.set(model);
  return shared;
}

/** Opens a session of one thread: what it computes does not depend on what others do. @throws UserError `bad-model` */
export async function openSharedModel(
  model: SharedModel,
  { runtime, onWarning }: { readonly runtime: RuntimeChoice; readonly onWarning: (message: string) => void },
): Promise<Session> {
  // ONNX Runtime takes no shared memory. Once it has read this copy, the copy is shrunk: the collector would let it lie for long.
  const copy = new Uint8Array(new ArrayBuffer(model.length, { maxByteLength: model.length }));
  copy.set(model);
  const session = await openSession(copy, { threads: 1, runtime, onWarning });
  copy.buffer.resize(0);
  return session;
}

/**
 * The numbers of an output, in memory of their own.
 *
 * @throws UserError `bad-model` where they are not float32, `numeric` naming the image where some are not finite
 */
export function finiteFloats({ data }: Tensor, { output, file }: { output: string; file: string }): Float32Array<ArrayBuffer> {
  if (!(data instanceof Float32Array)) {
    throw new UserError("bad-model", `the output "${output}" of the model is not float32`, { hint: "Export it with float32." });
  }
  if (!data.every(Number.isFinite)) {
    throw new UserError("numeric", `${file}: the network gives NaN or infinite values for this image`, {
      hint: "Look at the image's values. If other images fail too, the model is damaged, or its preprocessing does not fit.",
    });
  }
  return data.slice();
}
