import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { chipScene, generateChips, train, writeChipSet, writeCountry } from "sigmax";
import { createRandom } from "../src/random.js";

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
const SCENE_PX = 512;

/** A command that is killed and begun again. */
interface Job {
  readonly kills: number;
  /** Of what it makes, beside which it keeps what it needs to go on. */
  readonly out: string;
  readonly args: readonly string[];
  /** A file or folder beside `out` from which a second run goes on. */
  readonly resumes: string;
}

/**
 * Commands that are killed (SIGKILL) at a random moment between their start and their end, and begun again: each ratio is the share of
 * them that end with the bytes of one that nobody killed.
 */
export async function run() {
  const folder = mkdtempSync(join(tmpdir(), "sigmax-kill-"));
  try {
    const ratios: Record<string, number> = {};
    const figures: Record<string, number> = {};
    for (const [name, job] of Object.entries(await jobs(folder))) {
      const { same, ...counts } = await killed(name, job);
      ratios[name] = same;
      for (const [what, count] of Object.entries(counts)) figures[`${name}: ${what}`] = count;
    }
    return { ratios, figures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The jobs, each in a folder of its own, and what they are made of. */
async function jobs(folder: string): Promise<Record<string, Job>> {
  const chips = join(folder, "chips");
  await writeChipSet(chips, generateChips({ task: "multiclass", count: 120, seed: 3 }), { task: "multiclass" });
  const { scenes, classes } = await writeCountry({ out: join(folder, "country"), sizePx: SCENE_PX, seed: 3, dates: 2 });
  const cut = await chipScene({ scene: scenes[0], fromRaster: classes[0], sizePx: 32, out: join(folder, "cut") });
  const { classifier } = await train({
    data: cut.folder,
    labels: cut.largest,
    backbone: "stats",
    out: join(folder, "classifier"),
  });
  const at = (job: string, name: string) => join(folder, job, name);
  return {
    same: { kills: 100, out: at("same", "run"), args: ["train", chips, ...RECIPE], resumes: at("same", ".run.checkpoint") },
    map: {
      ...{ kills: 50, out: at("map", "map.tif"), resumes: at("map", ".map.tif.cells") },
      args: ["map", classifier, scenes[0], "--stride", "8"],
    },
    change: {
      ...{ kills: 50, out: at("change", "change"), resumes: at("change", ".change.1.cells") },
      args: ["change", classifier, ...scenes, "--stride", "16"],
    },
  };
}

async function killed(name: string, { kills, out, args, resumes }: Job) {
  const folder = dirname(out);
  const begin = (killAfterMs?: number) => sigmax([...args, "--out", out, "--quiet"], killAfterMs);
  const started = performance.now();
  await begin();
  const wholeMs = performance.now() - started;
  const expected = digest(folder);
  const empty = () => rmSync(folder, { recursive: true });
  empty();

  const random = createRandom(1, `bench kill ${name}`);
  const count = { runs: 0, same: 0, killed: 0, resumed: 0 };
  while (count.killed < kills) {
    count.runs++;
    // One that ended before its moment came is not counted as killed.
    if (await begin(wholeMs * random.next())) count.killed++;
    if (existsSync(resumes)) count.resumed++;
    if (!existsSync(out)) await begin();
    if (digest(folder) === expected) count.same++;
    empty();
  }
  return {
    same: count.same / count.runs,
    runs: count.runs,
    "killed before their end": count.killed,
    "with something to go on from": count.resumed,
    "seconds of one that was not": wholeMs / 1000,
  };
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

/** Of every file in a folder, with its name, but events, which hold times of day, and what a kill left under hidden names. */
function digest(folder: string): string {
  const hash = createHash("sha256");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  const counted = paths.filter((path) => !path.includes("tfevents") && !/[/\\]\./.test(path.slice(folder.length)));
  for (const path of counted) hash.update(path).update(readFileSync(path));
  return hash.digest("hex");
}
