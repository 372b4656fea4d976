import { argmax } from "../decide.js";
import { binSums, expectedCalibrationError } from "./calibration.js";
import { AVERAGES, countCells, meanOf } from "./counts.js";
import { accuracy, balancedAccuracy, kappa, rowLogLoss, rowRank, rowSquares, topClaims, trueClasses } from "./multiclass.js";
import { rankCells, rankScores } from "./ranks.js";
import { areProbabilities, sumRows, type WeightedMetrics } from "./row-sums.js";

/** What is kept of each row whose class is known, so that its share of a metric is found once. */
const COLUMNS = ["rows", "logLoss", "squares", "top3"] as const;
type Column = (typeof COLUMNS)[number];
const TOP = 3;

/** The headline metrics of multiclass predictions. */
export function openMulticlass(
  labels: Int8Array,
  probabilities: ArrayLike<number>,
  decisions: ArrayLike<number>,
  classes: number,
): WeightedMetrics {
  const truth = trueClasses(labels, classes);
  const decided = new Int32Array(truth.length);
  const { confidences, correct } = topClaims(truth, probabilities, classes);
  const table = new Float64Array(truth.length * COLUMNS.length);
  for (let row = 0; row < truth.length; row++) {
    const start = row * classes;
    const own = truth[row];
    if (own < 0) continue;
    decided[row] = argmax(decisions, start, classes);
    const at = row * COLUMNS.length;
    table[at] = 1;
    table[at + 1] = rowLogLoss(probabilities, start, classes, own);
    table[at + 2] = rowSquares(probabilities, start, classes, own);
    table[at + 3] = rowRank(probabilities, start, classes, own) < TOP ? 1 : 0;
  }
  const { perClass } = rankCells(labels, probabilities, classes);
  const probable = areProbabilities(probabilities, labels);
  return (weights) => {
    const sums = sumRows(table, COLUMNS.length, weights);
    if (sums[0] === 0) return {};
    const perRow = (column: Column) => sums[COLUMNS.indexOf(column)] / sums[0];
    const matrix = new Float64Array(classes * classes);
    for (let row = 0; row < truth.length; row++)
      if (truth[row] >= 0) matrix[truth[row] * classes + decided[row]] += weights === undefined ? 1 : weights[row];
    const counts = countCells(labels, decisions, classes, weights);
    const areas = perClass.map((ranks) => rankScores(ranks, weights).rocAuc);
    return {
      accuracy: accuracy(matrix, classes),
      balancedAccuracy: balancedAccuracy(matrix, classes),
      f1Macro: AVERAGES.macro(counts).fbeta,
      f1Weighted: AVERAGES.weighted(counts).fbeta,
      kappa: kappa(matrix, classes),
      top3Accuracy: classes > TOP ? perRow("top3") : undefined,
      // A mean over some classes only would be another measure.
      aucMacro: areas.includes(undefined) ? undefined : meanOf(areas),
      logLoss: probable ? perRow("logLoss") : undefined,
      brier: probable ? perRow("squares") : undefined,
      ece: probable ? expectedCalibrationError(binSums(confidences, correct, 1, weights)) : undefined,
    };
  };
}
