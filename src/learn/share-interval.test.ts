import { expect, it } from "vitest";
import { likelihoodInterval, stratifiedInterval } from "./share-interval.js";

it.each([
  [0, 50],
  [50, 50],
])("of %i hits in %i draws, the bound is where the likelihood is e^(-z²/2) of its most", (hits, count) => {
  const far = Math.exp(-(1.959963984540054 ** 2) / 2 / count);
  const [low, high] = likelihoodInterval(hits, count);
  expect([low, high]).toEqual(hits === 0 ? [0, expect.closeTo(1 - far, 12)] : [expect.closeTo(far, 12), 1]);
});

it("of 44 hits in 50 draws, both bounds are equally unlikely, and z decides how much", () => {
  const logOf = (p: number) => 44 * Math.log(p) + 6 * Math.log(1 - p);
  for (const z of [1.959963984540054, 1]) {
    for (const bound of likelihoodInterval(44, 50, z)) expect(2 * (logOf(0.88) - logOf(bound))).toBeCloseTo(z * z, 8);
  }
});

it("of one stratum is its own, and of several about as wide as standard errors have it where samples are many", () => {
  expect(stratifiedInterval([1, 0], [44, 3], [50, 0])).toEqual(likelihoodInterval(44, 50));
  const [weights, hits, counts] = [
    [0.3, 0.7],
    [2000, 6000],
    [10_000, 20_000],
  ];
  const error = Math.sqrt((0.3 ** 2 * 0.2 * 0.8) / 10_000 + (0.7 ** 2 * 0.3 * 0.7) / 20_000);
  const [low, high] = stratifiedInterval(weights, hits, counts);
  expect((high - low) / 2 / error).toBeCloseTo(1.96, 2);
});

it("reaches beyond what was found where a large stratum showed none of a class", () => {
  // 44 of 50 in a stratum of 2 %, none of 50 in the rest.
  const [low, high] = stratifiedInterval([0.02, 0.98], [44, 0], [50, 50]);
  expect(low).toBeGreaterThan(0.015);
  expect(high).toBeGreaterThan(0.05);
});
