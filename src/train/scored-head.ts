import { UserError } from "../errors.js";
import { ACTIVATIONS } from "../learn/activations.js";
import { bootstrapIntervals, type Interval, type Intervals } from "../learn/bootstrap.js";
import { type Calibration, type CalibrationMethod, calibrate } from "../learn/calibration.js";
import { decide } from "../learn/decide.js";
import { type Metrics, openMetrics } from "../learn/metrics/report.js";
import type { Rule } from "../learn/rules.js";
import type { LinearHead } from "../model/head-fit.js";
import type { HeadLayer } from "../onnx/surgery.js";
import type { Head, Task } from "../task.js";
import { float32 } from "../tensor.js";
import { type HeadFit, trainHead } from "./fit.js";
import type { TrainOptions } from "./options.js";
import { pickRows } from "./parts.js";
import type { EmbeddedData, SplitData } from "./prepare.js";
import { logitsOf, meanOverViews } from "./score.js";
import { calibrationOf, type Tuning, tune } from "./tune.js";

/** A head trained, calibrated, its thresholds tuned, and scored on the test part as the classifier will predict. */
export interface ScoredHead {
  readonly head: Head;
  /** Calibrated: its head, and its out-of-fold logits. */
  readonly fit: HeadFit;
  /** The calibrated head, as it goes into the classifier. */
  readonly layer: HeadLayer;
  readonly tuning: Tuning;
  /** Rows of the test part, into the embedded samples. */
  readonly rows: readonly number[];
  /** Of the test part, `[n, K]` of 1, 0 and −1 (unknown). */
  readonly labels: Int8Array;
  /** Calibrated. */
  readonly logits: Float32Array;
  readonly probabilities: Float32Array;
  /** With the tuned thresholds. */
  readonly decisions: Uint8Array;
  readonly metrics: Metrics;
  /** 95 % intervals of the metrics; none where they were not asked for. */
  readonly intervals: Intervals;
  /** The head before calibration, and the test part under it. */
  readonly uncalibrated: { readonly head: LinearHead; readonly probabilities: Float32Array; readonly metrics: Metrics };
  /** The same probabilities with every threshold at 0.5. */
  readonly atHalf: { readonly decisions: Uint8Array; readonly metrics: Metrics };
}

/** What is told of a scored head: in the result of a training, and in `metrics.json`. */
export interface HeadScores {
  /** On the test part, decided as the classifier decides. */
  readonly test: Metrics;
  /** 95 % intervals of `test`: where drawing the test images again would lead. */
  readonly intervals: Intervals;
  /** The same with every threshold at 0.5; only where thresholds were tuned. */
  readonly atHalf?: Metrics;
  /** `[K]`. */
  readonly thresholds: readonly number[];
  /** 95 % intervals of the thresholds `[K]`; only where they were tuned. */
  readonly thresholdIntervals?: readonly Interval[];
  /** How the probabilities were calibrated, and their expected calibration error on the test part before and after. */
  readonly calibration: {
    readonly method: CalibrationMethod;
    readonly ece?: { readonly before: number; readonly after: number };
  };
}

/** What is told of a scored head. */
export function headScores(scored: ScoredHead): HeadScores {
  const { metrics, intervals, atHalf, tuning } = scored;
  const { method, ece } = calibrationOf(scored) ?? { ...tuning.calibration, ece: undefined };
  return {
    test: metrics,
    intervals,
    ...(tuning.tuned !== null && { atHalf: atHalf.metrics }),
    thresholds: tuning.thresholds,
    ...(tuning.tuned !== null && { thresholdIntervals: tuning.tuned.intervals }),
    calibration: { method, ...(ece !== undefined && { ece }) },
  };
}

/** How a head is calibrated, tuned and scored. */
export interface ScoreOptions extends Pick<TrainOptions, "goal" | "minPrecision"> {
  readonly seed: number;
  /** Bootstrap the intervals of the metrics. Default true. */
  readonly intervals?: boolean;
}

/** How a head is fitted to embedded images. */
export interface FitHeadOptions
  extends Pick<TrainOptions, "l2" | "classWeights" | "loss" | "signal" | "onProgress" | "onWarning"> {
  readonly seed: number;
  /** Cross-fit out-of-fold logits, to calibrate and tune on. Default true. */
  readonly outOfFold?: boolean;
}

