import { existsSync } from "node:fs";
import { type Sample, YES } from "../../data/dataset.js";
import { UserError } from "../../errors.js";
import { writeFileAtomic } from "../../files.js";
import { DECIDE } from "../../learn/decide.js";
import { METRICS } from "../../learn/metrics/report.js";
import { assembleClassifier } from "../../model/assemble.js";
import { writeModel } from "../../onnx/index.js";
import { throwIfAborted } from "../../progress.js";
import { createRandom, DEFAULT_SEED } from "../../random.js";
import { PARTS } from "../../task.js";
import type { Counts, PlacedSample } from "../parts.js";
import { fingerprint } from "../prepare.js";
import { defaultThresholds } from "../tune.js";
import { type Batch, type BatchSource, batchesOf } from "./batches.js";
import type { RetrainFeatures } from "./features.js";
import { withFinalTensor } from "./graph.js";
import type { RetrainData } from "./images.js";
import { type FinalLayer, openFinalLayer, type Score } from "./layer.js";
import { gatherMaterial } from "./material.js";
import { type Misclassified, type RetrainOptions, type RetrainResult, type RetrainSettings, retrainSettings } from "./options.js";
import { openSummaries, refuseSummaries } from "./summaries.js";

export type { RetrainOptions, RetrainResult } from "./options.js";

/**
 * Trains a new last layer as TensorFlow's retrain.py does, and writes one ONNX file.
 *
 * @throws UserError for anything wrong with the options, the images or the bottlenecks; `numeric` when the loss is not finite
 */
export async function retrain(options: RetrainOptions): Promise<RetrainResult> {
  const settings = retrainSettings(options);
  const head = options.finalActivation ?? (options.imageLabelsDir === undefined ? "softmax" : "sigmoid");
  const random = createRandom(options.seed ?? DEFAULT_SEED, "retrain");
  refuseOutputs(options);
  const { data, features, network } = await gatherMaterial(options, settings, random);
  const { task, classes } = data;
  const { size, parts } = features;
  const layer = await openFinalLayer(head, size, classes.length, { random: random.fork("weights"), runtime: options.runtime });
  try {
    const source = (part: keyof Counts) =>
      batchesOf(parts[part], { task, head, classes: classes.length, random: random.fork(part) });
    const train = source("train");
    refuseUntaught(data, features, train);
    await descend(
      layer,
      { train, validation: source("validation") },
      { options, settings, nameOf: (row) => parts.train.samples[row].file },
    );
    const { test, count, misclassified } = await examine(layer, source("test"), parts.test.samples, data, settings.testBatchSize);

    const counts = {
      train: parts.train.samples.length,
      validation: parts.validation.samples.length,
      test: parts.test.samples.length,
    };
    const placed = PARTS.flatMap((part) => parts[part].samples.map((sample): PlacedSample => ({ sample, part })));
    const { model } = assembleClassifier({
      origin: network,
      views: 1,
      layer: { weights: layer.weights, bias: layer.bias, head },
      about: {
        task,
        classes,
        thresholds: defaultThresholds(classes.length),
        dataset: { fingerprint: fingerprint(classes, placed), counts },
        test,
      },
    });
    writeFileAtomic(options.outputGraph, writeModel(withFinalTensor(model, settings.finalTensorName)));
    writeFileAtomic(options.outputLabels, `${classes.join("\n")}\n`);
    return {
      task,
      head,
      classes,
      counts,
      test,
      testCount: count,
      misclassified,
      classifier: options.outputGraph,
      input: network.model === undefined ? "embedding" : "image",
    };
  } finally {
    await layer.close();
    await features.close();
  }
}

/** Says before the work what would be refused after it. */
function refuseOutputs({ outputGraph, outputLabels, summariesDir, force = false }: RetrainOptions): void {
  for (const [flag, path] of [
    ["--output_graph", outputGraph],
    ["--output_labels", outputLabels],
  ]) {
    if (force || !existsSync(path)) continue;
    throw new UserError("exists", `${path}: exists already`, { hint: `Choose another ${flag}, or add --force to replace it.` });
  }
  if (summariesDir !== undefined) refuseSummaries(summariesDir, { force });
}

