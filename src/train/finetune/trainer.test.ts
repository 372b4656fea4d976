import { afterEach, describe, expect, it } from "vitest";
import { CELL_WEIGHTS } from "../../model/head-weights.js";
import { convNorm, relu } from "../../model/networks/layers.js";
import { networkModel } from "../../model/networks.js";
import { PORTABLE } from "../../onnx/layouts.js";
import { appendLogits } from "../../onnx/surgery.js";
import { createRandom } from "../../random.js";
import { probeLayout } from "../../runtime/layout.js";
import type { Head } from "../../task.js";
import { float32 } from "../../tensor.js";
import { learnedAfter } from "./learned.js";
import type { Rates } from "./rates.js";
import { type ClassifierStepOptions, classifierStep } from "./step.js";
import { type Lesson, openTrainer, type Trainer, type TrainerOptions } from "./trainer.js";

const blocked = await probeLayout();

const SIDE = 8;
const CLASSES = 3;
const RATES: Rates = { head: 0.05, backbone: 0.02, momentum: 0.9 };

const embedding = networkModel(
  "tiny",
  (layers, image) => {
    const first = relu(layers)(convNorm(layers, image, { conv: "a", norm: "a.bn" }, { filters: 8, kernelPx: 3 }), "a.relu");
    return relu(layers)(convNorm(layers, first, { conv: "b", norm: "b.bn" }, { filters: 8, kernelPx: 3, stride: 2 }), "b.relu");
  },
  { bands: 2, sizePx: SIDE, seed: 1 },
);
const random = createRandom(5, "head");
const network = appendLogits(embedding, {
  weights: float32(
    [CLASSES, 8],
    Array.from({ length: CLASSES * 8 }, () => 0.3 * random.normal()),
  ),
  bias: float32([CLASSES], [0, 0, 0]),
});

/** Images whose mean brightness by band tells their class. */
function lesson(count: number, seed: number, head: Head = "softmax"): Lesson {
  const draws = createRandom(seed, "lesson");
  const labels = new Int8Array(count * CLASSES);
  const pixels = new Float32Array(count * 2 * SIDE * SIDE);
  for (let i = 0; i < count; i++) {
    const k = draws.int(CLASSES);
    labels[i * CLASSES + k] = 1;
    const size = SIDE * SIDE;
    for (let j = 0; j < 2 * size; j++) pixels[i * 2 * size + j] = draws.normal() + (k === Math.floor(j / size) ? 1.5 : 0);
  }
  return { pixels, ...CELL_WEIGHTS[head](labels, CLASSES) };
}

const halves = ({ pixels, positive, negative }: Lesson): Lesson[] => {
  const part = (data: Float32Array, i: number) => data.slice((i * data.length) / 2, ((i + 1) * data.length) / 2);
  return [0, 1].map((i) => ({ pixels: part(pixels, i), positive: part(positive, i), negative: part(negative, i) }));
};

const RECIPE: TrainerOptions["recipe"] = { optimizer: "sgd", weightDecay: 0, clip: 0, ema: 0 };
const opened: Trainer[] = [];
async function open(recipe: Partial<TrainerOptions["recipe"]> = {}, step: Partial<ClassifierStepOptions> = {}, batch = 16) {
  const inputShape = [batch, 2, SIDE, SIDE];
  const made = classifierStep({ network, inputShape, classes: CLASSES, head: "softmax", layout: PORTABLE, ...step });
  const trainer = await openTrainer({ step: made, recipe: { ...RECIPE, ...recipe }, threads: 1 });
  opened.push(trainer);
  return trainer;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((trainer) => trainer.close()));
});

const numbers = (trainer: Trainer) =>
  new Map([...trainer.learned()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, data]) => [name, data.slice()]));
const difference = (a: Float32Array, b: Float32Array) => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

