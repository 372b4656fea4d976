/** What each error code means to a shell and to an HTTP client: the one table of failures. */
export const ERRORS = {
  /** The command line or an options object is wrong: unknown flag, bad value. */
  usage: { exit: 2, status: 400 },
  /** A file or folder that was named does not exist. */
  "not-found": { exit: 1, status: 404 },
  /** The output exists already and `force` was not given. */
  exists: { exit: 1, status: 409 },
  /** Bytes that are not what their format promises: damaged, truncated, hostile. */
  "bad-file": { exit: 1, status: 415 },
  /** A readable file whose content makes no sense: unknown label, conflicting rows. */
  "bad-data": { exit: 1, status: 422 },
  /** A model that cannot serve as backbone or classifier. */
  "bad-model": { exit: 1, status: 422 },
  /** Larger than a stated limit: pixels, bytes, seconds, memory. */
  limit: { exit: 1, status: 413 },
  /** A result does not keep the bound that was asked for. */
  "not-met": { exit: 1, status: 422 },
  /** A number became NaN or infinite. */
  numeric: { exit: 1, status: 422 },
  /** The network or a server did not give what was asked. */
  network: { exit: 1, status: 502 },
  /** The disk refused: full, read-only, no permission. */
  io: { exit: 1, status: 500 },
  /** The user stopped it. */
  aborted: { exit: 130, status: 499 },
} as const satisfies Record<string, { exit: number; status: number }>;

export type ErrorCode = keyof typeof ERRORS;

/** Exit status of a defect in sigmax itself (BSD `EX_SOFTWARE`). */
export const EXIT_BUG = 70;

/**
 * An error that its reader can do something about: what was wrong and where, then what to do.
 *
 * @example throw new UserError("bad-data", 'labels.csv line 812: unknown label "primry"', { hint: 'Did you mean "primary"?' })
 */
export class UserError extends Error {
  readonly code: ErrorCode;
  /** What would be right and what to do, as a sentence. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "UserError";
    this.code = code;
    this.hint = options.hint;
  }
}

/** An option as the command line has it: `lrBackbone` is `--lr-backbone`. */
export function flagOf(option: string): string {
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An error on its way from one thread to another: structured cloning would lose its class and its fields. */
export interface SentError {
  /** Undefined for anything but a UserError. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly hint: string | undefined;
}

/** What of an error is sent to another thread. */
export function sentError(error: unknown): SentError {
  const { code, hint } = error instanceof UserError ? error : { code: undefined, hint: undefined };
  return { code, message: messageOf(error), hint };
}

/** The error that another thread sent. */
export function receivedError({ code, message, hint }: SentError): Error {
  if (code === undefined) return new Error(message);
  return new UserError(code, message, hint === undefined ? {} : { hint });
}

/** The known word nearest to a mistyped one (at most a third of its letters wrong, swapped neighbours counting once), or undefined. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Optimal string alignment: insertions, deletions, substitutions, and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, previous[j] + 1, row[j - 1] + 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], older[j - 2] + 1);
    }
    [older, previous] = [previous, row];
  }
  return previous[b.length];
}
