import type { LabelsFrom } from "../data/provenance.js";
import type { Interval, Intervals } from "../learn/bootstrap.js";
import type { ReliabilityBin } from "../learn/metrics/calibration.js";
import type { Metrics } from "../learn/metrics/report.js";
import type { Head, Part, Task } from "../task.js";
import type { ShownIssue } from "./label-issue.js";
import type { Curve } from "./plots/lines.js";

/** All that one training found, as plain data. A section of the page whose data is absent is left out. */
export interface RunReport {
  /** Name of the run, as shown. */
  readonly run: string;
  /** Name of the data, as shown. */
  readonly dataset: string;
  readonly task: Task;
  readonly head: Head;
  readonly classes: readonly string[];
  readonly backbone: string;
  readonly seed: number;
  readonly counts: Readonly<Record<Part, number>>;
  /** Images with each label, per part `[K]`; empty where it is not known, as of the training behind an evaluated classifier. */
  readonly classCounts: Readonly<Record<Part, readonly number[]>>;

  /** Whether the test images are known to be new to the classifier: an evaluation cannot know. Default true. */
  readonly unseen?: boolean;
  /** Rules between labels that the decisions keep, as a person wrote them. */
  readonly rules?: readonly string[];

  /** How the labels were made, where no person gave them: the metrics measure agreement with that. */
  readonly labelsFrom?: LabelsFrom;
  /** On the test part, with the thresholds that the classifier ships. */
  readonly test: Metrics;
  /** 95 % intervals of `test`. */
  readonly intervals?: Intervals;
  /** The same classifier with every threshold at 0.5, where the thresholds were tuned. */
  readonly atHalf?: Metrics;
  /** The same head on `stats` features: what colours alone achieve; empty where it was not measured. */
  readonly baseline: Metrics;
  /** The backbone untouched under a last layer of its own, where it was fine-tuned. */
  readonly frozen?: Metrics;
  /** What guessing achieves, where it is known: 1/K of accuracy, the share of positives as mean average precision. */
  readonly chance: Metrics;
  /** The same training with a random split, where it was measured. */
  readonly leakage?: LeakageFindings;

  /** Multiclass: `[K][K]`, truth × decision, test part. */
  readonly confusion?: readonly (readonly number[])[];
  /** One row per class, in class order. */
  readonly perLabel?: readonly LabelScore[];
  /** What thresholds were tuned for: "f1", "f2", "recall at precision ≥ 0.9". */
  readonly thresholdGoal?: string;
  /** Every test image's labels and probabilities: what makes the page interactive. */
  readonly predictions?: Predictions;
  readonly calibration?: CalibrationFindings;

  /** Test images decided wrongly with the highest confidence, worst first. */
  readonly mistakes: readonly Mistake[];
  /** Examples with class activation maps, right ones and wrong ones. */
  readonly explained?: readonly Explained[];
  /** Mistakes that look alike, largest group first. */
  readonly mistakeGroups?: readonly MistakeGroup[];
  /** Images unlike anything in training, least alike first. */
  readonly novel?: readonly NovelImage[];
  /** Labels that look wrong, worst first. */
  readonly labelIssues?: readonly ShownIssue[];

  readonly summary?: DataSummary;
  /** Absent where nothing was trained: an evaluation. */
  readonly l2?: {
    readonly chosen: number;
    /** Loss on validation for each strength that was tried; empty when the user set it. */
    readonly grid: readonly { readonly l2: number; readonly validationLoss: number }[];
  };
  /** Step by step training (`retrain`); empty or absent for solvers that go straight to the optimum. */
  readonly curves?: readonly {
    readonly quantity: string;
    readonly train: Curve["points"];
    readonly validation: Curve["points"];
  }[];
  /** Further choices, as a reader would name them: ["loss", "binary cross-entropy, weighted by balanced classes"]. */
  readonly choices?: readonly (readonly [what: string, chosen: string])[];
  readonly warnings: readonly string[];
  /** The command line that makes this run again; empty where a program made it. */
  readonly command: string;
  /** Of sigmax. */
  readonly version: string;
  /** Other versions that matter: node, onnxruntime. */
  readonly versions?: Readonly<Record<string, string>>;
  /** sha256 of classes, file names, labels and parts. */
  readonly fingerprint?: string;
}

