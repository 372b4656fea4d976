import { afterAll, describe, expect, it } from "vitest";
import { expectClose, readGolden } from "../../test/golden.js";
import { createRandom } from "../random.js";
import { openSession } from "../runtime/open.js";
import type { Session } from "../runtime/session.js";
import { HEAD_LOSSES, HEADS, type Head, type HeadLoss } from "../task.js";
import { float32 } from "../tensor.js";
import { forwardModel, headModel, lossGraph } from "./head.js";
import { type HeadTrainer, openHeadTrainer } from "./head-fit.js";
import { CELL_WEIGHTS, rowLosses } from "./head-weights.js";

/** What computes the losses of the reference file, and what of its cases: focal losses are built for one γ. */
const GRAPHS: Readonly<Record<string, { head: Head; loss: HeadLoss; gamma?: number }>> = {
  softmax_cross_entropy: { head: "softmax", loss: "cross-entropy" },
  sigmoid_bce_with_logits: { head: "sigmoid", loss: "cross-entropy" },
  softmax_focal_loss: { head: "softmax", loss: "focal", gamma: 2 },
  sigmoid_focal_loss: { head: "sigmoid", loss: "focal", gamma: 2 },
};

const losses = readGolden("losses.json");
const sessions = new Map<string, Promise<Session>>();
afterAll(async () => {
  for (const session of sessions.values()) await (await session).close();
});

/** The graph with identity weights, so that features are logits. */
async function runHead(
  { head, loss }: { head: Head; loss: HeadLoss },
  classes: number,
  logits: readonly number[],
  { positive, negative }: { positive: readonly number[]; negative: readonly number[] },
) {
  const key = `${head} ${loss} ${classes}`;
  if (!sessions.has(key)) sessions.set(key, openSession(headModel(head, classes, classes, loss), { threads: 1 }));
  const session = await sessions.get(key)!;
  const shape = [logits.length / classes, classes];
  const identity = Array.from({ length: classes * classes }, (_, i) => (i % (classes + 1) === 0 ? 1 : 0));
  return session.run({
    features: float32(shape, logits),
    weights: float32([classes, classes], identity),
    bias: float32([classes], new Float32Array(classes)),
    positive: float32(shape, positive),
    ...(head === "sigmoid" && { negative: float32(shape, negative) }),
  });
}

/** Options of a reference case folded into cell weights. */
// biome-ignore lint/suspicious/noExplicitAny: a case of the reference file
function weightsOf(test: any, head: Head, classes: number): { positive: number[]; negative: number[] } {
  const { classWeights, posWeight, labelSmoothing = 0, ignoreIndex, sampleWeights, reduction } = test;
  const [ofPositives, ofNegatives] = typeof test.alpha === "number" && test.alpha >= 0 ? [test.alpha, 1 - test.alpha] : [1, 1];
  const rows = test.target.length;
  const indexed = !Array.isArray(test.target[0]);
  const mask = test.mask?.flat();
  const cells = Array.from({ length: rows * classes }, (_, j) => {
    const [i, k] = [Math.floor(j / classes), j % classes];
    const known = indexed ? test.target[i] !== ignoreIndex : mask?.[j] !== 0;
    const target = indexed ? Number(test.target[i] === k) : test.target[i][k];
    return { i, k, target, known, weight: (classWeights?.[k] ?? 1) * (sampleWeights?.[i] ?? 1) };
  });
  const known = cells.filter((cell) => cell.known);
  const means: Record<string, number> = {
    sigmoid: known.length,
    softmax: indexed ? known.reduce((all, { target, weight }) => all + target * weight, 0) : rows,
  };
  const denominator = reduction === "mean" ? means[head] : reduction === "mean_over_N" ? rows : 1;
  const floor = head === "softmax" ? labelSmoothing / classes : labelSmoothing / 2;
  const soft = (target: number) => target * (1 - labelSmoothing) + floor;
  return {
    positive: cells.map((c) => (c.known ? (ofPositives * c.weight * (posWeight?.[c.k] ?? 1) * soft(c.target)) / denominator : 0)),
    negative: cells.map((c) => (c.known ? (ofNegatives * c.weight * (1 - soft(c.target))) / denominator : 0)),
  };
}

