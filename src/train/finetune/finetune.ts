import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { UserError } from "../../errors.js";
import type { LinearHead } from "../../model/head-fit.js";
import type { Layout } from "../../onnx/layouts.js";
import { graphOf, type Model, writeModel } from "../../onnx/model.js";
import { appendLogits, type HeadLayer } from "../../onnx/surgery.js";
import type { TrainingStep } from "../../onnx/training-step.js";
import { tensorTypeOf } from "../../onnx/types.js";
import type { WorkOptions } from "../../progress.js";
import { createRandom, DEFAULT_SEED } from "../../random.js";
import type { Preprocess } from "../../raster/preprocess.js";
import { probeLayout } from "../../runtime/layout.js";
import type { RuntimeChoice } from "../../runtime/session.js";
import type { Head, HeadLoss, Task } from "../../task.js";
import { float32, sizeOf } from "../../tensor.js";
import { VERSION } from "../../version.js";
import type { NamedFile } from "../image-files.js";
import { openBatchLoader } from "./batch-loader.js";
import { BEGINNING, type History } from "./history.js";
import { learnedAfter } from "./learned.js";
import { runEpochs } from "./loop.js";
import { peakBytes, refuseTooLarge } from "./memory.js";
import { mixOf, type Recipe } from "./recipe.js";
import { openSaved, openSaver } from "./saving.js";
import { classifierStep } from "./step.js";
import { openTargets } from "./targets.js";
import { type Trained, trainedNetwork } from "./trained.js";
import { openTrainer } from "./trainer.js";
import { openValidation, VALIDATION_METRIC } from "./validation.js";

/** Images with their labels. */
export interface LabelledImages {
  readonly samples: readonly NamedFile[];
  /** `[N, K]` of 1, 0 and −1 (unknown). */
  readonly labels: Int8Array;
}

export interface FinetuneOptions extends WorkOptions {
  /** An embedding model: `image` `[N, C, H, W]` in source range to `embedding` `[N, D]`. */
  readonly network: Model;
  readonly preprocess: Preprocess;
  /** The last layer to begin with; drawn at random where there is none. */
  readonly start?: LinearHead | undefined;
  readonly train: LabelledImages;
  /** May hold nothing: then the weights of the last epoch are kept. */
  readonly validation: LabelledImages;
  readonly classes: readonly string[];
  readonly task: Task;
  readonly head: Head;
  /** Default cross-entropy. */
  readonly loss?: HeadLoss | undefined;
  readonly classWeights?: "none" | "balanced" | undefined;
  /** See `completeRecipe`. */
  readonly recipe: Recipe;
  /** Order, augmentation, mixing and a last layer that is drawn. */
  readonly seed?: number | undefined;
  /** Folder of checkpoints: a training that was stopped goes on from there, to the same bytes. */
  readonly checkpoints?: string | undefined;
  /** Within an epoch, at most one checkpoint in so many seconds; 0: after every update. Default 30. */
  readonly checkpointSeconds?: number | undefined;
  /** The fastest that works here by default. */
  readonly layout?: Layout | undefined;
  readonly runtime?: RuntimeChoice | undefined;
  /** Threads of the training; all cores by default. The same number gives the same bytes. */
  readonly threads?: number | undefined;
  /** Bytes that the process may have in use. Default: any number. */
  readonly memoryLimit?: number | undefined;
  /** Told what the training will take, before it starts. */
  readonly onPlan?: ((plan: FinetunePlan) => void) | undefined;
  /** Milliseconds of a clock that never goes back. Default `performance.now`. */
  readonly now?: (() => number) | undefined;
}

/** What is known before the first step. */
export interface FinetunePlan {
  readonly layout: Layout["name"];
  /** Estimate of the most memory that the process has in use. */
  readonly peakBytes: number;
  readonly updates: number;
  /** Updates that were done before, by a training that was stopped. */
  readonly resumedFrom: number;
  /** Numbers that are learned. */
  readonly parameters: number;
}

export interface FinetuneResult extends Trained, FinetunePlan {
  /** `[N, K]` of the validation part, by what was kept; empty without one. */
  readonly validationLogits: Float32Array;
  readonly history: History;
}

