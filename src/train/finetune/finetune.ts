import { UserError } from "../../errors.js";
import type { Layout } from "../../onnx/layouts.js";
import { DEFAULT_SEED } from "../../random.js";
import { sizeOf } from "../../tensor.js";
import { fingerprintOf } from "./fingerprint.js";
import { BEGINNING, type History } from "./history.js";
import { KEPT_BYTES } from "./kept-images.js";
import { runEpochs } from "./loop.js";
import { openSaved, openSaver } from "./saving.js";
import { type Trained, trainedNetwork } from "./trained.js";
import { openTrainer } from "./trainer.js";
import { type LabelledImages, prepareTraining, type TrainingOptions, updatesPerEpoch } from "./training.js";
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
  /** Told of checkpoints that are passed over: it says nothing of the result. Default `onWarning`. */
  readonly onNotice?: ((message: string) => void) | undefined;
  /** Updates of other trainings of the same command: those before it are done and saved. Default none. */
  readonly among?: { readonly before: number; readonly after: number } | undefined;
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
  /** Of all trainings of the command. */
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
  /** The tensors that learned. */
  readonly learns: readonly string[];
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
  const { seed = DEFAULT_SEED, now = () => performance.now(), checkpointSeconds = 30, onNotice = onWarning } = options;
  const { before, after } = options.among ?? { before: 0, after: 0 };
  const classes = options.classes.length;
  const training = await prepareTraining(options, validation.samples);
  const { recipe, layout, start, step, peakBytes } = training;

  const perEpoch = updatesPerEpoch(recipe, train.samples.length);
  const saving = { folder: options.checkpoints ?? "", fingerprint: fingerprintOf({ ...options, seed }, layout, start) };
  const saved =
    options.checkpoints === undefined
      ? undefined
      : openSaved({ ...saving, discardOther: options.discardOther, onWarning: onNotice });
  const plan: FinetunePlan = {
    layout: layout.name,
    peakBytes,
    updates: before + recipe.epochs * perEpoch + after,
    resumedFrom: before + (saved?.updates ?? 0),
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
      updatesPerEpoch: perEpoch,
      judge: judges && (async (found) => judges.judge(trainedNetwork(network, start, found))),
      metricName: VALIDATION_METRIC[task],
      stage: options.stage,
      start: standing,
      best: saved?.best,
      async onStanding(standing, best, moment) {
        if (await save(standing, best, moment)) savedUpdates = before + standing.history.updates.length;
      },
      signal,
      onProgress,
      onWarning,
      now,
    });
    const trained = trainedNetwork(network, start, learned);
    const validationLogits = judges ? (await judges.judge(trained)).logits : new Float32Array(0);
    return { ...plan, ...trained, validationLogits, history, learns: step.parameters.map(({ name }) => name) };
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "aborted" || savedUpdates === 0) throw error;
    const hint = `The same command goes on after step ${savedUpdates} of ${plan.updates}.`;
    throw new UserError("aborted", error.message, { hint, cause: error });
  } finally {
    await Promise.all(open.map((item) => item.close()));
  }
}
