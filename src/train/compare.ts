import { basename, join, resolve } from "node:path";
import { mapInOrder } from "../concurrency.js";
import { writeFileAtomic } from "../files.js";
import { ACTIVATIONS } from "../learn/activations.js";
import { DECIDE } from "../learn/decide.js";
import { calibrationError, reliability } from "../learn/metrics/calibration.js";
import { meanOf } from "../learn/metrics/counts.js";
import { logLoss } from "../learn/metrics/multiclass.js";
import { cellLogLoss, squaredError } from "../learn/metrics/multilabel.js";
import { averagePrecision, perClass, rocAuc } from "../learn/metrics/ranking.js";
import { METRICS, type Metrics } from "../learn/metrics/report.js";
import { METRIC_ROWS } from "../learn/metrics/rows.js";
import { bestF1Thresholds } from "../learn/thresholds.js";
import { refuseFolder, writeFolder } from "../output-folder.js";
import type { WorkOptions } from "../progress.js";
import { DEFAULT_SEED } from "../random.js";
import { renderCompareReport } from "../report/compare.js";
import type { ComparedHead, ComparedImage, CompareReport, DecisionRule, SetSizes } from "../report/compare-data.js";
import { pickImages } from "../report/compare-images.js";
import type { Head, Task } from "../task.js";
import { VERSION } from "../version.js";
import { checkOptions } from "./check-options.js";
import type { BackboneOptions, DataOptions } from "./options.js";
import { pickRows } from "./parts.js";
import { type EmbeddedData, gatherEmbeddings, openSplitData, type SplitData } from "./prepare.js";
import { fitAndScore, type ScoredHead } from "./scored-head.js";
import { DECODED_AT_ONCE, thumbnailOf } from "./thumbnails.js";

export interface CompareOptions extends DataOptions, BackboneOptions, WorkOptions {
  /** Folder to write: compare.html and compare.json. */
  readonly out: string;
  readonly force?: boolean | undefined;
  readonly seed?: number | undefined;
  /** The command line to show in the report. */
  readonly command?: string | undefined;
}

/** What `compare` found; the report is at `html`. */
export interface CompareResult {
  readonly report: CompareReport;
  readonly html: string;
}

/** The file that marks a folder as a comparison. */
export const COMPARE_MARKER = "compare.json";

/** The rules that make sense for each head on each task: sets make no sense of single labels, argmax none of sigmoid's sets. */
const RULES: Readonly<Record<Task, Readonly<Record<Head, readonly DecisionRule[]>>>> = {
  multiclass: { softmax: ["argmax"], sigmoid: ["argmax"] },
  multilabel: { softmax: ["half", "tuned", "argmax"], sigmoid: ["half", "tuned"] },
};

/** Metrics that need no threshold. */
const THRESHOLD_FREE: readonly string[] = ["mapMacro", "aucMacro", "logLoss", "brier", "ece"];

/**
 * Trains both heads on the same embeddings and the same split, and writes one offline page that shows what differs.
 *
 * @throws UserError for anything wrong with the data, the backbone or the options
 */
export async function compare(options: CompareOptions): Promise<CompareResult> {
  checkOptions(options, ["data", "out"]);
  const { out, force = false, seed = DEFAULT_SEED } = options;
  refuseFolder(out, { force, marker: COMPARE_MARKER });
  const data = await openSplitData({ ...options, seed });
  const embedded = await gatherEmbeddings(data, { ...options, seed });
  const scored = {
    softmax: await fitAndScore(data, embedded, "softmax", { ...options, seed }),
    sigmoid: await fitAndScore(data, embedded, "sigmoid", { ...options, seed }),
  };
  const report = await gather(options, seed, data, embedded, scored);
  return writeFolder(out, { force, marker: COMPARE_MARKER }, async (folder) => {
    writeFileAtomic(join(folder, "compare.html"), renderCompareReport(report));
    writeFileAtomic(join(folder, COMPARE_MARKER), `${JSON.stringify(summary(report), null, 2)}\n`);
    return { report, html: join(out, "compare.html") };
  });
}

/** The report without its pictures: what `--json` prints and `compare.json` holds. */
export function summary(report: CompareReport): Omit<CompareReport, "images"> {
  const { images: _images, ...rest } = report;
  return rest;
}