describe.skipIf(!losses)("the training graph in float32 equals the reference values", () => {
  for (const test of losses?.cases ?? []) {
    const graph = GRAPHS[test.fn];
    const logits: number[] = test.logits.flat();
    const finite = logits.every((x) => Number.isFinite(x)) && [test.expected.loss].flat(2).every((x) => Number.isFinite(x));
    // Overflow in float32 is allowed to become infinite; what is refused in float64 never reaches the graph.
    const refused = test.policy || test.expected.error || test.expected.gradAutograd || test.id.includes("3e38");
    const other = graph?.gamma !== undefined && graph.gamma !== test.gamma;
    if (!graph || other || !finite || refused || logits.length === 0) continue;
    it(test.id, async () => {
      const classes = test.logits[0].length;
      const { losses: rows, slopes } = await runHead(graph, classes, logits, weightsOf(test, graph.head, classes));
      const values = Array.from(rows.data, Number);
      const expected: number[] =
        test.reduction === "none"
          ? test.expected.loss.map((row: number | number[]) => [row].flat().reduce((a, b) => a + b, 0))
          : [test.expected.loss];
      expectClose(test.reduction === "none" ? values : [values.reduce((a, b) => a + b, 0)], expected, {
        relative: 2e-5,
        absolute: 1e-6,
      });
      const mean = test.reduction.startsWith("mean");
      if (test.expected.grad) {
        expectClose(Array.from(slopes.data, Number), test.expected.grad.flat(), { relative: mean ? 0 : 2e-5, absolute: 2e-6 });
      }
    });
  }
});

const EVERY_LOSS = HEADS.flatMap((head) =>
  HEAD_LOSSES.flatMap((loss) => (head === "softmax" && loss === "asymmetric" ? [] : [{ head, loss }])),
);

describe.each(EVERY_LOSS)("the graph of $head with $loss", ({ head, loss }) => {
  const random = createRandom(5, loss);
  const classes = 3;
  const logits = Array.from({ length: 60 }, () => Math.fround(4 * random.normal()));
  const labels = logits.map((_, j) =>
    Number(head === "softmax" ? j % classes === Math.floor(j / classes) % 3 : random.next() < 0.4),
  );
  const weights = { positive: labels, negative: labels.map((label) => 1 - label) };
  const asked = { targetKind: "probability", reduction: "sum" } as const;

  it("equals the loss and the gradient in float64", async () => {
    const { losses: rows, slopes } = await runHead({ head, loss }, classes, logits, weights);
    const { values, gradient } = lossGraph(head, loss).reference({ logits, targets: labels, classes }, asked);
    const perRow = Array.from({ length: logits.length / classes }, (_, i) =>
      values.length === logits.length ? values.subarray(i * classes, (i + 1) * classes).reduce((a, b) => a + b, 0) : values[i],
    );
    expectClose(Array.from(rows.data, Number), perRow, { relative: 2e-5, absolute: 1e-6 });
    expectClose(Array.from(slopes.data, Number), [...gradient], { relative: 2e-5, absolute: 2e-6 });
  });

  it("has the slopes of its own losses, by finite differences", async () => {
    const step = 0.01;
    const sumAt = async (shift: number, j: number) => {
      const row = Math.floor(j / classes);
      const { losses: rows } = await runHead({ head, loss }, classes, logits.with(j, logits[j] + shift), weights);
      return Number(rows.data[row]);
    };
    const { slopes } = await runHead({ head, loss }, classes, logits, weights);
    for (let j = 0; j < 12; j++) {
      const difference = ((await sumAt(step, j)) - (await sumAt(-step, j))) / (2 * step);
      expect(Math.abs(Number(slopes.data[j]) - difference)).toBeLessThan(2e-3);
    }
  });

  it("stays finite and right at logits of ten thousand", async () => {
    const far = [1e4, -1e4, 0, -1e4, 1e4, 0, -1e4, -1e4, 1e4, 1e4, 1e4, 1e4];
    const said = head === "softmax" ? [1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0] : [1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0];
    const { losses: rows, slopes } = await runHead({ head, loss }, classes, far, {
      positive: said,
      negative: said.map((label) => 1 - label),
    });
    const { values, gradient } = lossGraph(head, loss).reference({ logits: far, targets: said, classes }, asked);
    const sum = Array.from(rows.data, Number).reduce((a, b) => a + b, 0);
    const total = values.reduce((a, b) => a + b, 0);
    expect(Math.abs(sum / total - 1)).toBeLessThan(1e-6);
    expectClose(Array.from(slopes.data, Number), [...gradient], { relative: 1e-5, absolute: 1e-6 });
  });

  it("selects: what is unknown stays zero beside a logit that is not a number", async () => {
    const known = [Number.NaN, Number.NaN, Number.NaN, 1, 2, 3];
    const { losses: rows, slopes } = await runHead({ head, loss }, classes, known, {
      positive: [0, 0, 0, 1, 0, 0],
      negative: [0, 0, 0, 0, 1, 1],
    });
    expect([Number(rows.data[0]), ...Array.from(slopes.data.slice(0, 3), Number)]).toEqual([0, 0, 0, 0]);
    expect(Number(rows.data[1])).toBeGreaterThan(0);
    expect(Number.isFinite(Number(rows.data[1]))).toBe(true);
  });

  it("ends no higher than the minimum of cross-entropy from which it starts, by its own measure", async () => {
    const [rows, width] = [240, 6];
    const classOf = Array.from({ length: rows }, (_, i) => (i % 10 === 0 ? 0 : 1 + (i % 2)));
    const features = Float32Array.from(
      { length: rows * width },
      (_, i) => 1.5 * random.normal() + 2 * Number(i % width === classOf[Math.floor(i / width)]),
    );
    const taught = Int8Array.from({ length: rows * classes }, (_, j) => Number(j % classes === classOf[Math.floor(j / classes)]));
    const lossAfter = async (trained: HeadLoss) => {
      const trainer = await openHeadTrainer(head, width, classes, { loss: trained });
      const { weights, bias, reason } = await trainer.prepare({ features, labels: taught }).fit(1e-4);
      await trainer.close();
      expect(reason).not.toBe("limit");
      const fitted = Array.from({ length: rows * classes }, (_, j) => {
        const [i, k] = [Math.floor(j / classes), j % classes];
        return weights.subarray(k * width, (k + 1) * width).reduce((sum, w, d) => sum + w * features[i * width + d], bias[k]);
      });
      return rowLosses(head, fitted, taught, classes, loss).reduce((a, b) => a + b, 0) / rows;
    };
    const [before, after] = [await lossAfter("cross-entropy"), await lossAfter(loss)];
    if (loss === "cross-entropy") expect(after).toBe(before);
    else expect(after).toBeLessThan(0.97 * before);
  });
});

