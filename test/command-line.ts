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

/** Starts a command line, sends it a signal as soon as its stderr matches (or so long after that), and waits for its end. */
export function interrupted(
  args: readonly string[],
  when: RegExp,
  signal: NodeJS.Signals,
  delayMs = 0,
): Promise<Outcome & { readonly signal: NodeJS.Signals | null }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    let sent = false;
    child.stdout.on("data", (part) => (stdout += part));
    child.stderr.on("data", (part) => {
      stderr += part;
      if (!sent && when.test(stderr)) {
        sent = true;
        if (delayMs > 0) setTimeout(() => child.kill(signal), delayMs);
        else child.kill(signal);
      }
    });
    child.on("error", fail);
    child.on("exit", (status, by) => done({ status, stdout, stderr, signal: by }));
  });
}
