import { expect, it } from "vitest";
import { type Mapping, placesOf } from "./mesh.js";

const GRID = { widthPx: 100, heightPx: 70 };
const WHOLE = { leftPx: 0, topPx: 0, ...GRID };

/** Points moved one by one, and how many were. */
function mappingOf(move: (column: number, row: number) => readonly [number, number]): Mapping & { moved: number } {
  const mapping = (points: Float64Array) => {
    for (let at = 0; at < points.length; at += 2) {
      [points[at], points[at + 1]] = move(points[at], points[at + 1]);
      counted.moved++;
    }
  };
  const counted = Object.assign(mapping, { moved: 0 });
  return counted;
}

function largestError(move: (column: number, row: number) => readonly [number, number]): number {
  const { columns, rows } = placesOf(mappingOf(move), GRID, WHOLE, [1, 1]);
  let error = 0;
  for (let at = 0; at < columns.length; at++) {
    const [column, row] = move((at % GRID.widthPx) + 0.5, Math.floor(at / GRID.widthPx) + 0.5);
    error = Math.max(error, Math.abs(columns[at] - column), Math.abs(rows[at] - row));
  }
  return error;
}

it("places are right however the mapping bends, and where it tears", () => {
  expect(largestError((c, r) => [2 * c - r, 3 * r + c + 7])).toBeLessThan(1e-6);
  expect(largestError((c, r) => [c + (c * r) / 1e4, r + (c * c) / 1e5])).toBeLessThan(2e-3);
  expect(largestError((c, r) => [c + 10 * Math.sin(r / 10), r + 5 * Math.cos(c / 7)])).toBeLessThan(2e-3);
  expect(largestError((c, r) => [c + (3 * c + r > 130 ? 360 : 0), r])).toBeLessThan(1e-6);
});

it("few points are moved where the mapping is smooth", () => {
  const smooth = mappingOf((c, r) => [2 * c, r / 2]);
  placesOf(smooth, GRID, WHOLE, [1, 1]);
  // 4 × 3 cells of nine points.
  expect(smooth.moved).toBe(108);
});

it("pixels reach as far as the mapping stretches them, as usual at a tear", () => {
  const { widths, heights } = placesOf(
    mappingOf((c, r) => [3 * c + 4 * r, r / 2]),
    GRID,
    WHOLE,
    [1, 1],
  );
  expect(widths[0]).toBe(5);
  expect(heights[0]).toBe(0.5);
  const torn = placesOf(
    mappingOf((c, r) => [c < 50.2 ? 2 * c : 2 * c + 99, r]),
    GRID,
    WHOLE,
    [2, 1],
  );
  expect(new Set(torn.widths)).toEqual(new Set([2]));
});

it("places that there are not are NaN, up to the last pixel", () => {
  const { columns } = placesOf(
    mappingOf((c, r) => (c * r > 900 ? [Number.NaN, Number.NaN] : [c, r])),
    GRID,
    WHOLE,
    [1, 1],
  );
  for (let at = 0; at < columns.length; at++) {
    const [column, row] = [(at % GRID.widthPx) + 0.5, Math.floor(at / GRID.widthPx) + 0.5];
    expect(Number.isNaN(columns[at]), `${column} ${row}`).toBe(column * row > 900);
  }
});
