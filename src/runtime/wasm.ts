import * as ort from "onnxruntime-web";
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
