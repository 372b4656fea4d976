import { binSums, expectedCalibrationError } from "./calibration.js";
import { AVERAGES, countCells, meanOf } from "./counts.js";
import { openRowRanking } from "./ranking.js";
import { rankCells, rankScores } from "./ranks.js";
import { areProbabilities, sumRows, type WeightedMetrics } from "./row-sums.js";

/** What is kept of each row, so that its share of a metric is found once. Rows and cells count what is known. */
const COLUMNS = [
  "rows",
  "cells",
  "wrong",
  "crossEntropy",
  "squares",
  "f1",
  "f2",
  "exact",
  "precision",
  "coverage",
  "loss",
] as const;
type Column = (typeof COLUMNS)[number];

/** The headline metrics of multilabel predictions. */
export function openMultilabel(
  labels: Int8Array,
  probabilities: ArrayLike<number>,
  decisions: ArrayLike<number>,
  classes: number,
): WeightedMetrics {
  const ranked = rankCells(labels, probabilities, classes);
  const table = tabulateRows(labels, probabilities, decisions, classes);
  const probable = areProbabilities(probabilities, labels);
  return (weights) => {
    const sums = sumRows(table, COLUMNS.length, weights);
    const sumOf = (column: Column) => sums[COLUMNS.indexOf(column)];
    if (sumOf("rows") === 0) return {};
    const perRow = (column: Column) => sumOf(column) / sumOf("rows");
    const perCell = (column: Column) => sumOf(column) / sumOf("cells");
    const counts = countCells(labels, decisions, classes, weights);
    const byClass = ranked.perClass.map((ranks) => rankScores(ranks, weights));
    const precisions = byClass.map(({ averagePrecision }) => averagePrecision);
    return {
      mapMacro: meanOf(precisions),
      mapMacroAll: meanOf(precisions.map((precision) => precision ?? 0)),
      mapMicro: rankScores(ranked.pooled, weights).averagePrecision,
      aucMacro: meanOf(byClass.map(({ rocAuc }) => rocAuc)),
      f1Micro: AVERAGES.micro(counts).fbeta,
      f1Macro: AVERAGES.macro(counts).fbeta,
      f2Macro: AVERAGES.macro(counts, { beta: 2 }).fbeta,
      f1Samples: perRow("f1"),
      f2Samples: perRow("f2"),
      hammingLoss: perCell("wrong"),
      subsetAccuracy: perRow("exact"),
      labelRankingAp: perRow("precision"),
      coverageError: perRow("coverage"),
      rankingLoss: perRow("loss"),
      logLoss: probable ? perCell("crossEntropy") : undefined,
      brier: probable ? perCell("squares") : undefined,
      ece: probable ? expectedCalibrationError(binSums(probabilities, labels, classes, weights)) : undefined,
    };
  };
}

function tabulateRows(
  labels: Int8Array,
  probabilities: ArrayLike<number>,
  decisions: ArrayLike<number>,
  classes: number,
): Float64Array {
  const rankRow = openRowRanking(labels, probabilities, classes);
  const table = new Float64Array((labels.length / classes) * COLUMNS.length);
  for (let start = 0, at = 0; start < labels.length; start += classes, at += COLUMNS.length) {
    const ranking = rankRow(start);
    if (ranking === undefined) continue;
    let [cells, tp, fp, fn, squares] = [0, 0, 0, 0, 0];
    // Σ −log q = −log Π q: one logarithm a row, or another before the product leaves the range of float64.
    let [product, crossEntropy] = [1, 0];
    for (let i = start; i < start + classes; i++) {
      const label = labels[i];
      if (label < 0) continue;
      const probability = probabilities[i];
      const error = label - probability;
      // Of what is true; 1 − |error| would lose small probabilities.
      const chance = label * probability + (1 - label) * (1 - probability);
      cells++;
      squares += error * error;
      tp += label & decisions[i];
      fp += (1 - label) & decisions[i];
      fn += label & (1 - decisions[i]);
      if (product * chance < 1e-250) {
        crossEntropy -= Math.log(product) + Math.log(chance);
        product = 1;
      } else product *= chance;
    }
    table[at] = 1;
    table[at + 1] = cells;
    table[at + 2] = fp + fn;
    table[at + 3] = crossEntropy - Math.log(product);
    table[at + 4] = squares;
    table[at + 5] = tp === 0 ? 0 : (2 * tp) / (2 * tp + fn + fp);
    table[at + 6] = tp === 0 ? 0 : (5 * tp) / (5 * tp + 4 * fn + fp);
    table[at + 7] = fp + fn === 0 ? 1 : 0;
    table[at + 8] = ranking.averagePrecision;
    table[at + 9] = ranking.coverage;
    table[at + 10] = ranking.loss;
  }
  return table;
}
