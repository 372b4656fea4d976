import { meanOf } from "./counts.js";

/**
 * Area under the steps of precision over recall, ties taken together (scikit-learn's average_precision_score).
 * Undefined without positives. Labels are 1, 0 or −1 (unknown, left out); scores are any real numbers.
 */
export function averagePrecision(labels: ArrayLike<number>, scores: ArrayLike<number>): number | undefined {
  let area = 0;
  let before = 0;
  const { positives } = walk(labels, scores, (tp, fp) => {
    area += ((tp - before) * tp) / (tp + fp);
    before = tp;
  });
  return positives === 0 ? undefined : area / positives;
}

/** The chance that a positive scores above a negative, ties counting half. Undefined without positives or without negatives. */
export function rocAuc(labels: ArrayLike<number>, scores: ArrayLike<number>): number | undefined {
  let area = 0;
  let lastTp = 0;
  let lastFp = 0;
  const { positives, negatives } = walk(labels, scores, (tp, fp) => {
    area += ((fp - lastFp) * (tp + lastTp)) / 2;
    lastTp = tp;
    lastFp = fp;
  });
  return positives === 0 || negatives === 0 ? undefined : area / positives / negatives;
}

/** One value per class `[K]` of a measure of labels and scores `[N, K]`. */
export function perClass(
  measure: (labels: ArrayLike<number>, scores: ArrayLike<number>) => number | undefined,
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  classes: number,
): (number | undefined)[] {
  return Array.from({ length: classes }, (_, k) => measure(column(labels, k, classes), column(scores, k, classes)));
}

/** Measures of how the true labels of a row rank among its scores; unknown labels are left out of the row. */
export interface LabelRanking {
  /** Mean over true labels of the share of true labels among those ranked as high; 1 for a row without any, or with all, true. */
  readonly averagePrecision: number;
  /** How far down the ranking all true labels are found. */
  readonly coverage: number;
  /** Share of pairs of a true and a false label that are the wrong way round or tied. */
  readonly loss: number;
}

/** Label ranking average precision, coverage error and ranking loss, each the mean over rows (Tsoumakas et al. 2010). */
export function labelRanking(labels: ArrayLike<number>, scores: ArrayLike<number>, classes: number): LabelRanking | undefined {
  const rows: LabelRanking[] = [];
  for (let start = 0; start < labels.length; start += classes) {
    const truth = Array.from({ length: classes }, (_, k) => labels[start + k]);
    if (truth.some((label) => label >= 0))
      rows.push(
        rankRow(
          truth,
          Array.from({ length: classes }, (_, k) => scores[start + k]),
        ),
      );
  }
  const mean = (key: keyof LabelRanking) => meanOf(rows.map((row) => row[key])) ?? 0;
  return rows.length === 0
    ? undefined
    : { averagePrecision: mean("averagePrecision"), coverage: mean("coverage"), loss: mean("loss") };
}

function rankRow(labels: readonly number[], scores: readonly number[]): LabelRanking {
  let precision = 0;
  let coverage = 0;
  let wrong = 0;
  let before = 0;
  const { positives, negatives } = walk(labels, scores, (tp, fp) => {
    const hits = tp - before;
    precision += (hits * tp) / (tp + fp);
    wrong += hits * fp;
    if (hits > 0) coverage = tp + fp;
    before = tp;
  });
  const trivial = positives === 0 || negatives === 0;
  return { averagePrecision: trivial ? 1 : precision / positives, coverage, loss: trivial ? 0 : wrong / (positives * negatives) };
}

/** Walks down the scores and reports, after each distinct one, how many positives and negatives scored at least as much. */
function walk(labels: ArrayLike<number>, scores: ArrayLike<number>, visit: (tp: number, fp: number, score: number) => void) {
  const order = Array.from({ length: labels.length }, (_, i) => i).filter((i) => labels[i] >= 0);
  order.sort((a, b) => scores[b] - scores[a]);
  let positives = 0;
  let negatives = 0;
  for (const [position, i] of order.entries()) {
    if (labels[i] === 1) positives++;
    else negatives++;
    const next = order[position + 1];
    if (next === undefined || scores[next] !== scores[i]) visit(positives, negatives, scores[i]);
  }
  return { positives, negatives };
}

function column(values: ArrayLike<number>, k: number, classes: number): Float64Array {
  return Float64Array.from({ length: values.length / classes }, (_, i) => values[i * classes + k]);
}
