import { describe, expect, it } from "vitest";
import { createRandom } from "./random.js";

describe("the random stream", () => {
  it("is the same for the same seed and name, and another for any other", () => {
    const draw = (seed: number, name?: string) => Array.from({ length: 4 }, createRandom(seed, name).next);
    expect(draw(1, "a")).toEqual(draw(1, "a"));
    expect(draw(1, "a")).not.toEqual(draw(1, "b"));
    expect(draw(1, "a")).not.toEqual(draw(2, "a"));
  });

  it("forks do not depend on what was drawn before", () => {
    const first = createRandom(3);
    const second = createRandom(3);
    second.next();
    expect(first.fork("x").next()).toBe(second.fork("x").next());
  });

  it("has the moments of uniform and normal numbers", () => {
    const random = createRandom(5);
    const moments = (values: number[]) => {
      const mean = values.reduce((a, b) => a + b) / values.length;
      return [mean, values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length];
    };
    const [uniformMean, uniformVariance] = moments(Array.from({ length: 100_000 }, random.next));
    expect(uniformMean).toBeCloseTo(0.5, 2);
    expect(uniformVariance).toBeCloseTo(1 / 12, 2);
    const [normalMean, normalVariance] = moments(Array.from({ length: 100_000 }, random.normal));
    expect(Math.abs(normalMean)).toBeLessThan(0.02);
    expect(Math.abs(normalVariance - 1)).toBeLessThan(0.02);
  });

  it("shuffles evenly and in place", () => {
    const random = createRandom(9);
    const counts = new Array(4).fill(0);
    for (let i = 0; i < 8000; i++) counts[random.shuffle([0, 1, 2, 3]).indexOf(0)]++;
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
    const items = [1, 2, 3];
    expect(random.shuffle(items)).toBe(items);
  });
});
