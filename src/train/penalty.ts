import { ACTIVATIONS } from "../learn/activations.js";
import { DECIDE } from "../learn/decide.js";
import { METRICS, type Metrics } from "../learn/metrics/report.js";
import { type Lesson, type LinearHead, ROUGH } from "../model/head-fit.js";
import { rowLosses } from "../model/head-weights.js";
import type { Head, HeadLoss, Task } from "../task.js";

/** One penalty that was tried. */
export interface GridPoint {
  readonly l2: number;
  /** Penalty excluded. */
  readonly trainLoss: number;
  /** On samples that the head has not seen. */
  readonly validationLoss: number;
  readonly validationMetrics: Metrics;
}

/** Samples to learn from, and others to judge by. */
export interface Trial {
  /** Labels `[n, K]` of the samples to judge by. */
  readonly labels: Int8Array;
  /** Gets the features of both ready; called once, when the trial begins. */
  readonly open: () => {
    readonly lesson: Lesson;
    /** Logits `[n, K]` of the samples to judge by. */
    readonly logitsOf: (head: LinearHead) => Promise<Float32Array>;
  };
}

/** What is trained, and who listens. */
export interface PenaltySearch {
  readonly task: Task;
  readonly head: Head;
  readonly classes: number;
  /**
   * Penalties are judged by the loss that is trained. Focal losses leave probabilities less sure than they should be until they are
   * calibrated; cross-entropy sees that only, and chooses penalties ten times weaker. SqueezeNet on 2×2 mosaics of RSSCN7, focal: a mean
   * average precision of 0.857 on the test part, against 0.831 where cross-entropy chose.
   */
  readonly loss?: HeadLoss | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after every fit, with what is being tried. */
  readonly onFit?: ((l2: number) => void) | undefined;
}

/** A penalty of one trial: what it gave, and where the next fit starts. */
interface Attempt {
  readonly l2: number;
  readonly trainLoss: number;
  /** Loss of every judged sample. */
  readonly losses: Float64Array;
  readonly logits: Float32Array;
  readonly parameters: Float64Array;
}

/**
 * How far the choice may move from the best towards stronger penalties. The standard error of a few dozen images is so large that
 * without a bound everything is within it.
 */
const STEPS_BACK = 1;
/** Penalties in a row that make matters worse before a trial ends. */
const PATIENCE = 2;

/**
 * Fits every penalty, strongest first and each starting from the one before, and chooses by the loss of samples not seen.
 * Of penalties that cannot be told apart the strongest wins: the mean difference from the best, sample by sample, is within one
 * standard error (the rule of Breiman et al. 1984, on paired differences), and at most one step of the grid away.
 */
export async function choosePenalty(
  trials: readonly Trial[],
  grid: readonly number[],
  search: PenaltySearch,
): Promise<{ l2: number; points: GridPoint[]; start: Float64Array }> {
  const attempts: Attempt[][] = [];
  for (const trial of trials) attempts.push(await walk(trial, grid, search));
  const labels = concat(
    Int8Array,
    trials.map((trial) => trial.labels),
  );
  // A trial may have ended early: only penalties that all have tried are compared.
  const reached = Math.min(...attempts.map((list) => list.length));
  const merged = Array.from({ length: reached }, (_, i) => merge(attempts.map((list) => list[i])));
  const chosen = strongestOfBest(merged);
  return { l2: chosen.l2, start: chosen.parameters, points: merged.map((attempt) => pointOf(attempt, labels, search)) };
}

async function walk(
  { labels, open }: Trial,
  grid: readonly number[],
  { head, classes, loss, signal, onFit }: PenaltySearch,
): Promise<Attempt[]> {
  const { lesson, logitsOf } = open();
  const attempts: Attempt[] = [];
  let start: Float64Array | undefined;
  let best = Number.POSITIVE_INFINITY;
  let worse = 0;
  for (const l2 of grid) {
    onFit?.(l2);
    const fitted = await lesson.fit(l2, { start, signal, lossTolerance: ROUGH });
    start = fitted.parameters;
    const logits = await logitsOf(fitted);
    const losses = rowLosses(head, logits, labels, classes, loss);
    attempts.push({ l2, trainLoss: fitted.dataLoss, losses, logits, parameters: start });
    const judged = mean(losses);
    worse = judged < best ? 0 : worse + 1;
    best = Math.min(best, judged);
    if (worse === PATIENCE) break;
  }
  return attempts;
}

function strongestOfBest(attempts: readonly Attempt[]): Attempt {
  const means = attempts.map(({ losses }) => mean(losses));
  const best = means.indexOf(Math.min(...means));
  let chosen = Math.max(best, 0);
  while (chosen > Math.max(0, best - STEPS_BACK)) {
    const difference = attempts[chosen - 1].losses.map((loss, i) => loss - attempts[best].losses[i]);
    const centre = mean(difference);
    const standardError = Math.sqrt(mean(difference.map((value) => (value - centre) ** 2)) / difference.length);
    if (!(centre <= standardError)) break;
    chosen--;
  }
  return attempts[chosen];
}

/** The attempts of several trials with one penalty, as if it were one. */
function merge(attempts: readonly Attempt[]): Attempt {
  return {
    l2: attempts[0].l2,
    trainLoss: mean(attempts.map(({ trainLoss }) => trainLoss)),
    losses: concat(
      Float64Array,
      attempts.map(({ losses }) => losses),
    ),
    logits: concat(
      Float32Array,
      attempts.map(({ logits }) => logits),
    ),
    parameters: attempts[0].parameters,
  };
}

function pointOf(
  { l2, trainLoss, losses, logits }: Attempt,
  labels: Int8Array,
  { task, head, classes }: PenaltySearch,
): GridPoint {
  const probabilities = ACTIVATIONS[head](logits, classes);
  const decisions = DECIDE[task](probabilities, classes);
  return {
    l2,
    trainLoss,
    validationLoss: mean(losses),
    validationMetrics: METRICS[task](labels, probabilities, decisions, classes),
  };
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

function concat<T extends Float32Array | Float64Array | Int8Array>(Vector: new (length: number) => T, parts: readonly T[]): T {
  const whole = new Vector(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
