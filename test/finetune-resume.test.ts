import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateChips, writeChipSet } from "sigmax";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../src/random.js";
import { interrupted, sigmax } from "./command-line.js";

const work = mkdtempSync(join(tmpdir(), "sigmax-resume-"));
const chips = join(work, "chips");
/** Steps: 2 epochs of 93 training images in batches of 16. */
const RECIPE = ["--network", "chipnet", "--size", "32", "--epochs", "2", "--batch", "16", "--checkpoint-every", "0"];
/** Runs of one name in folders of their own: the name is in the report. */
const out = (folder: string) => join(work, folder, "run");
const command = (folder: string, ...more: string[]) => ["train", chips, ...RECIPE, "--out", out(folder), ...more];
const bytes = (folder: string, name: string) => readFileSync(join(out(folder), name));
const checkpointsOf = (folder: string) => join(work, folder, ".run.checkpoint");

beforeAll(async () => {
  await writeChipSet(chips, generateChips({ task: "multiclass", count: 120, seed: 3 }), { task: "multiclass" });
  const whole = sigmax(...command("whole"));
  expect(whole.stderr).not.toContain("defect");
  expect(whole.status).toBe(0);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe("a training that is stopped", () => {
  it("by kill -9 at five random moments ends with the bytes of one that was not", async () => {
    const random = createRandom(4, "kills");
    let kills = 0;
    for (; kills < 5; kills++) {
      // Some before the first step, some in a step, some in the writing of a checkpoint.
      const { signal, status } = await interrupted(command("killed"), /Training /, "SIGKILL", 1500 * random.next());
      if (signal === null) {
        expect(status).toBe(0);
        break;
      }
      expect(existsSync(out("killed"))).toBe(false);
    }
    expect(kills).toBeGreaterThan(0);
    if (!existsSync(out("killed"))) expect(sigmax(...command("killed")).status).toBe(0);
    for (const name of ["classifier.onnx", "metrics.json"]) {
      expect(bytes("killed", name).equals(bytes("whole", name)), name).toBe(true);
    }
    expect(existsSync(checkpointsOf("killed"))).toBe(false);
  }, 300_000);

  it("by Ctrl-C says how to go on; another recipe is refused there until --force gives the first one up", async () => {
    const stopped = await interrupted(command("stopped"), /Training /, "SIGINT", 1500);
    expect(stopped.status).toBe(130);
    expect(stopped.stderr).toMatch(/The same command goes on after step \d+ of 10\./);
    expect(existsSync(out("stopped"))).toBe(false);
    expect(readdirSync(checkpointsOf("stopped"))).not.toEqual([]);

    const other = command("stopped", "--lr", "0.001");
    const refused = sigmax(...other);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("checkpoint of another training");
    expect(refused.stderr).toContain("--force");

    const forced = sigmax(...other, "--force");
    expect(forced.stderr).toContain("the training starts anew");
    expect(forced.status).toBe(0);
    expect(existsSync(checkpointsOf("stopped"))).toBe(false);
  }, 300_000);
});
