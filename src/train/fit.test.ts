import { describe, expect, it } from "vitest";
import { DECIDE } from "../learn/decide.js";
import { METRICS } from "../learn/metrics/report.js";
import { createRandom } from "../random.js";
import { type FitOptions, trainHead } from "./fit.js";
import { dealFolds } from "./folds.js";
import { pickRows } from "./parts.js";
import { logitsOf } from "./score.js";

const SIZE = 12;
const CLASSES = ["field", "forest", "river"];

/** Blobs with noise; every fifth sample belongs to the same place as the one before it. */
function blobs(count: number, task: "multiclass" | "multilabel", views = 1): FitOptions {
  const random = createRandom(7, task);
  const labels = new Int8Array(count * 3);
  const embeddings = new Float32Array(count * views * SIZE);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < 3; k++) labels[i * 3 + k] = task === "multiclass" ? Number(i % 3 === k) : Number(random.next() < 0.4);
    for (let v = 0; v < views; v++) {
      for (let d = 0; d < SIZE; d++)
        embeddings[(i * views + v) * SIZE + d] = 5 + random.normal() + (labels[i * 3 + (d % 3)] === 1 && d < 6 ? 1 : 0);
    }
  }
  const rows = Array.from({ length: count }, (_, i) => i);
  return {
    embeddings,
    views,
    size: SIZE,
    labels,
    classes: CLASSES,
    groups: rows.map((i) => (i % 5 === 0 ? undefined : `place ${Math.floor(i / 5)}`)),
    train: rows.filter((i) => i % 4 !== 0),
    validation: rows.filter((i) => i % 4 === 0),
    task,
    head: task === "multiclass" ? "softmax" : "sigmoid",
    seed: 1,
  };
}

describe("training a head", () => {
  it.each(["multiclass", "multilabel"] as const)("finds what separates the classes of a %s set", async (task) => {
    const options = blobs(300, task, 2);
    const { head, grid, outOfFold } = await trainHead(options);
    expect(grid.length).toBeGreaterThan(3);
    const labels = pickRows(options.labels, 3, outOfFold.rows);
    const decisions = DECIDE[task](
      task === "multiclass" ? outOfFold.logits : outOfFold.logits.map((z) => 1 / (1 + Math.exp(-z))),
      3,
    );
    const metrics = METRICS[task](labels, outOfFold.logits, decisions, 3);
    expect(metrics.f1Macro).toBeGreaterThan(0.75);
    expect(head.weights.length).toBe(3 * SIZE);
  });

  it("prefers the strongest penalty among those that cannot be told apart", async () => {
    const { l2, grid } = await trainHead(blobs(90, "multiclass"));
    const best = grid.reduce((a, b) => (b.validationLoss < a.validationLoss ? b : a));
    expect(l2).toBeGreaterThanOrEqual(best.l2);
  });

  it("gives the same bytes for the same seed", async () => {
    const [a, b] = [await trainHead(blobs(120, "multilabel")), await trainHead(blobs(120, "multilabel"))];
    expect(a).toEqual(b);
  });

  it("chooses by cross-validation where there is no validation part", async () => {
    const options = blobs(120, "multiclass");
    const fit = await trainHead({ ...options, train: [...options.train, ...options.validation], validation: [] });
    expect(fit.grid.length).toBeGreaterThan(3);
    expect(fit.outOfFold.rows.length).toBe(120);
  });

  it("judges every sample by a head that has not seen it", async () => {
    // Labels that mean nothing: only a head that has seen them can know them.
    const options = blobs(45, "multiclass");
    const random = createRandom(5);
    const labels = new Int8Array(options.labels.length);
    for (let i = 0; i < 45; i++) labels[i * 3 + random.int(3)] = 1;
    const noise = { ...options, labels, embeddings: options.embeddings.map(() => random.normal()), groups: undefined, l2: 1e-4 };
    const { head, outOfFold } = await trainHead(noise);
    const accuracyOf = (logits: Float32Array) =>
      METRICS.multiclass(pickRows(labels, 3, outOfFold.rows), logits, DECIDE.multiclass(logits, 3), 3).accuracy;
    expect(accuracyOf(await logitsOf(head, pickRows(noise.embeddings, SIZE, outOfFold.rows)))).toBeGreaterThan(0.6);
    expect(accuracyOf(outOfFold.logits)).toBeLessThan(0.5);
  });

  it("counts images without a label that softmax has to leave out", async () => {
    const options = blobs(120, "multilabel", 2);
    const empty = options.train
      .concat(options.validation)
      .filter((row) => !options.labels.subarray(row * 3, row * 3 + 3).includes(1)).length;
    const fit = await trainHead({ ...options, head: "softmax" });
    expect(empty).toBeGreaterThan(0);
    expect(fit.leftOut).toBe(empty);
    expect(fit.outOfFold.logits.length).toBe(120 * 3);
  });

  it("lets rare classes count as much as common ones when asked", async () => {
    const options = blobs(150, "multilabel");
    const labels = options.labels.map((label, j) => (j % 3 === 2 && j % 4 > 0 ? 0 : label));
    const said = async (classWeights: "none" | "balanced") => {
      const { outOfFold } = await trainHead({ ...options, labels, classWeights, l2: 0.1 });
      return outOfFold.logits.filter((z, j) => j % 3 === 2 && z > 0).length;
    };
    expect(await said("balanced")).toBeGreaterThan(await said("none"));
  });

  it("takes a given penalty as it is", async () => {
    const { l2, grid } = await trainHead({ ...blobs(60, "multiclass"), l2: 0.02 });
    expect([l2, grid.length]).toEqual([0.02, 1]);
  });

  it("names the image whose embedding is not finite", async () => {
    const options = blobs(60, "multiclass");
    const files = Array.from({ length: 60 }, (_, i) => `image${i}.jpg`);
    const embeddings = options.embeddings.with(31 * SIZE, Number.POSITIVE_INFINITY);
    await expect(trainHead({ ...options, embeddings, files })).rejects.toThrow(/image31\.jpg: feature 0 is Infinity/);
  });

  it("stops when told to", async () => {
    await expect(trainHead({ ...blobs(60, "multiclass"), signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "aborted",
    });
  });
});

describe("folds", () => {
  const { labels, groups } = blobs(100, "multiclass");
  const rows = Array.from({ length: 100 }, (_, i) => i);

  it("hold every row once and keep groups together", () => {
    const folds = dealFolds(rows, labels, { classes: 3, folds: 5, seed: 1, groups });
    expect(folds.flat().sort((a, b) => a - b)).toEqual(rows);
    for (const group of new Set(groups)) {
      if (group !== undefined) expect(folds.filter((fold) => fold.some((row) => groups?.[row] === group)).length).toBe(1);
    }
  });

  it("give every fold its share of every label", () => {
    for (const fold of dealFolds(rows, labels, { classes: 3, folds: 5, seed: 1 })) {
      expect(fold.length).toBe(20);
      for (let k = 0; k < 3; k++)
        expect(Math.abs(fold.filter((row) => labels[row * 3 + k] === 1).length - 20 / 3)).toBeLessThan(1.5);
    }
  });

  it("are fewer where there are fewer groups", () => {
    expect(dealFolds([0, 1, 2], labels, { classes: 3, folds: 5, seed: 1, groups: ["a", "a", "b"] }).length).toBe(2);
  });
});
