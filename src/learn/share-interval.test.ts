import { expect, it } from "vitest";
import { midPInterval, stratifiedInterval } from "./share-interval.js";

/** P(X ≤ hits) − P(X = hits) / 2, term by term. */
function midP(hits: number, count: number, p: number): number {
  let [term, sum] = [(1 - p) ** count, 0];
  for (let x = 0; x <= hits; x++) {
    sum += x === hits ? term / 2 : term;
    term *= ((count - x) / (x + 1)) * (p / (1 - p));
  }
  return sum;
}

it.each([
  [44, 50],
  [1, 50],
  [3, 400],
  [0, 20],
  [20, 20],
])("of %i hits in %i draws, fewer are as unlikely under the upper bound as more are under the lower", (hits, count) => {
  const [low, high] = midPInterval(hits, count);
  if (hits === count) expect(high).toBe(1);
  else expect(midP(hits, count, high)).toBeCloseTo(0.025, 10);
  if (hits === 0) expect(low).toBe(0);
  else expect(1 - midP(hits, count, low)).toBeCloseTo(0.025, 10);
  const [narrowLow, narrowHigh] = midPInterval(hits, count, 0.5);
  expect(narrowHigh - narrowLow).toBeLessThan((high - low) / 2);
});

it("of very many draws is as quickly found, and that of the normal distribution", () => {
  const [low, high] = midPInterval(40_000, 200_000);
  const error = Math.sqrt((0.2 * 0.8) / 200_000);
  expect((high - 0.2) / error).toBeCloseTo(1.96, 2);
  expect((0.2 - low) / error).toBeCloseTo(1.96, 2);
});

it("of one stratum is its own, and of several about as wide as standard errors have it where samples are many", () => {
  const own = stratifiedInterval([1, 0], [44, 3], [50, 0]);
  midPInterval(44, 50).forEach((bound, i) => {
    expect(own[i]).toBeCloseTo(bound, 12);
  });
  const error = Math.sqrt((0.3 ** 2 * 0.2 * 0.8) / 10_000 + (0.7 ** 2 * 0.3 * 0.7) / 20_000);
  const [low, high] = stratifiedInterval([0.3, 0.7], [2000, 6000], [10_000, 20_000]);
  expect((high - low) / 2 / error).toBeCloseTo(1.96, 2);
});

it("reaches beyond what was found where a large stratum showed none of a class", () => {
  // 44 of 50 in a stratum of 2 %, none of 50 in the rest.
  const [low, high] = stratifiedInterval([0.02, 0.98], [44, 0], [50, 50]);
  expect(low).toBeGreaterThan(0.015);
  expect(high).toBeGreaterThan(0.05);
});
