import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateChips, writeChipSet } from "sigmax";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sigmax, sigmaxJson } from "./command-line.js";

const work = mkdtempSync(join(tmpdir(), "sigmax-honesty-"));
const at = (...names: string[]) => join(work, ...names);
const data = at("chips");
const BLOCKS = [
  "--split",
  "blocks",
  "--coordinates",
  "_x(\\d+)_y(\\d+)",
  "--group-by",
  "generated-(\\d+)_",
  "--block-size",
  "100",
];

beforeAll(async () => {
  await writeChipSet(data, generateChips({ task: "multiclass", count: 150, seed: 3 }), { task: "multiclass" });
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Scene, x and y of the images of each part, as a split file says. */
function placesOf(file: string): { part: string; scene: string; x: number; y: number }[] {
  const rows = readFileSync(file, "utf8").trim().split("\n").slice(1);
  return rows.map((row) => {
    const [, scene, x, y, part] = /generated-(\d+)_x(\d+)_y(\d+)\.png,(\w+)$/.exec(row)!;
    return { part, scene, x: Number(x), y: Number(y) };
  });
}

describe("blocks of ground", () => {
  it("are what `data split` writes: no block in two parts, nobody nearer than the buffer to a judge", () => {
    const out = at("split.csv");
    const { status, stdout, stderr } = sigmax("data", "split", data, ...BLOCKS, "--buffer", "120", "--out", out, "--json");
    expect(status).toBe(0);
    const { counts, withoutPart } = JSON.parse(stdout.trim().split("\n").at(-1)!);
    const places = placesOf(out);
    expect(places).toHaveLength(counts.train + counts.validation + counts.test);
    expect(places.length + withoutPart).toBe(150);
    expect(withoutPart).toBeGreaterThan(0);
    expect(stderr).toContain("nearer than the buffer of 120");
    const tests = places.filter(({ part }) => part === "test");
    expect(tests.length).toBeGreaterThan(10);
    for (const one of places) {
      if (one.part === "test") continue;
      for (const other of tests)
        if (one.scene === other.scene) expect(Math.hypot(one.x - other.x, one.y - other.y)).toBeGreaterThanOrEqual(120);
    }
  });

  it("make `train` say what a random split would have promised", () => {
    const out = at("run");
    const result = sigmaxJson("train", data, ...BLOCKS, "--backbone", "stats", "--no-cache", "--out", out);
    const { leakage } = result;
    expect(leakage.by).toBe("blocks of 100, buffer 0");
    expect(leakage.honest.accuracy).toBeCloseTo(result.test.accuracy, 12);
    expect(leakage.difference.accuracy).toBeCloseTo(leakage.random.accuracy - leakage.honest.accuracy, 12);
    expect(leakage.intervals.accuracy[0]).toBeLessThanOrEqual(leakage.intervals.accuracy[1]);
    expect(JSON.parse(readFileSync(join(out, "metrics.json"), "utf8")).leakage).toEqual(leakage);
    const again = ["train", data, ...BLOCKS, "--backbone", "stats", "--no-cache", "--out", out, "--force"];
    expect(sigmax(...again).stdout).toMatch(/leakage: accuracy 0\.\d{3} by blocks of 100, buffer 0, 0\.\d{3} at random: /);
  });

  it("are refused without coordinates, and their flags without them, with what to do", () => {
    const nowhere = sigmax("data", "split", data, "--split", "blocks", "--out", at("never.csv"));
    expect(nowhere.status).toBe(1);
    expect(nowhere.stderr).toContain("--coordinates");
    const stray = sigmax("train", data, "--buffer", "5", "--out", at("never"));
    expect(stray.status).toBe(2);
    expect(stray.stderr).toContain("--split blocks");
    expect(sigmax("train", data, ...BLOCKS.slice(0, -1), "-3", "--out", at("never")).status).toBe(2);
  });
});