/** Fits a head on train and validation, calibrates and tunes it on out-of-fold logits, and scores it on test. */
export async function fitAndScore(
  data: SplitData,
  embedded: EmbeddedData,
  head: Head,
  options: ScoreOptions & FitHeadOptions,
): Promise<ScoredHead> {
  return scoreFit(data, embedded, head, await fitHead(data, embedded, head, options), options);
}

/**
 * Fits a head on the train and validation rows of embedded images.
 *
 * @throws UserError `bad-data` where no training image can be read, and as `trainHead`
 */
export async function fitHead(data: SplitData, embedded: EmbeddedData, head: Head, options: FitHeadOptions): Promise<HeadFit> {
  const { embeddings, labels, placed, rows, views, backbone } = embedded;
  if (rows.train.length === 0) {
    throw new UserError("bad-data", "none of the training images can be read", {
      hint: "sigmax data inspect <data> lists them.",
    });
  }
  return trainHead({
    embeddings,
    views,
    size: backbone.embeddingSize,
    labels,
    files: placed.map(({ sample }) => sample.file),
    groups: placed.map(({ sample }) => sample.group),
    train: rows.train,
    validation: rows.validation,
    task: data.dataset.task,
    head,
    classes: data.dataset.classes,
    seed: options.seed,
    outOfFold: options.outOfFold,
    l2: options.l2,
    classWeights: options.classWeights ?? "none",
    loss: options.loss,
    signal: options.signal,
    onProgress: options.onProgress,
    onWarning: options.onWarning,
  });
}

/** Calibrates and tunes a fitted head on its out-of-fold logits, and scores it on test. */
export async function scoreFit(
  data: SplitData,
  embedded: EmbeddedData,
  head: Head,
  raw: HeadFit,
  options: ScoreOptions,
): Promise<ScoredHead> {
  const { task } = data.dataset;
  const { embeddings, labels, placed, rows, views, backbone } = embedded;
  const classes = data.dataset.classes.length;
  const groups = placed.map(({ sample }) => sample.group);
  const size = backbone.embeddingSize;
  const tuning = tune({
    task,
    head,
    classes,
    labels: pickRows(labels, classes, raw.outOfFold.rows),
    logits: raw.outOfFold.logits,
    groups: raw.outOfFold.rows.map((row) => groups[row]),
    goal: options.goal,
    minPrecision: options.minPrecision,
    seed: options.seed,
  });
  const fit = calibrateFit(raw, tuning.calibration);
  const features = meanOverViews(embeddings, views, size, rows.test);
  const truth = pickRows(labels, classes, rows.test);
  const logits = await logitsOf(fit.head, features);
  const judge = (given: Float32Array, thresholds?: readonly number[]) =>
    score(task, head, given, truth, classes, thresholds, data.rules);
  const { measure, ...scored } = judge(logits, tuning.thresholds);
  const { bias, weights } = fit.head;
  return {
    head,
    fit,
    layer: { weights: float32([classes, size], weights), bias: float32([classes], bias), head },
    tuning,
    rows: rows.test,
    labels: truth,
    logits,
    ...scored,
    intervals:
      options.intervals === false || rows.test.length === 0
        ? {}
        : bootstrapIntervals(measure, {
            rows: rows.test.length,
            classes,
            groups: rows.test.map((row) => groups[row]),
            seed: options.seed,
          }),
    uncalibrated: { head: raw.head, ...judge(await logitsOf(raw.head, features)) },
    atHalf: tuning.tuned === null ? scored : judge(logits),
  };
}

/** A calibrated linear head is a linear head: z′ₖ = sₖ (wₖ·x + bₖ) + tₖ, so that nothing but its numbers changes. */
function calibrateFit(fit: HeadFit, calibration: Calibration): HeadFit {
  const { rows, logits } = fit.outOfFold;
  return { ...fit, head: calibrateHead(fit.head, calibration), outOfFold: { rows, logits: calibrate(calibration, logits) } };
}

function calibrateHead({ weights, bias }: LinearHead, { scale, shift }: Calibration): LinearHead {
  const size = weights.length / bias.length;
  return {
    weights: weights.map((weight, i) => scale[Math.floor(i / size)] * weight),
    bias: bias.map((value, k) => scale[k] * value + shift[k]),
  };
}

/** Probabilities, decisions and metrics of logits `[n, K]`, and their measure under other weights; every threshold 0.5 by default. */
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
  const measure = openMetrics(task, labels, probabilities, decisions, classes);
  return { probabilities, decisions, measure, metrics: measure() };
}
