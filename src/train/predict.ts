import { availableParallelism } from "node:os";
import { mapInOrder } from "../concurrency.js";
import { UserError } from "../errors.js";
import { readWholeFile } from "../files.js";
import { type Classifier, openClassifierWith, predictionOf, preprocessOf, readManifest } from "../model/classifier.js";
import type { Manifest } from "../model/manifest.js";
import type { Prediction } from "../model/prediction.js";
import type { WorkOptions } from "../progress.js";
import { decodeRaster } from "../raster/formats.js";
import type { Raster } from "../raster/raster.js";
import { openImagePool } from "../runtime/image-pool.js";
import { openSession } from "../runtime/open.js";
import { MAX_MODEL_BYTES, probeModel } from "../runtime/probe.js";
import type { RuntimeChoice } from "../runtime/session.js";
import { IMAGE_ERRORS, readImageFile } from "./embeddings.js";

/** An image to predict: a path, an encoded file's bytes, or pixels. */
export type ImageInput = string | Uint8Array | Raster;

export interface OpenClassifierOptions extends Pick<WorkOptions, "signal" | "onWarning"> {
  readonly runtime?: RuntimeChoice | undefined;
  /** The file is yours and needs no trial in a child process first. Default false. */
  readonly trusted?: boolean | undefined;
}

/** The prediction of one image, or why there is none. */
export type PredictedImage =
  | { readonly file: string; readonly prediction: Prediction; readonly error?: undefined }
  | { readonly file: string; readonly prediction?: undefined; readonly error: UserError };

interface ClassifierBytes {
  readonly bytes: Uint8Array;
  readonly file: string;
  readonly manifest: Manifest;
}

/**
 * Opens a classifier for predicting a few images at a time; `predictFiles` is faster for many.
 *
 * @example
 * const classifier = await openClassifier("runs/first/classifier.onnx");
 * const [prediction] = await classifier.predict(["new/image.jpg"]);
 * await classifier.close();
 * @throws UserError `not-found`, `bad-model` or `limit`, naming the file
 */
export async function openClassifier(
  source: string | Uint8Array,
  options: OpenClassifierOptions = {},
): Promise<Classifier<ImageInput>> {
  const { bytes, file } = await readClassifier(source, options);
  const classifier = await openClassifierWith(
    (model, session) => openSession(model, { ...session, runtime: options.runtime, onWarning: options.onWarning }),
    bytes,
    file,
  );
  return {
    manifest: classifier.manifest,
    predict: async (images) => classifier.predict(await Promise.all(images.map(rasterOf))),
    close: () => classifier.close(),
  };
}

async function rasterOf(image: ImageInput): Promise<Raster> {
  if (typeof image === "string") return decodeRaster(readImageFile(image), { file: image });
  if (image instanceof Uint8Array) return decodeRaster(image, { file: "the image given as bytes" });
  return image;
}

const HINT = "Give the classifier.onnx of a run folder.";

/** Reads a classifier's bytes, and lets a child process try them first unless they are trusted. */
export async function readClassifier(
  source: string | Uint8Array,
  { trusted = false, runtime, signal }: OpenClassifierOptions = {},
): Promise<ClassifierBytes> {
  const file = typeof source === "string" ? source : "the classifier";
  const bytes = typeof source === "string" ? readWholeFile(source, { maxBytes: MAX_MODEL_BYTES, hint: HINT }) : source;
  const manifest = readManifest(bytes, file);
  if (!trusted) await probeModel(bytes, { file, runtime, signal });
  return { bytes, file, manifest };
}

export interface PredictFilesOptions extends WorkOptions {
  readonly threads?: number | undefined;
  readonly runtime?: RuntimeChoice | undefined;
  readonly trusted?: boolean | undefined;
  readonly stage?: string | undefined;
}

/** Predicts image files in order, on all cores and in bounded memory. One bad image yields its error and does not end the work. */
export async function* predictFiles(
  source: string | Uint8Array,
  files: Iterable<{ readonly file: string; readonly path: string }>,
  total: number,
  options: PredictFilesOptions = {},
): AsyncGenerator<PredictedImage> {
  const { signal, onProgress, onWarning, runtime, stage = "predict" } = options;
  const { bytes, manifest, file: name } = await readClassifier(source, options);
  const threads = Math.min(options.threads ?? availableParallelism(), Math.max(1, total));
  const pool = await openImagePool({
    model: bytes,
    preprocess: preprocessOf(manifest, name),
    outputs: ["final_result", "logits"],
    threads,
    runtime,
    onWarning,
  });
  const predictOne = async ({ file, path }: { readonly file: string; readonly path: string }): Promise<PredictedImage> => {
    try {
      const { final_result: probabilities, logits } = await pool.run(readImageFile(path, file), file);
      return { file, prediction: predictionOf(manifest, probabilities, logits, name) };
    } catch (error) {
      if (error instanceof UserError && IMAGE_ERRORS.has(error.code)) return { file, error };
      throw error;
    }
  };
  try {
    let done = 0;
    for await (const predicted of mapInOrder(files, pool.concurrency, predictOne, signal)) {
      done++;
      onProgress?.({ stage, done, total, unit: "images" });
      yield predicted;
    }
  } finally {
    await pool.close();
  }
}
