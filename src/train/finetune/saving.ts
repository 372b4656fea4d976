import { rmSync } from "node:fs";
import { UserError } from "../../errors.js";
import { type Checkpoint, readCheckpoint, writeCheckpoint } from "./checkpoint.js";
import { keptStanding, readStanding, type Standing } from "./history.js";
import type { Moment } from "./loop.js";
import type { Learned, Trainer } from "./trainer.js";

/** Longest part of the time that goes into checkpoints. */
const SHARE_WITHIN_EPOCH = 1 / 50;
const SHARE_AFTER_EPOCH = 1 / 20;
const BEST = "best/";

/** A training that was stopped. */
export interface SavedTraining {
  readonly standing: Standing;
  readonly best: Learned | undefined;
  readonly updates: number;
  /** What `Trainer.restore` takes. */
  readonly tensors: Learned;
}

export interface SaverOptions {
  readonly folder: string;
  /** Of the training: see `Checkpoint`. */
  readonly fingerprint: string;
  /** Within an epoch, at most one checkpoint in so many seconds. */
  readonly everySeconds: number;
  readonly now: () => number;
}

export interface OpenSavedOptions extends Pick<SaverOptions, "folder" | "fingerprint"> {
  /** Removes what cannot be gone on from, where it would be refused. */
  readonly discardOther?: boolean | undefined;
  readonly onWarning: ((message: string) => void) | undefined;
}

/**
 * The newest checkpoint of a training, undefined where there is none.
 *
 * @throws UserError as `readCheckpoint`
 */
export function openSaved(options: OpenSavedOptions): SavedTraining | undefined {
  const { folder, fingerprint, discardOther, onWarning } = options;
  try {
    const found = readCheckpoint(folder, { fingerprint, onWarning });
    return found && savedTraining(found);
  } catch (error) {
    if (discardOther !== true || !(error instanceof UserError) || error.code !== "bad-data") throw error;
    onWarning?.(`${error.message}; it is removed and the training starts anew`);
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
}

function savedTraining(found: Checkpoint): SavedTraining {
  const standing = readStanding(found);
  const best = new Map<string, Float32Array>();
  const tensors = new Map<string, Float32Array>();
  for (const [name, data] of found.tensors) {
    if (!(data instanceof Float32Array)) continue;
    if (name.startsWith(BEST)) best.set(name.slice(BEST.length), data);
    else tensors.set(name, data);
  }
  return {
    standing,
    best: best.size > 0 ? best : undefined,
    updates: standing.history.updates.length,
    tensors,
  };
}

/**
 * Writes checkpoints of a training: after each epoch and, in between, not more often than asked for; fewer where writing takes long
 * against the time since the last, but always when it is over. Resolves to whether one was written.
 */
export function openSaver(trainer: Trainer, { folder, fingerprint, everySeconds, now }: SaverOptions) {
  let savedMs = now();
  let costMs = 0;
  const isDue = {
    update: () => everySeconds === 0 || now() - savedMs >= Math.max(1000 * everySeconds, costMs / SHARE_WITHIN_EPOCH),
    epoch: () => everySeconds === 0 || now() - savedMs >= costMs / SHARE_AFTER_EPOCH,
    // What follows on a training, a refit or a bound that is not met, must not cost it.
    end: () => true,
    aborted: () => true,
  } as const satisfies Record<Moment, () => boolean>;
  return async (standing: Standing, best: Learned | undefined, moment: Moment): Promise<boolean> => {
    if (!isDue[moment]()) return false;
    const startedMs = now();
    const kept = keptStanding(standing);
    const tensors = new Map([...kept.tensors, ...trainer.tensors()]);
    for (const [name, data] of best ?? []) tensors.set(`${BEST}${name}`, data);
    await writeCheckpoint(folder, { tensors, progress: kept.progress, fingerprint });
    savedMs = now();
    costMs = savedMs - startedMs;
    return true;
  };
}
