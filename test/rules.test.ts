import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateChips, writeChipSet } from "sigmax";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sigmax, sigmaxJson } from "./command-line.js";

const work = mkdtempSync(join(tmpdir(), "sigmax-rules-"));
const at = (...names: string[]) => join(work, ...names);
const data = at("multi");
let classes: readonly string[] = [];
const plain = at("plain");

beforeAll(async () => {
  await writeChipSet(data, generateChips({ task: "multilabel", count: 120, seed: 3 }), { task: "multilabel" });
  classes = sigmaxJson("train", data, "--backbone", "stats", "--no-cache", "--out", plain).classes;
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

const labelsOf = (stdout: string): string[][] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).labels);

describe("label rules", () => {
  it("are kept by every prediction of the classifier they were trained into", () => {
    writeFileSync(at("rules.txt"), `# at most one of all\n\nexclusive: ${classes.join(", ")}\n`);
    const out = at("ruled");
    const { status, stderr } = sigmax(
      "train",
      data,
      "--backbone",
      "stats",
      "--no-cache",
      "--rules",
      at("rules.txt"),
      "--out",
      out,
    );
    expect(status).toBe(0);
    expect(stderr).toMatch(/\d+ of 120 images break the rule "exclusive: /);
    const predicted = labelsOf(sigmax("predict", join(out, "classifier.onnx"), data, "--json").stdout);
    expect(predicted).toHaveLength(120);
    expect(predicted.filter((labels) => labels.length > 1)).toEqual([]);
    expect(predicted.some((labels) => labels.length === 1)).toBe(true);
    const rows = readFileSync(join(out, "predictions.csv"), "utf8").trim().split("\n").slice(1);
    expect(rows.filter((row) => row.split(",")[2].includes("|"))).toEqual([]);
  });

  it("are enforced on request for a classifier that has none", () => {
    const classifier = join(plain, "classifier.onnx");
    const free = labelsOf(sigmax("predict", classifier, data, "--json").stdout);
    expect(free.some((labels) => labels.length > 1)).toBe(true);
    const ruled = labelsOf(sigmax("predict", classifier, data, "--json", "--rule", `exclusive: ${classes.join(", ")}`).stdout);
    expect(ruled.filter((labels) => labels.length > 1)).toEqual([]);
    // Images that broke nothing are left as they were.
    expect(ruled.filter((_, i) => free[i].length <= 1)).toEqual(free.filter((labels) => labels.length <= 1));
  });

  it("given to evaluate are kept by both of its columns: with tuned thresholds, and with 0.5", () => {
    const classifier = join(plain, "classifier.onnx");
    const scored = (...flags: string[]) => sigmaxJson("evaluate", classifier, data, ...flags);
    const [free, ruled] = [scored(), scored("--rule", `exclusive: ${classes.join(", ")}`)];
    expect(ruled.test.f1Micro).not.toBe(free.test.f1Micro);
    expect(ruled.atHalf.f1Micro).not.toBe(free.atHalf.f1Micro);
  });

  it("with an unknown class are a mistake in use, answered with the nearest class", () => {
    const wrong = `${classes[0]}x excludes ${classes[1]}`;
    const trained = sigmax("train", data, "--rule", wrong, "--out", at("never"));
    expect(trained.status).toBe(2);
    expect(trained.stderr).toContain(`Did you mean "${classes[0]}"?`);
    expect(sigmax("predict", join(plain, "classifier.onnx"), data, "--rule", wrong).status).toBe(2);
  });

  it("make no sense where each image has one label", async () => {
    await writeChipSet(at("single"), generateChips({ task: "multiclass", count: 20, seed: 3 }), { task: "multiclass" });
    const { status, stderr } = sigmax("train", at("single"), "--rule", "a excludes b", "--out", at("never"));
    expect(status).toBe(2);
    expect(stderr).toContain("exactly one label");
  });
});
