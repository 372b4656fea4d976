import { join } from "node:path";
import { mapInOrder } from "../concurrency.js";
import type { Metrics } from "../learn/metrics/report.js";
import { rowLosses } from "../model/head-weights.js";
import { printable } from "../printable.js";
import { thumbnailJpeg } from "../raster/encode.js";
import { histogramOf } from "../report/tensorboard/histogram.js";
import { HPARAMS_TAGS, type HParams, type HParamValue } from "../report/tensorboard/hparams.js";
import { prCurveOf } from "../report/tensorboard/pr-curve.js";
import { writeProjector } from "../report/tensorboard/projector.js";
import { createEventWriter, type EventWriter, wallClock } from "../report/tensorboard/writer.js";
import type { Head, Task } from "../task.js";
import { lastUpdate, type UpdateRecord } from "./finetune/history.js";
import type { Recipe } from "./finetune/recipe.js";
import { VALIDATION_METRIC } from "./finetune/validation.js";
import { findMistakes, type MistakenRow } from "./mistakes.js";
import { countPositives } from "./parts.js";
import { testProjection, testSample } from "./projection.js";
import type { Findings } from "./run.js";
import { labelScores } from "./test-scores.js";
import { DECODED_AT_ONCE, drawnOf } from "./thumbnails.js";
import type { NetworkTraining } from "./whole-network.js";

const SHOWN_MISTAKES = 12;
const MISTAKE_PX = 256;
/** Labels with a curve and a histogram of their own: the most frequent ones. Five kilobytes each. */
const SHOWN_LABELS = 100;

/** What retrain.py called accuracy: the share of right images, or of right cells (images × labels). */
const ACCURACY: Readonly<Record<Task, (metrics: Metrics) => number>> = {
  multiclass: ({ accuracy }) => accuracy,
  multilabel: ({ hammingLoss }) => 1 - hammingLoss,
};

/** How many losses each head sums up where retrain.py took their mean: that of a row, or those of its cells. */
const SUMMED: Readonly<Record<Head, (classes: number) => number>> = { softmax: () => 1, sigmoid: (classes) => classes };

/** What retrain.py called cross entropy, where the loss of the head is one. */
function crossEntropy({ options, data, scored }: Findings, loss: number): Metrics {
  if ((options.loss ?? "cross-entropy") !== "cross-entropy") return {};
  return { cross_entropy: loss / SUMMED[scored.head](data.dataset.classes.length) };
}

/** What the HParams tab compares runs by. */
const HPARAMS: readonly {
  readonly name: string;
  readonly description: string;
  readonly of: (findings: Findings) => HParamValue;
}[] = [
  { name: "task", description: "one label per image, or any number", of: ({ data }) => data.dataset.task },
  { name: "backbone", description: "what makes embeddings of images", of: ({ embedded }) => printable(embedded.backbone.id) },
  { name: "views", description: "flips and rotations of each image", of: ({ embedded }) => embedded.views },
  { name: "head", description: "activation and loss of the trained layer", of: ({ scored }) => scored.head },
  { name: "l2", description: "strength of the penalty; 0 for whole networks", of: ({ scored }) => scored.fit.l2 },
  { name: "class_weights", description: "none or balanced", of: ({ options }) => options.classWeights ?? "none" },
  { name: "seed", description: "split, random features, folds", of: ({ options }) => options.seed },
];

/** And where a whole network was trained. */
const RECIPE_HPARAMS: readonly {
  readonly name: string;
  readonly description: string;
  readonly of: (recipe: Recipe) => HParamValue;
}[] = [
  { name: "epochs", description: "how often each image is seen", of: ({ epochs }) => epochs },
  { name: "batch", description: "images of one update", of: ({ batch, accumulate }) => batch * accumulate },
  { name: "lr", description: "highest learning rate of the last layer", of: ({ lr }) => lr },
  { name: "lr_backbone", description: "highest learning rate of the rest", of: ({ lrBackbone }) => lrBackbone },
];

/** One hyperparameter of this run. */
interface RunHParam {
  readonly name: string;
  readonly description: string;
  readonly value: HParamValue;
}

