import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateChips, tuneClassifier, writeChipSet } from "sigmax";
import { readManifest } from "sigmax/browser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sigmax, sigmaxJson } from "./command-line.js";

const work = mkdtempSync(join(tmpdir(), "sigmax-thresholds-"));
const at = (...names: string[]) => join(work, ...names);
const data = at("chips");
const labels = ["--labels", join(data, "labels.csv")];
const run = at("run");
const classifier = join(run, "classifier.onnx");
const manifestOf = (file: string) => readManifest(new Uint8Array(readFileSync(file)), file);

beforeAll(async () => {
  await writeChipSet(data, generateChips({ task: "multilabel", count: 120, seed: 3 }), { task: "multilabel" });
  sigmaxJson("train", data, ...labels, "--backbone", "stats", "--no-cache", "--out", run);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe("sigmax thresholds", () => {
  it("finds what train stored in the classifier", () => {
    const { thresholds, calibration, tuning, classes } = manifestOf(classifier);
    const metrics = JSON.parse(readFileSync(join(run, "metrics.json"), "utf8"));
    expect(thresholds).toEqual(metrics.thresholds);
    expect(calibration?.method).toBe("platt");
    expect(tuning?.goal).toBe("f1");
    expect(tuning?.intervals).toHaveLength(classes.length);
    expect(metrics.atHalf.f1Macro).toEqual(expect.any(Number));
    expect(metrics.intervals.f1Macro).toHaveLength(2);
  });

  it("tunes on the run's own out-of-fold logits, writes another file, and refuses to overwrite it", () => {
    const out = at("f2.onnx");
    const before = readFileSync(classifier);
    const result = sigmaxJson("thresholds", classifier, data, ...labels, "--goal", "f2", "--out", out);
    expect(result).toMatchObject({ goal: "f2", outOfFold: true, classifier: out });
    const { counts } = JSON.parse(readFileSync(join(run, "metrics.json"), "utf8"));
    expect(result.images).toBe(counts.train + counts.validation);
    expect(result.before).toEqual(manifestOf(classifier).thresholds);
    expect(manifestOf(out)).toMatchObject({ thresholds: result.after, tuning: { goal: "f2" } });
    expect(readFileSync(classifier).equals(before)).toBe(true);
    // F2 wants more recall: lower thresholds.
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(result.after)).toBeLessThan(mean(result.before));
    expect(sigmax("thresholds", classifier, data, ...labels, "--out", out)).toMatchObject({ status: 1 });
    expect(sigmaxJson("thresholds", classifier, data, ...labels, "--out", out, "--force").goal).toBe("f1");
  });

  it("changes the classifier in place, and predict follows; without the run it says that nothing is proven", () => {
    const alone = at("alone.onnx");
    copyFileSync(classifier, alone);
    const args = ["thresholds", alone, data, ...labels, "--goal", "recall", "--min-precision", "0.6"];
    const shown = sigmax(...args);
    expect(shown.status).toBe(0);
    expect(shown.stderr).toContain("nothing proves");
    expect(shown.stdout).toContain("F1 at 0.5");
    const { thresholds, tuning, calibration } = manifestOf(alone);
    expect(tuning).toMatchObject({ goal: "recall", minPrecision: 0.6 });
    expect(calibration).toEqual(manifestOf(classifier).calibration);
    const scored = sigmaxJson("evaluate", alone, data, ...labels);
    expect(scored.intervals.f1Macro).toHaveLength(2);
    expect(scored.atHalf.f1Macro).not.toBe(scored.test.f1Macro);
    expect(sigmaxJson(...args)).toMatchObject({ before: thresholds, after: thresholds, outOfFold: false });
  });

  it.each([
    [["--goal", "f3"], "f1"],
    [["--goal", "f2", "--min-precision", "0.9"], "recall"],
    [["--goal", "recall", "--min-precision", "2"], "0.01 to 1"],
  ])("%j is answered with status 2 and what would be right", (flags, hint) => {
    const { status, stderr } = sigmax("thresholds", classifier, data, ...labels, ...flags);
    expect(status).toBe(2);
    expect(stderr).toContain(hint);
  });

  it("a multiclass classifier has no thresholds, nor a goal to train for", async () => {
    const single = at("single");
    await writeChipSet(single, generateChips({ task: "multiclass", count: 60, seed: 3 }), { task: "multiclass" });
    const refused = sigmax("train", single, "--goal", "f2", "--backbone", "stats", "--no-cache", "--out", at("none"));
    expect(refused.status).toBe(2);
    sigmaxJson("train", single, "--backbone", "stats", "--no-cache", "--out", at("single-run"));
    const { status, stderr } = sigmax("thresholds", at("single-run", "classifier.onnx"), single);
    expect(status).toBe(2);
    expect(stderr).toContain("multi-label");
  });

  it("an unknown option of the library is named", async () => {
    const options = { classifier, data, gaol: "f2" };
    await expect(tuneClassifier(options)).rejects.toMatchObject({ code: "usage" });
  });
});
