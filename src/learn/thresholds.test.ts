import { describe, expect, it } from "vitest";
import { readGolden } from "../../test/golden.js";
import { createRandom } from "../random.js";
import { sigmoid } from "./activations.js";
import { DECIDE } from "./decide.js";
import { countCells, scoresOf } from "./metrics/counts.js";
import { bestThreshold, type Goal, tuneThresholds } from "./thresholds.js";

/** Fβ of saying a label from the threshold on. */
function fAt(labels: Int8Array, scores: ArrayLike<number>, threshold: number, beta = 1): number {
  const said = Uint8Array.from(scores, (score) => (score >= threshold ? 1 : 0));
  const { tp, fp, fn } = countCells(labels, said, 1);
  return scoresOf(tp[0], fp[0], fn[0], { beta }).fbeta;
}

/** Logits of calibrated labels: P(yes) = σ(z). */
function draw(rows: number, shifts: readonly number[], seed: number) {
  const random = createRandom(seed, "draw");
  const logits = new Float32Array(rows * shifts.length);
  const labels = Int8Array.from(logits, (_, j) => {
    logits[j] = 2.5 * random.normal() + shifts[j % shifts.length];
    return random.next() < sigmoid(logits[j]) ? 1 : 0;
  });
  return { labels, logits, classes: shifts.length, head: "sigmoid" as const, seed: 1 };
}

const precisionAndRecall = (labels: Int8Array, logits: Float32Array, thresholds: readonly number[]) => {
  const counts = countCells(labels, DECIDE.multilabel(logits.map(sigmoid), thresholds.length, thresholds), thresholds.length);
  return scoresOf(counts.tp[0], counts.fp[0], counts.fn[0]);
};

describe("the best threshold", () => {
  it.each([
    ["f1", 1],
    ["f2", 2],
  ] as const)("no other reaches a higher %s, ties and unknown labels included", (goal, beta) => {
    const random = createRandom(7);
    for (let round = 0; round < 50; round++) {
      const scores = Array.from({ length: 40 }, () => random.int(12) / 11);
      const labels = Int8Array.from(scores, (p) => (random.next() < 0.1 ? -1 : random.next() < p ? 1 : 0));
      if (!labels.includes(1)) continue;
      const best = bestThreshold(labels, scores, goal) ?? Number.NaN;
      const brute = Math.max(...[...scores, 0].map((threshold) => fAt(labels, scores, threshold, beta)));
      expect(fAt(labels, scores, best, beta)).toBeCloseTo(brute, 12);
    }
  });

  it("is one that brute force finds, in every reference case", () => {
    let cases = 0;
    for (const { kind, yTrue, scores, K, expected } of readGolden("metrics.json")?.cases ?? []) {
      if (kind !== "multilabel" || expected.bestThreshold === undefined) continue;
      for (const [name, list] of Object.entries(expected.bestThreshold) as [string, { bestF: number }[]][]) {
        const beta = Number(name.replace("beta", ""));
        if (beta !== 1 && beta !== 2) continue;
        list.forEach((reference, k) => {
          const column = (matrix: readonly (readonly number[])[]) => matrix.map((row) => row[k]);
          const labels = Int8Array.from(column(yTrue));
          const best = bestThreshold(labels, column(scores), `f${beta}` as Goal); // 1 or 2
          if (best === undefined) return;
          expect(fAt(labels, column(scores), best, beta)).toBeCloseTo(reference.bestF, 10);
          cases++;
        });
      }
      expect(K).toBe(yTrue[0].length);
    }
    if (readGolden("metrics.json") !== undefined) expect(cases).toBeGreaterThan(20);
  });

  it("is undefined without a positive", () => {
    expect(bestThreshold(Int8Array.of(0, -1, 0), [0.3, 0.4, 0.2])).toBeUndefined();
  });
});

