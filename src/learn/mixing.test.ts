import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { drawBeta, drawGamma } from "./beta.js";
import { checkMix, drawMix, mixPixels } from "./mixing.js";

const DRAWS = 40_000;

function moments(draw: () => number): { mean: number; variance: number } {
  const values = Float64Array.from({ length: DRAWS }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / DRAWS;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / DRAWS };
}

describe("drawGamma", () => {
  it.each([0.3, 1, 2.5, 40])("has mean and variance equal to its shape %d", (shape) => {
    const random = createRandom(3, "gamma");
    const { mean, variance } = moments(() => drawGamma(random, shape));
    // Standard errors: √(shape / n) of the mean; the variance's is about √((2 + 6 / shape) / n) of it. Five of them.
    expect(Math.abs(mean - shape)).toBeLessThan(5 * Math.sqrt(shape / DRAWS));
    expect(Math.abs(variance / shape - 1)).toBeLessThan(5 * Math.sqrt((2 + 6 / shape) / DRAWS));
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("refuses a shape of %d", (shape) => {
    expect(() => drawGamma(createRandom(1), shape)).toThrow(RangeError);
  });
});

describe("drawBeta", () => {
  it.each([
    [0.2, 0.2],
    [1, 1],
    [0.4, 2],
    [8, 3],
  ])("has the mean and the variance of Beta(%d, %d)", (a, b) => {
    const random = createRandom(5, "beta");
    const { mean, variance } = moments(() => drawBeta(random, a, b));
    const expected = (a * b) / ((a + b) ** 2 * (a + b + 1));
    expect(Math.abs(mean - a / (a + b))).toBeLessThan(5 * Math.sqrt(expected / DRAWS));
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.05);
  });

  it("of (1, 1) is uniform: each tenth holds a tenth", () => {
    const random = createRandom(6, "beta");
    const tenths = new Int32Array(10);
    for (let i = 0; i < DRAWS; i++) tenths[Math.floor(drawBeta(random, 1, 1) * 10)]++;
    for (const count of tenths) expect(Math.abs(count - DRAWS / 10)).toBeLessThan(5 * Math.sqrt(DRAWS * 0.09));
  });

  it("stays a number where both gamma draws are too small for one", () => {
    const random = createRandom(7, "beta");
    const { mean, variance } = moments(() => drawBeta(random, 1e-3, 1e-3));
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
    expect(variance).toBeGreaterThan(0.24); // all but a coin
  });
});

describe("drawMix", () => {
  const size = { widthPx: 40, heightPx: 24 };

  it("draws nothing where nothing is asked for", () => {
    expect(drawMix(createRandom(1), {}, size)).toBeUndefined();
  });

  it("cuts boxes inside the image, and λ is what they leave of it", () => {
    const random = createRandom(2);
    const lambdas: number[] = [];
    for (let i = 0; i < 4000; i++) {
      const { lambda, window } = drawMix(random, { cutmix: 1 }, size)!;
      const { leftPx, topPx, widthPx, heightPx } = window!;
      expect(Math.min(leftPx, topPx, widthPx, heightPx)).toBeGreaterThanOrEqual(0);
      expect(leftPx + widthPx).toBeLessThanOrEqual(40);
      expect(topPx + heightPx).toBeLessThanOrEqual(24);
      expect(lambda).toBe(1 - (widthPx * heightPx) / 960);
      lambdas.push(lambda);
    }
    // λ before the cut at the border is uniform. The box is cut to (1 − s/4)² of its area on average, s = √(1 − λ) its relative
    // side: the area is ∫ s²(1 − s/4)² 2s ds = 1/2 − 1/5 + 1/48 = 0.3208; the standard error of its mean is 0.004.
    const mean = lambdas.reduce((a, b) => a + b) / lambdas.length;
    expect(Math.abs(1 - mean - 0.3208)).toBeLessThan(0.02);
  });

  it("takes turns by a coin where both are given", () => {
    const random = createRandom(4);
    const boxes = Array.from({ length: 2000 }, () => drawMix(random, { mixup: 0.2, cutmix: 1 }, size)?.window).filter(
      Boolean,
    ).length;
    expect(Math.abs(boxes - 1000)).toBeLessThan(5 * Math.sqrt(500));
  });

  it.each([{ mixup: 0 }, { cutmix: -1 }, { mixup: Number.NaN }])("refuses %o", (options) => {
    expect(() => checkMix(options)).toThrow(/a positive number would be right/);
    expect(() => checkMix({ mixup: 0.2, cutmix: 1 })).not.toThrow();
  });
});

describe("mixPixels", () => {
  const batch = (n: number) => Float32Array.from({ length: n * 2 * 2 * 3 }, (_, i) => i);

  it("blends each image with its mirror in the batch", () => {
    const before = batch(5);
    const after = before.slice();
    mixPixels(after, [5, 2, 2, 3], { lambda: 0.75 });
    for (let i = 0; i < 5; i++) {
      // 0.75 and 0.25 are exact in binary: no tolerance.
      for (let s = 0; s < 12; s++) expect(after[i * 12 + s]).toBe(0.75 * before[i * 12 + s] + 0.25 * before[(4 - i) * 12 + s]);
    }
  });

  it("takes the window of every channel from the partner, the rest from the image", () => {
    const before = batch(3);
    const after = before.slice();
    mixPixels(after, [3, 2, 2, 3], { lambda: 4 / 6, window: { leftPx: 1, topPx: 1, widthPx: 2, heightPx: 1 } });
    for (let i = 0; i < 3; i++) {
      for (let s = 0; s < 12; s++) {
        const inside = s % 6 >= 4;
        expect(after[i * 12 + s], `image ${i}, value ${s}`).toBe(before[(inside ? 2 - i : i) * 12 + s]);
      }
    }
  });
});
