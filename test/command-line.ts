import { spawn, spawnSync } from "node:child_process";
import { resolve } from "node:path";

const MAIN = resolve(import.meta.dirname, "../dist/cli/main.js");

/** What one command line did. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line to its end. */
export function sigmax(...args: readonly string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: "utf8",
    timeout: 240_000,
    maxBuffer: 2 ** 28,
  });
  return { status, stdout, stderr };
}

/** Runs one command line and parses the last line of its stdout; fails loudly with its stderr. */
export function sigmaxJson(...args: readonly string[]) {
  const { status, stdout, stderr } = sigmax(...args, "--json");
  if (status !== 0) throw new Error(`sigmax ${args.join(" ")} ended with ${status}:\n${stderr}`);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
}

/** Milliseconds between two looks at whether the moment for a signal has come. */
const LOOK_MS = 5;

/**
 * Starts a command line, sends it a signal as soon as its stderr matches or something else is so (or so long after that), and waits
 * for its end.
 */
export function interrupted(
  args: readonly string[],
  when: RegExp | (() => boolean),
  signal: NodeJS.Signals,
  delayMs = 0,
): Promise<Outcome & { readonly signal: NodeJS.Signals | null }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    let sent = false;
    const look = () => {
      if (sent || !(typeof when === "function" ? when() : when.test(stderr))) return;
      sent = true;
      if (delayMs > 0) setTimeout(() => child.kill(signal), delayMs);
      else child.kill(signal);
    };
    const looking = setInterval(look, LOOK_MS);
    child.stdout.on("data", (part) => (stdout += part));
    child.stderr.on("data", (part) => {
      stderr += part;
      look();
    });
    child.on("error", fail);
    child.on("close", (status, by) => {
      clearInterval(looking);
      done({ status, stdout, stderr, signal: by });
    });
  });
}
