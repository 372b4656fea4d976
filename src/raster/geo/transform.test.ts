import { expect, it } from "vitest";
import { type Affine, applyTransform, invertTransform, isFiniteTransform, isSingular, placedTransform } from "./transform.js";

const ROTATED: Affine = [500_000, 7, 4, 9_000_000, 3, -8];

it("a transform and its inverse lead back to a pixel", () => {
  const [x, y] = applyTransform(ROTATED, 12.5, 7);
  expect([x, y]).toEqual([500_000 + 7 * 12.5 + 28, 9_000_000 + 37.5 - 56]);
  const [column, row] = applyTransform(invertTransform(ROTATED), x, y);
  expect(column).toBeCloseTo(12.5, 6);
  expect(row).toBeCloseTo(7, 6);
});

it("a window's and an overview's pixels lie where those of the raster do", () => {
  const window = placedTransform(ROTATED, { leftPx: 10, topPx: 20 });
  expect(applyTransform(window, 1, 2)).toEqual(applyTransform(ROTATED, 11, 22));
  const overview = placedTransform(ROTATED, { columnPx: 2, rowPx: 4 });
  expect(applyTransform(overview, 3, 5)).toEqual(applyTransform(ROTATED, 6, 20));
});

it("a transform that lays pixels on a line has no inverse", () => {
  expect(isSingular([0, 2, 4, 0, 1, 2])).toBe(true);
  expect(() => invertTransform([0, 0, 0, 0, 0, 0])).toThrow(RangeError);
  expect(isFiniteTransform([0, Number.NaN, 0, 0, 0, 1])).toBe(false);
});
