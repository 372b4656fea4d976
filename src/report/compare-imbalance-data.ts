import type { LabelsFrom } from "../data/provenance.js";
import type { Intervals } from "../learn/bootstrap.js";
import type { Metrics } from "../learn/metrics/report.js";
import type { Head, Part, Task } from "../task.js";
import type { Differences } from "./compare-data.js";

/** All that a comparison of remedies for imbalance found, as plain data. */
export interface ImbalanceReport {
  /** Name of the data, as shown. */
  readonly dataset: string;
  readonly task: Task;
  /** The same for all. */
  readonly head: Head;
  readonly backbone: string;
  readonly seed: number;
  readonly counts: Readonly<Record<Part, number>>;
  /** How the labels were made, where no person gave them: the metrics measure agreement with that. */
  readonly labelsFrom?: LabelsFrom;
  /** Rarest first. */
  readonly labels: readonly CountedLabel[];
  /** Plain cross-entropy, then what is compared with it. */
  readonly remedies: readonly Remedy[];
  /** The command line that makes this report again. */
  readonly command: string;
  readonly version: string;
}

/** A label and how many images have it. */
export interface CountedLabel {
  readonly name: string;
  /** In train and validation: the images that heads learn from. */
  readonly training: number;
  readonly test: number;
  /** Of the rarer half. */
  readonly rare: boolean;
}

/** What is done about rare labels, in the order in which it is worth trying. */
export const REMEDIES = ["none", "balanced", "focal", "asymmetric"] as const;
export type RemedyId = (typeof REMEDIES)[number];

/** One head, trained with one remedy, on the test part. */
export interface Remedy {
  readonly id: RemedyId;
  /** "pos_weight". */
  readonly name: string;
  /** What `sigmax train` is told for it. */
  readonly flags: string;
  /** The L2 penalty that validation chose. */
  readonly l2: number;
  /** All headline metrics, and of the rare labels `mapRare`, `f1Rare` and `recallRare`. */
  readonly metrics: Metrics;
  readonly intervals: Intervals;
  /** This remedy (a) against plain cross-entropy (b); empty for cross-entropy itself. */
  readonly differences: Differences<RemedyId>;
  /** One for each of `labels`. */
  readonly perLabel: readonly LabelOutcome[];
}

/** What a remedy did to one label: `averagePrecision`, and `f1` and `recall` of the decisions that a classifier would make. */
export interface LabelOutcome {
  /** Average precision is absent where the test part has no positive. */
  readonly metrics: Metrics;
  readonly differences: Differences<RemedyId>;
}

/** What is shown label by label, and its title. */
export const LABEL_METRICS = [
  ["averagePrecision", "Average precision"],
  ["f1", "F1"],
  ["recall", "Recall"],
] as const;

/** The metrics that are shown of all labels together, where the task has them. */
export const SHOWN_METRICS: readonly string[] = [
  ...["mapRare", "f1Rare", "recallRare", "accuracy", "balancedAccuracy", "mapMacro", "f1Macro", "f2Samples", "logLoss", "ece"],
];

/** Whether the remedy made matters better or worse than plain cross-entropy, as far as that is told apart. */
export function verdictOf(
  remedy: Remedy,
  differences: Differences<RemedyId>,
  metric: string,
): "better" | "worse" | "no difference shown" | undefined {
  if (!Object.hasOwn(differences, metric)) return undefined;
  const { better } = differences[metric];
  if (better === null) return "no difference shown";
  return better === remedy.id ? "better" : "worse";
}
