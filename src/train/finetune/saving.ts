import { type Checkpoint, readCheckpoint, writeCheckpoint } from "./checkpoint.js";
import { parseStanding, type Standing, standingRecord } from "./history.js";
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
  readonly tensors: Checkpoint["tensors"];
}

export interface SaverOptions {
  readonly folder: string;
  /** Of the training: see `Checkpoint`. */
  readonly fingerprint: string;
  /** Within an epoch, at most one checkpoint in so many seconds. */
  readonly everySeconds: number;
  readonly now: () => number;
}

/** The newest checkpoint of a training, undefined where there is none. @throws UserError as `readCheckpoint` */
export function openSaved(
  { folder, fingerprint }: Pick<SaverOptions, "folder" | "fingerprint">,
  onWarning: ((message: string) => void) | undefined,
): SavedTraining | undefined {
  const found = readCheckpoint(folder, { fingerprint, onWarning });
  if (found === undefined) return undefined;
  const standing = parseStanding(found.progress);
  const best = new Map<string, Float32Array>();
  for (const [name, data] of found.tensors) if (name.startsWith(BEST)) best.set(name.slice(BEST.length), data);
  return {
    standing,
    best: best.size > 0 ? best : undefined,
    updates: standing.history.updates.length,
    tensors: found.tensors,
  };
}

/**
 * Writes checkpoints of a training: after each epoch and, in between, not more often than asked for; fewer where writing takes long
 * against the time since the last.
 */
export function openSaver(trainer: Trainer, { folder, fingerprint, everySeconds, now }: SaverOptions) {
  let savedMs = now();
  let costMs = 0;
  const isDue = {
    update: () => everySeconds === 0 || now() - savedMs >= Math.max(1000 * everySeconds, costMs / SHARE_WITHIN_EPOCH),
    epoch: () => everySeconds === 0 || now() - savedMs >= costMs / SHARE_AFTER_EPOCH,
    aborted: () => true,
  } as const;
  return async (standing: Standing, best: Learned | undefined, moment: keyof typeof isDue): Promise<void> => {
    if (!isDue[moment]()) return;
    const startedMs = now();
    const tensors = trainer.tensors();
    for (const [name, data] of best ?? []) tensors.set(`${BEST}${name}`, data);
    await writeCheckpoint(folder, { tensors, progress: standingRecord(standing), fingerprint });
    savedMs = now();
    costMs = savedMs - startedMs;
  };
}
