import { join } from "node:path";
import { UserError } from "../errors.js";
import { writeFileAtomic } from "../files.js";
import { ACTIVATIONS } from "../learn/activations.js";
import { DECIDE } from "../learn/decide.js";
import { METRICS, type Metrics } from "../learn/metrics/report.js";
import type { LinearHead } from "../model/head-fit.js";
import { MANIFEST_KEY, type Manifest } from "../model/manifest.js";
import { readModel, withMetadata, writeModel } from "../onnx/index.js";
import { appendHead, views as averageViews, lastLayer } from "../onnx/surgery.js";
import { refuseFolder, writeFolder } from "../output-folder.js";
import { HEAD_OF_TASK, type Head, type Task } from "../task.js";
import { float32 } from "../tensor.js";
import { checkOptions } from "./check-options.js";
import { type HeadFit, trainHead } from "./fit.js";
import type { TrainOptions } from "./options.js";
import { type Counts, pickRows } from "./parts.js";
import {
  type EmbeddedData,
  embedData,
  fingerprint,
  gatherEmbeddings,
  openBackboneFor,
  openSplitData,
  type SplitData,
} from "./prepare.js";
import { writeRunFiles } from "./run.js";
import { logitsOf, meanOverViews } from "./score.js";

/** What `train` tells its caller: also the last line of `sigmax train --json`. */
export interface TrainResult {
  readonly task: Task;
  readonly head: Head;
  readonly classes: readonly string[];
  readonly counts: Counts;
  /** On the test part. */
  readonly test: Metrics;
  /** The same head on nothing but each band's mean, standard deviation, minimum and maximum. */
  readonly baseline: Metrics;
  /** Path of the classifier. */
  readonly classifier: string;
}

/** A head trained and scored on the test part. */
export interface ScoredHead {
  readonly head: Head;
  readonly fit: HeadFit;
  /** Rows of the test part, into the embedded samples. */
  readonly rows: readonly number[];
  readonly logits: Float32Array;
  readonly probabilities: Float32Array;
  readonly decisions: Uint8Array;
  readonly metrics: Metrics;
}

/** The file that marks a folder as a run. */
export const RUN_MARKER = "config.json";

/** Default seed of everything that draws at random. */
export const DEFAULT_SEED = 1;

/**
 * Trains a classifier and writes its run folder.
 *
 * @throws UserError for anything wrong with the data, the backbone or the options; the run folder then does not appear
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  checkOptions(options, ["data", "out"]);
  const { out, force = false, seed = DEFAULT_SEED } = options;
  refuseFolder(out, { force, marker: RUN_MARKER });
  const warnings: string[] = [];
  const onWarning = (message: string) => {
    warnings.push(message);
    options.onWarning?.(message);
  };
  const given = { ...options, seed, onWarning };
  const data = await openSplitData(given);
  const { dataset } = data;
  const head = options.head ?? HEAD_OF_TASK[dataset.task];

  const embedded = await gatherEmbeddings(data, given);
  const scored = await fitAndScore(data, embedded, head, given);
  const baseline = await scoreBaseline(data, embedded, scored, given);

  return writeFolder(out, { force, marker: RUN_MARKER }, async (folder) => {
    const manifest = manifestOf(data, embedded, scored);
    const classifier = buildClassifier(embedded, scored.fit.head, manifest);
    writeFileAtomic(join(folder, "classifier.onnx"), classifier);
    await writeRunFiles(folder, { options: { ...options, seed, head }, data, embedded, scored, baseline, manifest, warnings });
    return {
      task: dataset.task,
      head,
      classes: dataset.classes,
      counts: embedded.counts,
      test: scored.metrics,
      baseline,
      classifier: join(out, "classifier.onnx"),
    };
  });
}

/** Fits a head on train and validation, and scores it on test. */
export async function fitAndScore(
  data: SplitData,
  embedded: EmbeddedData,
  head: Head,
  options: Pick<TrainOptions, "l2" | "classWeights" | "signal" | "onProgress" | "onWarning"> & { readonly seed: number },
): Promise<ScoredHead> {
  const { task, classes } = data.dataset;
  const { embeddings, labels, placed, rows, views, backbone } = embedded;
  const size = backbone.embeddingSize;
  if (rows.train.length === 0) {
    throw new UserError("bad-data", "none of the training images can be read", {
      hint: "sigmax data inspect <data> lists them.",
    });
  }
  const fit = await trainHead({
    embeddings,
    views,
    size,
    labels,
    files: placed.map(({ sample }) => sample.file),
    groups: placed.map(({ sample }) => sample.group),
    train: rows.train,
    validation: rows.validation,
    task,
    head,
    classes,
    seed: options.seed,
    l2: options.l2,
    classWeights: options.classWeights ?? "none",
    signal: options.signal,
    onProgress: options.onProgress,
    onWarning: options.onWarning,
  });
  const test = rows.test;
  const logits = await logitsOf(fit.head, meanOverViews(pickRows(embeddings, views * size, test), views, size));
  return { head, fit, rows: test, logits, ...score(task, head, logits, pickRows(labels, classes.length, test), classes.length) };
}

