import { UserError } from "./errors.js";

/** One step of long work. A stage ends with `done === total`. */
export interface Progress {
  /** What is being done, in the words of the docs: "embed", "fit", "read labels". */
  readonly stage: string;
  readonly done: number;
  /** Undefined where the amount of work is not known beforehand. */
  readonly total?: number;
  /** What is counted: "images", "steps". */
  readonly unit?: string;
  /** A short remark to show beside the bar: "218 from the cache". Of several, parted by " · ", the last go first where room is short. */
  readonly note?: string;
  /** Worth a line of its own where there is no bar: an epoch of a training that takes hours. */
  readonly isMilestone?: boolean;
}

/** What every long piece of work accepts. */
export interface WorkOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Told of everything that went on but deserves attention. One sentence each. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** @throws UserError `aborted` once the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  // Whoever stops the work may say why.
  throw signal.reason instanceof UserError ? signal.reason : new UserError("aborted", "stopped", { cause: signal.reason });
}
