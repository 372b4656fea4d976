import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseCsv } from "../data/csv.js";
import { decodeText } from "../data/text.js";
import { UserError } from "../errors.js";
import { readWholeFile, refuseToOverwrite, writeFileAtomic } from "../files.js";
import type { Interval } from "../learn/bootstrap.js";
import type { Goal } from "../learn/thresholds.js";
import { type ClassifierFile, parseClassifier } from "../model/classifier.js";
import { MANIFEST_KEY, type Manifest } from "../model/manifest.js";
import { readClassifier } from "../model/read-classifier.js";
import { readModel, withMetadata, writeModel } from "../onnx/index.js";
import { DEFAULT_SEED } from "../random.js";
import type { Part } from "../task.js";
import { checkOptions } from "./check-options.js";
import { labelMatrix, type PlacedSample } from "./parts.js";
import { openPart, type PartOptions, predictPart } from "./predict-part.js";
import { checkGoal, defaultThresholds, type GoalOptions, type LabelScores, labelScoresAt, TUNE, tuningOf } from "./tune.js";

/** What is tuned, on which images, and where it goes. */
export interface ThresholdsOptions extends Omit<PartOptions, "rules">, GoalOptions {
  /** Path of a multi-label classifier. */
  readonly classifier: string;
  /** Which part of the split to tune on. Default validation. */
  readonly part?: Part | undefined;
  /** Where the classifier with its new thresholds goes. Default: into the classifier itself. */
  readonly out?: string | undefined;
  /** Replace an earlier `out`. */
  readonly force?: boolean | undefined;
}

/** What `thresholds` found and stored. Lists are `[K]`. */
export interface ThresholdsResult {
  readonly classifier: string;
  readonly classes: readonly string[];
  readonly goal: Goal;
  readonly minPrecision?: number;
  /** Images that were tuned on. */
  readonly images: number;
  /** Whether the logits are those that the training kept of samples its head had not seen. */
  readonly outOfFold: boolean;
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** 95 % intervals of `after`. */
  readonly intervals: readonly Interval[];
  /** On the images tuned on. */
  readonly scores: {
    readonly atHalf: readonly LabelScores[];
    readonly before: readonly LabelScores[];
    readonly after: readonly LabelScores[];
  };
}

/** Larger files of logits are refused. */
const MAX_LOGITS_BYTES = 2 ** 30;

/**
 * Tunes the thresholds of a multi-label classifier on labelled images and stores them in it; its probabilities stay as they are.
 * Where the run's `out-of-fold.csv` stands beside the classifier and names the images, its logits are used; else the images are predicted.
 *
 * @throws UserError `usage` for a multiclass classifier, `exists` for an `out` that is there; as `evaluate`
 */
export async function tuneClassifier(options: ThresholdsOptions): Promise<ThresholdsResult> {
  checkOptions(options, ["classifier", "data"]);
  const { out = options.classifier, part = "validation", onWarning, seed = DEFAULT_SEED } = options;
  if (options.out !== undefined) refuseToOverwrite(out, options.force === true);
  const classifier = await readClassifier(options.classifier, options);
  const { manifest } = classifier;
  const { task, head, classes, thresholds: before } = manifest;
  const tuneTask = TUNE[task];
  if (tuneTask === undefined) {
    throw new UserError(
      "usage",
      `${options.classifier}: a ${task} classifier has no thresholds: they belong to multi-label ones`,
      {
        hint: "It takes the most probable class. Train with --task multilabel where an image may have several labels.",
      },
    );
  }
  checkGoal(task, options);
  const { chosen } = await openPart(classifier, options, part);
  const kept = outOfFoldLogits(classifier, options.classifier);
  const { samples, labels, logits } = choose(kept, chosen, classes.length) ?? (await predictSamples(classifier, chosen, options));
  const outOfFold = kept !== undefined && samples.some(({ sample }) => kept.has(sample.file));
  if (kept === undefined) {
    onWarning?.(
      "nothing proves that the classifier has not learnt from these images: thresholds tuned on images it has seen are too high",
    );
  }
  const groups = samples.map(({ sample }) => sample.group);
  const seen = { task, head, classes: classes.length, labels, logits, groups, seed };
  const { thresholds: after, tuned } = tuneTask({ ...seen, goal: options.goal, minPrecision: options.minPrecision });
  if (tuned === null) throw new RangeError("a task with thresholds tunes them");
  const changed: Manifest = { ...manifest, thresholds: [...after], tuning: tuningOf(tuned) };
  const model = readModel(classifier.bytes, { file: options.classifier });
  const bytes = writeModel(withMetadata(model, { [MANIFEST_KEY]: JSON.stringify(changed) }));
  parseClassifier(bytes, out); // what is stored can be read again
  writeFileAtomic(out, bytes);
  const { goal, minPrecision, intervals } = tuned;
  return {
    classifier: out,
    classes,
    goal,
    ...(minPrecision !== undefined && { minPrecision }),
    images: samples.length,
    outOfFold,
    before,
    after,
    intervals,
    scores: {
      atHalf: labelScoresAt(defaultThresholds(classes.length), seen),
      before: labelScoresAt(before, seen),
      after: labelScoresAt(after, seen),
    },
  };
}

