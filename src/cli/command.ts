import { flagOf } from "../errors.js";
import type { Progress } from "../progress.js";

/** A flag of a command. The key is the JSON key; the flag is its kebab-case form. */
export interface Flag {
  readonly describe: string;
  /** Name of the value in help, `<file>`; absent for a switch. */
  readonly value?: string;
  /** The only values allowed. */
  readonly choices?: readonly string[];
  /** How the text is read; text by default. Throws a plain Error that says what would be right. */
  readonly parse?: (text: string) => unknown;
  /** Shown in help. The default itself is applied by the library. */
  readonly shownDefault?: string;
  /** May be given several times; the values arrive as an array. */
  readonly repeatable?: boolean;
  /** The flag as typed, where it is not the kebab-case of the key: retrain.py's `--image_dir`. */
  readonly flag?: string;
}

export interface Argument {
  readonly name: string;
  readonly describe: string;
  readonly optional?: boolean;
  readonly variadic?: boolean;
}

/** What a command is given besides its arguments. */
export interface Terminal {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly onWarning: (message: string) => void;
  /** Whether `--json` was given: stdout carries results for programs. */
  readonly json: boolean;
  /** Writes a line to stdout: results. */
  print(line: string): void;
  /** Writes a line to stderr: everything meant for a person who waits. */
  say(line: string): void;
}

/** What the library's long work is given of a terminal. */
export function workOf({ signal, onProgress, onWarning }: Terminal): Pick<Terminal, "signal" | "onProgress" | "onWarning"> {
  return { signal, onProgress, onWarning };
}

/** One verb of the command line. */
export interface Command {
  /** "train", or "data inspect" for a verb with two words. */
  readonly name: string;
  readonly summary: string;
  /** Shown under the options in `--help`: one line each. */
  readonly examples: readonly string[];
  readonly arguments: readonly Argument[];
  readonly flags: Readonly<Record<string, Flag>>;
  run(input: Input, terminal: Terminal): Promise<void>;
}

/** Arguments and flags as typed by the user, already read by their `parse`. */
export interface Input {
  readonly arguments: readonly (string | readonly string[] | undefined)[];
  readonly flags: Readonly<Record<string, unknown>>;
}

/** Every command has these. */
export const COMMON_FLAGS: Readonly<Record<string, Flag>> = {
  json: { describe: "print the result as JSON on stdout; progress goes to stderr" },
  quiet: { describe: "no progress on stderr" },
};

/** The flag as typed: `splitFile` is `--split-file`. */
export function flagName(key: string, flag: Flag): string {
  return flag.flag ?? flagOf(key);
}

/** A flag's whole number, at least `min`. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text) || value < min || value > max) {
      throw new Error(
        `expected a whole number ${max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`}`,
      );
    }
    return value;
  };
}

/** A flag's finite number within bounds. */
export function decimal(min: number, max = Number.MAX_VALUE): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= min && value <= max)) throw new Error(`expected a number from ${min} to ${max}`);
    return value;
  };
}

/** A comma-separated list. */
export function list(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