/** One class on the test part. */
export interface LabelScore {
  /** How many images have it. */
  readonly positives: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** NaN without positives. */
  readonly averagePrecision: number;
  /** Area under the ROC curve; absent without positives or without negatives. */
  readonly auc?: number;
  /** Multilabel: the probability from which the classifier gives the label; 0.5 where absent. */
  readonly threshold?: number;
  /** Where 95 % of the thresholds tuned on resampled images lie. */
  readonly thresholdInterval?: Interval;
}

/** Labels and probabilities of the N test images; row i of each belongs to image i. */
export interface Predictions {
  readonly images: readonly TestImage[];
  /** `[N, K]`: 1, 0 or −1 (unknown). */
  readonly labels: ArrayLike<number>;
  /** `[N, K]` in [0, 1], as the classifier gives them: calibrated where it is. */
  readonly probabilities: ArrayLike<number>;
}

/** One test image. Thumbnails beyond the byte budget of the page are left out: the worst mistakes go first, see `thumbnailOrder`. */
export interface TestImage {
  readonly file: string;
  /** `data:image/…;base64,…` */
  readonly thumbnail?: string;
}

/** What a random split promises beside one that keeps apart what belongs together. */
export interface LeakageFindings {
  /** What was kept together: "groups of place", "blocks of 10, buffer 2". */
  readonly by: string;
  /** On the test part of the split that was asked for, before calibration and at the default thresholds: as of the random splits. */
  readonly honest: Metrics;
  /** The mean over the random splits. */
  readonly random: Metrics;
  /** random − honest. */
  readonly difference: Metrics;
  /** 95 % intervals of the difference, resampled by group. */
  readonly intervals: Intervals;
}

/** Calibration on the test part: fitted on other images. */
export interface CalibrationFindings {
  /** As a reader would name it: "temperature 1.31", "Platt scaling of each label". */
  readonly method: string;
  readonly before: CalibrationSide;
  readonly after: CalibrationSide;
}

/** Probabilities of the test part, before or after calibration. */
export interface CalibrationSide {
  /** Expected calibration error over 15 bins. */
  readonly ece: number;
  readonly brier?: number;
  readonly logLoss?: number;
  /** All labels pooled; for multiclass the decided class. */
  readonly bins: readonly ReliabilityBin[];
  /** What depends on the ranking alone: mapMacro, aucMacro, accuracy. Equal on both sides. */
  readonly ranking: Metrics;
}

/** One image that was decided wrongly. */
export interface Mistake {
  readonly file: string;
  /** Its row in `predictions`; its thumbnail is taken from there if none is given here. */
  readonly image?: number;
  /** `data:image/…;base64,…` */
  readonly thumbnail?: string;
  /** The image with its class activation map for the label wrongly given, shown in place of the thumbnail: `data:image/…;base64,…` */
  readonly cam?: string;
  /** Names of its labels. */
  readonly truth: readonly string[];
  /** Names that were given. */
  readonly decided: readonly string[];
  /** The probability behind the worst of them. */
  readonly confidence: number;
}

/** What the network looked at when it gave a label to an image. */
export interface Explained {
  readonly file: string;
  /** Its row in `predictions`; its thumbnail is taken from there if none is given here. */
  readonly image?: number;
  readonly thumbnail?: string;
  /** The image with its class activation map, shown beside the thumbnail: `data:image/…;base64,…` */
  readonly cam: string;
  /** The label that the map speaks for. */
  readonly label: string;
  readonly probability: number;
  /** Whether the image has the label. */
  readonly right: boolean;
}

/** Mistakes that look alike. */
export interface MistakeGroup {
  /** Rows in `predictions`, the most typical first. */
  readonly images: readonly number[];
}

/** An image unlike anything in training. */
export interface NovelImage {
  readonly file: string;
  /** Its row in `predictions`; its thumbnail is taken from there if none is given here. */
  readonly image?: number;
  readonly thumbnail?: string;
  /** Distance to its nearest training images as a multiple of what is usual among them; above 1 is unusual. */
  readonly ratio: number;
}

/** What the data holds, beyond its counts. */
export interface DataSummary {
  /** How many images have each size, most frequent first. */
  readonly sizes?: readonly { readonly width: number; readonly height: number; readonly count: number }[];
  /** What was left out, in words, and how many: ["no known label", 12]. */
  readonly leftOut?: readonly (readonly [reason: string, images: number])[];
  readonly unreadable?: readonly { readonly file: string; readonly reason: string }[];
}