/** Samples with their labels and logits `[n, K]`. */
interface SeenSamples {
  readonly samples: readonly PlacedSample[];
  readonly labels: Int8Array;
  readonly logits: Float32Array;
}

async function predictSamples(
  classifier: ClassifierFile,
  chosen: readonly PlacedSample[],
  options: ThresholdsOptions,
): Promise<SeenSamples> {
  const { kept, labels, logits } = await predictPart(classifier, chosen, { ...options, stage: "thresholds" });
  return { samples: kept, labels, logits };
}

/** The samples that have out-of-fold logits; undefined where none has. */
function choose(
  kept: ReadonlyMap<string, readonly number[]> | undefined,
  chosen: readonly PlacedSample[],
  classes: number,
): SeenSamples | undefined {
  const samples = chosen.filter(({ sample }) => kept?.has(sample.file));
  if (kept === undefined || samples.length === 0) return undefined;
  const logits = Float32Array.from(samples.flatMap(({ sample }) => kept.get(sample.file) ?? []));
  return { samples, labels: labelMatrix(samples, classes), logits };
}

/** The `out-of-fold.csv` of the run that wrote this very classifier, by file; undefined where there is none. */
function outOfFoldLogits({ manifest }: ClassifierFile, path: string): ReadonlyMap<string, readonly number[]> | undefined {
  const folder = dirname(path);
  const [config, file] = [join(folder, "config.json"), join(folder, "out-of-fold.csv")];
  if (!existsSync(config) || !existsSync(file) || !isOfRun(manifest, config)) return undefined;
  const { header, rows } = parseCsv(decodeText(readWholeFile(file, { maxBytes: MAX_LOGITS_BYTES }), file), file);
  const damaged = (what: string) =>
    new UserError("bad-data", `${file}: ${what}`, { hint: "It was changed after the training: move it away, or train again." });
  const names = header.slice(1);
  if (names.length !== manifest.classes.length || names.some((name, k) => name !== manifest.classes[k]))
    throw damaged("its columns are not the classes of the classifier");
  if (rows.length === 0) return undefined;
  return new Map(
    rows.map(({ cells: [name, ...cells], line }) => {
      const logits = cells.map((cell) => (cell.trim() === "" ? Number.NaN : Number(cell)));
      if (!logits.every(Number.isFinite)) throw damaged(`line ${line} holds something that is no number`);
      return [name, logits];
    }),
  );
}

/** Whether a run's config speaks of the data and the backbone that the classifier was made of. */
function isOfRun({ dataset, backbone }: Manifest, config: string): boolean {
  try {
    const run: unknown = JSON.parse(decodeText(readWholeFile(config, { maxBytes: MAX_LOGITS_BYTES }), config));
    // Whatever it holds, reading a property of it gives something to compare.
    const found = run as { dataset?: { fingerprint?: unknown }; backbone?: { sha256?: unknown } } | null;
    return found?.dataset?.fingerprint === dataset.fingerprint && found?.backbone?.sha256 === backbone.sha256;
  } catch {
    return false;
  }
}
