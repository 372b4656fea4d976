import { UserError } from "../errors.js";
import { ACTIVATIONS } from "../learn/activations.js";
import { DEFAULT_THRESHOLD, decide } from "../learn/decide.js";
import { METRICS, type Metrics } from "../learn/metrics/report.js";
import type { Rule } from "../learn/rules.js";
import type { Head, Task } from "../task.js";
import { type HeadFit, trainHead } from "./fit.js";
import type { TrainOptions } from "./options.js";
import { pickRows } from "./parts.js";
import type { EmbeddedData, SplitData } from "./prepare.js";
import { logitsOf, meanOverViews } from "./score.js";

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

/** Fits a head on train and validation, and scores it on test. */
export async function fitAndScore(
  data: SplitData,
  embedded: EmbeddedData,
  head: Head,
  options: Pick<TrainOptions, "l2" | "classWeights" | "loss" | "signal" | "onProgress" | "onWarning"> & {
    readonly seed: number;
    /** Whether anybody reads the out-of-fold logits. Default true. */
    readonly outOfFold?: boolean;
  },
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
    outOfFold: options.outOfFold,
    l2: options.l2,
    classWeights: options.classWeights ?? "none",
    loss: options.loss,
    signal: options.signal,
    onProgress: options.onProgress,
    onWarning: options.onWarning,
  });
  const test = rows.test;
  const logits = await logitsOf(fit.head, meanOverViews(pickRows(embeddings, views * size, test), views, size));
  return {
    head,
    fit,
    rows: test,
    logits,
    ...score(task, head, logits, pickRows(labels, classes.length, test), classes.length, undefined, data.rules),
  };
}

/** Probabilities, decisions at the default rule and metrics of logits `[n, K]`. */
export function score(
  task: Task,
  head: Head,
  logits: Float32Array,
  labels: Int8Array,
  classes: number,
  thresholds?: readonly number[],
  rules?: readonly Rule[],
) {
  const probabilities = Float32Array.from(ACTIVATIONS[head](logits, classes));
  const decisions = decide(task, probabilities, classes, thresholds, rules);
  return { probabilities, decisions, metrics: METRICS[task](labels, probabilities, decisions, classes) };
}

/** The same threshold for every label, where none was tuned. */
export function defaultThresholds(classes: number): number[] {
  return new Array<number>(classes).fill(DEFAULT_THRESHOLD);
}
