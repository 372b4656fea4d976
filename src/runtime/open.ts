import { messageOf, UserError } from "../errors.js";
import { loadNative, openNative } from "./native.js";
import type { RuntimeChoice, Session, SessionOptions } from "./session.js";

/** What `openSession` accepts beyond the options of every session. */
export interface OpenSessionOptions extends SessionOptions {
  readonly runtime?: RuntimeChoice | undefined;
  /** Told once per call when the slower WebAssembly build has to do. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

const CURE = "Reinstall with ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node.";

/**
 * Opens a model in the native ONNX Runtime, or in WebAssembly where that is not installed. For models that are not
 * ours, see `probeModel` first.
 *
 * @throws UserError `bad-model` naming the file; `usage` when `runtime: "native"` was asked for and is not installed
 */
export async function openSession(
  model: Uint8Array,
  { runtime = "auto", onWarning, ...options }: OpenSessionOptions = {},
): Promise<Session> {
  if (runtime === "wasm") return openWasmLazily(model, options);
  try {
    await loadNative();
  } catch (error) {
    if (runtime === "native") {
      throw new UserError("usage", `the native ONNX Runtime cannot be loaded: ${messageOf(error).split("\n")[0]}`, {
        hint: CURE,
        cause: error,
      });
    }
    onWarning?.(`Running on WebAssembly, about 4.6× slower, because the native ONNX Runtime cannot be loaded. ${CURE}`);
    return openWasmLazily(model, options);
  }
  return openNative(model, options);
}

/** Loads the 14 MB of WebAssembly only where it is needed. */
async function openWasmLazily(model: Uint8Array, options: SessionOptions): Promise<Session> {
  const { openWasm } = await import("./wasm.js");
  return openWasm(model, options);
}
