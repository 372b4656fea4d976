import { METRIC_ROWS } from "../learn/metrics/rows.js";
import type { Task } from "../task.js";
import { type Html, html } from "./html.js";

/** What a reader should know of a metric. */
export interface MetricWords {
  readonly label: string;
  readonly better: "higher" | "lower";
}

/** The metrics that stand large at the top of a report, where it has them; the first is the one to tell if only one is told. */
export const HEADLINES: Readonly<Record<Task, readonly [first: string, ...others: string[]]>> = {
  multiclass: ["accuracy", "f1Macro", "aucMacro", "logLoss"],
  multilabel: ["mapMacro", "f1Macro", "f2Samples"],
};

/** What people call the metrics that sigmax reports. */
const LABELS: Readonly<Record<string, string>> = {
  accuracy: "accuracy",
  balancedAccuracy: "recall, mean over classes (balanced accuracy)",
  mapMacro: "mean average precision",
  mapMacroAll: "mean average precision, labels without positives as 0",
  mapMicro: "average precision, all labels pooled",
  mapRare: "average precision, mean over rare labels",
  f1Rare: "F1, mean over rare labels",
  recallRare: "recall, mean over rare labels",
  aucMacro: "area under ROC, mean over classes",
  f1Micro: "F1, all decisions pooled",
  f1Macro: "F1, mean over classes",
  f1Weighted: "F1, mean over classes by their frequency",
  f2Macro: "F2, mean over classes",
  f1Samples: "F1, mean over images",
  f2Samples: "F2, mean over images",
  kappa: "agreement beyond chance (Cohen's kappa)",
  top3Accuracy: "true class among the three most probable",
  hammingLoss: "wrong labels, share (Hamming)",
  subsetAccuracy: "all labels of an image right",
  labelRankingAp: "label ranking average precision",
  coverageError: "labels to go down to find all true ones (coverage)",
  rankingLoss: "pairs of labels the wrong way round",
  logLoss: "log loss",
  brier: "Brier score",
  ece: "calibration error (ECE)",
};

/** How to name a metric and which way is better; an unknown one is shown under its key, higher taken as better. */
export function wordsOf(metric: string): MetricWords {
  return {
    label: Object.hasOwn(LABELS, metric) ? LABELS[metric] : metric,
    better: Object.hasOwn(METRIC_ROWS, metric) ? METRIC_ROWS[metric].better : "higher",
  };
}

/** Indices of the best of several values of one metric; none when all are equal or fewer than two are numbers. */
export function bestOf(metric: string, values: readonly (number | undefined)[]): readonly number[] {
  const numbers = values.filter((value): value is number => value !== undefined && Number.isFinite(value));
  if (numbers.length < 2) return [];
  const best = wordsOf(metric).better === "higher" ? Math.max(...numbers) : Math.min(...numbers);
  const indices = [...values.keys()].filter((i) => values[i] === best);
  return indices.length === numbers.length ? [] : indices;
}

/** A remark for metrics where less is more. */
export function lowerNote(metric: string): Html | false {
  return wordsOf(metric).better === "lower" && html` <span class="quiet">(lower is better)</span>`;
}
