import { type Html, html } from "./html.js";

/** What a reader should know of a metric. */
export interface MetricWords {
  readonly label: string;
  readonly better: "higher" | "lower";
}

/** The metrics that sigmax reports; unknown ones are shown under their key, higher taken as better. */
const WORDS: Readonly<Record<string, MetricWords>> = {
  accuracy: { label: "accuracy", better: "higher" },
  f1Macro: { label: "F1, mean over classes", better: "higher" },
  f1Micro: { label: "F1, all decisions pooled", better: "higher" },
  f2Samples: { label: "F2, mean over images", better: "higher" },
  precisionMacro: { label: "precision, mean over classes", better: "higher" },
  recallMacro: { label: "recall, mean over classes", better: "higher" },
  mapMacro: { label: "mean average precision", better: "higher" },
  mapMicro: { label: "average precision, pooled", better: "higher" },
  aucMacro: { label: "area under ROC, mean over classes", better: "higher" },
  subsetAccuracy: { label: "all labels of an image right", better: "higher" },
  hammingLoss: { label: "wrong labels, share (Hamming)", better: "lower" },
  logLoss: { label: "log loss", better: "lower" },
  brier: { label: "Brier score", better: "lower" },
  ece: { label: "calibration error (ECE)", better: "lower" },
};

/** How to name a metric and which way is better. */
export function wordsOf(metric: string): MetricWords {
  return Object.hasOwn(WORDS, metric) ? WORDS[metric] : { label: metric, better: "higher" };
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
