import { UserError } from "../errors.js";
import { decide } from "../learn/decide.js";
import { parseRules, type Rule } from "../learn/rules.js";
import { readMetadata } from "../onnx/metadata.js";
import { readModel } from "../onnx/model.js";
import { canonicalBand } from "../raster/bands.js";
import { type Preprocess, toInput } from "../raster/preprocess.js";
import type { Raster } from "../raster/raster.js";
import type { OpenSession } from "../runtime/session.js";
import type { Task } from "../task.js";
import { float32 } from "../tensor.js";
import { MANIFEST_KEY, type Manifest, parseManifest } from "./manifest.js";
import type { Prediction } from "./prediction.js";

/** A classifier ready to predict from rasters. Close it when done. */
export interface Classifier<Image = Raster> {
  readonly manifest: Manifest;
  /** One prediction per image, in order. `files` names the images in messages; "image 1" and so on where it does not. */
  predict(images: readonly Image[], options?: { readonly files?: readonly string[] }): Promise<Prediction[]>;
  close(): Promise<void>;
}

/** A serialised classifier whose manifest has been read. */
export interface ClassifierFile {
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
  /** Names the classifier in messages. */
  readonly file: string;
  /** What its predictions keep. */
  readonly rules: readonly Rule[];
}

/**
 * Reads the manifest of serialised classifier bytes, once for all that use them.
 *
 * @throws UserError `bad-model` naming the file
 */
export function parseClassifier(bytes: Uint8Array, file: string): ClassifierFile {
  const manifest = readManifest(bytes, file);
  return { bytes, manifest, file, rules: parseRules(manifest.rules ?? [], manifest.classes, { where: file }) };
}

/**
 * A classifier that keeps further rules, after its own.
 *
 * @throws UserError `usage` for rules that cannot be read or do not fit the classes, and where each image has one label anyway
 */
export function withRules(classifier: ClassifierFile, given: readonly string[]): ClassifierFile {
  const { task, classes, rules = [] } = classifier.manifest;
  if (given.length === 0) return classifier;
  return { ...classifier, rules: rulesFor({ task, classes }, [...rules, ...given]) };
}

/**
 * Reads the rules that are given for a task, if any.
 *
 * @throws UserError `usage` for rules that cannot be read or do not fit the classes, and for a task in which none can be broken
 */
export function rulesFor(
  { task, classes }: { readonly task: Task; readonly classes: readonly string[] },
  given: readonly string[] = [],
): readonly Rule[] {
  if (given.length === 0) return [];
  if (task === "multilabel") return parseRules(given, classes);
  throw new UserError("usage", "label rules make no sense here: each image gets exactly one label", {
    hint: "Leave them out, or say --task multilabel if images can have several labels.",
  });
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
 * @throws UserError `bad-model` if it takes embeddings instead of images, or does not open
 */
export async function openClassifierWith(openSession: OpenSession, classifier: ClassifierFile): Promise<Classifier> {
  const { bytes, manifest, file: name } = classifier;
  const preprocess = preprocessOf(manifest, name);
  const session = await openSession(bytes, { file: name });
  const shape = [1, preprocess.bands.length, preprocess.heightPx, preprocess.widthPx];
  const pixels = new Float32Array(shape.reduce((a, b) => a * b, 1));
  return {
    manifest,
    async predict(rasters, { files = [] } = {}) {
      const predictions: Prediction[] = [];
      for (const [index, raster] of rasters.entries()) {
        const file = files[index] ?? `image ${index + 1}`;
        toInput(raster, preprocess, pixels, 0, { file });
        const outputs = await session.run({ image: float32(shape, pixels) }, ["final_result", "logits"]);
        const [probabilities, logits] = [outputs.final_result, outputs.logits].map(({ data }) => floats(data, name));
        predictions.push(predictionOf(classifier, { probabilities, logits }, file));
      }
      return predictions;
    },
    close: () => session.close(),
  };
}

/** How this classifier's images are prepared. @throws UserError `bad-model` if it takes embeddings instead of images */
export function preprocessOf({ preprocess, backbone }: Manifest, file: string): Preprocess {
  if (preprocess !== null) return { ...preprocess, bands: preprocess.bands.map(canonicalBand) };
  throw new UserError("bad-model", `${file}: takes embeddings of ${backbone.embeddingSize} numbers, not images`, {
    hint: "It was trained on embeddings made elsewhere. Train with --backbone <network> to get a classifier of images.",
  });
}

/**
 * Turns a classifier's outputs for one image into a prediction.
 *
 * @param outputs `[K]` each
 * @param image names the image in messages
 * @throws UserError `numeric` rather than deciding on NaN; `bad-model` if the outputs do not fit the classes
 */
export function predictionOf(
  { manifest, file, rules }: Pick<ClassifierFile, "manifest" | "file" | "rules">,
  { probabilities, logits }: { readonly probabilities: Float32Array; readonly logits: Float32Array },
  image: string,
): Prediction {
  const { classes, task, thresholds } = manifest;
  for (const [what, { length }] of Object.entries({ probabilities, logits })) {
    if (length === classes.length) continue;
    throw new UserError("bad-model", `${file}: gives ${length} ${what} for ${classes.length} classes`, { hint: DAMAGED });
  }
  if (!probabilities.every(Number.isFinite) || !logits.every(Number.isFinite)) {
    throw new UserError("numeric", `${image}: the classifier gives NaN or infinite values for this image`, {
      hint: "Look at the image's values. If other images fail too, the classifier is damaged: train it again.",
    });
  }
  const decided = decide(task, probabilities, classes.length, thresholds, rules);
  return {
    probabilities: Array.from(probabilities),
    logits: Array.from(logits),
    labels: classes.filter((_, k) => decided[k] === 1),
  };
}

const DAMAGED = "The file is damaged, or was changed after its training: train it again.";

function floats(data: unknown, file: string): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new UserError("bad-model", `${file}: its outputs are not float32`, { hint: DAMAGED });
}
