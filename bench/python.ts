import { spawnSync } from "node:child_process";

/** Debian's Python, where its packages torch, sklearn and PIL are; another with SIGMAX_PYTHON. */
export const PYTHON = process.env.SIGMAX_PYTHON ?? "/usr/bin/python3";

/** Runs a peer program and parses its last line as JSON; or says why there is none. */
export function runPeer(
  script: string,
  args: readonly string[],
): { readonly result: Record<string, number | string> } | { readonly missing: string } {
  const { status, stdout, stderr, error } = spawnSync(PYTHON, [script, ...args], { encoding: "utf8", maxBuffer: 2 ** 26 });
  if (error !== undefined) return { missing: `${PYTHON}: ${error.message}` };
  const last = stdout.trim().split("\n").at(-1) ?? "";
  if (status !== 0 || !last.startsWith("{")) return { missing: stderr.trim().split("\n").at(-1) ?? `exit ${status}` };
  return { result: JSON.parse(last) };
}

/** The middle of several numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
