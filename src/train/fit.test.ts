import { describe, expect, it } from "vitest";
import { expectClose } from "../../test/golden.js";
import { DECIDE } from "../learn/decide.js";
import { METRICS } from "../learn/metrics/report.js";
import { openHeadTrainer } from "../model/head-fit.js";
import { createRandom } from "../random.js";
import { type FitOptions, trainHead } from "./fit.js";
import { dealFolds } from "./folds.js";
import { pickRows } from "./parts.js";
import { logitsOf, meanOverViews } from "./score.js";

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
    expect([l2, grid]).toEqual([0.02, []]);
  });

  it.each(["softmax", "sigmoid"] as const)("lets nothing of a held sample through to its %s logits", async (head) => {
    // Labels that mean nothing, far more features than images and next to no penalty: the head itself knows every label by heart.
    const [count, size, l2] = [120, 600, 1e-4];
    const random = createRandom(11, head);
    const labels = new Int8Array(count * 3);
    for (let i = 0; i < count; i++) labels[i * 3 + random.int(3)] = 1;
    const embeddings = Float32Array.from({ length: count * size }, () => random.normal());
    const train = Array.from({ length: count }, (_, i) => i);
    const options = {
      ...blobs(count, "multiclass"),
      head,
      labels,
      embeddings,
      size,
      train,
      validation: [],
      groups: undefined,
      l2,
    };
    const fit = await trainHead(options);
    const accuracyOf = (logits: Float32Array) => METRICS.multiclass(labels, logits, DECIDE.multiclass(logits, 3), 3).accuracy;
    expect(accuracyOf(await logitsOf(fit.head, embeddings))).toBe(1);
    // Chance is 1/3; three standard errors of 120 draws are 0.13.
    expect(Math.abs(accuracyOf(fit.outOfFold.logits) - 1 / 3)).toBeLessThan(0.13);

    const trainer = await openHeadTrainer(head, size, 3);
    for (const held of dealFolds(train, labels, { classes: 3, folds: 5, seed: options.seed })) {
      const others = train.filter((row) => !held.includes(row));
      const lesson = trainer.prepare({ features: pickRows(embeddings, size, others), labels: pickRows(labels, 3, others) });
      const cold = await logitsOf(await lesson.fit(l2, { lossTolerance: 1e-12 }), pickRows(embeddings, size, held));
      const scale = Math.hypot(...cold) / Math.sqrt(cold.length);
      expectClose(pickRows(fit.outOfFold.logits, 3, held), cold, { relative: 0, absolute: 2e-3 * scale });
    }
    await trainer.close();
  });

  it("judges validation samples by a head of the training part alone", async () => {
    const options = { ...blobs(90, "multiclass"), groups: undefined, l2: 0.1 };
    const { outOfFold } = await trainHead(options);
    const alone = await trainHead({ ...options, validation: [], outOfFold: false });
    const expected = await logitsOf(alone.head, pickRows(options.embeddings, SIZE, options.validation));
    const held = options.validation.map((row) => outOfFold.rows.indexOf(row));
    const found = pickRows(outOfFold.logits, 3, held);
    expect(Math.max(...found.map((value, i) => Math.abs(value - expected[i])))).toBeLessThan(1e-3);
  });

  it("cross-fits only when asked to", async () => {
    const options = blobs(90, "multilabel");
    const [full, brief] = [await trainHead(options), await trainHead({ ...options, outOfFold: false })];
    expect(brief).toEqual({ ...full, outOfFold: { rows: [], logits: new Float32Array(0) } });
  });

  it("has no logits of samples not seen where all are of one group", async () => {
    const options = blobs(60, "multiclass");
    const { outOfFold } = await trainHead({ ...options, groups: options.groups?.map(() => "one place") });
    expect(outOfFold).toEqual({ rows: [], logits: new Float32Array(0) });
  });

  it("leaves the embeddings as they are", async () => {
    const options = blobs(60, "multiclass");
    const before = options.embeddings.slice();
    await trainHead(options);
    expect(options.embeddings).toEqual(before);
  });

  it("refuses what does not fit into memory before it copies", async () => {
    const options = blobs(60, "multiclass", 2);
    // 60 × 2 × 12 embeddings, as many standardised, and 60 × 12 means, of 4 bytes each
    const bytes = 4 * 60 * SIZE * 5;
    await trainHead({ ...options, maxBytes: bytes, l2: 1, outOfFold: false });
    await expect(trainHead({ ...options, maxBytes: bytes - 1 })).rejects.toMatchObject({
      code: "limit",
      message: expect.stringContaining("60 images × 2 views × 12 features"),
      hint: expect.stringContaining("--views"),
    });
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

  it("hold a group of any size", () => {
    const many = 300_000;
    const everyone = Array.from({ length: many }, (_, i) => i);
    const folds = dealFolds(everyone, new Int8Array(many), {
      classes: 1,
      folds: 2,
      seed: 1,
      groups: everyone.map((i) => (i === 0 ? "b" : "a")),
    });
    expect(folds.map((fold) => fold.length).sort((a, b) => a - b)).toEqual([1, many - 1]);
  });

  it("are fewer where there are fewer groups", () => {
    expect(dealFolds([0, 1, 2], labels, { classes: 3, folds: 5, seed: 1, groups: ["a", "a", "b"] }).length).toBe(2);
  });
});

describe("evaluation features", () => {
  it("are the means over the views, of all rows or of those picked", () => {
    const embeddings = Float32Array.of(1, 2, 3, 6, 5, 5, 7, 9);
    expect([...meanOverViews(embeddings, 2, 2)]).toEqual([2, 4, 6, 7]);
    expect([...meanOverViews(embeddings, 2, 2, [1])]).toEqual([6, 7]);
    expect([...meanOverViews(embeddings, 1, 2, [3, 0])]).toEqual([7, 9, 1, 2]);
  });
});
