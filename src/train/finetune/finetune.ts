import { createHash } from "node:crypto";
import { UserError } from "../../errors.js";
import type { Layout } from "../../onnx/layouts.js";
import { writeModel } from "../../onnx/model.js";
import type { HeadLayer } from "../../onnx/surgery.js";
import { DEFAULT_SEED } from "../../random.js";
import { sizeOf } from "../../tensor.js";
import { VERSION } from "../../version.js";
import { BEGINNING, type History } from "./history.js";
import { runEpochs } from "./loop.js";
import type { Recipe } from "./recipe.js";
import { openSaved, openSaver } from "./saving.js";
import { type Trained, trainedNetwork } from "./trained.js";
import { openTrainer } from "./trainer.js";
import { KEPT_BYTES, type LabelledImages, prepareTraining, type TrainingOptions } from "./training.js";
import { openValidation, VALIDATION_METRIC } from "./validation.js";

export interface FinetuneOptions extends TrainingOptions {
  /** May hold nothing: then the weights of the last epoch are kept. */
  readonly validation: LabelledImages;
  /** Folder of checkpoints: a training that was stopped goes on from there, to the same bytes. */
  readonly checkpoints?: string | undefined;
  /** Removes checkpoints of another training instead of refusing them. Default false. */
  readonly discardOther?: boolean | undefined;
  /** Within an epoch, at most one checkpoint in so many seconds; 0: after every update. Default 30. */
  readonly checkpointSeconds?: number | undefined;
  /** Told what the training will take, before it starts. */
  readonly onPlan?: ((plan: FinetunePlan) => void) | undefined;
  /** Name of the stage in progress events. Default "train". */
  readonly stage?: string | undefined;
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
  const training = await prepareTraining(options, validation.samples.length);
  const { recipe, layout, start, step, peakBytes } = training;

  const updatesPerEpoch = Math.floor(Math.floor(train.samples.length / recipe.batch) / recipe.accumulate);
  const saving = { folder: options.checkpoints ?? "", fingerprint: fingerprintOf({ ...options, seed }, recipe, layout, start) };
  const saved =
    options.checkpoints === undefined ? undefined : openSaved({ ...saving, discardOther: options.discardOther, onWarning });
  const plan: FinetunePlan = {
    layout: layout.name,
    peakBytes,
    updates: recipe.epochs * updatesPerEpoch,
    resumedFrom: saved?.updates ?? 0,
    parameters: step.parameters.reduce((sum, { value }) => sum + sizeOf(value.shape), 0),
  };
  options.onPlan?.(plan);

  let savedUpdates = plan.resumedFrom;
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
    const place = { epoch: standing.epoch, step: standing.update * recipe.accumulate };
    const loader = opened(await training.openLoader(place));
    const save =
      options.checkpoints === undefined
        ? async () => false
        : openSaver(trainer, { ...saving, everySeconds: checkpointSeconds, now });
    const { learned, history } = await runEpochs({
      trainer,
      loader,
      targets: training.targets,
      recipe,
      samples: train.samples,
      updatesPerEpoch,
      judge: judges && (async (found) => judges.judge(trainedNetwork(network, start, found))),
      metricName: VALIDATION_METRIC[task],
      stage: options.stage,
      start: standing,
      best: saved?.best,
      async onStanding(standing, best, moment) {
        if (await save(standing, best, moment)) savedUpdates = standing.history.updates.length;
      },
      signal,
      onProgress,
      onWarning,
      now,
    });
    const trained = trainedNetwork(network, start, learned);
    const validationLogits = judges ? (await judges.judge(trained)).logits : new Float32Array(0);
    return { ...plan, ...trained, validationLogits, history };
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "aborted" || savedUpdates === 0) throw error;
    const hint = `The same command goes on after step ${savedUpdates} of ${plan.updates}.`;
    throw new UserError("aborted", error.message, { hint, cause: error });
  } finally {
    await Promise.all(open.map((item) => item.close()));
  }
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
