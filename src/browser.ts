// What runs in a browser: no Node, no native code. Decode images with the browser itself and hand over their pixels.
import { type Classifier, openClassifierWith, parseClassifier } from "./model/classifier.js";
import { locateWasm, openWasm } from "./runtime/wasm.js";

/**
 * Opens a classifier in the browser, on WebAssembly.
 *
 * @example
 * const classifier = await openClassifier(new Uint8Array(await (await fetch("classifier.onnx")).arrayBuffer()));
 * const [prediction] = await classifier.predict([rasterFromImageData(context.getImageData(0, 0, width, height))]);
 * @param options.wasmFolder address of the folder with `ort-wasm-simd-threaded.wasm` of onnxruntime-web; beside the script by default
 * @throws UserError `bad-model` if the bytes are not a sigmax classifier
 */
export async function openClassifier(
  bytes: Uint8Array,
  { wasmFolder }: { readonly wasmFolder?: string } = {},
): Promise<Classifier> {
  if (wasmFolder !== undefined) locateWasm(wasmFolder);
  return openClassifierWith(openWasm, parseClassifier(bytes, "the classifier"));
}

export { type ErrorCode, UserError } from "./errors.js";
export { DECIDE } from "./learn/decide.js";
export { type Classifier, readManifest } from "./model/classifier.js";
export type { Manifest } from "./model/manifest.js";
export type { Prediction } from "./model/prediction.js";
export { type ImagePixels, rasterFromImageData } from "./raster/image-data.js";
export { type Preprocess, toInput } from "./raster/preprocess.js";
export type { Raster } from "./raster/raster.js";
export { type ResizeOptions, resize } from "./raster/resample.js";
