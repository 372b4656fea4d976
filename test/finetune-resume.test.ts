import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateChips, writeChipSet } from "sigmax";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../src/random.js";
import { interrupted, sigmax } from "./command-line.js";

const work = mkdtempSync(join(tmpdir(), "sigmax-resume-"));
const chips = join(work, "chips");
/** Steps: 2 epochs of the training images in batches of 16, then one of train and validation together. */
const RECIPE = ["--network", "chipnet", "--size", "32", "--epochs", "2", "--refit", "0.5", "--batch", "16"];
const out = join(work, "run");
const checkpoints = join(work, ".run.checkpoint");
const command = (...more: string[]) => ["train", chips, ...RECIPE, "--checkpoint-every", "0", "--out", out, ...more];
const isSaved = () => existsSync(checkpoints) && names(checkpoints).some((name) => name.endsWith(".safetensors"));
const names = (folder: string) => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();

/** Expects a run of the same bytes as one that nobody stopped. */
function expectSame(run: string, unstopped: string): void {
  const [found, expected] = [contents(run), contents(unstopped)];
  expect([...found.keys()]).toEqual([...expected.keys()]);
  expect([...expected.keys()]).toEqual(expect.arrayContaining(["/classifier.onnx", "/config.json", "/report.html"]));
  for (const [name, bytes] of expected) expect(found.get(name) === bytes, name).toBe(true);
}

/** Every file of a run but its events, which hold times of day, by name. */
function contents(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return new Map(
    paths.filter((path) => !path.includes("tfevents")).map((path) => [path.slice(folder.length), readFileSync(path, "base64")]),
  );
}

/** Of a training that nobody stopped. The command line and the name of the folder stand in the run: it was at the same place. */
const whole = join(work, "whole");
beforeAll(async () => {
  await writeChipSet(chips, generateChips({ task: "multiclass", count: 120, seed: 3 }), { task: "multiclass" });
  const { status, stderr } = sigmax(...command());
  expect(stderr).not.toContain("defect");
  expect(status).toBe(0);
  renameSync(out, whole);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe("a training that is stopped", () => {
  it("by kill -9 at six moments ends with the bytes of one that was not", async () => {
    const random = createRandom(4, "kills");
    let kills = 0;
    let said = "";
    for (; kills < 6; kills++) {
      // As soon as there is something to go on from; then some before the first step, some in a step, some in the writing of a checkpoint.
      const when = kills === 0 ? isSaved : /Training /;
      const { signal, status, stderr } = await interrupted(command(), when, "SIGKILL", kills === 0 ? 0 : 1500 * random.next());
      said += stderr;
      if (signal === null) {
        expect(status).toBe(0);
        break;
      }
      expect(existsSync(out)).toBe(false);
    }
    expect(kills).toBeGreaterThan(0);
    if (!existsSync(out)) {
      const { status, stderr } = sigmax(...command());
      expect(status).toBe(0);
      said += stderr;
    }
    expect(said).toMatch(/Going on after step [1-9]/);
    expectSame(out, whole);
    expect(existsSync(checkpoints)).toBe(false);
    rmSync(out, { recursive: true });
  }, 300_000);

  it("is fine-tuned to the same bytes too, from a last layer that was fitted again", async () => {
    const tuning = [
      "--backbone",
      join(whole, "classifier.onnx"),
      "--finetune",
      "--epochs",
      "2",
      "--refit",
      "0.5",
      "--lr",
      "3e-4",
    ];
    const finetune = ["train", chips, ...tuning, "--batch", "16", "--checkpoint-every", "0", "--out", out];
    const unstopped = join(work, "tuned");
    expect(sigmax(...finetune).status).toBe(0);
    renameSync(out, unstopped);
    const { signal } = await interrupted(finetune, isSaved, "SIGKILL");
    expect(signal).toBe("SIGKILL");
    const { status, stderr } = sigmax(...finetune);
    expect(stderr).toMatch(/Going on after step [1-9]/);
    expect(status).toBe(0);
    expectSame(out, unstopped);
    rmSync(out, { recursive: true });
  }, 300_000);

  it("by Ctrl-C says how to go on; another recipe is refused there until --force gives the first one up", async () => {
    const stopped = await interrupted(command(), isSaved, "SIGINT");
    expect(stopped.status).toBe(130);
    // Both trainings count: the chosen one and the refit.
    expect(stopped.stderr).toMatch(/The same command goes on after step [1-9]\d* of 16\./);
    expect(existsSync(out)).toBe(false);
    expect(isSaved()).toBe(true);

    const other = command("--lr", "0.001");
    const refused = sigmax(...other);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("checkpoint of another training");
    expect(refused.stderr).toContain("--force");

    const forced = sigmax(...other, "--force");
    expect(forced.stderr).toContain("the training starts anew");
    expect(forced.status).toBe(0);
    expect(existsSync(checkpoints)).toBe(false);
    rmSync(out, { recursive: true });
  }, 300_000);

  it("by a broken bound does not train again for a lower one, nor for another refit", () => {
    const broken = sigmax(...command("--assert", "accuracy>1"));
    expect(broken.status).toBe(1);
    expect(broken.stderr).toContain("does not train again");
    expect(broken.stderr).toContain(checkpoints);
    expect(existsSync(out)).toBe(false);
    const noRefit = command("--assert", "accuracy>1").map((word) => (word === "0.5" ? "0" : word));
    const other = sigmax(...noRefit);
    expect(other.stderr).toContain("Going on after step 10.");
    const lower = sigmax(...command("--assert", "accuracy>=0"));
    expect(lower.status).toBe(0);
    expect(lower.stderr).toContain("Going on after step 16.");
    expect(existsSync(checkpoints)).toBe(false);
  }, 300_000);
});