function refuseUntaught({ task, classes }: RetrainData, { parts: { train } }: RetrainFeatures, source: BatchSource): void {
  const hint = "Add images, or lower --testing_percentage and --validation_percentage.";
  if (source.count === 0) throw new UserError("bad-data", "no labelled image belongs to the training part", { hint });
  const untaught = classes.filter((_, k) => !train.samples.some(({ labels }) => labels[k] === YES));
  if (untaught.length > 0 && task === "multiclass") {
    throw new UserError("bad-data", `no training image has the label ${untaught.join(", ")}`, { hint });
  }
}

/** Plain gradient descent on batches drawn at random. */
async function descend(
  layer: FinalLayer,
  { train, validation }: { readonly train: BatchSource; readonly validation: BatchSource },
  {
    options,
    settings,
    nameOf,
  }: { readonly options: RetrainOptions; readonly settings: RetrainSettings; readonly nameOf: (row: number) => string },
): Promise<void> {
  const { signal, onProgress, onWarning, onStep } = options;
  const { howManyTrainingSteps: steps, learningRate, trainBatchSize, validationBatchSize, evalStepInterval } = settings;
  if (validation.count === 0) onWarning?.("no image belongs to the validation part: validation accuracy is not reported");
  const summaries = openSummaries(options.summariesDir, { force: options.force ?? false, wallTime: options.wallTime });
  try {
    for (let step = 0; step < steps; step++) {
      throwIfAborted(signal);
      const batch = await train.next(trainBatchSize);
      const before = await layer.step(batch.features, batch.labels, learningRate);
      refuseNotFinite(step, before, batch, nameOf);
      summaries.add("train", step, before);
      if (step % evalStepInterval !== 0 && step + 1 !== steps) continue;

      const after = await layer.score(batch.features, batch.labels);
      refuseNotFinite(step, after, batch, nameOf);
      const held = validation.count === 0 ? undefined : await scoreNext(layer, validation, validationBatchSize);
      summaries.addSpread("train", step, layer, after);
      if (held !== undefined) {
        summaries.add("validation", step, held);
        summaries.addSpread("validation", step, layer, held);
      }
      summaries.flush();
      onStep?.({ step, trainAccuracy: after.accuracy, crossEntropy: after.crossEntropy, validation: held });
      onProgress?.({ stage: "train", done: step + 1, total: steps, unit: "steps" });
    }
  } finally {
    summaries.close();
  }
}

async function scoreNext(layer: FinalLayer, source: BatchSource, size: number) {
  const { rows, features, labels } = await source.next(size);
  return { ...(await layer.score(features, labels)), count: rows.length };
}

/** @throws UserError `numeric` naming the step and the files whose loss is not finite */
function refuseNotFinite(step: number, { losses, crossEntropy }: Score, { rows }: Batch, nameOf: (row: number) => string): void {
  if (Number.isFinite(crossEntropy)) return;
  const files = [...new Set(rows.filter((_, i) => !Number.isFinite(losses[i])).map(nameOf))];
  const shown = files.slice(0, 10).join(", ") + (files.length > 10 ? ` and ${files.length - 10} more` : "");
  throw new UserError("numeric", `step ${step}: the cross entropy is ${crossEntropy}, on ${shown}`, {
    hint: "Lower --learning_rate; with a single file, look whether that image is broken.",
  });
}

/** What the final test found. */
interface Exam {
  readonly test: Record<string, number>;
  readonly count: number;
  readonly misclassified: readonly Misclassified[];
}

/** Scores the test part once, at the end. */
async function examine(
  layer: FinalLayer,
  source: BatchSource,
  samples: readonly Sample[],
  { task, classes }: RetrainData,
  batchSize: number,
): Promise<Exam> {
  const misclassified: Misclassified[] = [];
  if (source.count === 0) return { test: {}, count: 0, misclassified };
  const { rows, features, labels } = await source.next(batchSize);
  const { accuracy, crossEntropy, probabilities } = await layer.score(features, labels);
  const width = classes.length;
  const decisions = DECIDE[task](probabilities, width);
  rows.forEach((row, i) => {
    const said = decisions.subarray(i * width, (i + 1) * width);
    const wrong = said.some((decision, k) => labels[i * width + k] >= 0 && decision !== labels[i * width + k]);
    if (wrong) misclassified.push({ file: samples[row].path, decided: classes.filter((_, k) => said[k] === 1) });
  });
  return {
    test: { ...METRICS[task](labels, probabilities, decisions, width), accuracy, crossEntropy },
    count: rows.length,
    misclassified,
  };
}
