import { describe, expect, it } from "vitest";
import { covariance } from "../../learn/linalg.js";
import { createRandom } from "../../random.js";
import { bandStatistics, samplePatches, standardizePatches, whitenedFilters } from "./rcf-filters.js";

describe("whitened filters", () => {
  const random = createRandom(11);
  const rows = 30;
  // Points of a slanted ellipse: two strongly correlated columns, mean (1, −2).
  const patches = new Float32Array(2 * rows);
  for (let row = 0; row < rows; row++) {
    const [long, short] = [3 * random.normal(), 0.7 * random.normal()];
    patches.set([1 + 0.8 * long - 0.6 * short, -2 + 0.6 * long + 0.8 * short], 2 * row);
  }
  const { weights, bias } = whitenedFilters(patches, 2, rows, random);
  const responsesOf = (k: number) =>
    Array.from(
      { length: rows },
      (_, row) => bias[k] + weights[2 * k] * patches[2 * row] + weights[2 * k + 1] * patches[2 * row + 1],
    );

  it("respond to their own patches with mean 0 and variance 1", () => {
    for (let k = 0; k < rows; k++) {
      const responses = responsesOf(k);
      expect(responses.reduce((sum, value) => sum + value, 0) / rows).toBeCloseTo(0, 4);
      expect(responses.reduce((sum, value) => sum + value ** 2, 0) / rows).toBeCloseTo(1, 4);
    }
  });

  it("are inner products of patches after ZCA, each patch used once", () => {
    const { mean, covariance: sigma } = covariance(patches, 2);
    const ridge = (0.003 * (sigma[0] + sigma[3])) / 2;
    const [a, b, d] = [sigma[0] + ridge, sigma[1], sigma[3] + ridge];
    // The square root of a 2 × 2 matrix M is (M + √det·I) / √(trace + 2√det); ZCA is its inverse.
    const s = Math.sqrt(a * d - b * b);
    const t = Math.sqrt(a + d + 2 * s);
    const root = [(a + s) / t, b / t, (d + s) / t];
    const determinant = root[0] * root[2] - root[1] ** 2;
    const white = Array.from({ length: rows }, (_, row) => {
      const [x, y] = [patches[2 * row] - mean[0], patches[2 * row + 1] - mean[1]];
      return [(root[2] * x - root[1] * y) / determinant, (root[0] * y - root[1] * x) / determinant];
    });
    const wanted = white.map((q) => {
      const products = white.map((x) => x[0] * q[0] + x[1] * q[1]);
      const deviation = Math.sqrt(products.reduce((sum, value) => sum + value ** 2, 0) / rows);
      return products.map((value) => value / deviation);
    });
    const used = Array.from({ length: rows }, (_, k) => {
      const responses = responsesOf(k);
      return wanted.findIndex((row) => row.every((value, i) => Math.abs(value - responses[i]) < 1e-4));
    });
    expect(used.toSorted((i, j) => i - j)).toEqual(Array.from({ length: rows }, (_, k) => k));
  });

  it("are made of noise where there are no patches", () => {
    const { weights: noise } = whitenedFilters(new Float32Array(0), 4, 3, random);
    expect(noise.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
  });
});

describe("patches", () => {
  const sidePx = 12;
  const data = Float32Array.from({ length: 2 * sidePx * sidePx }, (_, at) => at);

  it("are means over blocks", () => {
    const image = { data, bands: 2, sidePx };
    const patches = samplePatches(image, { scale: 3, patchPx: 2 }, 20, createRandom(1));
    for (let row = 0; row < 20; row++) {
      const [topLeft, topRight, lowLeft, , otherBand] = patches.subarray(row * 8);
      // The value grows by 1 to the right, by 12 downwards, by 144 to the next band.
      expect([topRight - topLeft, lowLeft - topLeft, otherBand - topLeft]).toEqual([3, 36, 144]);
      expect((topLeft - 13) % 3).toBe(0);
    }
  });

  it("with a value that is not a number are left out", () => {
    const broken = data.slice();
    broken[0] = Number.NaN;
    const patches = samplePatches({ data: broken, bands: 2, sidePx }, { scale: 1, patchPx: 11 }, 100, createRandom(1));
    expect(patches.length).toBeGreaterThan(0);
    expect(patches.length).toBeLessThan(100 * 242);
    expect(patches.every(Number.isFinite)).toBe(true);
  });

  it("are brought to mean 0 and deviation 1 per band; a constant band stays at 0", () => {
    const patches = Float32Array.from([1, 7, 3, 7, 5, 7, 7, 7]); // 4 patches of 2 bands and 1 pixel
    const statistics = bandStatistics(patches, 2, 1);
    expect([...statistics.mean]).toEqual([4, 7]);
    expect(statistics.deviation[1]).toBe(1);
    standardizePatches(patches, statistics, 1);
    [-3, 0, -1, 0, 1, 0, 3, 0].forEach((value, i) => {
      expect(patches[i]).toBeCloseTo(value / Math.sqrt(5), 6);
    });
  });
});
