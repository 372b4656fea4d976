import { mapInOrder } from "../concurrency.js";
import { UserError } from "../errors.js";
import { type Classifier, type ClassifierFile, openClassifierWith, predictionOf, preprocessOf } from "../model/classifier.js";
import type { Prediction } from "../model/prediction.js";
import { type OpenClassifierOptions, readClassifier } from "../model/read-classifier.js";
import type { WorkOptions } from "../progress.js";
import { decodeRaster } from "../raster/formats.js";
import type { Raster } from "../raster/raster.js";
import { openImagePool } from "../runtime/image-pool.js";
import { openSession } from "../runtime/open.js";
import type { RuntimeChoice } from "../runtime/session.js";
import { IMAGE_ERRORS, readImageFile, readRaster } from "./image-files.js";

/** An image to predict: a path, an encoded file's bytes, or pixels. */
export type ImageInput = string | Uint8Array | Raster;

/** The prediction of one image, or why there is none. */
export type PredictedImage =
  | { readonly file: string; readonly prediction: Prediction; readonly error?: undefined }
  | { readonly file: string; readonly prediction?: undefined; readonly error: UserError };

/**
 * Opens a classifier for predicting a few images at a time; `predictFiles` is faster for many.
 *
 * @example
 * const classifier = await openClassifier("runs/first/classifier.onnx");
 * const [prediction] = await classifier.predict(["new/image.jpg"]);
 * await classifier.close();
 * @throws UserError `not-found`, `bad-file`, `bad-model` or `limit`, naming the file
 */
export async function openClassifier(
  source: string | Uint8Array,
  options: OpenClassifierOptions = {},
): Promise<Classifier<ImageInput>> {
  const { signal, runtime, onWarning } = options;
  const classifier = await openClassifierWith(
    (model, session) => openSession(model, { ...session, runtime, onWarning }),
    await readClassifier(source, options),
  );
  return {
    manifest: classifier.manifest,
    async predict(images, { files = [] } = {}) {
      const named = images.map((image, index) => ({ image, file: files[index] ?? nameOf(image, index) }));
      const decode = async ({ image, file }: NamedImage) => ({ raster: await rasterOf(image, file), file });
      const predictions: Prediction[] = [];
      // One image is predicted while the next few are decoded: memory does not grow with their number.
      for await (const { raster, file } of mapInOrder(named, DECODED_AT_ONCE, decode, signal)) {
        predictions.push(...(await classifier.predict([raster], { files: [file] })));
      }
      return predictions;
    },
    close: () => classifier.close(),
  };
}

interface NamedImage {
  readonly image: ImageInput;
  readonly file: string;
}

/** How many images `Classifier.predict` keeps decoded. */
const DECODED_AT_ONCE = 4;

function nameOf(image: ImageInput, index: number): string {
  return typeof image === "string" ? image : `image ${index + 1}`;
}

async function rasterOf(image: ImageInput, file: string): Promise<Raster> {
  if (typeof image === "string") return readRaster(image, file);
  return image instanceof Uint8Array ? decodeRaster(image, { file }) : image;
}

export interface PredictFilesOptions extends WorkOptions {
  /** How many files there are, for the progress; known where they are an array. */
  readonly total?: number | undefined;
  readonly threads?: number | undefined;
  readonly runtime?: RuntimeChoice | undefined;
  readonly trusted?: boolean | undefined;
  readonly stage?: string | undefined;
}

/**
 * Predicts image files in order, on all cores and in bounded memory. One bad image yields its error and does not end the work.
 *
 * @throws UserError as `openClassifier`; `aborted`
 */
export async function* predictFiles(
  source: string | Uint8Array | ClassifierFile,
  files: Iterable<{ readonly file: string; readonly path: string }>,
  options: PredictFilesOptions = {},
): AsyncGenerator<PredictedImage> {
  const { signal, onProgress, onWarning, runtime, stage = "predict" } = options;
  const total = options.total ?? (Array.isArray(files) ? files.length : undefined);
  const classifier = await readClassifier(source, options);
  const pool = await openImagePool({
    model: classifier.bytes,
    preprocess: preprocessOf(classifier.manifest, classifier.file),
    outputs: ["final_result", "logits"],
    threads: options.threads,
    images: total,
    runtime,
    onWarning,
  });
  const predictOne = async ({ file, path }: { readonly file: string; readonly path: string }): Promise<PredictedImage> => {
    try {
      const { final_result: probabilities, logits } = await pool.run(readImageFile(path, file), file);
      return { file, prediction: predictionOf(classifier, { probabilities, logits }, file) };
    } catch (error) {
      if (error instanceof UserError && IMAGE_ERRORS.has(error.code)) return { file, error };
      throw error;
    }
  };
  try {
    let done = 0;
    for await (const predicted of mapInOrder(files, pool.concurrency, predictOne, signal)) {
      done++;
      onProgress?.({ stage, done, unit: "images", ...(total === undefined ? {} : { total }) });
      yield predicted;
    }
  } finally {
    await pool.close();
  }
}