/** Probabilities, decisions at the default rule and metrics of logits `[n, K]`. */
export function score(
  task: Task,
  head: Head,
  logits: Float32Array,
  labels: Int8Array,
  classes: number,
  thresholds?: readonly number[],
) {
  const probabilities = Float32Array.from(ACTIVATIONS[head](logits, classes));
  const decisions = DECIDE[task](probabilities, classes, thresholds);
  return { probabilities, decisions, metrics: METRICS[task](labels, probabilities, decisions, classes) };
}

/** 0.5 for every label. */
export function defaultThresholds(classes: number): number[] {
  return new Array<number>(classes).fill(0.5);
}

async function scoreBaseline(
  data: SplitData,
  embedded: EmbeddedData,
  scored: ScoredHead,
  options: TrainOptions & { readonly seed: number },
): Promise<Metrics> {
  if (embedded.backbone.id === "stats") return scored.metrics;
  const { cache, threads, runtime, signal, onProgress, onWarning } = options;
  const work = { signal, onProgress, onWarning };
  const stats = await openBackboneFor(data, { backbone: "stats", seed: options.seed, ...work });
  const baseline = await embedData(embedded.placed, stats, { cache, threads, runtime, ...work, stage: "baseline" });
  return (await fitAndScore(data, baseline, scored.head, { ...options, onProgress: undefined })).metrics;
}

function manifestOf(data: SplitData, embedded: EmbeddedData, scored: ScoredHead): Manifest {
  const { backbone, views } = embedded;
  const { id, sha256, embeddingSize, preprocess } = backbone;
  const { task, classes } = data.dataset;
  return {
    version: 1,
    task,
    head: scored.head,
    classes: [...classes],
    thresholds: defaultThresholds(classes.length),
    calibration: null,
    preprocess: preprocess && { ...preprocess, bands: [...preprocess.bands], range: [...preprocess.range] },
    backbone: { id, sha256, views, embeddingSize },
    dataset: { fingerprint: fingerprint(classes, embedded.placed), counts: embedded.counts },
    test: { ...scored.metrics },
  };
}

/** Backbone + head + manifest as one serialised ONNX model; the head alone where the backbone is not known. */
export function buildClassifier(
  { backbone, views }: Pick<EmbeddedData, "backbone" | "views">,
  { weights, bias }: LinearHead,
  manifest: Manifest,
): Uint8Array {
  const layer = {
    weights: float32([bias.length, weights.length / bias.length], weights),
    bias: float32([bias.length], bias),
    head: manifest.head,
  };
  const model =
    backbone.model === undefined
      ? lastLayer(layer)
      : appendHead(averageViews(readModel(backbone.model, { file: backbone.id }), views), layer);
  return writeModel(withMetadata(model, { [MANIFEST_KEY]: JSON.stringify(manifest) }));
}
