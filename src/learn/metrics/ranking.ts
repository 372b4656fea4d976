import { meanOf } from "./counts.js";
import { knownLabels, rankCells, rankScores } from "./ranks.js";

/**
 * Area under the steps of precision over recall, ties taken together (scikit-learn's average_precision_score).
 * Undefined without positives. Labels are 1, 0 or −1 (unknown, left out); scores are any real numbers.
 *
 * @throws RangeError for a score that is NaN
 */
export function averagePrecision(labels: ArrayLike<number>, scores: ArrayLike<number>): number | undefined {
  return rankScores(rankCells(knownLabels(labels), scores, 1).pooled).averagePrecision;
}

/**
 * The chance that a positive scores above a negative, ties counting half. Undefined without positives or without negatives.
 *
 * @throws RangeError for a score that is NaN
 */
export function rocAuc(labels: ArrayLike<number>, scores: ArrayLike<number>): number | undefined {
  return rankScores(rankCells(knownLabels(labels), scores, 1).pooled).rocAuc;
}

/** One value per class `[K]` of a measure of labels and scores `[N, K]`. */
export function perClass(
  measure: (labels: ArrayLike<number>, scores: ArrayLike<number>) => number | undefined,
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  classes: number,
): (number | undefined)[] {
  return Array.from({ length: classes }, (_, k) => {
    const known = new Int8Array(labels.length / classes);
    const column = scores instanceof Float32Array ? new Float32Array(known.length) : new Float64Array(known.length);
    for (let row = 0, cell = k; row < known.length; row++, cell += classes) {
      known[row] = labels[cell];
      column[row] = scores[cell];
    }
    return measure(known, column);
  });
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
  const rankRow = openRowRanking(labels, scores, classes);
  const rows: LabelRanking[] = [];
  for (let start = 0; start < labels.length; start += classes) {
    const row = rankRow(start);
    if (row !== undefined) rows.push(row);
  }
  const mean = (key: keyof LabelRanking) => meanOf(rows.map((row) => row[key])) ?? 0;
  return rows.length === 0
    ? undefined
    : { averagePrecision: mean("averagePrecision"), coverage: mean("coverage"), loss: mean("loss") };
}

/** True scores up to this many are sorted by insertion. */
const SHORT = 32;
/** Pairs of a true and a false score up to this many are compared one by one, which is faster than sorting. */
const FEW_PAIRS = 256;

/**
 * {@link LabelRanking} of the row that starts at a cell; undefined where nothing is known of it. Memory is taken once.
 */
export function openRowRanking(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  classes: number,
): (start: number) => LabelRanking | undefined {
  const trueScores = new Float64Array(classes);
  const falseScores = new Float64Array(classes);
  return (start) => {
    let [positives, negatives] = [0, 0];
    for (let i = start; i < start + classes; i++) {
      if (labels[i] === 1) insert(trueScores, positives++, scores[i]);
      else if (labels[i] === 0) falseScores[negatives++] = scores[i];
    }
    if (positives + negatives === 0) return undefined;
    if (positives > SHORT) trueScores.subarray(0, positives).sort();
    const few = positives * negatives <= FEW_PAIRS;
    if (!few) falseScores.subarray(0, negatives).sort();
    let [precision, wrong, coverage] = [0, 0, 0];
    // The true scores ascend. From the highest down: how many true and false ones are at least as high.
    for (let p = positives - 1, q = negatives; p >= 0; ) {
      const score = trueScores[p];
      const before = p;
      while (p >= 0 && trueScores[p] === score) p--;
      let fp = 0;
      if (few) for (let j = 0; j < negatives; j++) fp += falseScores[j] >= score ? 1 : 0;
      else {
        while (q > 0 && falseScores[q - 1] >= score) q--;
        fp = negatives - q;
      }
      const [hits, tp] = [before - p, positives - 1 - p];
      precision += (hits * tp) / (tp + fp);
      wrong += hits * fp;
      coverage = tp + fp;
    }
    const trivial = positives === 0 || negatives === 0;
    return {
      averagePrecision: trivial ? 1 : precision / positives,
      coverage,
      loss: trivial ? 0 : wrong / (positives * negatives),
    };
  };
}

/** Puts a value at its place among the first `count`, ascending, as long as those are few; appends it beyond. */
function insert(sorted: Float64Array, count: number, value: number): void {
  let at = count;
  if (count < SHORT) {
    for (; at > 0 && sorted[at - 1] > value; at--) sorted[at] = sorted[at - 1];
  }
  sorted[at] = value;
}
