import { describe, expect, it } from "vitest";
import { ACTIVATIONS } from "../learn/activations.js";
import { parseRules } from "../learn/rules.js";
import { createRandom } from "../random.js";
import { HEAD_OF_TASK, type Task } from "../task.js";
import { trainHead } from "./fit.js";
import { judgedClasses, labelCheck } from "./label-check.js";

const SIZE = 24;
const CLASSES = ["bare", "crop", "forest", "water"];

/** Features that hold every class as a direction, with noise, and the labels `[N, K]` behind them. */
function features(labels: Int8Array, seed: number): Float32Array {
  const random = createRandom(seed, "features");
  const directions = Float64Array.from({ length: CLASSES.length * SIZE }, () => random.normal());
  return Float32Array.from({ length: (labels.length / CLASSES.length) * SIZE }, (_, i) => {
    const row = Math.floor(i / SIZE) * CLASSES.length;
    let value = 0.8 * random.normal();
    for (let k = 0; k < CLASSES.length; k++) if (labels[row + k] === 1) value += directions[k * SIZE + (i % SIZE)];
    return value;
  });
}

async function outOfFold(task: Task, embeddings: Float32Array, labels: Int8Array): Promise<Float64Array> {
  const rows = [...Array(labels.length / CLASSES.length).keys()];
  const head = HEAD_OF_TASK[task];
  const fit = await trainHead({
    ...{ embeddings, views: 1, size: SIZE, labels, classes: CLASSES, task, head, seed: 1 },
    ...{ train: rows, validation: [], l2: 0.1 },
  });
  return ACTIVATIONS[head](fit.outOfFold.logits, CLASSES.length);
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `images/${String(i).padStart(4, "0")}.png`);

