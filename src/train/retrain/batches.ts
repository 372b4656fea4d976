import { YES } from "../../data/dataset.js";
import type { Random } from "../../random.js";
import type { Head, Task } from "../../task.js";
import { pickRows } from "../parts.js";
import type { Examples } from "./features.js";

/** Rows with their embeddings `[n, D]` and labels `[n, K]`. */
export interface Batch {
  readonly rows: readonly number[];
  readonly features: Float32Array;
  readonly labels: Int8Array;
}

/** Draws batches from one part. */
export interface BatchSource {
  /** Samples that can be drawn. */
  readonly count: number;
  /** That many rows with replacement; −1 is every row once, in order. */
  next(size: number): Promise<Batch>;
}

/** Rows that are drawn from alike: first one of the pools, then one of its rows. */
const POOLS: Readonly<
  Record<Task, (labels: Int8Array, rows: readonly number[], classes: number) => readonly (readonly number[])[]>
> = {
  /** One pool per class, as in retrain.py: a rare class is seen as often as a frequent one. */
  multiclass: (labels, rows, classes) =>
    Array.from({ length: classes }, (_, k) => rows.filter((row) => labels[row * classes + k] === YES)).filter(
      (pool) => pool.length > 0,
    ),
  /** One pool of all images, as in the multi-label forks. */
  multilabel: (_labels, rows) => [rows],
};

/** Whether a row teaches a head something: a known label for sigmoid, a positive one for softmax. */
const TEACHES: Readonly<Record<Head, (labels: Int8Array) => boolean>> = {
  softmax: (labels) => labels.includes(YES),
  sigmoid: (labels) => labels.some((label) => label >= 0),
};

/** A source of batches from the samples of one part that teach the head something. */
export function batchesOf(
  { labels, features }: Examples,
  {
    task,
    head,
    classes,
    random,
  }: { readonly task: Task; readonly head: Head; readonly classes: number; readonly random: Random },
): BatchSource {
  const rows: number[] = [];
  for (let row = 0; row * classes < labels.length; row++) {
    if (TEACHES[head](labels.subarray(row * classes, (row + 1) * classes))) rows.push(row);
  }
  const pools = POOLS[task](labels, rows, classes);
  const draw = () => {
    const pool = pools[random.int(pools.length)];
    return pool[random.int(pool.length)];
  };
  return {
    count: rows.length,
    async next(size) {
      const drawn = size < 0 ? rows : Array.from({ length: size }, draw);
      return { rows: drawn, features: await features(drawn), labels: pickRows(labels, classes, drawn) };
    },
  };
}
