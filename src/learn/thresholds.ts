import type { Head } from "../task.js";
import { LOG_ODDS, sigmoid } from "./activations.js";
import { bootstrapIntervals, type Interval } from "./bootstrap.js";
import { openPlatt } from "./calibration.js";
import { DEFAULT_THRESHOLD } from "./decide.js";

/** What thresholds are tuned for. */
export const GOALS = ["f1", "f2", "recall"] as const;
export type Goal = (typeof GOALS)[number];

/** The least precision of the goal `recall`, where none is given. */
export const DEFAULT_MIN_PRECISION = 0.8;

/** Worth of saying `said` labels, `hits` of which are among the `positives`; the more the better. */
type Worth = (hits: number, said: number, positives: number) => number;

/** What each goal wants. */
const WORTHS: Readonly<Record<Goal, (minPrecision: number) => Worth>> = {
  f1: () => fBeta(1),
  f2: () => fBeta(2),
  /** Recall where the precision is high enough; below, the more precise the better, and less than any recall. */
  recall: (minPrecision) => (hits, said, positives) => (hits >= minPrecision * said ? hits / positives : hits / said - 1),
};

/** (1 + β²) hits / (said + β² positives). */
function fBeta(beta: number): Worth {
  const b2 = beta * beta;
  return (hits, said, positives) => ((1 + b2) * hits) / (said + b2 * positives);
}

/** What each goal makes of the tuned score of a label and the one that is best by counting: a least precision takes the stricter. */
const SETTLED: Readonly<Record<Goal, (tuned: number, counted: () => number) => number>> = {
  f1: (tuned) => tuned,
  f2: (tuned) => tuned,
  recall: (tuned, counted) => Math.max(tuned, counted()),
};

/** Positives for which a label's own threshold and that of all labels count the same; chosen in docs/decisions/0005. */
const KAPPA = 10;
/** Resamples for the intervals, fewer where there are many cells. */
const RESAMPLES = { least: 100, most: 400, cells: 4_000_000 } as const;

/** What thresholds are tuned on, and for. */
export interface ThresholdOptions {
  /** `[N, K]` of 1, 0 and −1 (unknown, left out). */
  readonly labels: Int8Array;
  /** `[N, K]`, of samples that the head has not seen. */
  readonly logits: ArrayLike<number>;
  readonly head: Head;
  readonly classes: number;
  /** Default f1. */
  readonly goal?: Goal | undefined;
  /** Of the goal `recall`. Default 0.8. */
  readonly minPrecision?: number | undefined;
  /** `[N]`: samples of one group are drawn together for the intervals. */
  readonly groups?: readonly (string | undefined)[] | undefined;
  readonly seed: number;
  readonly resamples?: number | undefined;
}

/** Thresholds `[K]` on probabilities, and between which values they would lie on other samples of the same kind. */
export interface TunedThresholds {
  readonly thresholds: readonly number[];
  readonly intervals: readonly Interval[];
}

/**
 * One threshold per label that is best for the goal. Hits are not counted but expected: each sample adds the probability of its label
 * as a Platt calibration of these very samples has it, which is far less jumpy than counting and, on samples not used for tuning,
 * better. Thresholds of rare labels are drawn, in log-odds, towards the one that is best for all labels together: their own
 * counts positives / (positives + κ).
 */
export function tuneThresholds(options: ThresholdOptions): TunedThresholds {
  const { labels, head, classes, goal = "f1", minPrecision = DEFAULT_MIN_PRECISION, groups, seed } = options;
  const odds = LOG_ODDS[head](options.logits, classes);
  const tune = openTuner(labels, odds, classes, WORTHS[goal](minPrecision), SETTLED[goal]);
  const rows = labels.length / classes;
  const { least, most, cells } = RESAMPLES;
  const resamples = options.resamples ?? Math.min(most, Math.max(least, Math.round(cells / Math.max(1, labels.length))));
  const thresholds = tune();
  const intervals = bootstrapIntervals((weights) => Object.fromEntries(tune(weights).entries()), {
    rows,
    groups,
    seed,
    resamples,
  });
  return { thresholds, intervals: thresholds.map((threshold, k) => intervals[k] ?? [threshold, threshold]) };
}

