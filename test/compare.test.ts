import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareImbalance, generateChips, train, writeChipSet } from "sigmax";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sigmax, sigmaxJson } from "./command-line.js";

const work = mkdtempSync(join(tmpdir(), "sigmax-compare-"));
const at = (...names: string[]) => join(work, ...names);
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe("comparing remedies for rare labels", () => {
  let data: { data: string; labels?: string };

  beforeAll(async () => {
    const chips = generateChips({ task: "multilabel", count: 80, seed: 3, sizePx: 32 });
    const { folder, labelsFile } = await writeChipSet(at("chips"), chips, { task: "multilabel" });
    data = { data: folder, ...(labelsFile !== undefined && { labels: labelsFile }) };
  });

  it("trains the sigmoid head four times, and says of each label what came of it, rarest first", async () => {
    const { report, html } = await compareImbalance({ ...data, backbone: "stats", out: at("sigmoid") });
    expect(report.remedies.map(({ name }) => name)).toEqual(["cross-entropy", "pos_weight", "focal", "asymmetric"]);
    const training = report.labels.map((label) => label.training);
    expect(training).toEqual([...training].sort((a, b) => a - b));
    expect(report.labels.some((label) => label.rare)).toBe(true);
    const [plain, ...others] = report.remedies;
    expect(plain.differences).toEqual({});
    for (const { id, metrics, intervals, differences, perLabel } of others) {
      expect(perLabel).toHaveLength(report.labels.length);
      expect(metrics.logLoss).not.toBe(plain.metrics.logLoss);
      for (const [metric, { difference, interval, better }] of Object.entries(differences)) {
        expect(difference).toBeCloseTo(metrics[metric] - plain.metrics[metric], 12);
        const told = interval[0] > 0 || interval[1] < 0;
        expect(better === null).toBe(!told);
        if (metric === "mapRare" && told) expect(better).toBe(difference > 0 ? id : "none");
        if (metric === "logLoss" && told) expect(better).toBe(difference < 0 ? id : "none");
      }
      expect(intervals.mapRare[0]).toBeLessThanOrEqual(metrics.mapRare);
      expect(intervals.mapRare[1]).toBeGreaterThanOrEqual(metrics.mapRare);
    }
    expect(JSON.parse(readFileSync(at("sigmoid", "compare.json"), "utf8"))).toEqual(report);
    expect(readFileSync(html, "utf8")).not.toMatch(/NaN|undefined|(?:src|href)="https?:/);
  });

  it("leaves asymmetric loss out for softmax", async () => {
    const { report } = await compareImbalance({ ...data, head: "softmax", backbone: "stats", out: at("softmax") });
    expect(report.remedies.map(({ name }) => name)).toEqual(["cross-entropy", "class weights", "focal"]);
  });

  it("is asked for on the command line with --across imbalance, and is the same every time", () => {
    const flags = ["--labels", data.labels ?? "", "--backbone", "stats", "--no-cache", "--out", at("shell")];
    const { command: _command, html: _html, ...again } = sigmaxJson("compare", data.data, "--across", "imbalance", ...flags);
    const { command: _earlier, ...first } = JSON.parse(readFileSync(at("sigmoid", "compare.json"), "utf8"));
    expect(again).toEqual(first);
    const refused = sigmax("compare", data.data, "--head", "sigmoid", ...flags, "--force");
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining("--across imbalance")]);
  });

  it("train refuses asymmetric loss for softmax before it embeds an image", async () => {
    const refused = train({ ...data, backbone: "stats", head: "softmax", loss: "asymmetric", out: at("never") });
    await expect(refused).rejects.toMatchObject({ code: "usage", hint: expect.stringContaining("focal") });
    expect(existsSync(at("never"))).toBe(false);
  });
});
