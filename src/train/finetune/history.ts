import { UserError } from "../../errors.js";
import type { JsonRecord, JsonValue } from "./checkpoint.js";

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
  /** Index of the epoch with the lowest validation loss, whose weights are kept. */
  readonly best: number | undefined;
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

/** A standing as a checkpoint keeps it: numbers of updates in rows, since there are many. */
export function standingRecord({ epoch, update, history }: Standing): JsonRecord {
  return {
    epoch,
    update,
    updates: history.updates.map(({ loss, lr, lrBackbone, gradientNorm }) => [loss, lr, lrBackbone, gradientNorm]),
    epochs: history.epochs.map(({ loss, validation }) => [loss, validation?.loss ?? null, validation?.metric ?? null]),
    best: history.best ?? null,
  };
}

/** Reads what `standingRecord` wrote. @throws UserError `bad-data` where it did not */
export function parseStanding(record: JsonRecord): Standing {
  const { epoch, update, updates, epochs, best } = record;
  return {
    epoch: number(epoch),
    update: number(update),
    history: {
      updates: rows(updates).map((row) => {
        const [loss, lr, lrBackbone, gradientNorm] = row.map(number);
        return { loss, lr, lrBackbone, gradientNorm };
      }),
      epochs: rows(epochs).map(([loss, judged, metric]) => ({
        loss: number(loss),
        validation: judged === null ? undefined : { loss: number(judged), metric: metric === null ? undefined : number(metric) },
      })),
      best: best === null ? undefined : number(best),
    },
  };
}

function number(value: JsonValue | undefined): number {
  if (typeof value === "number") return value;
  throw unreadable();
}

function rows(value: JsonValue | undefined): readonly (readonly JsonValue[])[] {
  if (!isList(value)) throw unreadable();
  return value.map((row) => {
    if (!isList(row)) throw unreadable();
    return row;
  });
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function unreadable(): UserError {
  return new UserError("bad-data", "the checkpoint does not say how far the training had come", {
    hint: "Remove the folder of checkpoints to start anew.",
  });
}
