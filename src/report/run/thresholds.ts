import { DEFAULT_THRESHOLD } from "../../learn/decide.js";
import { scoresOf } from "../../learn/metrics/counts.js";
import type { RunReport } from "../run-data.js";

/** The thresholds that the classifier ships `[K]`. */
export function thresholdsOf({ classes, perLabel }: Pick<RunReport, "classes" | "perLabel">): number[] {
  return classes.map((_, k) => perLabel?.[k]?.threshold ?? DEFAULT_THRESHOLD);
}

/** How one label fared at one threshold. */
export interface Outcomes {
  /** Given and there. */
  readonly tp: number;
  /** Given and not there. */
  readonly fp: number;
  /** There and not given. */
  readonly fn: number;
  /** Neither. */
  readonly tn: number;
}

/** Counts label k of labels `[N, K]` against values `[N, K]` that say it from `threshold` on; unknown labels are left out. */
export function outcomesAt(
  {
    labels,
    values,
    classes,
  }: { readonly labels: ArrayLike<number>; readonly values: ArrayLike<number>; readonly classes: number },
  k: number,
  threshold: number,
): Outcomes {
  let [tp, fp, fn, tn] = [0, 0, 0, 0];
  for (let i = k; i < labels.length; i += classes) {
    if (labels[i] < 0) continue;
    if (values[i] >= threshold) {
      if (labels[i] === 1) tp++;
      else fp++;
    } else if (labels[i] === 1) fn++;
    else tn++;
  }
  return { tp, fp, fn, tn };
}

/** The columns that moving a threshold changes, as `data-score` names them. */
export const LIVE_SCORES = ["precision", "recall", "f1", "f2"] as const;

/** Scores of one label whose outcomes are known; 0/0 is 0, as everywhere in the report. */
export function liveScores({ tp, fp, fn }: { readonly tp: number; readonly fp: number; readonly fn: number }) {
  const { precision, recall, fbeta } = scoresOf(tp, fp, fn);
  return { precision, recall, f1: fbeta, f2: scoresOf(tp, fp, fn, { beta: 2 }).fbeta };
}

/** One answer with its probability. */
export interface Answer {
  readonly confidence: number;
  readonly right: boolean;
}

/** The share of answers from a probability on, and the share of those that are right (NaN without any). */
export function answeredFrom(answers: readonly Answer[], at: number): { readonly answered: number; readonly accuracy: number } {
  const given = answers.filter(({ confidence }) => confidence >= at);
  return { answered: given.length / answers.length, accuracy: given.filter(({ right }) => right).length / given.length };
}
