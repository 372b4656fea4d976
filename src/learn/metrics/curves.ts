import { knownLabels, rankCells, walkRanks } from "./ranks.js";

/** Precision and recall at every distinct score, lowest first; a last point, without a threshold, says nothing: precision 1, recall 0. */
export interface PrecisionRecallCurve {
  readonly precision: readonly number[];
  readonly recall: readonly number[];
  /** One less than there are points. */
  readonly thresholds: readonly number[];
}

/** Shares of false and true positives at every distinct score, highest first; the first point, at Infinity, says nothing. */
export interface RocCurve {
  readonly fpr: readonly number[];
  readonly tpr: readonly number[];
  readonly thresholds: readonly number[];
}

/**
 * Precision and recall of saying the label at every score or above, ties taken together (scikit-learn's precision_recall_curve).
 *
 * @param labels `[N]`: 1, 0 or −1 (unknown, left out)
 * @returns undefined without positives
 * @throws RangeError for a score that is NaN
 */
export function precisionRecallCurve(labels: ArrayLike<number>, scores: ArrayLike<number>): PrecisionRecallCurve | undefined {
  const points = countPoints(labels, scores).reverse();
  if (points.length === 0 || points[0].tp === 0) return undefined;
  const positives = points[0].tp;
  return {
    precision: [...points.map(({ tp, fp }) => tp / (tp + fp)), 1],
    recall: [...points.map(({ tp }) => tp / positives), 0],
    thresholds: points.map(({ threshold }) => threshold),
  };
}

/**
 * True against false positives of saying the label at every score or above, ties taken together (scikit-learn's roc_curve with
 * drop_intermediate=False).
 *
 * @param labels `[N]`: 1, 0 or −1 (unknown, left out)
 * @returns undefined without positives or without negatives
 * @throws RangeError for a score that is NaN
 */
export function rocCurve(labels: ArrayLike<number>, scores: ArrayLike<number>): RocCurve | undefined {
  const points = countPoints(labels, scores);
  const all = points.at(-1);
  if (all === undefined || all.tp === 0 || all.fp === 0) return undefined;
  return {
    fpr: [0, ...points.map(({ fp }) => fp / all.fp)],
    tpr: [0, ...points.map(({ tp }) => tp / all.tp)],
    thresholds: [Number.POSITIVE_INFINITY, ...points.map(({ threshold }) => threshold)],
  };
}

/** True and false positives from the highest score down, one point for each distinct one. */
function countPoints(labels: ArrayLike<number>, scores: ArrayLike<number>) {
  const points: { threshold: number; tp: number; fp: number }[] = [];
  walkRanks(rankCells(knownLabels(labels), scores, 1).pooled, (tp, fp, row) => {
    points.push({ threshold: scores[row], tp, fp });
  });
  return points;
}