function hparamsOf(findings: Findings): readonly RunHParam[] {
  const { training } = findings;
  return [
    ...HPARAMS.map(({ name, description, of }) => ({ name, description, value: of(findings) })),
    ...(training ? RECIPE_HPARAMS.map(({ of, ...row }) => ({ ...row, value: of(training.recipe) })) : []),
  ];
}

/**
 * Writes what TensorBoard shows of a training: runs `train` and `validation`, one step per strength of the penalty that was tried, or
 * per update of a whole network, and `test`, what was kept does on images it has not seen. Only event files depend on the clock.
 *
 * @throws UserError `io` if the disk refuses, `aborted`
 */
export async function writeRunEvents(
  folder: string,
  findings: Findings,
  { wallTime = wallClock }: { readonly wallTime?: () => number } = {},
): Promise<void> {
  const inRun = async (run: string, work: (writer: EventWriter) => void | Promise<void>) => {
    const writer = createEventWriter(join(folder, run), { wallTime });
    try {
      await work(writer);
    } finally {
      writer.close();
    }
  };
  await inRun("train", (writer) => writeTraining(writer, findings));
  await inRun("validation", (writer) => writeValidation(writer, findings));
  await inRun("test", async (writer) => {
    const addHParams = (value: HParams) => writer.add("hparams", HPARAMS_TAGS[value.kind], value, 0);
    addHParams(experiment(findings));
    addHParams({ kind: "start", values: hparamsOf(findings).map(({ name, value }) => [name, value]), wallTime: wallTime() });
    writeTest(writer, findings);
    await writeMistakes(writer, findings);
    addHParams({ kind: "end", status: "success", wallTime: wallTime() });
  });
  const projection = await testProjection(findings);
  if (projection !== undefined) await writeProjector(join(folder, "test"), projection);
}

function writeTraining(writer: EventWriter, findings: Findings): void {
  const { data, scored, training } = findings;
  const { classes } = data.dataset;
  const { head, grid } = scored.fit;
  updatesOf(training).forEach(({ loss, lr, lrBackbone, gradientNorm }, step) => {
    addScalars(writer, step, {
      "Loss/train": loss,
      loss,
      learning_rate: lr,
      learning_rate_backbone: lrBackbone,
      gradient_norm: gradientNorm,
    });
  });
  grid.forEach(({ l2, trainLoss }, step) => {
    addScalars(writer, step, {
      "Loss/train": trainLoss,
      loss: trainLoss,
      ...crossEntropy(findings, trainLoss),
      log10_l2: Math.log10(l2),
    });
  });
  const step = chosenStep(findings);
  const size = head.weights.length / classes.length;
  writer.add("histograms", "head/weights", histogramOf(head.weights), step);
  writer.add("histograms", "head/bias", histogramOf(head.bias), step);
  for (const k of mostFrequent(findings)) {
    const weights = head.weights.subarray(k * size, (k + 1) * size);
    writer.add("histograms", `weights/${printable(classes[k])}`, histogramOf(weights), step);
  }
}

function writeValidation(writer: EventWriter, findings: Findings): void {
  const { data, scored, training } = findings;
  const { task } = data.dataset;
  training?.history.epochs.forEach(({ validation }, epoch) => {
    if (validation === undefined) return;
    const { loss, metric = Number.NaN } = validation;
    addScalars(writer, lastUpdate(training.history, epoch), { "Loss/validation": loss, loss, [VALIDATION_METRIC[task]]: metric });
  });
  scored.fit.grid.forEach(({ validationLoss, validationMetrics }, step) => {
    addScalars(writer, step, {
      ...validationMetrics,
      "Loss/validation": validationLoss,
      loss: validationLoss,
      accuracy: ACCURACY[task](validationMetrics),
      ...crossEntropy(findings, validationLoss),
    });
  });
}

