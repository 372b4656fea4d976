import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Sample } from "../data/dataset.js";
import { divideDataset } from "../data/split.js";
import { DECIDE } from "../learn/decide.js";
import { METRICS } from "../learn/metrics/report.js";
import { createRandom, type Random } from "../random.js";
import { encodePng } from "../raster/encode.js";
import { HEAD_OF_TASK, type Task } from "../task.js";
import { describeLeakage, measureLeakage } from "./leakage.js";
import { countParts, labelMatrix, pickRows, placeSamples, rowsByPart } from "./parts.js";
import { type EmbeddedData, openSplitData, type SplitData } from "./prepare.js";
import { fitAndScore } from "./scored-head.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-leakage-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PLACES = 120;
const COPIES = 5;
const CLASSES = 3;
const SIZE = 200;

/** Images of places, several of each, split by place. `featureOf` says what an image of a class at a place looks like. */
function generated(
  task: Task,
  featureOf: (place: { readonly look: readonly number[]; readonly label: number }, random: Random) => readonly number[],
): { data: SplitData; embedded: EmbeddedData } {
  const random = createRandom(5, "leakage");
  const samples: Sample[] = [];
  const rows: number[] = [];
  for (let p = 0; p < PLACES; p++) {
    const place = { look: Array.from({ length: SIZE }, () => random.normal()), label: random.int(CLASSES) };
    for (let c = 0; c < COPIES; c++) {
      const labels = new Int8Array(CLASSES);
      labels[place.label] = 1;
      // A second label, so that several are possible.
      if (task === "multilabel" && place.look[0] > 0) labels[(place.label + 1) % CLASSES] = 1;
      const file = `place${p}_${c}.png`;
      samples.push({ file, path: `/nowhere/${file}`, labels });
      for (const value of featureOf(place, random)) rows.push(value);
    }
  }
  const opened = { root: "/nowhere", source: "test", task, classes: ["a", "b", "c"], samples };
  const { dataset, split, by } = divideDataset(opened, { method: "iterative", groupBy: "^(place\\d+)_" });
  const placed = placeSamples(dataset, split);
  const byPart = rowsByPart(placed);
  const counts = countParts(byPart);
  return {
    data: { dataset, placed, counts, rules: [], left: { unlabelled: 0, withoutPart: 0 }, ...(by !== undefined && { by }) },
    embedded: {
      backbone: { id: "test", sha256: "0", embeddingSize: SIZE, preprocess: null },
      views: 1,
      placed,
      rows: byPart,
      counts,
      labels: labelMatrix(placed, CLASSES),
      embeddings: Float32Array.from(rows),
      unreadable: [],
    },
  };
}

/** Every image of a place looks like the place, and nothing tells its class: only memory helps. */
const copied: Parameters<typeof generated>[1] = ({ look }, random) => look.map((value) => value + 0.3 * random.normal());
/** An image looks like its class, whatever its place. */
const independent: Parameters<typeof generated>[1] = ({ label }, random) =>
  Array.from({ length: SIZE }, (_, d) => random.normal() + (d % CLASSES === label ? 0.3 : 0));

async function leakageOf(task: Task, featureOf: Parameters<typeof generated>[1]) {
  const { data, embedded } = generated(task, featureOf);
  const honest = await fitAndScore(data, embedded, HEAD_OF_TASK[task], { seed: 1, outOfFold: false, l2: 0.01 });
  const found = await measureLeakage(data, embedded, honest, { seed: 1 });
  return found!;
}

