import { describe, expect, it } from "vitest";
import { histogram, measureValues, poolMeasures, spreadValues } from "./measure.js";

describe("measureValues", () => {
  it("gives the moments, the zeros and the saturated values of finite numbers", () => {
    expect(measureValues([0, 0, 255, 1], 255)).toEqual({
      ...{ count: 4, lowest: 0, highest: 255, mean: 64, zeros: 2, saturated: 1, notFinite: 0 },
      deviation: Math.sqrt((2 * 64 ** 2 + 191 ** 2 + 63 ** 2) / 4),
    });
    expect(measureValues([Number.NaN, Number.POSITIVE_INFINITY, 3])).toMatchObject({
      count: 1,
      mean: 3,
      deviation: 0,
      notFinite: 2,
    });
    expect(measureValues([])).toMatchObject({ count: 0, mean: Number.NaN, lowest: Number.NaN });
  });
});

describe("poolMeasures", () => {
  it("gives what measuring everything at once gives", () => {
    const values = Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 256) + (i > 600 ? 1000 : 0));
    const parts = [values.slice(0, 1), [], values.slice(1, 620), values.slice(620)].map((part) => measureValues(part, 255));
    const { mean, deviation, ...exact } = measureValues(values, 255);
    expect(poolMeasures(parts)).toMatchObject(exact);
    expect(poolMeasures(parts).mean).toBeCloseTo(mean, 9);
    expect(poolMeasures(parts).deviation).toBeCloseTo(deviation, 9);
    expect(poolMeasures([]).count).toBe(0);
  });
});

describe("spreadValues and histogram", () => {
  it("take all of few values, and an even part of many", () => {
    expect([...spreadValues([3, 1, 2], 3)]).toEqual([3, 1, 2]);
    const ramp = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const some = spreadValues(ramp, 1000).sort();
    expect(some).toHaveLength(1000);
    for (const share of [0.01, 0.5, 0.99]) expect(Math.abs(some[1000 * share] / 65_535 - share)).toBeLessThan(0.003);
  });

  it("count each value in one step, the upper end in the last", () => {
    expect(histogram([0, 1, 2, 3, 4, 9, -1], 4, 0, 4)).toEqual([1, 1, 1, 2].map((count) => count / 7));
  });
});