async function gather(
  options: CompareOptions,
  seed: number,
  { dataset }: SplitData,
  embedded: EmbeddedData,
  scored: Readonly<Record<Head, ScoredHead>>,
): Promise<CompareReport> {
  const { task, classes } = dataset;
  const width = classes.length;
  const rows = embedded.rows.test;
  const labels = pickRows(embedded.labels, width, rows);
  const samples = rows.map((row) => embedded.placed[row].sample);
  const chosen = pickImages({ files: samples.map(({ file }) => file), labels, classes: width, heads: scored });
  const sampleOf = new Map(samples.map((sample) => [sample.file, sample]));
  const images: ComparedImage[] = [];
  const picture = async (image: ComparedImage): Promise<ComparedImage> => {
    const sample = sampleOf.get(image.file);
    return sample === undefined ? image : { ...image, ...(await thumbnailOf(sample)) };
  };
  for await (const image of mapInOrder(chosen, DECODED_AT_ONCE, picture)) images.push(image);
  return {
    dataset: basename(resolve(options.data)),
    task,
    classes,
    backbone: embedded.backbone.id,
    seed,
    counts: embedded.counts,
    testLabels: setSizes(
      labels.map((label) => Number(label === 1)),
      width,
    ),
    leftOutOfSoftmaxLoss: scored.softmax.fit.leftOut,
    heads: {
      softmax: comparedHead(task, labels, embedded, scored.softmax, width),
      sigmoid: comparedHead(task, labels, embedded, scored.sigmoid, width),
    },
    images,
    command: options.command ?? "",
    version: VERSION,
  };
}

function comparedHead(task: Task, labels: Int8Array, embedded: EmbeddedData, scored: ScoredHead, classes: number): ComparedHead {
  const { probabilities, head, fit } = scored;
  const known = Array.from(labels.keys()).filter((i) => labels[i] >= 0);
  const bins = reliability(
    known.map((i) => probabilities[i]),
    known.map((i) => labels[i]),
  );
  const decisions = RULES[task][head].map((rule) => {
    const decided = DECISIONS[rule](probabilities, classes, () => tunedThresholds(embedded, scored, classes));
    return { rule, metrics: decisionMetrics(METRICS[task](labels, probabilities, decided, classes)) };
  });
  return {
    l2: fit.l2,
    thresholdFree: thresholdFree(task, labels, probabilities, calibrationError(bins)?.expected, classes),
    decisions,
    reliability: bins.map(({ meanConfidence, accuracy, count }) => ({ probability: meanConfidence, fraction: accuracy, count })),
    setsAtHalf: setSizes(
      DECISIONS.half(probabilities, classes, () => []),
      classes,
    ),
    averagePrecision: perClass(averagePrecision, labels, probabilities, classes).map((value) => value ?? Number.NaN),
  };
}

/** How each rule turns probabilities `[n, K]` into decisions. */
const DECISIONS: Readonly<
  Record<DecisionRule, (probabilities: Float32Array, classes: number, thresholds: () => readonly number[]) => Uint8Array>
> = {
  argmax: (probabilities, classes) => DECIDE.multiclass(probabilities, classes),
  half: (probabilities, classes) => DECIDE.multilabel(probabilities, classes),
  tuned: (probabilities, classes, thresholds) => DECIDE.multilabel(probabilities, classes, thresholds()),
};

/** Thresholds of best F1 on out-of-fold probabilities: of samples that the head behind them has not seen. */
function tunedThresholds(embedded: EmbeddedData, { head, fit }: ScoredHead, classes: number): readonly number[] {
  const { rows, logits } = fit.outOfFold;
  return bestF1Thresholds(pickRows(embedded.labels, classes, rows), ACTIVATIONS[head](logits, classes), classes);
}

function thresholdFree(
  task: Task,
  labels: Int8Array,
  probabilities: Float32Array,
  ece: number | undefined,
  classes: number,
): Metrics {
  const all: Readonly<Record<string, number | undefined>> = {
    mapMacro: meanOf(perClass(averagePrecision, labels, probabilities, classes)),
    aucMacro: meanOf(perClass(rocAuc, labels, probabilities, classes)),
    logLoss: LOG_LOSS[task](labels, probabilities, classes),
    brier: squaredError(labels, probabilities),
    ece,
  };
  return Object.fromEntries(THRESHOLD_FREE.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])));
}

const LOG_LOSS: Readonly<Record<Task, (labels: Int8Array, probabilities: Float32Array, classes: number) => number | undefined>> =
  {
    multiclass: logLoss,
    multilabel: (labels, probabilities) => cellLogLoss(labels, probabilities),
  };

/** The metrics of a task that depend on the decisions. */
function decisionMetrics(metrics: Metrics): Metrics {
  return Object.fromEntries(Object.entries(metrics).filter(([name]) => METRIC_ROWS[name].needsDecisions));
}

/** How many rows of a 0/1 matrix `[n, K]` hold no, one, several ones. */
function setSizes(matrix: ArrayLike<number>, classes: number): SetSizes {
  const sizes = { none: 0, one: 0, several: 0 };
  for (let start = 0; start < matrix.length; start += classes) {
    let ones = 0;
    for (let k = 0; k < classes; k++) ones += matrix[start + k];
    sizes[ones === 0 ? "none" : ones === 1 ? "one" : "several"]++;
  }
  return sizes;
}
