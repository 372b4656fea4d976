import { availableParallelism } from "node:os";
import { createSession } from "./ort.js";
import type { OpenSession } from "./session.js";

/**
 * Opens a model in the native ONNX Runtime (onnxruntime-node, CPU).
 *
 * @throws UserError `bad-model` naming the file; whatever the loader throws when the package is not installed
 */
export const openNative: OpenSession = async (model, options = {}) => {
  const ort = await loadNative();
  return createSession(ort, "native", model, options, {
    executionProviders: ["cpu"],
    intraOpNumThreads: options.threads ?? availableParallelism(),
    interOpNumThreads: 1,
    // Idle threads sleep instead of spinning, so that decoding gets the cores between two batches.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
};

/** Loads the native package. @throws what the loader throws when it is missing or does not fit the platform */
export async function loadNative() {
  const { default: ort } = await import("onnxruntime-node");
  // ONNX Runtime writes to stderr on its own below this level.
  ort.env.logLevel = "fatal";
  return ort;
}