describe("tuned thresholds", () => {
  it.each(["f1", "f2"] as const)("of calibrated labels lie at half of the best %s, as they must (Lipton et al. 2014)", (goal) => {
    const { labels, logits, ...rest } = draw(20_000, [-1], 3);
    const { thresholds, intervals } = tuneThresholds({ labels, logits, ...rest, goal, resamples: 100 });
    // F2: the threshold is F/(1 + β²).
    const beta = goal === "f1" ? 1 : 2;
    const best = fAt(labels, logits.map(sigmoid), thresholds[0], beta) / (1 + beta * beta);
    expect(Math.abs(thresholds[0] - best)).toBeLessThan(0.02);
    expect(intervals[0][0]).toBeLessThan(thresholds[0]);
    expect(intervals[0][1]).toBeGreaterThan(thresholds[0]);
    expect(intervals[0][1] - intervals[0][0]).toBeLessThan(0.05);
  });

  it("on other samples are worth more than those counted out on few", () => {
    let [tuned, counted] = [0, 0];
    for (let seed = 0; seed < 40; seed++) {
      const few = draw(60, [-1.5], seed);
      const other = draw(2000, [-1.5], 1000 + seed);
      const probabilities = other.logits.map(sigmoid);
      tuned += fAt(other.labels, probabilities, tuneThresholds({ ...few, resamples: 1 }).thresholds[0]);
      counted += fAt(other.labels, probabilities, bestThreshold(few.labels, few.logits.map(sigmoid)) ?? 0.5);
    }
    expect(tuned).toBeGreaterThan(counted + 0.005 * 40);
  });

  it("keep the least precision on other samples, on average", () => {
    let [precision, recall, atHalf] = [0, 0, 0];
    const rounds = 40;
    for (let seed = 0; seed < rounds; seed++) {
      const other = draw(2000, [-1.5], 500 + seed);
      const { thresholds } = tuneThresholds({ ...draw(200, [-1.5], seed), goal: "recall", minPrecision: 0.7, resamples: 1 });
      const found = precisionAndRecall(other.labels, other.logits, thresholds);
      precision += found.precision / rounds;
      recall += found.recall / rounds;
      atHalf += precisionAndRecall(other.labels, other.logits, [0.5]).recall / rounds;
    }
    expect(precision).toBeGreaterThan(0.69);
    expect(precision).toBeLessThan(0.75);
    expect(recall).toBeGreaterThan(atHalf);
  });

  it("for a least precision are not below those that keep it by counting, label by label", () => {
    for (let seed = 0; seed < 20; seed++) {
      const { labels, logits, ...rest } = draw(300, [0, -3, -5], seed);
      const { thresholds } = tuneThresholds({ labels, logits, ...rest, goal: "recall", minPrecision: 0.7, resamples: 1 });
      for (const [k, threshold] of thresholds.entries()) {
        const ofLabel = <A extends Int8Array | Float32Array>(values: A) => values.filter((_, j) => j % 3 === k);
        const counted = bestThreshold(ofLabel(labels) as Int8Array, ofLabel(logits), "recall", 0.7); // a filtered array keeps its type
        if (counted !== undefined) expect(threshold).toBeGreaterThanOrEqual(sigmoid(counted) - 1e-6);
      }
    }
  });

  it("of rare labels are drawn towards that of all labels, and of one without a positive is that", () => {
    const { labels, logits, ...rest } = draw(400, [0, -7, 0], 5);
    for (let j = 2; j < labels.length; j += 3) labels[j] = 0;
    const alone = Int8Array.from({ length: 400 }, (_, i) => labels[3 * i + 1]);
    const positives = alone.filter((label) => label === 1).length;
    expect(positives).toBeGreaterThan(2);
    expect(positives).toBeLessThan(30);
    const [, rare, none] = tuneThresholds({ labels, logits, ...rest, resamples: 1 }).thresholds;
    const column = Float32Array.from({ length: 400 }, (_, i) => logits[3 * i + 1]);
    const [own] = tuneThresholds({
      labels: alone,
      logits: column,
      classes: 1,
      head: "sigmoid",
      seed: 1,
      resamples: 1,
    }).thresholds;
    expect(Math.abs(rare - none)).toBeLessThan(Math.abs(own - none));
  });

  it("are 0.5 where nothing is known, the same for the same seed, and wider for grouped samples", () => {
    const few = draw(80, [-1], 2);
    expect(tuneThresholds({ ...few, labels: new Int8Array(80).fill(-1) })).toEqual({
      thresholds: [0.5],
      intervals: [[0.5, 0.5]],
    });
    expect(tuneThresholds(few)).toEqual(tuneThresholds(few));
    const repeated = { ...few, labels: new Int8Array(320), logits: new Float32Array(320) };
    for (let j = 0; j < 320; j++) {
      repeated.labels[j] = few.labels[Math.floor(j / 4)];
      repeated.logits[j] = few.logits[Math.floor(j / 4)];
    }
    const width = ([low, high]: readonly [number, number]) => high - low;
    const alone = width(tuneThresholds(repeated).intervals[0]);
    const groups = Array.from({ length: 320 }, (_, j) => `place ${Math.floor(j / 4)}`);
    expect(width(tuneThresholds({ ...repeated, groups }).intervals[0])).toBeGreaterThan(1.3 * alone);
  });

  it("fit the sets of a softmax too", () => {
    const random = createRandom(4);
    const labels = new Int8Array(600);
    const logits = new Float32Array(600);
    for (let i = 0; i < 300; i += 1) {
      const both = random.next() < 0.5;
      labels.set([1, both ? 1 : 0], 2 * i);
      logits.set([2 + 0.3 * random.normal(), (both ? 2 : -2) + 0.3 * random.normal()], 2 * i);
    }
    const { thresholds } = tuneThresholds({ labels, logits, classes: 2, head: "softmax", seed: 1, resamples: 1 });
    // Two labels share the probability: about 0.5 each.
    expect(thresholds[1]).toBeLessThan(0.45);
    expect(thresholds[1]).toBeGreaterThan(0.05);
  });
});
