/** Decisions against known labels, per class `[K]`: true and false positives and negatives. Unknown labels are not counted. */
export interface CellCounts {
  readonly tp: Float64Array;
  readonly fp: Float64Array;
  readonly fn: Float64Array;
  readonly tn: Float64Array;
}

/** How precision and recall become one number. */
export interface FBetaOptions {
  /** Recall counts β times as much as precision. Default 1. */
  readonly beta?: number;
  /** What 0/0 is taken for. Default 0. */
  readonly zeroDivision?: 0 | 1;
}

/** Precision, recall and their weighted harmonic mean Fβ, each in [0, 1]. */
export interface Scores {
  readonly precision: number;
  readonly recall: number;
  readonly fbeta: number;
}

/**
 * Counts labels `[N, K]` of 1, 0 and −1 (unknown) against decisions `[N, K]` of 1 and 0.
 *
 * @param weights of rows `[N]`, 1 each by default
 */
export function countCells(
  labels: ArrayLike<number>,
  decisions: ArrayLike<number>,
  classes: number,
  weights?: Float64Array,
): CellCounts {
  const counts = new Float64Array(4 * classes);
  for (let i = 0, k = 0, row = 0; i < labels.length; i++) {
    if (labels[i] >= 0) counts[(2 * labels[i] + decisions[i]) * classes + k] += weights === undefined ? 1 : weights[row];
    if (++k < classes) continue;
    k = 0;
    row++;
  }
  const [tn, fp, fn, tp] = [0, 1, 2, 3].map((kind) => counts.subarray(kind * classes, (kind + 1) * classes));
  return { tp, fp, fn, tn };
}

/** Precision tp/(tp+fp), recall tp/(tp+fn) and Fβ = (1+β²)tp / ((1+β²)tp + β²fn + fp). */
export function scoresOf(tp: number, fp: number, fn: number, { beta = 1, zeroDivision = 0 }: FBetaOptions = {}): Scores {
  const ratio = (a: number, b: number) => (b === 0 ? zeroDivision : a / b);
  const b2 = beta * beta;
  return { precision: ratio(tp, tp + fp), recall: ratio(tp, tp + fn), fbeta: ratio((1 + b2) * tp, (1 + b2) * tp + b2 * fn + fp) };
}

/** The scores of every class, and how often it is true. */
export function classScores({ tp, fp, fn }: CellCounts, options: FBetaOptions = {}): (Scores & { readonly support: number })[] {
  return Array.from(tp, (hits, k) => ({ ...scoresOf(hits, fp[k], fn[k], options), support: hits + fn[k] }));
}

/** How scores of classes become one. */
export const AVERAGES = {
  /** Every class counts the same. */
  macro(counts: CellCounts, options: FBetaOptions = {}): Scores {
    return weightedMean(classScores(counts, options), () => 1);
  },
  /** Every cell counts the same. */
  micro({ tp, fp, fn }: CellCounts, options: FBetaOptions = {}): Scores {
    return scoresOf(sum(tp), sum(fp), sum(fn), options);
  },
  /** Every class counts as often as it is true; all the same if none ever is. */
  weighted(counts: CellCounts, options: FBetaOptions = {}): Scores {
    const scores = classScores(counts, options);
    return weightedMean(scores, scores.some(({ support }) => support > 0) ? ({ support }) => support : () => 1);
  },
} as const;

function weightedMean<S extends Scores>(scores: readonly S[], weightOf: (score: S) => number): Scores {
  const total = scores.reduce((all, score) => all + weightOf(score), 0);
  const mean = (key: keyof Scores) => scores.reduce((all, score) => all + weightOf(score) * score[key], 0) / total;
  return { precision: mean("precision"), recall: mean("recall"), fbeta: mean("fbeta") };
}

/** The sum of numbers. */
export function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** The mean of the defined values, or undefined when there are none. */
export function meanOf(values: Iterable<number | undefined>): number | undefined {
  let total = 0;
  let count = 0;
  for (const value of values) {
    if (value === undefined) continue;
    total += value;
    count++;
  }
  return count === 0 ? undefined : total / count;
}
