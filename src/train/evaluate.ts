import { describeUnreadable, type Unreadable } from "../data/checks.js";
import { type Dataset, isLabelled } from "../data/dataset.js";
import { openDataset } from "../data/open.js";
import { type Division, divideDataset, groupDataset } from "../data/split.js";
import { UserError } from "../errors.js";
import { METRICS, type Metrics } from "../learn/metrics/report.js";
import { withRules } from "../model/classifier.js";
import type { WorkOptions } from "../progress.js";
import type { RuntimeChoice } from "../runtime/session.js";
import { type Head, PARTS, type Part, type Task } from "../task.js";
import { checkOptions } from "./check-options.js";
import type { DataOptions } from "./options.js";
import { type Counts, countParts, labelMatrix, type PlacedSample, placeSamples, rowsByPart } from "./parts.js";
import { predictFiles, readClassifier } from "./predict.js";
import { splitOptions } from "./prepare.js";

export interface EvaluateOptions extends Omit<DataOptions, "task" | "classes">, WorkOptions {
  /** Path or bytes of a classifier. */
  readonly classifier: string | Uint8Array;
  /** Decides a split that is drawn at random. Default 1, as in `train`. */
  readonly seed?: number | undefined;
  /** Which part of the split to score. Default test. */
  readonly part?: Part | undefined;
  readonly threads?: number | undefined;
  readonly runtime?: RuntimeChoice | undefined;
}

/** What `evaluate` found. */
export interface EvaluateResult {
  readonly task: Task;
  readonly head: Head;
  readonly classes: readonly string[];
  /** Samples per part, unreadable ones of the scored part left out; without a split every labelled sample counts as test. */
  readonly counts: Counts;
  /** The part that was scored. */
  readonly part: Part;
  /** Metrics on that part. */
  readonly test: Metrics;
  readonly unreadable: readonly Unreadable[];
}

/**
 * Scores a classifier on labelled images.
 *
 * @throws UserError if the data has labels the classifier does not know, or no labelled image
 */
export async function evaluate(options: EvaluateOptions): Promise<EvaluateResult> {
  checkOptions(options, ["classifier", "data"]);
  if (options.part !== undefined && options.split === undefined) {
    throw new UserError("usage", `part ${options.part}: needs a split`, {
      hint: "Give --split <file>, or leave --part out: every labelled image is scored.",
    });
  }
  const { signal, onProgress, onWarning, part = "test" } = options;
  const work = { signal, onProgress, onWarning };
  const classifier = withRules(await readClassifier(options.classifier, options), options.rules ?? []);
  const { task, head, classes } = classifier.manifest;
  const opened = await openDataset(options.data, { labels: options.labels, groupBy: options.groupBy, task, classes, ...work });
  const { dataset, split: parts } =
    options.split === undefined
      ? wholePart(groupDataset(opened, options), part)
      : divideDataset(opened, { ...splitOptions(options), seed: options.seed, onWarning });
  const placed = placeSamples(dataset, parts);
  const chosen = placed.filter((sample) => sample.part === part);
  if (chosen.length === 0) {
    throw new UserError("bad-data", `${options.data}: no labelled image belongs to the part "${part}"`, {
      hint: `Parts are ${PARTS.join(", ")}; without --split every labelled image is scored.`,
    });
  }

  const kept: PlacedSample[] = [];
  const unreadable: Unreadable[] = [];
  const probabilities = new Float32Array(chosen.length * classes.length);
  const decisions = new Uint8Array(chosen.length * classes.length);
  const classIndex = new Map(classes.map((name, k) => [name, k]));
  let index = 0;
  const files = chosen.map(({ sample }) => sample);
  const { threads, runtime } = options;
  for await (const { file, prediction, error } of predictFiles(classifier, files, {
    ...work,
    threads,
    runtime,
    stage: "evaluate",
  })) {
    const sample = chosen[index++];
    if (error !== undefined) {
      if (options.unreadable === "fail") throw error;
      unreadable.push({ file, reason: error.message });
      continue;
    }
    const row = kept.length * classes.length;
    probabilities.set(prediction.probabilities, row);
    for (const name of prediction.labels) decisions[row + classIndex.get(name)!] = 1;
    kept.push(sample);
  }
  if (unreadable.length > 0) onWarning?.(describeUnreadable(unreadable, chosen.length));
  if (kept.length === 0) {
    throw new UserError("bad-file", `none of the ${chosen.length} images of the part "${part}" could be read`, {
      hint: `The first: ${unreadable[0].reason}`,
    });
  }
  const cells = kept.length * classes.length;
  const test = METRICS[task](
    labelMatrix(kept, classes.length),
    probabilities.subarray(0, cells),
    decisions.subarray(0, cells),
    classes.length,
  );
  return { task, head, classes, counts: { ...countParts(rowsByPart(placed)), [part]: kept.length }, part, test, unreadable };
}

/** Every labelled sample in one part. */
function wholePart(dataset: Dataset, part: Part): Division {
  return { dataset, split: dataset.samples.map((sample) => (isLabelled(sample) ? part : undefined)) };
}
