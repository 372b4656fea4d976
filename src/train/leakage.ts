import { splitDataset } from "../data/split.js";
import { type Interval, pairedDifferences } from "../learn/bootstrap.js";
import { decide } from "../learn/decide.js";
import { type Measure, openMetrics } from "../learn/metrics/report.js";
import { HEADLINES } from "../report/metric-words.js";
import type { LeakageFindings } from "../report/run-data.js";
import type { Task } from "../task.js";
import type { TrainOptions } from "./options.js";
import { type Counts, countParts, type PlacedSample, rowsByPart } from "./parts.js";
import type { EmbeddedData, SplitData } from "./prepare.js";
import { fitAndScore, type ScoredHead } from "./scored-head.js";

/** What a random split promises beside one that keeps apart what belongs together, and what was tested on. */
export interface Leakage extends LeakageFindings {
  /** Samples per part, of the split that was asked for and of each random one. */
  readonly counts: { readonly honest: Counts; readonly random: readonly Counts[] };
}

/** Random splits that are averaged: one alone is a matter of luck. */
const RANDOM_SPLITS = 3;

/** Deals single images evenly by label. */
const METHOD = { multiclass: "stratified", multilabel: "iterative" } as const satisfies Record<Task, string>;

/**
 * Trains the same head again on random splits of the same images, with parts of the same sizes, and compares the scores. The
 * penalty is chosen anew on each of them: copies invite a weak one, and that is part of the promise. Embeddings are used again:
 * where a backbone looked at training images (`rcf`), it looked at those of the honest split.
 *
 * The intervals resample groups of all images at once: the test parts overlap, and a group that is drawn twice counts twice in
 * each of them.
 *
 * @param honest scored on the split that `data` holds
 * @returns undefined where nothing was kept together, or nothing is there to test on
 */
export async function measureLeakage(
  data: SplitData,
  embedded: EmbeddedData,
  honest: ScoredHead,
  options: Pick<TrainOptions, "l2" | "classWeights" | "loss" | "signal" | "onProgress"> & { readonly seed: number },
): Promise<Leakage | undefined> {
  const { by } = data;
  if (by === undefined || embedded.counts.test === 0) return undefined;
  const { seed, signal, onProgress } = options;
  const shuffled: { readonly measure: Measure; readonly counts: Counts }[] = [];
  for (let i = 0; i < RANDOM_SPLITS; i++) {
    onProgress?.({ stage: "leakage", done: i, total: RANDOM_SPLITS, unit: "random splits" });
    const other = dealAgain(data, embedded, seed + i);
    const scored = await fitAndScore({ ...data, placed: other.placed }, other, honest.head, {
      classWeights: options.classWeights,
      loss: options.loss,
      l2: options.l2,
      outOfFold: false,
      intervals: false,
      seed,
      signal,
    });
    shuffled.push({ measure: measureOf(data, scored), counts: other.counts });
  }
  onProgress?.({ stage: "leakage", done: RANDOM_SPLITS, total: RANDOM_SPLITS, unit: "random splits" });
  const ofRandom = meanMeasure(shuffled.map(({ measure }) => measure));
  const ofHonest = measureOf(data, honest);
  const found = Object.entries(
    pairedDifferences(ofRandom, ofHonest, {
      rows: embedded.placed.length,
      classes: data.dataset.classes.length,
      groups: embedded.placed.map(({ sample }) => sample.group),
      seed,
    }),
  );
  return {
    by,
    honest: ofHonest(),
    random: ofRandom(),
    difference: Object.fromEntries(found.map(([name, { difference }]) => [name, difference])),
    intervals: Object.fromEntries(found.map(([name, { interval }]) => [name, interval])),
    counts: { honest: embedded.counts, random: shuffled.map(({ counts }) => counts) },
  };
}

/** One sentence: what of the score a random split would have made up. */
export function describeLeakage({ by, honest, random, difference, intervals }: Leakage, task: Task): string {
  const [name] = HEADLINES[task];
  const digits = (value: number) => value.toFixed(3);
  if (difference[name] === undefined) return `leakage: not measured, for ${name} is not defined on the test part`;
  const interval: Interval | undefined = intervals[name];
  const range = interval === undefined ? "" : ` [${interval.map(digits).join(", ")}]`;
  const verdict =
    interval !== undefined && interval[0] > 0
      ? `${digits(difference[name])}${range} of it is leakage`
      : `the difference of ${digits(difference[name])}${range} may be chance`;
  return `leakage: ${name} ${digits(honest[name])} by ${by}, ${digits(random[name])} at random: ${verdict}`;
}

/** The same images in parts of the same sizes, each image on its own. */
function dealAgain(data: SplitData, embedded: EmbeddedData, seed: number): EmbeddedData {
  const total = embedded.placed.length;
  const share = (count: number) => count / total;
  const { train, validation, test } = embedded.counts;
  const alone = embedded.placed.map(({ sample: { group: _group, part: _part, ...sample } }) => sample);
  const split = splitDataset(
    { ...data.dataset, samples: alone },
    {
      method: METHOD[data.dataset.task],
      fractions: { train: share(train), validation: share(validation), test: share(test) },
      seed,
    },
  );
  const placed = embedded.placed.map(({ sample }, i): PlacedSample => ({ sample, part: split[i]! })); // every placed sample has a label
  const rows = rowsByPart(placed);
  return { ...embedded, placed, rows, counts: countParts(rows) };
}

/** Metrics of a head on its test part, under weights of all embedded samples. */
function measureOf({ dataset, rules }: SplitData, { rows, labels, uncalibrated }: ScoredHead): Measure {
  const { task } = dataset;
  const classes = dataset.classes.length;
  const { probabilities } = uncalibrated;
  const decisions = decide(task, probabilities, classes, undefined, rules);
  const measure = openMetrics(task, labels, probabilities, decisions, classes);
  return (weights) => measure(weights && Float64Array.from(rows, (row) => weights[row]));
}

/** The mean of each metric that all of the measures define. */
function meanMeasure(measures: readonly Measure[]): Measure {
  return (weights) => {
    const [first, ...others] = measures.map((measure) => measure(weights));
    const mean = (name: string) => others.reduce((sum, metrics) => sum + metrics[name], first[name]) / measures.length;
    const names = Object.keys(first).filter((name) => others.every((metrics) => metrics[name] !== undefined));
    return Object.fromEntries(names.map((name) => [name, mean(name)]));
  };
}
