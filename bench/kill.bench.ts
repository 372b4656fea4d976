import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
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

/**
 * Trainings that are killed (SIGKILL) at a random moment between their start and their end, and begun again with the same command:
 * the ratio is the share of them that end with the bytes of a training that nobody killed.
 */
export async function run() {
  const folder = mkdtempSync(join(tmpdir(), "sigmax-kill-"));
  try {
    const chips = join(folder, "chips");
    await writeChipSet(chips, generateChips({ task: "multiclass", count: 120, seed: 3 }), { task: "multiclass" });
    // One place for all: the command line and the name of the folder stand in the run.
    const out = join(folder, "run");
    const train = (killAfterMs?: number) => sigmax(["train", chips, ...RECIPE, "--out", out, "--quiet"], killAfterMs);
    const started = performance.now();
    await train();
    const wholeMs = performance.now() - started;
    const expected = digest(out);
    rmSync(out, { recursive: true });

    const random = createRandom(1, "bench kill");
    const count = { trainings: 0, same: 0, killed: 0, resumed: 0 };
    while (count.killed < KILLS) {
      count.trainings++;
      // One that ended before its moment came is not counted as killed.
      if (await train(wholeMs * random.next())) count.killed++;
      if (existsSync(join(folder, ".run.checkpoint"))) count.resumed++;
      if (!existsSync(out)) await train();
      if (digest(out) === expected) count.same++;
      // A kill while the run was being written leaves its folder of another name.
      for (const name of readdirSync(folder)) if (name !== "chips") rmSync(join(folder, name), { recursive: true });
    }
    return {
      ratios: { same: count.same / count.trainings },
      figures: {
        trainings: count.trainings,
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

/** Of every file of a run, with its name, but the events, which hold times of day. */
function digest(run: string): string {
  const hash = createHash("sha256");
  const files = readdirSync(run, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  for (const path of paths.filter((path) => !path.includes("tfevents"))) hash.update(path).update(readFileSync(path));
  return hash.digest("hex");
}