/** Tunes under weights of the rows. */
function openTuner(
  labels: Int8Array,
  odds: Float64Array,
  classes: number,
  worth: Worth,
  settle: (typeof SETTLED)[Goal],
): (weights?: Float64Array) => number[] {
  const calibrate = openPlatt(labels, odds, classes);
  const columns = Array.from({ length: classes }, (_, k) => descending(odds, knownCells(labels, classes, k)));
  const everything = descending(
    odds,
    columns.flatMap((column) => [...column]),
  );
  const expected = new Float64Array(odds.length);
  return (weights) => {
    const lines = calibrate(weights)?.lines;
    if (lines === undefined) return new Array<number>(classes).fill(DEFAULT_THRESHOLD);
    const weightOf = (cell: number) => weights?.[Math.floor(cell / classes)] ?? 1;
    for (let j = 0; j < odds.length; j++) expected[j] = sigmoid(lines[j % classes][0] * odds[j] + lines[j % classes][1]);
    const cut = (cells: Uint32Array, hits: ArrayLike<number> = expected) => bestCut(cells, odds, hits, weightOf, worth);
    const shared = cut(everything);
    return columns.map((cells) => {
      let positives = 0;
      for (const cell of cells) if (labels[cell] === 1) positives += weightOf(cell);
      if (positives === 0) return sigmoid(shared);
      const tuned = shared + (positives / (positives + KAPPA)) * (cut(cells) - shared);
      return sigmoid(settle(tuned, () => cut(cells, labels)));
    });
  };
}

function knownCells(labels: Int8Array, classes: number, k: number): number[] {
  return Array.from({ length: labels.length / classes }, (_, row) => row * classes + k).filter((cell) => labels[cell] >= 0);
}

function descending(scores: ArrayLike<number>, cells: readonly number[]): Uint32Array {
  return Uint32Array.from(cells).sort((a, b) => scores[b] - scores[a] || a - b);
}

/**
 * The score from which saying the label is worth most, midway between neighbours, so that it does not hang on one sample; of equally
 * good ones the highest. At least one sample is said.
 *
 * @param cells from the highest score to the lowest
 * @param hits what each cell adds to the hits: its label, or how probable it is
 */
function bestCut(
  cells: Uint32Array,
  scores: ArrayLike<number>,
  hits: ArrayLike<number>,
  weightOf: (cell: number) => number,
  worth: Worth,
): number {
  let positives = 0;
  for (const cell of cells) positives += weightOf(cell) * hits[cell];
  let best = Number.NEGATIVE_INFINITY;
  let at = Number.POSITIVE_INFINITY;
  let [hit, said, last] = [0, 0, Number.NaN];
  const consider = (next: number) => {
    const value = worth(hit, said, positives);
    if (!(value > best)) return;
    best = value;
    at = (last + next) / 2;
  };
  for (const cell of cells) {
    const weight = weightOf(cell);
    if (weight === 0) continue;
    // Tied samples are said or not said together.
    if (said > 0 && scores[cell] < last) consider(scores[cell]);
    hit += weight * hits[cell];
    said += weight;
    last = scores[cell];
  }
  if (said > 0) consider(last - 2);
  return at;
}

/**
 * The threshold that is best on these samples, hits counted: what {@link tuneThresholds} is held against.
 *
 * @param labels `[N]`: 1, 0 or −1 (unknown, left out)
 * @param scores `[N]`
 * @returns undefined without a positive
 */
export function bestThreshold(
  labels: Int8Array,
  scores: ArrayLike<number>,
  goal: Goal = "f1",
  minPrecision = DEFAULT_MIN_PRECISION,
): number | undefined {
  if (!labels.includes(1)) return undefined;
  return bestCut(descending(scores, knownCells(labels, 1, 0)), scores, labels, () => 1, WORTHS[goal](minPrecision));
}
