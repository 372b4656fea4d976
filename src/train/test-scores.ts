import { classScores, countCells } from "../learn/metrics/counts.js";
import { confusion } from "../learn/metrics/multiclass.js";
import { rankCells, rankScores } from "../learn/metrics/ranks.js";
import type { Metrics } from "../learn/metrics/report.js";
import type { LabelScore, RunReport } from "../report/run-data.js";
import type { Task } from "../task.js";

/** What guessing achieves: a class drawn at random, or scores drawn at random. */
export const CHANCE: Readonly<Record<Task, (labels: Int8Array, classes: number) => Metrics>> = {
  multiclass: (_labels, classes) => ({ accuracy: 1 / classes, logLoss: Math.log(classes) }),
  multilabel(labels, classes) {
    const positives = new Float64Array(classes);
    const known = new Float64Array(classes);
    labels.forEach((label, i) => {
      if (label < 0) return;
      known[i % classes]++;
      positives[i % classes] += label;
    });
    const shares = Array.from(positives, (count, k) => count / known[k]).filter((share) => share > 0);
    return { mapMacro: shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length) };
  },
};

/** What was taken for what: a question of single labels. */
export const CONFUSION: Readonly<
  Record<Task, (labels: Int8Array, decisions: Uint8Array, classes: number) => Pick<RunReport, "confusion">>
> = {
  multiclass: (labels, decisions, classes) => ({ confusion: matrixRows(confusion(labels, decisions, classes), classes) }),
  multilabel: () => ({}),
};

/** Scores per class from labels, probabilities and decisions `[n, K]`. */
export function labelScores(
  labels: Int8Array,
  probabilities: Float32Array,
  decisions: Uint8Array,
  classes: number,
): LabelScore[] {
  const ranked = rankCells(labels, probabilities, classes).perClass.map((ranks) => rankScores(ranks));
  return classScores(countCells(labels, decisions, classes)).map(({ precision, recall, fbeta, support }, k) => {
    const { averagePrecision = Number.NaN, rocAuc } = ranked[k];
    const auc = rocAuc === undefined ? {} : { auc: rocAuc };
    return { positives: support, precision, recall, f1: fbeta, averagePrecision, ...auc };
  });
}

function matrixRows(matrix: Float64Array, classes: number): number[][] {
  return Array.from({ length: classes }, (_, k) => Array.from(matrix.subarray(k * classes, (k + 1) * classes)));
}