/** Decoded images that are kept, together: those of training, then those of validation. */
const KEPT_BYTES = { train: 512 * 2 ** 20, validation: 128 * 2 ** 20 } as const;
const AHEAD = 3;

/**
 * Trains a network and its last layer from end to end: fine-tunes one that was trained before, or trains one from scratch. The same
 * options, seed and number of threads give the same bytes, also after a stop.
 *
 * @throws UserError `bad-model` when a gradient cannot go through the network, `limit` when the batch does not fit, `numeric` when the
 *   training diverges, `bad-data` for checkpoints of another training or unreadable images, `usage`, `aborted`
 */
export async function finetune(options: FinetuneOptions): Promise<FinetuneResult> {
  const { network, preprocess, train, validation, task, head, loss, runtime, threads, signal, onWarning, onProgress } = options;
  const { seed = DEFAULT_SEED, now = () => performance.now(), checkpointSeconds = 30 } = options;
  const classes = options.classes.length;
  const recipe = fittingRecipe(options);
  const layout = options.layout ?? (await probeLayout({ runtime, threads }));
  const start = startLayer(options, seed);
  const model = appendLogits(network, start);
  const names = learnedAfter(model, recipe.freezeUntil).map(({ name }) => name);
  const stepOf = (batch: number): TrainingStep =>
    classifierStep({
      network: model,
      inputShape: [batch, preprocess.bands.length, preprocess.heightPx, preprocess.widthPx],
      classes,
      head,
      loss,
      parameters: names,
      batchNorm: recipe.batchNorm,
      batchNormMomentum: recipe.batchNormMomentum,
      layout,
    });
  const step = stepOf(recipe.batch);
  const workers = Math.max(1, Math.floor(availableParallelism() / 4));
  const peakOf = (of: TrainingStep) =>
    peakBytes({ step: of, recipe, ahead: AHEAD, workers: workers + 1, keptBytes: keptBytes(options) });
  if (options.memoryLimit !== undefined) {
    refuseTooLarge((batch) => peakOf(batch === recipe.batch ? step : stepOf(batch)), recipe.batch, options.memoryLimit);
  }

  const updatesPerEpoch = Math.floor(Math.floor(train.samples.length / recipe.batch) / recipe.accumulate);
  const saving = { folder: options.checkpoints ?? "", fingerprint: fingerprintOf(options, recipe, layout, start) };
  const saved = options.checkpoints === undefined ? undefined : openSaved(saving, onWarning);
  const plan: FinetunePlan = {
    layout: layout.name,
    peakBytes: peakOf(step),
    updates: recipe.epochs * updatesPerEpoch,
    resumedFrom: saved?.updates ?? 0,
    parameters: step.parameters.reduce((sum, { value }) => sum + sizeOf(value.shape), 0),
  };
  options.onPlan?.(plan);

  const open: { close(): Promise<void> }[] = [];
  const opened = <T extends { close(): Promise<void> }>(item: T): T => {
    open.push(item);
    return item;
  };
  try {
    const trainer = opened(await openTrainer({ step, recipe, runtime, threads, onWarning }));
    const standing = saved?.standing ?? BEGINNING;
    if (saved) trainer.restore(saved.tensors, saved.updates);
    const judges =
      validation.samples.length === 0
        ? undefined
        : opened(
            await openValidation({
              ...validation,
              classes,
              preprocess,
              batch: recipe.batch,
              task,
              head,
              loss,
              runtime,
              threads,
              keepBytes: KEPT_BYTES.validation,
              signal,
              onWarning,
            }),
          );
    const loader = opened(
      await openBatchLoader({
        samples: train.samples,
        preprocess,
        batch: recipe.batch,
        augment: recipe.augment,
        mix: mixOf(recipe),
        seed,
        start: { epoch: standing.epoch, step: standing.update * recipe.accumulate },
        threads: workers,
        ahead: AHEAD,
        keepBytes: KEPT_BYTES.train,
        signal,
        onWarning,
      }),
    );
    const { learned, history } = await runEpochs({
      trainer,
      loader,
      targets: openTargets({
        labels: train.labels,
        classes,
        head,
        classWeights: options.classWeights,
        labelSmoothing: recipe.labelSmoothing,
        images: recipe.batch * recipe.accumulate,
      }),
      recipe,
      samples: train.samples,
      updatesPerEpoch,
      judge: judges && (async (found) => judges.judge(trainedNetwork(network, start, found))),
      metricName: VALIDATION_METRIC[task],
      start: standing,
      best: saved?.best,
      onStanding:
        options.checkpoints === undefined
          ? async () => {}
          : openSaver(trainer, { ...saving, everySeconds: checkpointSeconds, now }),
      signal,
      onProgress,
      onWarning,
      now,
    });
    const trained = trainedNetwork(network, start, learned);
    const validationLogits = judges ? (await judges.judge(trained)).logits : new Float32Array(0);
    return { ...plan, ...trained, validationLogits, history };
  } finally {
    await Promise.all(open.map((item) => item.close()));
  }
}

