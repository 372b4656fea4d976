import { UserError } from "../errors.js";
import { DECIDE } from "../learn/decide.js";
import { readMetadata } from "../onnx/metadata.js";
import { readModel } from "../onnx/model.js";
import { type Preprocess, toInput } from "../raster/preprocess.js";
import type { Raster } from "../raster/raster.js";
import type { OpenSession } from "../runtime/session.js";
import { float32 } from "../tensor.js";
import { MANIFEST_KEY, type Manifest, parseManifest } from "./manifest.js";
import type { Prediction } from "./prediction.js";

/** A classifier ready to predict from rasters. Close it when done. */
export interface Classifier<Image = Raster> {
  readonly manifest: Manifest;
  /** One prediction per image, in order. */
  predict(images: readonly Image[]): Promise<Prediction[]>;
  close(): Promise<void>;
}

/**
 * The manifest inside serialised classifier bytes.
 *
 * @throws UserError `bad-model` naming the file
 */
export function readManifest(bytes: Uint8Array, file: string): Manifest {
  return parseManifest(readMetadata(readModel(bytes, { file }))[MANIFEST_KEY], file);
}

/**
 * Opens a classifier on any runtime: the same code serves Node and the browser.
 *
 * @throws UserError `bad-model` if the bytes are not a sigmax classifier
 */
export async function openClassifierWith(openSession: OpenSession, bytes: Uint8Array, file: string): Promise<Classifier> {
  const manifest = readManifest(bytes, file);
  const session = await openSession(bytes, { file });
  const preprocess = preprocessOf(manifest, file);
  const shape = [1, preprocess.bands.length, preprocess.heightPx, preprocess.widthPx];
  const pixels = new Float32Array(shape.reduce((a, b) => a * b, 1));
  return {
    manifest,
    async predict(rasters) {
      const predictions: Prediction[] = [];
      for (const raster of rasters) {
        toInput(raster, preprocess, pixels, 0);
        const outputs = await session.run({ image: float32(shape, pixels) }, ["final_result", "logits"]);
        predictions.push(predictionOf(manifest, floats(outputs.final_result.data), floats(outputs.logits.data), file));
      }
      return predictions;
    },
    close: () => session.close(),
  };
}

/** How this classifier's images are prepared. @throws UserError `bad-model` if it takes embeddings instead of images */
export function preprocessOf({ preprocess, backbone }: Manifest, file: string): Preprocess {
  if (preprocess !== null) return preprocess;
  throw new UserError("bad-model", `${file}: takes embeddings of ${backbone.embeddingSize} numbers, not images`, {
    hint: "It was trained on embeddings made elsewhere. Train with --backbone <network> to get a classifier of images.",
  });
}

/**
 * Turns the outputs for one image into a prediction.
 *
 * @throws UserError `numeric` rather than deciding on NaN; `bad-model` if the outputs do not fit the classes
 */
export function predictionOf(manifest: Manifest, probabilities: Float32Array, logits: Float32Array, file: string): Prediction {
  const { classes, task, thresholds } = manifest;
  if (probabilities.length !== classes.length || logits.length !== classes.length) {
    throw new UserError("bad-model", `${file}: gives ${probabilities.length} probabilities for ${classes.length} classes`);
  }
  if (!probabilities.every(Number.isFinite) || !logits.every(Number.isFinite)) {
    throw new UserError("numeric", `${file}: the classifier gives NaN or infinite values`, {
      hint: "The file is damaged: train it again.",
    });
  }
  const decided = DECIDE[task](probabilities, classes.length, thresholds);
  return {
    probabilities: Array.from(probabilities),
    logits: Array.from(logits),
    labels: classes.filter((_, k) => decided[k] === 1),
  };
}

function floats(data: unknown): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new UserError("bad-model", "the classifier's outputs are not float32");
}
