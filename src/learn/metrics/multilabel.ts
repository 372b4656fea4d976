import { type FBetaOptions, meanOf, type Scores, scoresOf } from "./counts.js";

/** How decisions fit the labels of one row; unknown labels are left out. */
interface RowCounts {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
}

/** Share of rows whose known labels are all right. */
export function subsetAccuracy(labels: ArrayLike<number>, decisions: ArrayLike<number>, classes: number): number | undefined {
  return meanOf(countRows(labels, decisions, classes).map(({ fp, fn }) => (fp + fn === 0 ? 1 : 0)));
}

/** Share of known labels that are wrong. */
export function hammingLoss(labels: ArrayLike<number>, decisions: ArrayLike<number>): number | undefined {
  return meanOf(Array.from(labels, (label, i) => (label < 0 ? undefined : (label === 1) === (decisions[i] === 1) ? 0 : 1)));
}

/** Precision, recall and Fβ of every row, averaged over rows with a known label. */
export function sampleScores(
  labels: ArrayLike<number>,
  decisions: ArrayLike<number>,
  classes: number,
  options: FBetaOptions = {},
): Scores | undefined {
  const rows = countRows(labels, decisions, classes).map(({ tp, fp, fn }) => scoresOf(tp, fp, fn, options));
  const mean = (key: keyof Scores) => meanOf(rows.map((row) => row[key])) ?? 0;
  return rows.length === 0 ? undefined : { precision: mean("precision"), recall: mean("recall"), fbeta: mean("fbeta") };
}

/** Mean over rows of true positives among all labels that are true or decided on; 0 for a row with neither. */
export function jaccardSamples(labels: ArrayLike<number>, decisions: ArrayLike<number>, classes: number): number | undefined {
  return meanOf(countRows(labels, decisions, classes).map(({ tp, fp, fn }) => (tp === 0 ? 0 : tp / (tp + fp + fn))));
}

/** Mean binary cross-entropy of known labels; undefined when a wrong label was given no chance at all. */
export function cellLogLoss(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number | undefined {
  const mean = meanOf(
    Array.from(labels, (label, i) => (label < 0 ? undefined : -Math.log(label === 1 ? probabilities[i] : 1 - probabilities[i]))),
  );
  return mean !== undefined && Number.isFinite(mean) ? mean : undefined;
}

/** Mean squared difference of probability and known label (Brier 1950); use with `perClass`. */
export function squaredError(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number | undefined {
  return meanOf(Array.from(labels, (label, i) => (label < 0 ? undefined : (probabilities[i] - label) ** 2)));
}

function countRows(labels: ArrayLike<number>, decisions: ArrayLike<number>, classes: number): RowCounts[] {
  const rows: RowCounts[] = [];
  for (let start = 0; start < labels.length; start += classes) {
    let [tp, fp, fn, known] = [0, 0, 0, 0];
    for (let i = start; i < start + classes; i++) {
      if (labels[i] < 0) continue;
      known++;
      if (labels[i] === 1 && decisions[i] === 1) tp++;
      else if (labels[i] === 1) fn++;
      else if (decisions[i] === 1) fp++;
    }
    if (known > 0) rows.push({ tp, fp, fn });
  }
  return rows;
}