describe("the asymmetric loss", () => {
  it("is refused where probabilities sum to 1, with what to take instead", async () => {
    await expect(openHeadTrainer("softmax", 4, 2, { loss: "asymmetric" })).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining("independent"),
      hint: expect.stringContaining("focal"),
    });
  });
});

describe("the forward pass", () => {
  it.each([
    ["softmax", [1 / (1 + Math.E), Math.E / (1 + Math.E)]],
    ["sigmoid", [1 / (1 + Math.exp(-6)), 1 / (1 + Math.exp(-7))]],
    [undefined, undefined],
  ] as const)("gives logits and the probabilities of head %s", async (head, expected) => {
    const session = await openSession(forwardModel(head, 2, 2), { threads: 1 });
    const { logits, probabilities } = await session.run({
      features: float32([1, 2], [1, 2]),
      weights: float32([2, 2], [1, 2, 3, 1]),
      bias: float32([2], [1, 2]),
    });
    await session.close();
    expect([...logits.data]).toEqual([6, 7]);
    if (expected === undefined) expect(probabilities).toBeUndefined();
    else expectClose(Array.from(probabilities.data, Number), [...expected], { relative: 1e-6, absolute: 0 });
  });
});

const optim = readGolden("optim.json");

describe.skipIf(!optim)("a fitted head reaches the optimum of", () => {
  for (const test of optim?.cases ?? []) {
    if (!test.id.startsWith("convex") || test.expected.infimum !== undefined) continue;
    it(test.id, async () => {
      const x: number[][] = test.X.sameAs ? optim.cases.find(({ id }: { id: string }) => id === test.X.sameAs).X : test.X;
      const classes = test.K;
      const labels: number[] =
        test.Y?.flat() ?? test.y.flatMap((y: number) => Array.from({ length: classes }, (_, k) => Number(k === y)));
      const trainer = await openHeadTrainer(test.kind, test.D, classes, { standardise: false, biasPenalty: 0 });
      const lesson = trainer.prepare(
        { features: Float32Array.from(x.flat()), labels: Int8Array.from(labels) },
        { classWeights: test.classWeights },
      );
      const fitted = await lesson.fit(test.l2);
      await trainer.close();
      const optimum = test.expected.loss ?? test.expected.lossPerClass.reduce((a: number, b: number) => a + b, 0);
      expect(Math.abs(fitted.loss / optimum - 1)).toBeLessThan(1e-6);
      for (const [i, expected] of (test.expected.trainProbaFirst5 ?? []).entries()) {
        const logits = Array.from({ length: classes }, (_, k) =>
          x[i].reduce((sum, v, j) => sum + v * fitted.weights[k * test.D + j], fitted.bias[k]),
        );
        const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
        expectClose(
          logits.map((z) => Math.exp(z) / total),
          expected,
          { relative: 0, absolute: 1e-4 },
        );
      }
    });
  }
});

