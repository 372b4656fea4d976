import type { Metrics } from "../learn/metrics/report.js";
import { HEADS, type Head, type Part, type Task } from "../task.js";
import type { ImageRole } from "./compare-images.js";
import type { ReliabilityBin } from "./plots/reliability.js";

/** All that a comparison of both heads found, as plain data. */
export interface CompareReport {
  /** Name of the data, as shown: the folder's name. */
  readonly dataset: string;
  readonly task: Task;
  readonly classes: readonly string[];
  readonly backbone: string;
  readonly seed: number;
  readonly counts: Readonly<Record<Part, number>>;
  /** Test images by their number of true labels. */
  readonly testLabels: SetSizes;
  /** Training images without a positive label: softmax's loss leaves them out, evaluation does not. */
  readonly leftOutOfSoftmaxLoss: number;
  readonly heads: Readonly<Record<Head, ComparedHead>>;
  /** Chosen by `pickImages`, with thumbnails added. */
  readonly images: readonly ComparedImage[];
  /** The command line that makes this report again. */
  readonly command: string;
  readonly version: string;
}

/** How many images have no, one, several labels. */
export interface SetSizes {
  readonly none: number;
  readonly one: number;
  readonly several: number;
}

/** One head on the test part. */
export interface ComparedHead {
  /** The L2 penalty that validation chose. */
  readonly l2: number;
  /** Metrics of the probabilities themselves: `mapMacro`, `logLoss`, `ece`, … */
  readonly thresholdFree: Metrics;
  /** Metrics of the decisions, one entry per rule; the same rules need not exist for both heads. */
  readonly decisions: readonly { readonly rule: DecisionRule; readonly metrics: Metrics }[];
  /** All classes of all test images together. */
  readonly reliability: readonly ReliabilityBin[];
  /** Sizes of the sets {k: pₖ ≥ 0.5}. */
  readonly setsAtHalf: SetSizes;
  /** Average precision per class `[K]`; NaN where the test part has no positive. */
  readonly averagePrecision?: readonly number[];
}

/** How probabilities become labels: the highest one, all from 0.5 on, all from a threshold per class on. */
export const DECISION_RULES = ["argmax", "half", "tuned"] as const;
export type DecisionRule = (typeof DECISION_RULES)[number];

/** One way of deciding by one head, where it was measured. */
export interface DecisionColumn {
  readonly rule: DecisionRule;
  readonly head: Head;
  readonly metrics: Metrics;
}

/** The decisions of both heads as columns of one table, rule by rule. */
export function decisionColumns(heads: CompareReport["heads"]): readonly DecisionColumn[] {
  return DECISION_RULES.flatMap((rule) =>
    HEADS.flatMap((head) =>
      heads[head].decisions.filter((decision) => decision.rule === rule).map(({ metrics }) => ({ rule, head, metrics })),
    ),
  );
}

/** The names of all metrics of several columns, in order of first appearance. */
export function metricKeys(columns: readonly Metrics[]): readonly string[] {
  return [...new Set(columns.flatMap(Object.keys))];
}

/** One image through both heads. */
export interface ComparedImage {
  readonly role: ImageRole;
  readonly file: string;
  /** `data:image/…;base64,…` */
  readonly thumbnail?: string;
  /** `[K]`: 1 yes, 0 no, −1 unknown. */
  readonly labels: readonly number[];
  readonly heads: Readonly<Record<Head, ImageOutput>>;
}

/** One image through one head; all `[K]`. */
export interface ImageOutput {
  readonly logits: readonly number[];
  readonly probabilities: readonly number[];
  /** Whether the label is given, by the task's own rule. */
  readonly decided: readonly boolean[];
}
