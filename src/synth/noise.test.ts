import { expect, test } from "vitest";
import { noiseAt, noiseGrid, smoothGrid } from "./noise.js";

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

test("a window of a field equals the part of a larger one, also left of and above its origin", () => {
  for (const field of [noiseGrid, smoothGrid]) {
    const shape = { seed: 9, scalePx: 90, octaves: 2 };
    const whole = field(shape, 120, 100, -50, -30);
    const window = field(shape, 40, 30, -13, 21);
    for (let y = 0; y < 30; y++) {
      for (let x = 0; x < 40; x++) expect(window[y * 40 + x]).toBe(whole[(y + 51) * 120 + x + 37]);
    }
  }
});

test("a smooth field is the exact one at every eighth pixel and near it between", () => {
  const shape = { seed: 4, scalePx: 150, octaves: 2 };
  const [exact, smooth] = [noiseGrid(shape, 200, 200, 16, 8), smoothGrid(shape, 200, 200, 16, 8)];
  for (let at = 0; at < exact.length; at++) {
    const isKnot = at % 8 === 0 && Math.floor(at / 200) % 8 === 0;
    expect(Math.abs(smooth[at] - exact[at])).toBeLessThan(isKnot ? 1e-6 : 0.02);
  }
});
