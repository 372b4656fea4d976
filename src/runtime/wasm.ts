// Resolved by package.json: in browsers the build without WebGPU, half the size.
import * as ort from "#onnxruntime-web";
import { createSession } from "./ort.js";
import type { OpenSession } from "./session.js";

/**
 * Opens a model in ONNX Runtime's WebAssembly build, in Node and in browsers.
 *
 * @throws UserError `bad-model` naming the file
 */
export const openWasm: OpenSession = (model, options = {}) => {
  ort.env.logLevel = "fatal";
  // Read once, when the first session starts WebAssembly.
  if (options.threads !== undefined) ort.env.wasm.numThreads = options.threads;
  return createSession(ort, "wasm", model, options, { executionProviders: ["wasm"] });
};

/**
 * Tells from which address the browser fetches ONNX Runtime's `ort-wasm-simd-threaded.wasm`; beside the script by default.
 * Call it before the first session is opened.
 */
export function locateWasm(folder: string): void {
  ort.env.wasm.wasmPaths = folder.endsWith("/") ? folder : `${folder}/`;
}