/** A recipe whose batches can be filled. @throws UserError `bad-data` when there is nothing to learn from */
function fittingRecipe({ recipe, train, onWarning }: FinetuneOptions): Recipe {
  const count = train.samples.length;
  if (count === 0) {
    throw new UserError("bad-data", "there are no training images", { hint: "Give labelled images, or another --split." });
  }
  const batch = Math.min(recipe.batch, count);
  const accumulate = Math.min(recipe.accumulate, Math.floor(count / batch));
  if (batch * accumulate < recipe.batch * recipe.accumulate) {
    onWarning?.(
      `The training part has ${count} images: an update sees ${batch * accumulate} of them instead of ${recipe.batch * recipe.accumulate}.`,
    );
  }
  return { ...recipe, batch, accumulate };
}

/** The last layer to begin with. */
function startLayer({ network, start, classes, head }: FinetuneOptions, seed: number): HeadLayer {
  const size = Number(tensorTypeOf(graphOf(network).output[0])?.shape?.[1]);
  if (!Number.isSafeInteger(size)) {
    throw new UserError("bad-model", "the network does not say how many numbers its embedding has", {
      hint: "Export it with fixed sizes but for the batch.",
    });
  }
  const shape = [classes.length, size];
  if (start) return { weights: float32(shape, start.weights), bias: float32([classes.length], start.bias), head };
  // Uniform within ±1/√D, as PyTorch's linear layer.
  const random = createRandom(seed, "last layer");
  const draw = () => (2 * random.next() - 1) / Math.sqrt(size);
  return {
    weights: float32(shape, Float32Array.from({ length: sizeOf(shape) }, draw)),
    bias: float32([classes.length], Float32Array.from(classes, draw)),
    head,
  };
}

/** Decoded images have a byte per value; how large they are is known only once they are read, so the input's size stands for it. */
function keptBytes({ preprocess, train, validation }: FinetuneOptions): number {
  const image = 1.5 * preprocess.bands.length * preprocess.heightPx * preprocess.widthPx;
  const of = (part: keyof typeof KEPT_BYTES, { samples }: LabelledImages) => Math.min(KEPT_BYTES[part], samples.length * image);
  return of("train", train) + of("validation", validation);
}

/** sha256 over everything that decides the result: only a training with the same may go on from a checkpoint. */
function fingerprintOf(options: FinetuneOptions, recipe: Recipe, layout: Layout, start: HeadLayer): string {
  const { network, preprocess, train, validation, classes, task, head, loss, classWeights, seed } = options;
  const hash = createHash("sha256");
  const settings = { preprocess, classes, task, head, loss, classWeights, seed, recipe, layout: [layout.name, layout.block] };
  hash.update(JSON.stringify({ version: VERSION, ...settings }));
  hash.update(writeModel(network));
  for (const { data } of [start.weights, start.bias]) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  for (const { samples, labels } of [train, validation]) {
    hash.update(JSON.stringify(samples.map(({ file }) => file)));
    hash.update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  }
  return hash.digest("hex");
}
