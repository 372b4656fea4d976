import { describe, expect, it } from "vitest";
import { allocateSamples, expectedStandardError, sampleSize, sizesOfStrata } from "./sample-sizes.js";

const weights = [0.02, 0.015, 0.32, 0.645];
const cells = [2000, 1500, 32_000, 64_500];

describe("a sample", () => {
  it("of Olofsson's example has 641 cells, with 75 for each rare class, and the rest by area", () => {
    const { total } = sampleSize({ weights, users: [0.7, 0.6, 0.9, 0.95], standardError: 0.01 });
    expect(total).toBe(641);
    // As in Olofsson et al. 2014, table 6.
    expect([...allocateSamples({ total, weights, cells, least: 75 })]).toEqual([75, 75, 163, 328]);
  });

  it("gives every stratum the least, or all its cells, and never more than it has", () => {
    const few = allocateSamples({ total: 400, weights: [0.001, 0.199, 0.8], cells: [7, 60, 100_000], least: 50 });
    expect([...few]).toEqual([7, 60, 333]);
    expect([...allocateSamples({ total: 10, weights, cells, least: 50 })]).toEqual([50, 50, 50, 50]);
    expect([...allocateSamples({ total: 1000, weights: [0.5, 0.5], cells: [3, 4], least: 50 })]).toEqual([3, 4]);
  });

  it("adds up to the total", () => {
    for (let total = 150; total < 400; total += 7) {
      const sizes = allocateSamples({ total, weights: [1 / 3, 1 / 3, 1 / 3], cells: [1000, 1000, 1000], least: 20 });
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(total);
    }
  });

  it("is expected to have the standard error that was asked for where it is shared as the formula has it", () => {
    const size = sampleSize({ weights, users: [0.8, 0.8, 0.8, 0.8], standardError: 0.01 });
    // With one deviation for all, shares by area are the best there are.
    expect(expectedStandardError(weights, size.deviations, size.proportional)).toBeCloseTo(0.01, 5);
  });
});

describe("sizes of strata", () => {
  const of = { weights, users: [0.7, 0.6, 0.9, 0.95], cells };
  const deviations = of.users.map((share) => Math.sqrt(share * (1 - share)));

  it.each([0.01, 0.003, 0.0005])("are the fewest that are expected to have a standard error of %d", (standardError) => {
    const { samples, expectedStandardError: expected } = sizesOfStrata({ ...of, standardError, least: 75 });
    const total = samples.reduce((sum, count) => sum + count);
    expect(expected).toBeLessThanOrEqual(standardError);
    const fewer = allocateSamples({ total: total - 1, weights, cells, least: 75 });
    expect(expectedStandardError(weights, deviations, fewer, cells)).toBeGreaterThan(standardError);
  });

  it("are those of the formula with the correction for few cells where shares go by area alone", () => {
    const few = [0.5, 0.5];
    const { samples } = sizesOfStrata({ weights: few, users: [0.8, 0.8], cells: [1000, 1000], standardError: 0.02, least: 2 });
    // n = n₀ / (1 + n₀ / N), of n₀ = 400 and N = 2000 (Cochran 1977, eq. 4.2).
    expect([...samples]).toEqual([167, 167]);
  });

  it("are all cells, of which no error is expected, where nothing less will do", () => {
    const { samples, expectedStandardError: expected } = sizesOfStrata({ ...of, standardError: 1e-9, least: 50 });
    expect([...samples]).toEqual(cells);
    expect(expected).toBe(0);
    const tiny = sizesOfStrata({ weights: [0.25, 0.75], users: [0.5, 0.5], cells: [3, 9], standardError: 0.01, least: 50 });
    expect([...tiny.samples]).toEqual([3, 9]);
    expect(tiny.expectedStandardError).toBe(0);
  });
});
