import { PARTS, type Part, type Task } from "../task.js";
import { type Dataset, isLabelled, NO, UNKNOWN, YES } from "./dataset.js";
import type { Split } from "./split/explicit.js";

/** What is known of one class. */
export interface ClassCounts {
  readonly name: string;
  readonly yes: number;
  readonly no: number;
  readonly unknown: number;
  /** Samples that have the label, by part; only when the dataset is split. */
  readonly parts?: Readonly<Record<Part, number>>;
}

/** How often the labels of a dataset are given. */
export interface LabelCounts {
  readonly root: string;
  readonly source: string;
  readonly task: Task;
  readonly samples: number;
  /** Samples of which at least one label is known. */
  readonly labelled: number;
  /** Images that the labels name and that are not there. */
  readonly missing: number;
  readonly classes: readonly ClassCounts[];
  /** How many labelled samples have 0, 1, 2, … labels. */
  readonly labelsPerSample: readonly number[];
  /** The most frequent class has this many times the samples of the rarest that has any. */
  readonly imbalance: number;
  readonly groups: number;
  readonly parts?: Readonly<Record<Part, number>>;
}

/** A dataset in numbers. */
export interface Inspection extends LabelCounts {
  /** How many samples have both labels, `[K, K]`; the diagonal holds the counts of the classes. */
  readonly together: readonly (readonly number[])[];
}

/** Counts what a dataset holds; pixels are not read. With a split, also by part. */
export function inspectDataset(dataset: Dataset, split?: Split): Inspection {
  return { ...countLabels(dataset, split), together: countTogether(dataset) };
}

function countTogether({ samples, classes }: Dataset): readonly (readonly number[])[] {
  const together = classes.map(() => new Array<number>(classes.length).fill(0));
  for (const { labels } of samples) {
    const yes = classes.flatMap((_, k) => (labels[k] === YES ? [k] : []));
    for (const a of yes) for (const b of yes) together[a][b]++;
  }
  return together;
}

/** The counts without those of pairs, in memory that grows with the classes and not with their square. */
export function countLabels(dataset: Dataset, split?: Split): LabelCounts {
  const { samples, classes } = dataset;
  const size = classes.length;
  const counts = new Map([YES, NO, UNKNOWN].map((value) => [value, new Uint32Array(size)]));
  const labelsPerSample: number[] = [];
  const inPart = new Map(PARTS.map((part) => [part, new Uint32Array(size)]));
  let labelled = 0;
  samples.forEach((sample, i) => {
    const yes: number[] = [];
    sample.labels.forEach((label, k) => {
      counts.get(label)![k]++;
      if (label === YES) yes.push(k);
    });
    const part = split?.[i];
    if (part !== undefined) for (const k of yes) inPart.get(part)![k]++;
    if (!isLabelled(sample)) return;
    labelled++;
    while (labelsPerSample.length <= yes.length) labelsPerSample.push(0);
    labelsPerSample[yes.length]++;
  });
  const byPart = (countOf: (part: Part) => number) => ({
    train: countOf("train"),
    validation: countOf("validation"),
    test: countOf("test"),
  });
  const positives = [...counts.get(YES)!].filter((count) => count > 0);
  return {
    root: dataset.root,
    source: dataset.source,
    task: dataset.task,
    samples: samples.length,
    labelled,
    missing: dataset.missing?.length ?? 0,
    classes: classes.map((name, k) => ({
      name,
      yes: counts.get(YES)![k],
      no: counts.get(NO)![k],
      unknown: counts.get(UNKNOWN)![k],
      ...(split && { parts: byPart((part) => inPart.get(part)![k]) }),
    })),
    labelsPerSample,
    imbalance: positives.length === 0 ? 1 : Math.max(...positives) / Math.min(...positives),
    groups: new Set(samples.flatMap(({ group }) => (group === undefined ? [] : [group]))).size,
    ...(split && { parts: byPart((part) => split.filter((p) => p === part).length) }),
  };
}