function writeTest(writer: EventWriter, findings: Findings): void {
  const { data, scored } = findings;
  const { task, classes } = data.dataset;
  const width = classes.length;
  const step = chosenStep(findings);
  const { labels } = scored;
  const losses = rowLosses(scored.head, scored.logits, labels, width);
  addScalars(writer, step, {
    ...scored.metrics,
    accuracy: ACCURACY[task](scored.metrics),
    cross_entropy: losses.reduce((sum, loss) => sum + loss, 0) / losses.length / SUMMED[scored.head](width),
  });
  labelScores(labels, scored.probabilities, scored.decisions, width).forEach(({ precision, recall, f1, averagePrecision }, k) => {
    const scores = { precision, recall, f1, average_precision: averagePrecision };
    for (const [name, value] of Object.entries(scores)) addScalars(writer, step, { [`${name}/${printable(classes[k])}`]: value });
  });
  for (const k of mostFrequent(findings)) {
    if (!scored.rows.some((_, i) => labels[i * width + k] === 1)) continue;
    writer.add("pr_curves", `pr_curve/${printable(classes[k])}`, prCurveOf(labels, scored.probabilities, k, width), step);
  }
  if (scored.rows.length === 0) return;
  writer.add("histograms", "activations/embedding", histogramOf(testSample(findings).embeddings), step);
  writer.add("histograms", "activations/logits", histogramOf(scored.logits), step);
  writer.add("histograms", "activations/probabilities", histogramOf(scored.probabilities), step);
}

/** The most confident mistakes, worst first; the tag says what is what. */
async function writeMistakes(writer: EventWriter, findings: Findings): Promise<void> {
  const { options, data, embedded, scored } = findings;
  const { classes } = data.dataset;
  const shown = findMistakes(scored.labels, scored, classes.length).slice(0, SHOWN_MISTAKES);
  const names = (indices: readonly number[]) => indices.map((k) => classes[k]).join(", ") || "nothing";
  const draw = async (mistake: MistakenRow) => {
    const { sample } = embedded.placed[scored.rows[mistake.index]];
    const caption = printable(`${sample.file}: ${names(mistake.truth)} taken for ${names(mistake.decided)}`);
    return { caption, picture: await drawnOf(sample, (raster) => thumbnailJpeg(raster, MISTAKE_PX)) };
  };
  let place = 0;
  for await (const { caption, picture } of mapInOrder(shown, DECODED_AT_ONCE, draw, options.signal)) {
    place++;
    if (picture === undefined) continue;
    const { widthPx, heightPx, jpeg } = picture;
    const tag = `mistakes/${String(place).padStart(2, "0")} ${caption}`;
    writer.add("images", tag, { widthPx, heightPx, encoded: [jpeg] }, chosenStep(findings));
  }
}

/**
 * The session is the run itself: its metrics are the scalars beside it. Of several runs TensorBoard believes the first: what all
 * tasks have comes first.
 */
function experiment(findings: Findings): HParams {
  return {
    kind: "experiment",
    hparams: hparamsOf(findings).map(({ name, description, value }) => ({ name, description, type: typeNameOf(value) })),
    metrics: [...new Set(["accuracy", "cross_entropy", ...Object.keys(findings.scored.metrics)])].map((tag) => ({
      tag,
      group: "",
    })),
  };
}

function typeNameOf(value: HParamValue): "string" | "number" | "boolean" {
  if (typeof value === "string") return "string";
  return typeof value === "number" ? "number" : "boolean";
}

/** Every update of a network in order, those of the refit last. */
function updatesOf(training: NetworkTraining | undefined): readonly UpdateRecord[] {
  return [...(training?.history.updates ?? []), ...(training?.refit?.updates ?? [])];
}

/** Where what was kept stands among what was tried, so that curves of validation and points of test line up. */
function chosenStep({ scored: { fit }, training }: Findings): number {
  if (training?.refit) return updatesOf(training).length - 1;
  if (training) return lastUpdate(training.history, training.history.best ?? training.history.epochs.length - 1);
  return Math.max(
    0,
    fit.grid.findIndex(({ l2 }) => l2 === fit.l2),
  );
}

function mostFrequent({ data, embedded }: Findings): number[] {
  const { length } = data.dataset.classes;
  const counts = countPositives(embedded.labels, [...embedded.placed.keys()], length);
  const order = Array.from(counts, (_, k) => k).sort((a, b) => counts[b] - counts[a] || a - b);
  return order.slice(0, SHOWN_LABELS).sort((a, b) => a - b);
}

/** What is undefined (nothing known, no positives) has no point. */
function addScalars(writer: EventWriter, step: number, values: Readonly<Record<string, number>>): void {
  for (const [tag, value] of Object.entries(values)) if (Number.isFinite(value)) writer.scalar(tag, value, step);
}
