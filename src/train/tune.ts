import { UserError } from "../errors.js";
import { ACTIVATIONS } from "../learn/activations.js";
import type { Interval } from "../learn/bootstrap.js";
import { CALIBRATE, type Calibration, calibrate, identityCalibration } from "../learn/calibration.js";
import { DECIDE, DEFAULT_THRESHOLD } from "../learn/decide.js";
import { classScores, countCells } from "../learn/metrics/counts.js";
import type { Metrics } from "../learn/metrics/report.js";
import { DEFAULT_MIN_PRECISION, type Goal, tuneThresholds } from "../learn/thresholds.js";
import type { Manifest } from "../model/manifest.js";
import type { Head, Task } from "../task.js";

/** What thresholds are tuned for, and how it is drawn. */
export interface GoalOptions {
  /** What each label's threshold is best for, on logits of samples that the head has not seen. Default f1. */
  readonly goal?: Goal | undefined;
  /** Of the goal `recall`: the least precision. Default 0.8. */
  readonly minPrecision?: number | undefined;
}

/** Logits of samples that the head has not seen. */
export interface TuneOptions extends GoalOptions {
  readonly task: Task;
  readonly head: Head;
  readonly classes: number;
  /** `[N, K]` of 1, 0 and −1 (unknown). */
  readonly labels: Int8Array;
  /** `[N, K]`; N may be 0. */
  readonly logits: Float32Array;
  /** `[N]`: samples of one group are drawn together for the intervals. */
  readonly groups?: readonly (string | undefined)[] | undefined;
  readonly seed: number;
}

/** How the decisions of one label fare. */
export interface LabelScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly f2: number;
}

/** Thresholds of labels that are decided on one by one, and what they are worth where they were tuned. */
export interface Tuned {
  readonly goal: Goal;
  /** Of the goal `recall`. */
  readonly minPrecision?: number;
  /** 95 % intervals of the thresholds `[K]`. */
  readonly intervals: readonly Interval[];
  /** `[K]`, every threshold 0.5. */
  readonly atHalf: readonly LabelScores[];
  /** `[K]`, with the thresholds. */
  readonly atTuned: readonly LabelScores[];
}

/** What out-of-fold logits say of calibration and thresholds. */
export interface Tuning {
  readonly calibration: Calibration;
  /** `[K]`, on calibrated probabilities. */
  readonly thresholds: readonly number[];
  /** Null where nothing was tuned: decisions of a multiclass task compare classes, and without out-of-fold logits there is nothing to see. */
  readonly tuned: Tuned | null;
}

/** Calibrates, and tunes thresholds on the calibrated probabilities. */
export function tune(options: TuneOptions): Tuning {
  const { task, head, classes, labels, logits } = options;
  const thresholds = defaultThresholds(classes);
  if (labels.length === 0) return { calibration: identityCalibration(classes), thresholds, tuned: null };
  const calibration = CALIBRATE[task][head](labels, logits, classes);
  return { calibration, thresholds, tuned: null, ...TUNE[task]?.({ ...options, logits: calibrate(calibration, logits) }) };
}

/** What the manifest says of the calibration; null where there was none. */
export function calibrationOf({
  tuning: { calibration },
  uncalibrated,
  metrics,
}: {
  readonly tuning: Tuning;
  readonly uncalibrated: { readonly metrics: Metrics };
  readonly metrics: Metrics;
}): Manifest["calibration"] {
  const { method, scale, shift } = calibration;
  if (method === "none") return null;
  const [before, after] = [uncalibrated.metrics.ece, metrics.ece];
  return {
    method,
    scale: [...scale],
    shift: [...shift],
    ...(before !== undefined && after !== undefined && { ece: { before, after } }),
  };
}

/** What the manifest says of the thresholds; null where they were not tuned. */
export function tuningOf(tuned: Tuned | null): NonNullable<Manifest["tuning"]> | null {
  if (tuned === null) return null;
  const { goal, minPrecision, intervals } = tuned;
  return { goal, ...(minPrecision !== undefined && { minPrecision }), intervals: intervals.map(([low, high]) => [low, high]) };
}

/** @throws UserError `usage` for a goal where no threshold is, and for a least precision that nothing asks for */
export function checkGoal(task: Task, { goal, minPrecision }: GoalOptions): void {
  if (minPrecision !== undefined && goal !== "recall") {
    throw new UserError("usage", `a least precision of ${minPrecision} belongs to the goal recall, not to ${goal ?? "f1"}`, {
      hint: "Give --goal recall with --min-precision, or leave --min-precision out.",
    });
  }
  if (goal !== undefined && TUNE[task] === undefined) {
    throw new UserError("usage", `thresholds belong to multi-label tasks; this one is ${task}`, {
      hint: "A multiclass task takes the most probable class: leave --goal out.",
    });
  }
}

/** Which tasks have thresholds: labels that are independent of each other. */
export const TUNE: Readonly<Record<Task, ((options: TuneOptions) => Pick<Tuning, "thresholds" | "tuned">) | undefined>> = {
  multiclass: undefined,
  multilabel(options) {
    const { goal = "f1", minPrecision = DEFAULT_MIN_PRECISION } = options;
    const { thresholds, intervals } = tuneThresholds({ ...options, goal, minPrecision });
    const half = defaultThresholds(options.classes);
    return {
      thresholds,
      tuned: {
        goal,
        ...(goal === "recall" && { minPrecision }),
        intervals,
        atHalf: labelScoresAt(half, options),
        atTuned: labelScoresAt(thresholds, options),
      },
    };
  },
};

/** The scores of every label `[K]` under thresholds `[K]`. */
export function labelScoresAt(
  thresholds: readonly number[],
  { head, classes, labels, logits }: Pick<TuneOptions, "head" | "classes" | "labels" | "logits">,
): LabelScores[] {
  const decisions = DECIDE.multilabel(ACTIVATIONS[head](logits, classes), classes, thresholds);
  const counts = countCells(labels, decisions, classes);
  const twos = classScores(counts, { beta: 2 });
  return classScores(counts).map(({ precision, recall, fbeta }, k) => ({ precision, recall, f1: fbeta, f2: twos[k].fbeta }));
}

/** The same threshold for every label, where none was tuned. */
export function defaultThresholds(classes: number): number[] {
  return new Array<number>(classes).fill(DEFAULT_THRESHOLD);
}
