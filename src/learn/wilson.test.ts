import { expect, it } from "vitest";
import { wilsonInterval } from "./wilson.js";

it.each([
  [10, 20],
  [392, 400],
  [400, 400],
  [0, 5],
])("of %i hits in %i draws, the bounds are the shares from which they are 1.96 deviations away", (hits, count) => {
  const [low, high] = wilsonInterval(hits, count);
  // The definition: |hits/n − p| = z · √(p (1 − p) / n), whose other solution at 0 hits is 0, at all hits 1.
  for (const share of [low, high]) {
    const deviations = Math.abs(hits / count - share) / Math.sqrt((share * (1 - share)) / count);
    if (share > 0 && share < 1) expect(deviations).toBeCloseTo(1.959964, 5);
  }
  expect([low === 0, high === 1]).toEqual([hits === 0, hits === count]);
  expect(low).toBeLessThan(high);
});
