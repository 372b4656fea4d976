import { UserError } from "../errors.js";
import { type FittedHead, type HeadTrainer, type Lesson, type LinearHead, openHeadTrainer } from "../model/head-fit.js";
import { BALANCED_WEIGHTS } from "../model/head-weights.js";
import { throwIfAborted, type WorkOptions } from "../progress.js";
import type { Head, HeadLoss, Task } from "../task.js";
import { dealFolds } from "./folds.js";
import { pickRows } from "./parts.js";
import { choosePenalty, type GridPoint, type Trial } from "./penalty.js";
import { meanOverViews, openScorer, type Scorer } from "./score.js";

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
  /** Cross-fit out-of-fold logits; without a validation part, folds choose the penalty all the same. Default true. */
  readonly outOfFold?: boolean | undefined;
  /** Most bytes that embeddings and their standardised copies may take. Default 8 GiB. */
  readonly maxBytes?: number | undefined;
  readonly seed: number;
  /** `balanced` lets every class count the same; for sigmoid, its positives as much as its negatives. */
  readonly classWeights?: "none" | "balanced" | undefined;
  readonly labelSmoothing?: number | undefined;
  /** Default cross-entropy. */
  readonly loss?: HeadLoss | undefined;
}

/** A head fitted on train and validation. */
export interface HeadFit {
  readonly head: LinearHead;
  readonly l2: number;
  /** Penalties that were tried; empty when the penalty was given. */
  readonly grid: readonly GridPoint[];
  /**
   * Logits of train and validation samples, each from a head that has not seen the sample (or its group), neither in its data nor in
   * where its fit started; validation samples from a head that has seen nothing of their part. Empty when not asked for; without the
   * training samples where all of them are of one group.
   */
  readonly outOfFold: { readonly rows: readonly number[]; readonly logits: Float32Array };
  /** Images of train and validation that teach this head nothing: no known label, or (softmax) no positive one. */
  readonly leftOut: number;
}

/** From far too strong to far too weak for standardised features. */
const L2_GRID: readonly number[] = Array.from({ length: 15 }, (_, i) => 10 ** (1 - i / 2));
/** Loss tolerance of cross-fits: a cold start then ends where a tight fit does, up to what no decision depends on. */
const FOLD_TOLERANCE = 1e-6;
const MAX_BYTES = 8 * 2 ** 30;

/**
 * Chooses the L2 penalty on validation, refits on train and validation, and cross-fits out-of-fold logits.
 * Same input and seed, same bytes.
 *
 * @throws UserError `bad-data` without a label to learn from, `numeric` naming a broken image, `limit` when the features take more
 * than `maxBytes`, `aborted`
 */
export async function trainHead(options: FitOptions): Promise<HeadFit> {
  const { views, size, labels, head, seed, signal } = options;
  const classes = options.classes.length;
  const everyone = [...options.train, ...options.validation].sort((a, b) => a - b);
  limitBytes(options, everyone.length);
  const apart = validationApart(options);
  const dealt = without(everyone, apart);
  const folds = dealFolds(dealt, labels, { classes, folds: options.folds ?? 5, seed, groups: options.groups });
  const crossFits = options.outOfFold === false ? [] : crossFitsOf(options, everyone, folds, apart);
  const report = (done: number, note: string) =>
    options.onProgress?.({ stage: "fit", done, total: crossFits.length + 2, unit: "steps", note });

  const trainer = await openHeadTrainer(head, size, classes, { loss: options.loss });
  try {
    const scorer = await openScorer(size, classes);
    try {
      const school: School = { options, trainer, scorer };
      const { l2, points, start } =
        options.l2 === undefined
          ? await findPenalty(school, everyone, folds, (tried) => report(0, `trying L2 ${tried.toPrecision(2)}`))
          : { l2: options.l2, points: [], start: undefined };
      report(1, `L2 ${l2.toPrecision(2)}`);
      const { final, leftOut } = await fitEveryone(school, everyone, l2, start);

      const rows = crossFits.flatMap(({ held }) => held).sort((a, b) => a - b);
      const logits = new Float32Array(rows.length * classes);
      const place = new Map(rows.map((row, i) => [row, i * classes]));
      for (const [i, { train, held }] of crossFits.entries()) {
        throwIfAborted(signal);
        report(2 + i, "cross-fitting");
        // From zero: any other start would carry what somebody learned from the held samples.
        const fitted = await prepare(school, train).fit(l2, { signal, lossTolerance: FOLD_TOLERANCE });
        const heldLogits = await judge(school, held)(fitted);
        for (const [j, row] of held.entries()) logits.set(heldLogits.subarray(j * classes, (j + 1) * classes), place.get(row));
      }
      report(2 + crossFits.length, `L2 ${l2.toPrecision(2)}`);
      return {
        head: { weights: final.weights, bias: final.bias },
        l2,
        grid: points,
        outOfFold: { rows, logits },
        leftOut: leftOut / views,
      };
    } finally {
      await scorer.close();
    }
  } finally {
    await trainer.close();
  }
}

