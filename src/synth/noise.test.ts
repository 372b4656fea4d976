import { expect, test } from "vitest";
import { noiseAt, noiseGrid } from "./noise.js";

test("the field at a point equals the grid at that pixel", () => {
  const shape = { seed: 77, scalePx: 23, octaves: 4 };
  const grid = noiseGrid(shape, 90, 70);
  for (const [x, y] of [
    [0, 0],
    [89, 69],
    [41, 23],
    [23, 46],
  ]) {
    expect(noiseAt(shape, x, y)).toBeCloseTo(grid[y * 90 + x], 5);
  }
});

test("the field stays within -1 and 1, averages near 0 and varies", () => {
  const grid = noiseGrid({ seed: 5, scalePx: 6, octaves: 3 }, 400, 400);
  const mean = grid.reduce((sum, value) => sum + value, 0) / grid.length;
  const variance = grid.reduce((sum, value) => sum + (value - mean) ** 2, 0) / grid.length;
  expect(Math.max(...grid.subarray(0, 60_000).map(Math.abs))).toBeLessThan(1);
  expect(Math.abs(mean)).toBeLessThan(0.05);
  expect(variance).toBeGreaterThan(0.02);
});