describe("openTrainer", () => {
  it.each<Head>(["softmax", "sigmoid"])("lets the loss of a %s head fall", async (head) => {
    const trainer = await open({ optimizer: "adamw" }, { head });
    const losses: number[] = [];
    for (let i = 0; i < 60; i++) {
      losses.push((await trainer.run(lesson(16, i % 4, head))).loss);
      trainer.update(RATES);
    }
    expect(Math.max(...losses.slice(-4))).toBeLessThan(0.5 * Math.min(...losses.slice(0, 4)));
    expect(trainer.updates).toBe(60);
  });

  // What is skipped elsewhere would compare the portable layout with itself.
  it.skipIf(blocked.name === "portable")("learns in the layout of this machine what it learns in the portable one", async () => {
    const [here, portable] = [await open({}, { layout: blocked }), await open()];
    for (let i = 0; i < 3; i++) {
      for (const trainer of [here, portable]) {
        await trainer.run(lesson(16, i));
        trainer.update(RATES);
      }
    }
    const expected = numbers(portable);
    // Sums of float32 in another order.
    for (const [name, data] of numbers(here)) expect(difference(data, expected.get(name)!), name).toBeLessThan(1e-4);
  });

  it("gives the same bytes again, and after it was restored half-way", async () => {
    const options = { optimizer: "adamw", ema: 0.9, clip: 1 } as const;
    const whole = await open(options);
    const first = await open(options);
    const second = await open(options);
    const go = async (trainer: Trainer, from: number, to: number) => {
      for (let i = from; i < to; i++) {
        await trainer.run(lesson(16, i));
        trainer.update(RATES);
      }
    };
    await go(whole, 0, 7);
    await go(first, 0, 3);
    second.restore(first.tensors(), first.updates);
    await go(second, 3, 7);
    expect(second.tensors()).toEqual(whole.tensors());
    expect(second.updates).toBe(7);
    expect([...whole.tensors().keys()]).toEqual(
      expect.arrayContaining(["now/a.weight", "now/a.bn.mean", "mean/head/weights", "average/a.bn.variance"]),
    );
  });

  it("that is stopped within an update has what it had before it, statistics too", async () => {
    const whole = await open({ ema: 0.9 });
    const stopped = await open({ ema: 0.9 });
    const resumed = await open({ ema: 0.9 });
    const update = async (trainer: Trainer, i: number) => {
      for (const seed of [2 * i, 2 * i + 1]) await trainer.run(lesson(16, seed));
      trainer.update(RATES);
    };
    for (const trainer of [whole, stopped]) await update(trainer, 0);
    const before = new Map([...stopped.tensors()].map(([name, data]) => [name, data.slice()]));
    await stopped.run(lesson(16, 2));
    expect(stopped.tensors()).toEqual(before);
    expect(stopped.learned().get("a.bn.mean")).toEqual(before.get("average/a.bn.mean"));
    resumed.restore(stopped.tensors(), stopped.updates);
    await update(resumed, 1);
    await update(whole, 1);
    expect(resumed.tensors()).toEqual(whole.tensors());
  });

  it("refuses to be restored from other tensors", async () => {
    const trainer = await open();
    expect(() => trainer.restore(new Map(), 1)).toThrow(RangeError);
  });

  it("of two halves makes the step of the whole batch, where normalisation is frozen", async () => {
    const whole = await open({}, { batchNorm: "frozen" });
    const half = await open({}, { batchNorm: "frozen" }, 8);
    for (let i = 0; i < 3; i++) {
      await whole.run(lesson(16, i));
      for (const part of halves(lesson(16, i))) await half.run(part);
      whole.update(RATES);
      half.update(RATES);
    }
    const expected = numbers(whole);
    // Sums of float32 in another order.
    for (const [name, data] of numbers(half)) expect(difference(data, expected.get(name)!)).toBeLessThan(1e-5);
  });

  it("moves running statistics towards those of the batch, and leaves frozen ones alone", async () => {
    const moving = await open({}, { batchNormMomentum: 0.5 });
    const frozen = await open({}, { batchNorm: "frozen" });
    const before = numbers(moving).get("a.bn.variance")!;
    for (const trainer of [moving, frozen]) {
      await trainer.run(lesson(16, 1));
      trainer.update(RATES);
    }
    expect(difference(numbers(moving).get("a.bn.variance")!, before)).toBeGreaterThan(0.1);
    expect([...frozen.learned().keys()]).not.toContain("a.bn.variance");
  });

  it("shortens gradients to the norm of the recipe, over all parameters together", async () => {
    const free = await open();
    const clipped = await open({ clip: 0.01 });
    const start = numbers(free);
    const norms = await Promise.all(
      [free, clipped].map(async (trainer) => {
        await trainer.run(lesson(16, 1));
        return trainer.update({ head: 1, backbone: 1, momentum: 0 });
      }),
    );
    expect(norms[1]).toBe(norms[0]);
    const length = (trainer: Trainer) => {
      let sum = 0;
      for (const [name, data] of numbers(trainer)) {
        if (/mean|variance/.test(name)) continue;
        for (const [i, value] of data.entries()) sum += (value - start.get(name)![i]) ** 2;
      }
      return Math.sqrt(sum);
    };
    // A step of SGD at rate 1 is as long as the gradient; differences of float32 weights keep 1e-7 each.
    expect(length(free)).toBeCloseTo(norms[0], 4);
    expect(length(clipped)).toBeCloseTo(0.01, 5);
  });

  it("lets head and backbone learn at their own rates, and weights but not norms and biases decay", async () => {
    const still = await open({ optimizer: "adamw", weightDecay: 0.5 });
    const before = numbers(still);
    await still.run(lesson(16, 1));
    still.update({ head: 0.1, backbone: 0, momentum: 0.9 });
    const after = numbers(still);
    expect(after.get("a.weight")).toEqual(before.get("a.weight"));
    // The first step of Adam is as long as the rate, then the weights shrink by 0.1 · 0.5.
    const moved = after.get("head/weights")!.map((value, i) => Math.abs(value - 0.95 * before.get("head/weights")![i]));
    expect(Math.max(...moved)).toBeCloseTo(0.1, 4);
    expect(Math.max(...after.get("head/bias")!.map(Math.abs))).toBeCloseTo(0.1, 4);
  });

  it("averages weights and running statistics", async () => {
    const trainer = await open({ ema: 0.5 });
    const before = numbers(trainer);
    await trainer.run(lesson(16, 1));
    trainer.update(RATES);
    const now = trainer.tensors();
    // After the first update the decay is (1 + 1) / (10 + 1).
    for (const name of ["b.weight", "b.bn.mean"]) {
      const expected = before.get(name)!.map((value, i) => (2 / 11) * value + (9 / 11) * now.get(`now/${name}`)![i]);
      expect(difference(trainer.learned().get(name)!, expected)).toBeLessThan(1e-6);
    }
  });

  it("changes nothing for a loss or gradient that is not finite", async () => {
    const trainer = await open();
    await trainer.run(lesson(16, 1));
    trainer.update(RATES);
    const before = trainer.tensors();
    const kept = new Map([...before].map(([name, data]) => [name, data.slice()]));
    const bad = lesson(16, 2);
    bad.pixels[7] = Number.NaN;
    expect((await trainer.run(bad)).loss).toBeNaN();
    expect(() => trainer.update(RATES)).toThrow(RangeError);
    expect(trainer.tensors()).toEqual(kept);
  });

  it.each<Partial<Rates>>([{ head: Number.NaN }, { backbone: Number.POSITIVE_INFINITY }, { momentum: Number.NaN }])(
    "refuses to follow gradients at %o, and changes nothing",
    async (rates) => {
      const trainer = await open({ ema: 0.5 });
      await trainer.run(lesson(16, 1));
      const before = new Map([...trainer.tensors()].map(([name, data]) => [name, data.slice()]));
      expect(() => trainer.update({ ...RATES, ...rates })).toThrow(RangeError);
      expect(trainer.updates).toBe(0);
      expect(trainer.tensors()).toEqual(before);
      expect(trainer.update(RATES)).toBeGreaterThan(0);
    },
  );

  it("learns only what is used at or after a node, or the last share of the layers", async () => {
    const names = (until: string | number) => learnedAfter(network, until).map(({ name }) => name);
    expect(names("b")).toEqual(["b.weight", "b.bn.scale", "b.bn.bias", "head/weights", "head/bias"]);
    expect(names(0)).toHaveLength(8);
    // Five layers: a, a.bn, b, b.bn and the last.
    expect(names(0.5)).toEqual(names("b"));
    expect(names(0.99)).toEqual(["head/weights", "head/bias"]);
    expect(() => names("c")).toThrow("--freeze-until c: the network has no node of this name");

    const trainer = await open({}, { parameters: names("b") });
    expect([...trainer.learned().keys()]).toEqual([...names("b"), "b.bn.mean", "b.bn.variance"]);
    await trainer.run(lesson(16, 1));
    expect(trainer.update(RATES)).toBeGreaterThan(0);
  });
});
