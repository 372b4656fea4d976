import { UserError } from "../../errors.js";
import type { Checkpoint, JsonValue, Numbers } from "./checkpoint.js";

/** One update of the weights. */
export interface UpdateRecord {
  /** Under the weights before the update, mean over its batches. */
  readonly loss: number;
  /** Of the last layer. */
  readonly lr: number;
  readonly lrBackbone: number;
  /** Length of the gradient before it was clipped. */
  readonly gradientNorm: number;
}

/** One pass over the training images. */
export interface EpochRecord {
  /** Mean over its updates. */
  readonly loss: number;
  /** Undefined where there is no validation part. */
  readonly validation: { readonly loss: number; readonly metric: number | undefined } | undefined;
}

/** What happened in a training, in order. Nothing in it depends on how fast that was. */
export interface History {
  readonly updates: readonly UpdateRecord[];
  readonly epochs: readonly EpochRecord[];
  /** Index of the epoch whose weights are kept: the lowest by {@link judgedLoss}. */
  readonly best: number | undefined;
}

/**
 * What an epoch is judged by, undefined where there is no validation part: the mean of its validation loss and that of the epoch before.
 * While the rates are high the loss leaps, and a single low one is luck.
 */
export function judgedLoss(epochs: readonly EpochRecord[], epoch: number): number | undefined {
  const now = epochs[epoch]?.validation?.loss;
  const before = epochs[epoch - 1]?.validation?.loss ?? now;
  return now === undefined || before === undefined ? undefined : (now + before) / 2;
}

/** The update, from 0, after which an epoch was judged. */
export function lastUpdate({ updates, epochs }: History, epoch: number): number {
  return Math.round(((epoch + 1) * updates.length) / epochs.length) - 1;
}

/** Where a training stands between two updates. */
export interface Standing {
  readonly epoch: number;
  /** Updates of this epoch that are done. */
  readonly update: number;
  readonly history: History;
}

/** The start of every training. */
export const BEGINNING: Standing = { epoch: 0, update: 0, history: { updates: [], epochs: [], best: undefined } };

/** Tensors of a checkpoint that hold the history: a long one would not fit into the head of the file. */
const UPDATES = "history/updates";
const EPOCHS = "history/epochs";
/** Numbers of an update, and of an epoch: its loss, then validation loss and metric, a 1 before each of them that is known. */
const UPDATE_NUMBERS = 4;
const EPOCH_NUMBERS = 5;

/** A standing as a checkpoint keeps it. float64, so that every number comes back as it was. */
export function keptStanding({ epoch, update, history }: Standing): Pick<Checkpoint, "progress" | "tensors"> {
  const updates = new Float64Array(UPDATE_NUMBERS * history.updates.length);
  history.updates.forEach(({ loss, lr, lrBackbone, gradientNorm }, i) => {
    updates.set([loss, lr, lrBackbone, gradientNorm], UPDATE_NUMBERS * i);
  });
  const epochs = new Float64Array(EPOCH_NUMBERS * history.epochs.length);
  history.epochs.forEach(({ loss, validation }, i) => {
    epochs.set([loss, ...known(validation?.loss), ...known(validation?.metric)], EPOCH_NUMBERS * i);
  });
  return {
    progress: { epoch, update, best: history.best ?? null },
    tensors: new Map([
      [UPDATES, updates],
      [EPOCHS, epochs],
    ]),
  };
}

/** Reads what `keptStanding` made. @throws UserError `bad-data` where it did not */
export function readStanding({ progress, tensors }: Pick<Checkpoint, "progress" | "tensors">): Standing {
  const { epoch, update, best } = progress;
  return {
    epoch: number(epoch),
    update: number(update),
    history: {
      updates: rows(tensors.get(UPDATES), UPDATE_NUMBERS).map(([loss, lr, lrBackbone, gradientNorm]) => ({
        loss,
        lr,
        lrBackbone,
        gradientNorm,
      })),
      epochs: rows(tensors.get(EPOCHS), EPOCH_NUMBERS).map(([loss, isJudged, judged, isMeasured, metric]) => ({
        loss,
        validation: isJudged === 1 ? { loss: judged, metric: isMeasured === 1 ? metric : undefined } : undefined,
      })),
      best: best === null ? undefined : number(best),
    },
  };
}

/** Bytes that so many updates and epochs take in a checkpoint. */
export function historyBytes(updates: number, epochs: number): number {
  return Float64Array.BYTES_PER_ELEMENT * (UPDATE_NUMBERS * updates + EPOCH_NUMBERS * epochs);
}

/** A checkpoint holds no NaN: whether a number is known stands before it. */
function known(value: number | undefined): readonly [isKnown: number, value: number] {
  return value === undefined ? [0, 0] : [1, value];
}

function number(value: JsonValue | undefined): number {
  if (typeof value === "number") return value;
  throw unreadable();
}

function rows(values: Numbers | undefined, width: number): readonly Float64Array[] {
  if (!(values instanceof Float64Array) || values.length % width !== 0) throw unreadable();
  return Array.from({ length: values.length / width }, (_, i) => values.subarray(width * i, width * (i + 1)));
}

function unreadable(): UserError {
  return new UserError("bad-data", "the checkpoint does not say how far the training had come", {
    hint: "Remove the folder of checkpoints to start anew.",
  });
}
