import type { LabelsFrom } from "../data/provenance.js";
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

/** Who gave the labels that scores are measured against: undefined for people. */
type Labels = LabelsFrom | undefined;

/**
 * How to name a metric and which way is better; an unknown one is shown under its key, higher taken as better. Against labels that
 * no person gave nothing is called accuracy.
 */
export function wordsOf(metric: string, labelsFrom?: Labels): MetricWords {
  const label = Object.hasOwn(LABELS, metric) ? LABELS[metric] : metric;
  return {
    label: labelsFrom === undefined ? label : agreed(label),
    better: Object.hasOwn(METRIC_ROWS, metric) ? METRIC_ROWS[metric].better : "higher",
  };
}

/** The key of a metric as a table of a terminal shows it. */
export function metricKey(metric: string, labelsFrom?: Labels): string {
  return labelsFrom === undefined ? metric : agreed(metric);
}

function agreed(text: string): string {
  return text.replace("accuracy", "agreement").replace("Accuracy", "Agreement");
}

/** What stands above scores: "agreement with the rule" where rules made the labels; undefined where people gave them. */
export function scoresHead(labelsFrom: Labels): string | undefined {
  return labelsFrom && `agreement with ${madeBy(labelsFrom)}`;
}

/** What such scores do not say, in a sentence or two; undefined where people gave the labels. */
export function scoresNote(labelsFrom: Labels): string | undefined {
  if (labelsFrom === undefined) return undefined;
  const { kind, source } = labelsFrom;
  const how = kind === RULE ? `a rule made the labels (${source})` : `the labels were read from ${source}`;
  return `No person gave these labels: ${how}. The scores say how well the classifier agrees with ${madeBy(labelsFrom)}, mistakes included, and not how often it is right.`;
}

const RULE = "rule";

export function madeBy({ kind, source }: LabelsFrom): string {
  return kind === RULE ? "the rule" : source;
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