/** What is learned from, what learns, and what judges. */
interface School {
  readonly options: FitOptions;
  readonly trainer: HeadTrainer;
  readonly scorer: Scorer;
}

/** Refuses before anything is copied: embeddings are there already; every view is standardised for a fit, and the judged are averaged. */
function limitBytes({ embeddings, views, size, maxBytes = MAX_BYTES }: FitOptions, rows: number): void {
  const bytes = embeddings.byteLength + 4 * size * rows * (views + 1);
  if (bytes <= maxBytes) return;
  const gib = (count: number) => `${(count / 2 ** 30).toPrecision(2)} GiB`;
  throw new UserError(
    "limit",
    `training on ${rows} images × ${views} views × ${size} features takes ${gib(bytes)} of memory, more than ${gib(maxBytes)}`,
    { hint: "Take fewer --views, a backbone with fewer features, or fewer images." },
  );
}

function findPenalty(
  school: School,
  everyone: readonly number[],
  folds: readonly (readonly number[])[],
  onFit: (l2: number) => void,
) {
  const { options } = school;
  const { task, head, loss, labels, signal, l2Grid = L2_GRID } = options;
  const classes = options.classes.length;
  const trials = splitsOf(options, everyone, folds).map(
    ({ train, held }): Trial => ({
      labels: pickRows(labels, classes, held),
      open: () => ({ lesson: prepare(school, train), logitsOf: judge(school, held) }),
    }),
  );
  return choosePenalty(trials, l2Grid, { task, head, loss, classes, signal, onFit });
}

/** The validation samples whose group, if they have one, is not in the training part as well. */
function validationApart({ train, validation, groups }: FitOptions): readonly number[] {
  const seen = new Set(train.map((row) => groups?.[row]));
  return validation.filter((row) => groups?.[row] === undefined || !seen.has(groups[row]));
}

/**
 * Who learns, and whom they have not seen. Validation samples are judged by a head of the training part alone: who made the split may
 * have kept apart what random folds do not know to belong together.
 */
function crossFitsOf(
  { train }: FitOptions,
  everyone: readonly number[],
  folds: readonly (readonly number[])[],
  apart: readonly number[],
) {
  // A single fold has nobody else to learn from.
  const ofFolds = folds.length === 1 ? [] : heldInTurn(everyone, folds);
  return apart.length === 0 ? ofFolds : [{ train, held: apart }, ...ofFolds];
}

/** Who learns and who judges: train and validation, or each fold in turn where there is no validation part. */
function splitsOf({ train, validation }: FitOptions, everyone: readonly number[], folds: readonly (readonly number[])[]) {
  if (validation.length > 0) return [{ train, held: validation }];
  if (folds.length === 1) return [{ train: everyone, held: everyone }];
  return heldInTurn(everyone, folds);
}

function heldInTurn(everyone: readonly number[], folds: readonly (readonly number[])[]) {
  return folds.map((held) => ({ train: without(everyone, held), held }));
}

/** The head that is kept. The features made ready for it are let go on return. */
async function fitEveryone(
  school: School,
  everyone: readonly number[],
  l2: number,
  start: Float64Array | undefined,
): Promise<{ final: FittedHead; leftOut: number }> {
  const lesson = prepare(school, everyone);
  return { final: await lesson.fit(l2, { start, signal: school.options.signal }), leftOut: lesson.leftOut };
}

/** Gives the logits of the rows from any head. */
function judge({ options, scorer }: School, rows: readonly number[]): (head: LinearHead) => Promise<Float32Array> {
  const features = meanOverViews(options.embeddings, options.views, options.size, rows);
  return (head) => scorer.logitsOf(head, features);
}

/** Every view of the rows becomes a row of the fit. */
function prepare({ options, trainer }: School, rows: readonly number[]): Lesson {
  const { embeddings, views, size, labels, head, files, classWeights, labelSmoothing } = options;
  const classes = options.classes.length;
  const repeated = rows.flatMap((row) => new Array<number>(views).fill(row));
  const given = pickRows(labels, classes, repeated);
  const data = {
    features: pickRows(embeddings, views * size, rows),
    disposable: true,
    labels: given,
    nameOf: (i: number) => files?.[repeated[i]] ?? `image ${repeated[i]}`,
  };
  return trainer.prepare(data, { labelSmoothing, ...(classWeights === "balanced" && BALANCED_WEIGHTS[head](given, classes)) });
}

function without(rows: readonly number[], held: readonly number[]): number[] {
  const absent = new Set(held);
  return rows.filter((row) => !absent.has(row));
}
