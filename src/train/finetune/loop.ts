import { UserError } from "../../errors.js";
import { throwIfAborted, type WorkOptions } from "../../progress.js";
import type { NamedFile } from "../image-files.js";
import type { BatchLoader } from "./batch-loader.js";
import { type EpochRecord, type History, judgedLoss, type Standing, type UpdateRecord } from "./history.js";
import { ratesOf } from "./rates.js";
import type { Recipe } from "./recipe.js";
import type { Targets } from "./targets.js";
import type { Learned, Trainer } from "./trainer.js";

/** What is known after an epoch of how well the network does. */
export type JudgeEpoch = (learned: Learned) => Promise<NonNullable<EpochRecord["validation"]>>;

/** When a training may be kept: after an update, after an epoch was judged, after the last one, when it was told to stop. */
export type Moment = "update" | "epoch" | "end" | "aborted";

export interface LoopOptions extends WorkOptions {
  readonly trainer: Trainer;
  /** Standing at the first batch that is to come. */
  readonly loader: BatchLoader;
  readonly targets: Targets;
  readonly recipe: Recipe;
  /** Of the training part, by row, for messages. */
  readonly samples: readonly NamedFile[];
  readonly updatesPerEpoch: number;
  /** Undefined where there is no validation part: the last weights are kept. */
  readonly judge: JudgeEpoch | undefined;
  readonly metricName: string;
  /** Name of the stage in progress events. Default "train". */
  readonly stage?: string | undefined;
  /** Where the training goes on, and the best weights by then. */
  readonly start: Standing;
  readonly best: Learned | undefined;
  /** Called between two updates; whoever wants to stop and go on later keeps what it is given. Live. */
  readonly onStanding: (standing: Standing, best: Learned | undefined, moment: Moment) => Promise<void>;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** What remains of a training. */
export interface LoopResult {
  /** Of the best epoch, or of the last where nothing was judged. */
  readonly learned: Learned;
  readonly history: History;
}

/** Updates whose mean loss is shown. */
const SHOWN_LOSSES = 20;

/**
 * Trains epoch after epoch to the end of the recipe, or until `patience` epochs have not lowered the validation loss.
 *
 * @throws UserError `numeric` naming epoch, step and images when a loss or gradient is not finite, `aborted`
 */
export async function runEpochs(options: LoopOptions): Promise<LoopResult> {
  const { trainer, loader, targets, recipe, samples, updatesPerEpoch, judge, start, signal } = options;
  const rates = ratesOf(recipe, recipe.epochs * updatesPerEpoch);
  const updates: UpdateRecord[] = [...start.history.updates];
  const epochs: EpochRecord[] = [...start.history.epochs];
  let { epoch, update } = start;
  let bestEpoch = start.history.best;
  let best = options.best;
  const history = (): History => ({ updates, epochs, best: bestEpoch });
  const tell = (moment: Moment) => options.onStanding({ epoch, update, history: history() }, best, moment);
  const report = reporter(options, updates, epochs);
  const isOver = () => epoch >= recipe.epochs || isStale(recipe.patience, epochs.length, bestEpoch);

  const takeUpdate = async (): Promise<void> => {
    const rate = rates(trainer.updates);
    const rows: number[] = [];
    let loss = 0;
    for (let i = 0; i < recipe.accumulate; i++) {
      const batch = await nextOf(loader, epoch);
      rows.push(...batch.rows);
      const { loss: part } = await trainer.run({ pixels: batch.pixels, ...targets(batch.rows, batch.mix) });
      if (!Number.isFinite(part)) throw diverged("loss", part, { epoch, update, rows, samples });
      loss += part;
    }
    const gradientNorm = trainer.update(rate);
    if (!Number.isFinite(gradientNorm)) throw diverged("gradient", gradientNorm, { epoch, update, rows, samples });
    updates.push({ loss, lr: rate.head, lrBackbone: rate.backbone, gradientNorm });
    update++;
  };

  try {
    report("start");
    while (!isOver()) {
      while (update < updatesPerEpoch) {
        throwIfAborted(signal);
        await takeUpdate();
        if (update < updatesPerEpoch) {
          report("update");
          await tell("update");
        }
      }
      throwIfAborted(signal);
      const ofEpoch = updates.slice(-updatesPerEpoch);
      const loss = ofEpoch.reduce((sum, record) => sum + record.loss, 0) / ofEpoch.length;
      const judged = judge && (await judge(trainer.learned()));
      const validation = judged && { loss: judged.loss, metric: judged.metric };
      epochs.push({ loss, validation });
      const judgement = judgedLoss(epochs, epoch);
      if (judgement !== undefined && judgement < (judgedLoss(epochs, bestEpoch ?? -1) ?? Number.POSITIVE_INFINITY)) {
        bestEpoch = epoch;
        best = new Map(Array.from(trainer.learned(), ([name, data]) => [name, data.slice()]));
      }
      epoch++;
      update = 0;
      report("epoch");
      await tell(isOver() ? "end" : "epoch");
    }
  } catch (error) {
    // What an update had begun is lost: its batches come again.
    if (error instanceof UserError && error.code === "aborted") await tell("aborted");
    throw error;
  }
  return { learned: best ?? trainer.learned(), history: history() };
}

/** The next batch of an epoch; those of the one before that made no whole update are passed over. */
async function nextOf(loader: BatchLoader, epoch: number) {
  for (;;) {
    const batch = await loader.next();
    if (batch.epoch === epoch) return batch;
  }
}

function isStale(patience: number, epochs: number, best: number | undefined): boolean {
  return patience > 0 && best !== undefined && epochs - 1 - best >= patience;
}

function diverged(
  what: "loss" | "gradient",
  value: number,
  at: { epoch: number; update: number; rows: readonly number[]; samples: readonly NamedFile[] },
): UserError {
  const files = at.rows.map((row) => at.samples[row].file);
  const some = files.length > 4 ? `${files.slice(0, 4).join(", ")} and ${files.length - 4} more` : files.join(", ");
  return new UserError(
    "numeric",
    `epoch ${at.epoch + 1}, step ${at.update + 1}: the ${what} is ${value}; the images were ${some}`,
    {
      hint: "Use a lower --lr, keep --clip on, or look for images with values far beyond the others.",
    },
  );
}

/** Tells of the progress, with the speed since this call; of an epoch when it has been judged, so that each is told of once. */
function reporter(
  { recipe, updatesPerEpoch, metricName, stage = "train", onProgress, now, trainer }: LoopOptions,
  updates: readonly UpdateRecord[],
  epochs: readonly EpochRecord[],
): (moment: "start" | "update" | "epoch") => void {
  const total = recipe.epochs * updatesPerEpoch;
  const first = trainer.updates;
  const startedMs = now();
  return (moment) => {
    const done = trainer.updates;
    const shown = updates.slice(-SHOWN_LOSSES);
    const last = epochs.at(-1);
    const ofLast = shown.reduce((sum, record) => sum + record.loss, 0) / shown.length;
    const loss = moment === "epoch" && last !== undefined ? last.loss : ofLast;
    const { loss: validationLoss, metric } = last?.validation ?? {};
    const perSecond = ((done - first) * recipe.batch * recipe.accumulate * 1000) / (now() - startedMs);
    // A terminal shows as many of them as it has room for, from the first.
    const notes = [
      ...(shown.length > 0 ? [`loss ${loss.toFixed(3)}`] : []),
      ...(metric === undefined ? [] : [`${metricName} ${metric.toFixed(3)}`]),
      ...(done > first ? [`${perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)} images/s`] : []),
      ...(moment === "epoch" ? [`epoch ${epochs.length} of ${recipe.epochs}`] : []),
      ...(validationLoss === undefined ? [] : [`validation loss ${validationLoss.toFixed(3)}`]),
    ];
    const note = notes.length > 0 && { note: notes.join(" · ") };
    onProgress?.({ stage, done, total, unit: "steps", ...note, ...(moment === "epoch" && { isMilestone: true }) });
  };
}
