import { describeUnreadable, type Unreadable } from "../data/checks.js";
import { type Dataset, isLabelled } from "../data/dataset.js";
import { openDataset } from "../data/open.js";
import type { LabelsFrom } from "../data/provenance.js";
import { type Division, divideDataset, groupDataset } from "../data/split.js";
import { UserError } from "../errors.js";
import type { ClassifierFile } from "../model/classifier.js";
import type { WorkOptions } from "../progress.js";
import type { RuntimeChoice } from "../runtime/session.js";
import { PARTS, type Part } from "../task.js";
import type { DataOptions } from "./options.js";
import { labelMatrix, type PlacedSample, placeSamples } from "./parts.js";
import { predictFiles } from "./predict.js";
import { splitOptions } from "./prepare.js";

/** Labelled images for a classifier that exists, and what may be taken of them. */
export interface PartOptions extends Omit<DataOptions, "task" | "classes">, WorkOptions {
  /** Decides a split that is drawn at random. Default 1, as in `train`. */
  readonly seed?: number | undefined;
  readonly threads?: number | undefined;
  readonly runtime?: RuntimeChoice | undefined;
}

/** Every labelled sample with its part, and those of the part asked for. */
export interface OpenPart {
  readonly placed: readonly PlacedSample[];
  readonly chosen: readonly PlacedSample[];
  /** How the labels were made, where no person gave them. */
  readonly labelsFrom?: LabelsFrom | undefined;
}

/**
 * Opens labelled images with the classes of a classifier; without a split all of them belong to the part.
 *
 * @throws UserError if the data has labels the classifier does not know, or the part no labelled image
 */
export async function openPart(classifier: ClassifierFile, options: PartOptions, part: Part): Promise<OpenPart> {
  const { signal, onProgress, onWarning } = options;
  const { task, classes } = classifier.manifest;
  const { labels, groupBy } = options;
  const opened = await openDataset(options.data, { labels, groupBy, task, classes, signal, onProgress, onWarning });
  const { dataset, split } =
    options.split === undefined
      ? wholePart(groupDataset(opened, options), part)
      : divideDataset(opened, { ...splitOptions(options), seed: options.seed, onWarning });
  const placed = placeSamples(dataset, split);
  const chosen = placed.filter((sample) => sample.part === part);
  if (chosen.length > 0) return { placed, chosen, labelsFrom: dataset.labelsFrom };
  throw new UserError("bad-data", `${options.data}: no labelled image belongs to the part "${part}"`, {
    hint: `Parts are ${PARTS.join(", ")}; without --split every labelled image is taken.`,
  });
}

/** Every labelled sample in one part. */
function wholePart(dataset: Dataset, part: Part): Division {
  return { dataset, split: dataset.samples.map((sample) => (isLabelled(sample) ? part : undefined)) };
}

/** What a classifier says of the images that could be read; matrices are `[n, K]`. */
export interface PredictedPart {
  readonly kept: readonly PlacedSample[];
  readonly labels: Int8Array;
  readonly logits: Float32Array;
  readonly probabilities: Float32Array;
  readonly decisions: Uint8Array;
  readonly unreadable: readonly Unreadable[];
}

/**
 * Predicts samples; unreadable images are left out and listed, or end the work.
 *
 * @throws UserError `bad-file` if none can be read
 */
export async function predictPart(
  classifier: ClassifierFile,
  samples: readonly PlacedSample[],
  options: Omit<PartOptions, "data"> & { readonly stage: string },
): Promise<PredictedPart> {
  const { threads, runtime, stage, signal, onProgress, onWarning } = options;
  const { classes } = classifier.manifest;
  const kept: PlacedSample[] = [];
  const unreadable: Unreadable[] = [];
  const logits = new Float32Array(samples.length * classes.length);
  const probabilities = new Float32Array(samples.length * classes.length);
  const decisions = new Uint8Array(samples.length * classes.length);
  const classIndex = new Map(classes.map((name, k) => [name, k]));
  let index = 0;
  const work = { threads, runtime, stage, signal, onProgress, onWarning };
  const files = samples.map(({ sample }) => sample);
  for await (const { file, prediction, error } of predictFiles(classifier, files, work)) {
    const sample = samples[index++];
    if (error !== undefined) {
      if (options.unreadable === "fail") throw error;
      unreadable.push({ file, reason: error.message });
      continue;
    }
    const row = kept.length * classes.length;
    logits.set(prediction.logits, row);
    probabilities.set(prediction.probabilities, row);
    for (const name of prediction.labels) decisions[row + classIndex.get(name)!] = 1;
    kept.push(sample);
  }
  if (unreadable.length > 0) onWarning?.(describeUnreadable(unreadable, samples.length));
  if (kept.length === 0) {
    throw new UserError("bad-file", `none of the ${samples.length} images could be read`, {
      hint: `The first: ${unreadable[0].reason}`,
    });
  }
  const cells = kept.length * classes.length;
  return {
    kept,
    labels: labelMatrix(kept, classes.length),
    logits: logits.subarray(0, cells),
    probabilities: probabilities.subarray(0, cells),
    decisions: decisions.subarray(0, cells),
    unreadable,
  };
}
