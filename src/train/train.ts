import { rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { LabelsFrom } from "../data/provenance.js";
import { UserError } from "../errors.js";
import { writeFileAtomic } from "../files.js";
import type { Metrics } from "../learn/metrics/report.js";
import { assembleClassifier } from "../model/assemble.js";
import { lossGraph } from "../model/head.js";
import { writeModel } from "../onnx/index.js";
import { refuseFolder, writeFolder } from "../output-folder.js";
import { DEFAULT_SEED } from "../random.js";
import { HEAD_OF_TASK, type Head, type Task } from "../task.js";
import { checkOptions } from "./check-options.js";
import { readSpread } from "./embeddings.js";
import { checkAssertable, checkAssertions, parseAssertion } from "./gate.js";
import { type Leakage, measureLeakage } from "./leakage.js";
import { beginningOf } from "./network-start.js";
import type { TrainOptions } from "./options.js";
import type { Counts } from "./parts.js";
import {
  type EmbeddedData,
  embedData,
  fingerprint,
  gatherEmbeddings,
  openBackboneFor,
  openSplitData,
  type SplitData,
} from "./prepare.js";
import { type Findings, writeRunFiles } from "./run.js";
import { fitAndScore, type HeadScores, headScores, type ScoredHead } from "./scored-head.js";
import { PIXEL_IMAGES, trainingPixels } from "./training-pixels.js";
import { calibrationOf, checkGoal, tuningOf } from "./tune.js";
import { trainWholeNetwork } from "./whole-network.js";

/** What `train` tells its caller: also the last line of `sigmax train --json`. */
export interface TrainResult extends HeadScores {
  readonly task: Task;
  readonly head: Head;
  readonly classes: readonly string[];
  readonly counts: Counts;
  /** The same head on nothing but each band's mean, standard deviation, minimum and maximum. */
  readonly baseline: Metrics;
  /** The same backbone untouched, where it was fine-tuned. */
  readonly frozen?: Metrics;
  /** What a random split would have promised; where the split kept groups or blocks together. */
  readonly leakage?: Leakage;
  /** How the labels were made, where no person gave them: the metrics measure agreement with that. */
  readonly labelsFrom?: LabelsFrom;
  /** Path of the classifier. */
  readonly classifier: string;
}

/** The file that marks a folder as a run. */
export const RUN_MARKER = "config.json";

/**
 * Trains a classifier and writes its run folder.
 *
 * @throws UserError for anything wrong with the data, the backbone or the options; the run folder then does not appear
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  let isSaved = false;
  const onSaved = () => {
    isSaved = true;
  };
  try {
    return await trainOrStop(options, onSaved);
  } catch (error) {
    const isStopped = error instanceof UserError && error.code === "aborted" && error.hint === undefined;
    // The training itself, which knows its step, has said so already. Checkpoints that merely lie there may be of another one.
    if (!isStopped || !isSaved) throw error;
    const hint = "The same command goes on: what was trained is saved.";
    throw new UserError("aborted", error.message, { hint, cause: error });
  }
}

async function trainOrStop(options: TrainOptions, onSaved: () => void): Promise<TrainResult> {
  checkOptions(options, ["data", "out"]);
  const isWhole = beginningOf(options) !== undefined;
  const { out, force = false, seed = DEFAULT_SEED } = options;
  const assertions = (options.assert ?? []).map(parseAssertion);
  refuseFolder(out, { force, marker: RUN_MARKER });
  const checkpoints = checkpointFolder(out);
  const warnings: string[] = [];
  const onWarning = (message: string) => {
    warnings.push(message);
    options.onWarning?.(message);
  };
  const given = { ...options, seed, onWarning };
  const data = await openSplitData(given);
  const { dataset } = data;
  checkAssertable(assertions, data.counts.test);
  checkGoal(dataset.task, options);
  const head = options.head ?? HEAD_OF_TASK[dataset.task];
  lossGraph(head, options.loss); // refuses a loss the head does not have before the images are embedded

  const { embedded, scored, training }: Learned = await (isWhole
    ? trainWholeNetwork(data, head, given, { checkpoints, onSaved, onNotice: options.onWarning })
    : trainLastLayer(data, head, given));
  checkAssertions(assertions, scored.metrics, scored.rows.length, training && checkpoints);
  const baseline = await scoreBaseline(data, embedded, scored, given);
  // A network that was trained on the training part makes every other split look better than it is.
  const leakage = training === undefined ? await measureLeakage(data, embedded, scored, given) : undefined;
  const found = { ...(leakage && { leakage }), ...(training && { training }) };

  const { preprocess } = embedded.backbone;
  const learned = embedded.placed.flatMap(({ sample, part }) => (part === "train" ? [sample] : []));
  const pixels = preprocess ? await trainingPixels(readSpread(learned, PIXEL_IMAGES), preprocess) : undefined;

  const result = await writeFolder(out, { force, marker: RUN_MARKER }, async (folder) => {
    const { model, manifest } = assembleClassifier({
      origin: embedded.backbone,
      views: embedded.views,
      layer: scored.layer,
      about: {
        task: dataset.task,
        classes: dataset.classes,
        thresholds: scored.tuning.thresholds,
        calibration: calibrationOf(scored),
        tuning: tuningOf(scored.tuning.tuned),
        rules: data.rules.map(({ text }) => text),
        pixels,
        labelsFrom: dataset.labelsFrom,
        dataset: { fingerprint: fingerprint(dataset.classes, embedded.placed), counts: embedded.counts },
        test: scored.metrics,
      },
    });
    writeFileAtomic(join(folder, "classifier.onnx"), writeModel(model));
    await writeRunFiles(folder, {
      options: { ...options, seed, head },
      data,
      embedded,
      scored,
      baseline,
      ...found,
      manifest,
      warnings,
    });
    return {
      task: dataset.task,
      head,
      classes: dataset.classes,
      counts: embedded.counts,
      ...headScores(scored),
      baseline,
      ...(training?.frozen && { frozen: training.frozen }),
      ...(leakage && { leakage }),
      ...(dataset.labelsFrom && { labelsFrom: dataset.labelsFrom }),
      classifier: join(out, "classifier.onnx"),
    };
  });
  if (training !== undefined) rmSync(checkpoints, { recursive: true, force: true });
  return result;
}

/** Where a training that is stopped leaves what it needs to go on: beside the run, which appears only when it is whole. */
function checkpointFolder(out: string): string {
  // "." has no name of its own, and what lies in it would lie in the run.
  const target = resolve(out);
  return join(dirname(target), `.${basename(target)}.checkpoint`);
}

type Learned = Pick<Findings, "embedded" | "scored" | "training">;

async function trainLastLayer(data: SplitData, head: Head, given: TrainOptions & { readonly seed: number }): Promise<Learned> {
  const embedded = await gatherEmbeddings(data, given);
  return { embedded, scored: await fitAndScore(data, embedded, head, given) };
}

async function scoreBaseline(
  data: SplitData,
  embedded: EmbeddedData,
  scored: ScoredHead,
  options: TrainOptions & { readonly seed: number },
): Promise<Metrics> {
  if (embedded.backbone.id === "stats") return scored.metrics;
  const { cache, threads, runtime, bands, derived, values, seed, signal, onProgress, onWarning } = options;
  const work = { signal, onProgress, onWarning };
  const stats = await openBackboneFor(data, { backbone: "stats", bands, derived, values, seed, ...work });
  const baseline = await embedData(embedded.placed, stats, { cache, threads, runtime, ...work, stage: "baseline" });
  // Calibrated and tuned like the classifier: only the features differ.
  return (await fitAndScore(data, baseline, scored.head, { ...options, onProgress: undefined, intervals: false })).metrics;
}