describe("cell weights", () => {
  it("leave out rows without a label, and for softmax rows without a positive one", () => {
    const labels = Int8Array.of(1, 0, 1, 1, 0, 0, -1, -1);
    const softmax = CELL_WEIGHTS.softmax(labels, 2);
    expect([...softmax.positive]).toEqual([0.5, 0, 0.25, 0.25, 0, 0, 0, 0]);
    expect(softmax.leftOut).toBe(2);
    expect(CELL_WEIGHTS.sigmoid(labels, 2).leftOut).toBe(1);
  });

  it("divide each class of the sigmoid head by the labels known of it", () => {
    const { positive, negative } = CELL_WEIGHTS.sigmoid(Int8Array.of(1, -1, 0, 1), 2, { posWeight: [3, 1] });
    expect([...positive]).toEqual([1.5, 0, 0, 1]);
    expect([...negative]).toEqual([0, 0, 0.5, 0]);
  });
});

describe("a fitted head", () => {
  const random = createRandom(3);
  const rows = 60;
  const classes = 3;
  const width = 5;
  const classOf = Array.from({ length: rows }, (_, i) => i % classes);
  const features = Float32Array.from(
    { length: rows * width },
    (_, i) => 100 + 20 * random.normal() + 30 * Number(i % width === classOf[Math.floor(i / width)]),
  );
  const labels = Int8Array.from({ length: rows * classes }, (_, i) => Number(i % classes === classOf[Math.floor(i / classes)]));
  let trainer: HeadTrainer;

  it("folds the scale of the features back into weights and bias", async () => {
    trainer = await openHeadTrainer("softmax", width, classes);
    const { weights, bias } = await trainer.prepare({ features, labels }).fit(1e-3);
    let right = 0;
    for (let i = 0; i < rows; i++) {
      const logits = Array.from(bias, (b, k) =>
        weights.subarray(k * width, (k + 1) * width).reduce((sum, w, j) => sum + w * features[i * width + j], b),
      );
      right += Number(logits.indexOf(Math.max(...logits)) === classOf[i]);
    }
    expect(right / rows).toBeGreaterThan(0.7);
  });

  it("is the same bytes every time", async () => {
    const [a, b] = [await trainer.prepare({ features, labels }).fit(0.01), await trainer.prepare({ features, labels }).fit(0.01)];
    expect(a).toEqual(b);
  });

  it("comes to the same minimum from a warm start", async () => {
    const lesson = trainer.prepare({ features, labels });
    const cold = await lesson.fit(0.01);
    const warm = await lesson.fit(0.01, { start: (await lesson.fit(0.03)).parameters });
    expect(Math.abs(warm.loss / cold.loss - 1)).toBeLessThan(1e-6);
  });

  it("ignores a feature that never changes", async () => {
    const wider = await openHeadTrainer("softmax", width + 1, classes);
    const padded = Float32Array.from({ length: rows * (width + 1) }, (_, i) =>
      i % (width + 1) === width ? 0.1 : features[Math.floor(i / (width + 1)) * width + (i % (width + 1))],
    );
    const plain = await trainer.prepare({ features, labels }).fit(0.01);
    const { weights, loss } = await wider.prepare({ features: padded, labels }).fit(0.01);
    await wider.close();
    for (let k = 0; k < classes; k++) expect(Math.abs(weights[k * (width + 1) + width])).toBeLessThan(1e-6);
    expect(Math.abs(loss / plain.loss - 1)).toBeLessThan(1e-6);
  });

  it("is the same when it may overwrite the features, which it else leaves alone", async () => {
    const [kept, used] = [features.slice(), features.slice()];
    const plain = await trainer.prepare({ features: kept, labels }).fit(0.01);
    expect(await trainer.prepare({ features: used, disposable: true, labels }).fit(0.01)).toEqual(plain);
    expect(kept).toEqual(features);
    expect(used).not.toEqual(features);
  });

  it("names the image whose features are not finite", () => {
    const broken = features.with(7 * width + 2, Number.NaN);
    expect(() => trainer.prepare({ features: broken, labels, nameOf: (row) => `image${row}.jpg` })).toThrow(
      /image7\.jpg: feature 2 is NaN/,
    );
  });

  it("needs a label to learn from", () => {
    expect(() => trainer.prepare({ features, labels: new Int8Array(labels.length).fill(-1) })).toThrow(/none of 60/);
  });

  it("stops when told to", async () => {
    await expect(trainer.prepare({ features, labels }).fit(0.01, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "aborted",
    });
    await trainer.close();
  });
});