describe("leakage", () => {
  it.each(["multiclass", "multilabel"] as const)("is found where images of one place are copies, %s", async (task) => {
    const leakage = await leakageOf(task, copied);
    const name = task === "multiclass" ? "accuracy" : "mapMacro";
    expect(leakage.by).toBe("groups of ^(place\\d+)_");
    expect(leakage.honest[name]).toBeLessThan(0.6);
    expect(leakage.random[name]).toBeGreaterThan(0.85);
    expect(leakage.difference[name]).toBeCloseTo(leakage.random[name] - leakage.honest[name], 12);
    expect(leakage.intervals[name][0]).toBeGreaterThan(0.15);
    for (const counts of leakage.counts.random)
      for (const part of ["train", "validation", "test"] as const)
        expect(Math.abs(counts[part] - leakage.counts.honest[part])).toBeLessThanOrEqual(12);
    expect(describeLeakage(leakage, task)).toMatch(
      /^leakage: \w+ 0\.\d+ by groups of .*, [01]\.\d+ at random: 0\.\d+ \[0\.\d+, 0\.\d+\] of it is leakage$/,
    );
  });

  it("is about zero where the images of a place are independent", async () => {
    const leakage = await leakageOf("multiclass", independent);
    expect(leakage.honest.accuracy).toBeGreaterThan(0.7);
    expect(Math.abs(leakage.difference.accuracy)).toBeLessThan(0.08);
    expect(leakage.intervals.accuracy[0]).toBeLessThan(0);
    expect(leakage.intervals.accuracy[1]).toBeGreaterThan(0);
    expect(describeLeakage(leakage, "multiclass")).toContain("may be chance");
  });

  it("is not measured where every image stands alone, nor without a test part", async () => {
    const { data, embedded } = generated("multiclass", independent);
    const honest = await fitAndScore(data, embedded, "softmax", { seed: 1, outOfFold: false, l2: 1 });
    const { by: _by, ...alone } = data;
    expect(await measureLeakage(alone, embedded, honest, { seed: 1 })).toBeUndefined();
    const untested = { ...embedded, counts: { ...embedded.counts, test: 0 } };
    expect(await measureLeakage(data, untested, honest, { seed: 1 })).toBeUndefined();
  });

  it("same seed, same numbers", async () => {
    expect(await leakageOf("multiclass", independent)).toEqual(await leakageOf("multiclass", independent));
  });
});

describe("groups", () => {
  it("that a pattern names reach the folds: nobody learns from a copy of what it is asked about", async () => {
    const { data, embedded } = generated("multiclass", copied);
    const accuracyOutOfFold = async (given: EmbeddedData) => {
      const { fit } = await fitAndScore(data, given, "softmax", { seed: 1, l2: 0.01 });
      const { rows, logits } = fit.outOfFold;
      return METRICS.multiclass(pickRows(given.labels, CLASSES, rows), logits, DECIDE.multiclass(logits, CLASSES), CLASSES)
        .accuracy;
    };
    const alone = embedded.placed.map(({ sample: { group: _group, ...sample }, part }) => ({ sample, part }));
    expect(await accuracyOutOfFold(embedded)).toBeLessThan(0.55);
    // The same images without their groups: every fold knows the places of the others.
    expect(await accuracyOutOfFold({ ...embedded, placed: alone })).toBeGreaterThan(0.85);
  });

  it.each([
    [{ groupBy: "(place\\d)\\d*_" }, /^groups of /],
    [{ split: "blocks", coordinates: "place(\\d+)", blockSize: 5 }, /^blocks of 5, buffer 0$/],
  ])("of %j stand in the samples that training sees", async (options, by) => {
    const root = join(folder, by.source.slice(1, 7));
    const random = createRandom(1, "pixels");
    for (let i = 0; i < 60; i++) {
      const data = Uint8Array.from({ length: 48 }, () => random.int(256));
      mkdirSync(join(root, `c${i % 2}`), { recursive: true });
      const png = await encodePng({ bands: ["red", "green", "blue"], widthPx: 4, heightPx: 4, dtype: "uint8", data });
      writeFileSync(join(root, `c${i % 2}`, `place${i}_.png`), png);
    }
    const data = await openSplitData({ data: root, seed: 1, ...options, onWarning: () => {} });
    expect(data.by).toMatch(by);
    const partOf = new Map<string | undefined, string>();
    for (const { sample, part } of data.placed) {
      expect(sample.group).toBeDefined();
      expect(partOf.get(sample.group) ?? part).toBe(part);
      partOf.set(sample.group, part);
    }
    expect(partOf.size).toBeGreaterThan(2);
    expect(partOf.size).toBeLessThan(60);
  });
});
