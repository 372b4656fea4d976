import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A process that answers every line with a line of JSON. It is silent and idle between, so that several can take turns. */
export interface Competitor {
  ask(line: string): Promise<Answer>;
  close(): Promise<void>;
}

/** What one line of JSON says. */
export type Answer = Record<string, number | string | readonly number[]>;

/**
 * Starts a process and waits for its first line.
 * @throws Error with what its stderr says if it ends before, or later in the middle of a question.
 */
export async function openCompetitor(command: string, args: readonly string[]): Promise<Competitor> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-10_000);
  });
  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code) => resolve(complaintIn(stderr) ?? `exit ${code}`));
  });
  // Writing to a process that has ended is an error of the stream too; `ended` says it better.
  child.stdin.on("error", () => undefined);
  const next = async (): Promise<Answer> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${command}: ${await ended}`);
    return JSON.parse(value);
  };
  await next();
  return {
    ask(line) {
      child.stdin.write(`${line}\n`);
      return next();
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

/** The line that names the error: Python's is the last, Node writes a stack and its version behind it. */
function complaintIn(stderr: string): string | undefined {
  const lines = stderr.trim().split("\n").filter(Boolean);
  return lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1);
}
