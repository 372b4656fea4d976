import type { Part, Task } from "../task.js";
import type { LabelsFrom } from "./provenance.js";

/** A label is yes, no or unknown; unknown is masked in loss and metrics. */
export const YES = 1;
export const NO = 0;
export const UNKNOWN = -1;

/** Where an image lies, in whatever units its source counts in: pixels, metres, degrees. */
export type Coordinates = readonly [x: number, y: number];

/** One image with its labels. The image itself is read when it is needed. */
export interface Sample {
  /** Name within the dataset, with `/` between folders: `forest/e001.jpg`. Split files and reports use it. */
  readonly file: string;
  /** Path on disk. */
  readonly path: string;
  /** One of YES, NO, UNKNOWN per class `[K]`, in class order. An unlabelled multiclass sample has UNKNOWN everywhere.
   * Samples with equal labels share one array: never write into it. */
  readonly labels: Int8Array;
  /** The part that the source itself assigns (`root/train/…`), where it does. */
  readonly part?: Part;
  /** Samples of one group (place) stay together when the data is split. */
  readonly group?: string;
  /** As columns of the label file say. */
  readonly coordinates?: Coordinates;
}

/** Samples, their classes and what the labels mean; images are read lazily. */
export interface Dataset {
  readonly root: string;
  /** Which row of the table of sources read it: "folders", "csv", … */
  readonly source: string;
  readonly task: Task;
  /** Ordered names; the order is the model's output order. */
  readonly classes: readonly string[];
  readonly samples: readonly Sample[];
  /** Names that the label file has and the disk has not. */
  readonly missing?: readonly string[];
  /** How the labels were made, where no person gave them. */
  readonly labelsFrom?: LabelsFrom;
  /** The column of the label file that `group` of each sample comes from. */
  readonly groupedBy?: string;
}

/** The index of the YES class of a multiclass sample, or -1 when it is unknown. */
export function classOf(sample: Sample): number {
  return sample.labels.indexOf(YES);
}

/** Whether at least one label is known. */
export function isLabelled(sample: Sample): boolean {
  return sample.labels.some((label) => label !== UNKNOWN);
}
