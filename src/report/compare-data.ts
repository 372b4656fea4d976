import type { LabelsFrom } from "../data/provenance.js";
import type { PairedDifference } from "../learn/bootstrap.js";
import type { ReliabilityBin } from "../learn/metrics/calibration.js";
import type { Metrics } from "../learn/metrics/report.js";
import type { Head, Part, Task } from "../task.js";
import type { ImageRole } from "./compare-images.js";

/** All that a comparison of both heads found, as plain data. */
export interface CompareReport {
  /** Name of the data, as shown: the folder's name. */
  readonly dataset: string;
  readonly task: Task;
  readonly classes: readonly string[];
  readonly backbone: string;
  readonly seed: number;
  readonly counts: Readonly<Record<Part, number>>;
  /** How the labels were made, where no person gave them: the metrics measure agreement with that. */
  readonly labelsFrom?: LabelsFrom;
  /** Test images by their number of true labels. */
  readonly testLabels: SetSizes;
  /** Training images without a positive label: softmax's loss leaves them out, evaluation does not. */
  readonly leftOutOfSoftmaxLoss: number;
  readonly heads: Readonly<Record<Head, ComparedHead>>;
  /** Softmax against sigmoid on the same test images: probabilities, and decisions by the rule of this task. */
  readonly differences: Differences<Head>;
  /** Decisions by each rule that both heads have. */
  readonly ruleDifferences: readonly { readonly rule: DecisionRule; readonly differences: Differences<Head> }[];
  /** Chosen by `pickImages`, with thumbnails added. */
  readonly images: readonly ComparedImage[];
  /** The command line that makes this report again. */
  readonly command: string;
  readonly version: string;
}

/** Two results on the same images, and the one that is better: only where the interval of the difference does not hold 0. */
export interface Difference<Name extends string> extends PairedDifference {
  readonly better: Name | null;
}

/** Differences by the name of the metric. */
export type Differences<Name extends string> = Readonly<Record<string, Difference<Name>>>;

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
  /** The same as `thresholdFree`, before the probabilities were calibrated. */
  readonly uncalibrated: Metrics;
  /** Metrics of the calibrated probabilities themselves: `mapMacro`, `logLoss`, `ece`, … */
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

/** One metric of both heads; a head has no value where it does not decide by the rule. */
export interface ComparedMetric {
  readonly metric: string;
  readonly values: Readonly<Record<Head, number | undefined>>;
  readonly difference: Difference<Head> | undefined;
}

/** All metrics: those of the probabilities, then those of the decisions, rule by rule. */
export function metricSections({
  heads: { softmax, sigmoid },
  differences,
  ruleDifferences,
}: CompareReport): readonly { readonly rule: DecisionRule | undefined; readonly rows: readonly ComparedMetric[] }[] {
  const decided = (head: ComparedHead, rule: DecisionRule) => head.decisions.find((item) => item.rule === rule)?.metrics ?? {};
  const section = (rule: DecisionRule | undefined, ofSoftmax: Metrics, ofSigmoid: Metrics, found: Differences<Head>) => ({
    rule,
    rows: [...new Set([ofSoftmax, ofSigmoid].flatMap(Object.keys))].map((metric) => ({
      metric,
      values: { softmax: ofSoftmax[metric], sigmoid: ofSigmoid[metric] },
      difference: Object.hasOwn(found, metric) ? found[metric] : undefined,
    })),
  });
  return [
    section(undefined, softmax.thresholdFree, sigmoid.thresholdFree, differences),
    ...DECISION_RULES.map((rule) =>
      section(
        rule,
        decided(softmax, rule),
        decided(sigmoid, rule),
        ruleDifferences.find((item) => item.rule === rule)?.differences ?? {},
      ),
    ),
  ].filter(({ rows }) => rows.length > 0);
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
