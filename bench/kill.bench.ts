import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { generateChips, writeChipSet } from "sigmax";
import { createRandom } from "../src/random.js";

const KILLS = 100;
/** A short training of a network and its refit, with a checkpoint after every update. */
const RECIPE = [
  "--network",
  "chipnet",
  "--size",
  "32",
  "--epochs",
  "2",
  "--refit",
  "0.5",
  "--batch",
  "16",
  "--checkpoint-every",
  "0",
];
/** What a run folder holds that has no times of day in it. */
const COMPARED = ["classifier.onnx", "metrics.json"];

/**
 * Trainings that are killed (SIGKILL) at a random moment between their start and their end, and begun again with the same command:
 * the ratio is the share of them that end with the bytes of a training that nobody killed.
 */
export async function run() {
  const folder = mkdtempSync(join(tmpdir(), "sigmax-kill-"));
  try {
    const chips = join(folder, "chips");
    await writeChipSet(chips, generateChips({ task: "multiclass", count: 120, seed: 3 }), { task: "multiclass" });
    const train = (name: string, killAfterMs?: number) =>
      sigmax(["train", chips, ...RECIPE, "--out", join(folder, name, "run"), "--quiet"], killAfterMs);
    const started = performance.now();
    await train("whole");
    const wholeMs = performance.now() - started;
    const expected = digest(join(folder, "whole/run"));

    const random = createRandom(1, "bench kill");
    const count = { same: 0, killed: 0, resumed: 0 };
    for (let i = 0; i < KILLS; i++) {
      const name = `killed-${i}`;
      // One that ended before its moment came is not counted as killed.
      if (await train(name, wholeMs * random.next())) count.killed++;
      if (existsSync(join(folder, name, ".run.checkpoint"))) count.resumed++;
      if (!existsSync(join(folder, name, "run"))) await train(name);
      if (digest(join(folder, name, "run")) === expected) count.same++;
      rmSync(join(folder, name), { recursive: true, force: true });
    }
    return {
      ratios: { same: count.same / KILLS },
      figures: {
        trainings: KILLS,
        "killed before their end": count.killed,
        "with a checkpoint to go on from": count.resumed,
        "seconds of one that was not": wholeMs / 1000,
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the command line to its end, or kills it; resolves to whether it was killed. */
async function sigmax(args: readonly string[], killAfterMs?: number): Promise<boolean> {
  const child = spawn(process.execPath, ["dist/cli/main.js", ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const ended = new Promise<{ status: number | null; signal: string | null }>((resolve, reject) => {
    child.on("error", reject).on("close", (status, signal) => resolve({ status, signal }));
  });
  if (killAfterMs !== undefined) {
    const clock = new AbortController();
    await Promise.race([wait(killAfterMs, undefined, { signal: clock.signal }).catch(() => undefined), ended]);
    clock.abort();
    child.kill("SIGKILL");
  }
  const { status, signal } = await ended;
  if (signal !== "SIGKILL" && status !== 0) throw new Error(`sigmax ${args[0]} ended with ${status ?? signal}: ${stderr}`);
  return signal === "SIGKILL";
}

function digest(run: string): string {
  const hash = createHash("sha256");
  for (const name of COMPARED) hash.update(readFileSync(join(run, name)));
  return hash.digest("hex");
}