describe("planted errors", () => {
  it("of single labels come first: 20 of 400 moved, 9 in 10 of them among the first 40", async () => {
    const random = createRandom(3);
    const truth = Array.from({ length: 400 }, () => random.int(4));
    const flipped = new Set(random.shuffle([...truth.keys()]).slice(0, 20));
    const oneHot = (of: (row: number) => number) => {
      const labels = new Int8Array(400 * 4);
      for (const row of truth.keys()) labels[row * 4 + of(row)] = 1;
      return labels;
    };
    const labels = oneHot((row) => (flipped.has(row) ? (truth[row] + 1 + random.int(3)) % 4 : truth[row]));
    const embeddings = features(
      oneHot((row) => truth[row]),
      4,
    );
    const files = names(400);
    const probabilities = await outOfFold("multiclass", embeddings, labels);
    const { issues, quality } = labelCheck({ task: "multiclass", classes: CLASSES, files, labels, probabilities });
    const first = issues.slice(0, 40).map(({ file }) => files.indexOf(file));
    expect(first.filter((row) => flipped.has(row)).length).toBeGreaterThanOrEqual(18);
    for (const { file, suggested } of issues.slice(0, 10)) expect(suggested).toBe(CLASSES[truth[files.indexOf(file)]]);
    const worst = [...quality.keys()].sort((a, b) => quality[a] - quality[b]).slice(0, 40);
    expect(worst.filter((row) => flipped.has(row)).length).toBeGreaterThanOrEqual(18);
    expect(quality.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  it("of several labels are found in both directions", async () => {
    const random = createRandom(5);
    const truth = Int8Array.from({ length: 400 * 4 }, () => Number(random.next() < 0.35));
    const flipped = new Set(random.shuffle([...truth.keys()]).slice(0, 80));
    const labels = truth.map((label, cell) => (flipped.has(cell) ? 1 - label : label));
    const files = names(400);
    const probabilities = await outOfFold("multilabel", features(truth, 6), labels);
    const { issues } = labelCheck({ task: "multilabel", classes: CLASSES, files, labels, probabilities });
    const first = issues.slice(0, 160);
    const cellOf = (issue: { file: string; label: string }) => files.indexOf(issue.file) * 4 + CLASSES.indexOf(issue.label);
    expect(first.filter((issue) => flipped.has(cellOf(issue))).length).toBeGreaterThanOrEqual(56);
    for (const [kind, given] of [
      ["wrong", 1],
      ["missing", 0],
    ] as const) {
      const ofKind = first.filter((issue) => issue.kind === kind);
      expect(ofKind.length).toBeGreaterThan(10);
      for (const issue of ofKind) expect(labels[cellOf(issue)]).toBe(given);
    }
  });
});

describe("duplicates", () => {
  const base = { task: "multiclass", classes: ["field", "forest"], files: names(4) } as const;
  const labels = Int8Array.of(1, 0, 0, 1, 1, 0, 1, 0);
  const probabilities = Float64Array.of(0.9, 0.1, 0.6, 0.4, 0.8, 0.2, 0.7, 0.3);

  it("that agree come last, whatever else there is", () => {
    const many = { labels: Int8Array.of(...labels, 0, 1), probabilities: Float64Array.of(...probabilities, 0.8, 0.2) };
    const { issues } = labelCheck({ ...base, files: names(5), ...many, duplicates: [[0, 2, 3]] });
    expect(issues.at(-1)).toMatchObject({ kind: "duplicate", conflict: false, of: "images/0000.png", label: "field" });
    expect(issues.filter(({ kind }) => kind === "duplicate").map(({ file }) => file)).toEqual([
      "images/0002.png",
      "images/0003.png",
    ]);
  });

  it("that are labelled differently are suspected, the less believed the more, and pull quality down", () => {
    const { issues, quality } = labelCheck({ ...base, labels, probabilities, duplicates: [[0, 1, 2]] });
    const found = issues.filter(({ kind }) => kind === "duplicate");
    expect(found.map(({ file, label, conflict }) => [file, label, conflict])).toEqual([
      ["images/0000.png", "field", true],
      ["images/0001.png", "forest", true],
      ["images/0002.png", "field", true],
    ]);
    expect(found.every(({ score }) => score >= 0.5)).toBe(true);
    expect([quality[0], quality[1], quality[2]].every((value) => value <= 0.5)).toBe(true);
    expect(quality[3]).toBeGreaterThan(0.5);
  });

  it("with an unknown label contradict nothing", () => {
    const some = { ...base, task: "multilabel", labels: Int8Array.of(1, -1, 1, 1, 0, 0, 0, 0) } as const;
    expect(labelCheck({ ...some, duplicates: [[0, 1]] }).issues).toMatchObject([{ kind: "duplicate", conflict: false }]);
  });

  it("of ten thousand equal pictures are told in no time", () => {
    const rows = 10_000;
    const some = { task: "multilabel", classes: ["field", "forest"], files: names(rows) } as const;
    const given = Int8Array.from({ length: 2 * rows }, (_, i) => Number(i % 2 === 0));
    const { issues } = labelCheck({ ...some, labels: given, duplicates: [[...Array(rows).keys()]] });
    expect(issues.length).toBe(rows - 1);
  });
});

describe("rules", () => {
  const rules = parseRules(["urban excludes primary", "crop implies field"], ["crop", "field", "primary", "urban"]);
  const data = { task: "multilabel", classes: ["crop", "field", "primary", "urban"], files: names(3), rules } as const;
  const labels = Int8Array.of(0, 0, 1, 1, 1, 0, 0, 0, 1, -1, 0, 1);

  it("that are broken are issues without a doubt; an unknown label breaks none", () => {
    const { issues, quality } = labelCheck({ ...data, labels });
    expect(issues.map(({ file, kind, score, rule }) => [file, kind, score, rule])).toEqual([
      ["images/0000.png", "rule", 1, "urban excludes primary"],
      ["images/0001.png", "rule", 1, "crop implies field"],
    ]);
    expect([...quality]).toEqual([0, 0, 1]);
  });

  it("name the label that is believed least", () => {
    const probabilities = Float64Array.of(0, 0, 0.9, 0.2, 0.7, 0.6, 0, 0, 0.9, 0.9, 0, 0.9);
    const { issues } = labelCheck({ ...data, labels, probabilities });
    expect(issues.filter(({ kind }) => kind === "rule").map(({ label }) => label)).toEqual(["urban", "field"]);
  });
});

it("classes are judged that have five images in more than one group, and as many others", () => {
  const labels = Int8Array.from({ length: 30 }, (_, i) => {
    const row = Math.floor(i / 3);
    return Number([row < 5, row < 4, row >= 5][i % 3]);
  });
  const groups = Array.from({ length: 10 }, (_, row) => (row < 5 ? "north" : undefined));
  const data = { task: "multiclass", classes: ["a", "b", "c"], labels } as const;
  expect(judgedClasses(data)).toEqual([true, false, true]);
  expect(judgedClasses({ ...data, groups })).toEqual([false, false, true]);
  expect(judgedClasses({ ...data, task: "multilabel" })).toEqual([true, false, true]);
  expect(judgedClasses({ ...data, task: "multilabel", labels: new Int8Array(30).fill(1) })).toEqual([false, false, false]);
});
