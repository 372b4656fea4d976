import { type HeadTrainer, type Lesson, type LinearHead, openHeadTrainer, ROUGH } from "../model/head-fit.js";
import { BALANCED_WEIGHTS } from "../model/head-weights.js";
import { throwIfAborted, type WorkOptions } from "../progress.js";
import type { Head, Task } from "../task.js";
import { dealFolds } from "./folds.js";
import { pickRows } from "./parts.js";
import { choosePenalty, type GridPoint, type Trial } from "./penalty.js";
import { logitsOf, meanOverViews } from "./score.js";

/** What a head is trained from. Rows index embeddings, labels, files and groups. */
export interface FitOptions extends WorkOptions {
  /** `[N, V, D]`: every view of a training image is a row of the fit; images are judged by the mean of their views. */
  readonly embeddings: Float32Array;
  /** V. */
  readonly views: number;
  /** D. */
  readonly size: number;
  /** `[N, K]` of 1, 0 and −1 (unknown). */
  readonly labels: Int8Array;
  readonly classes: readonly string[];
  /** Names of the images, for messages. */
  readonly files?: readonly string[] | undefined;
  /** Images of one group stay together in cross-fitting. */
  readonly groups?: readonly (string | undefined)[] | undefined;
  readonly train: readonly number[];
  /** May be empty: the penalty is then chosen by cross-validation. */
  readonly validation: readonly number[];
  readonly task: Task;
  readonly head: Head;
  /** Fixes the penalty instead of choosing it. */
  readonly l2?: number | undefined;
  /** Penalties to try, strongest first. */
  readonly l2Grid?: readonly number[] | undefined;
  readonly folds?: number | undefined;
  readonly seed: number;
  /** `balanced` lets every class count the same; for sigmoid, its positives as much as its negatives. */
  readonly classWeights?: "none" | "balanced" | undefined;
  readonly labelSmoothing?: number | undefined;
}

/** A head fitted on train and validation. */
export interface HeadFit {
  readonly head: LinearHead;
  readonly l2: number;
  readonly grid: readonly GridPoint[];
  /** Logits of train and validation samples, each from a head that has not seen the sample (or its group). */
  readonly outOfFold: { readonly rows: readonly number[]; readonly logits: Float32Array };
  /** Images of train and validation that teach this head nothing: no known label, or (softmax) no positive one. */
  readonly leftOut: number;
}

/** From far too strong to far too weak for standardised features. */
const L2_GRID: readonly number[] = Array.from({ length: 15 }, (_, i) => 10 ** (1 - i / 2));

/**
 * Chooses the L2 penalty on validation, refits on train and validation, and cross-fits out-of-fold logits.
 * Same input and seed, same bytes.
 *
 * @throws UserError `bad-data` without a label to learn from, `numeric` naming a broken image, `aborted`
 */
export async function trainHead(options: FitOptions): Promise<HeadFit> {
  const { views, size, labels, head, seed, signal, onProgress, l2Grid = L2_GRID } = options;
  const classes = options.classes.length;
  const everyone = [...options.train, ...options.validation].sort((a, b) => a - b);
  const folds = dealFolds(everyone, labels, { classes, folds: options.folds ?? 5, seed, groups: options.groups });
  const evaluation = meanOverViews(options.embeddings, views, size);
  const trainer = await openHeadTrainer(head, size, classes);
  const learn = (rows: readonly number[]) => prepare(trainer, rows, options);
  const judge = (rows: readonly number[]) => (fitted: LinearHead) => logitsOf(fitted, pickRows(evaluation, size, rows));
  const report = (done: number, note: string) =>
    onProgress?.({ stage: "fit", done, total: folds.length + 2, unit: "steps", note });
  try {
    const search = {
      task: options.task,
      head,
      classes,
      signal,
      onFit: (l2: number) => report(0, `trying L2 ${l2.toPrecision(2)}`),
    };
    const trials = splitsOf(options, everyone, folds).map(
      ({ train, held }): Trial => ({
        lesson: () => learn(train),
        labels: pickRows(labels, classes, held),
        logitsOf: judge(held),
      }),
    );
    const { l2, points, start } = await choosePenalty(trials, options.l2 === undefined ? l2Grid : [options.l2], search);

    report(1, `L2 ${l2.toPrecision(2)}`);
    const lesson = learn(everyone);
    const final = await lesson.fit(l2, { start, signal });

    const logits = new Float32Array(everyone.length * classes);
    const place = new Map(everyone.map((row, i) => [row, i * classes]));
    for (const [i, held] of folds.entries()) {
      throwIfAborted(signal);
      report(2 + i, "cross-fitting");
      // A single fold has nobody else to learn from: its logits are those of the head itself.
      const fitted =
        folds.length === 1
          ? final
          : await learn(without(everyone, held)).fit(l2, { start: final.parameters, signal, lossTolerance: ROUGH });
      const heldLogits = await judge(held)(fitted);
      for (const [j, row] of held.entries()) logits.set(heldLogits.subarray(j * classes, (j + 1) * classes), place.get(row));
    }
    report(2 + folds.length, `L2 ${l2.toPrecision(2)}`);
    return {
      head: { weights: final.weights, bias: final.bias },
      l2,
      grid: points,
      outOfFold: { rows: everyone, logits },
      leftOut: lesson.leftOut / views,
    };
  } finally {
    await trainer.close();
  }
}

/** Who learns and who judges: train and validation, or each fold in turn where there is no validation part. */
function splitsOf({ train, validation }: FitOptions, everyone: readonly number[], folds: readonly (readonly number[])[]) {
  if (validation.length > 0) return [{ train, held: validation }];
  if (folds.length === 1) return [{ train: everyone, held: everyone }];
  return folds.map((held) => ({ train: without(everyone, held), held }));
}

/** Every view of the rows becomes a row of the fit. */
function prepare(trainer: HeadTrainer, rows: readonly number[], options: FitOptions): Lesson {
  const { embeddings, views, size, labels, head, files, classWeights, labelSmoothing } = options;
  const classes = options.classes.length;
  const repeated = rows.flatMap((row) => new Array<number>(views).fill(row));
  const given = pickRows(labels, classes, repeated);
  const data = {
    features: pickRows(embeddings, views * size, rows),
    labels: given,
    nameOf: (i: number) => files?.[repeated[i]] ?? `image ${repeated[i]}`,
  };
  return trainer.prepare(data, { labelSmoothing, ...(classWeights === "balanced" && BALANCED_WEIGHTS[head](given, classes)) });
}

function without(rows: readonly number[], held: readonly number[]): number[] {
  const absent = new Set(held);
  return rows.filter((row) => !absent.has(row));
}
