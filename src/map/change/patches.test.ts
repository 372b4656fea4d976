import { expect, test } from "vitest";
import { patchesOf } from "./patches.js";

test("cells of one value hang together by their sides, not by their corners", () => {
  const { first, cells } = patchesOf([1, 1, 0, 2, 0, 1, 2, 2, 1, 1, 1, 0], 4);
  // 1 1 0 2
  // 0 1 2 2
  // 1 1 1 0
  expect([...first]).toEqual([0, 0, 2, 3, 4, 0, 3, 3, 0, 0, 0, 11]);
  expect([cells[0], cells[3]]).toEqual([6, 3]);
});

test("two arms that meet below are one patch", () => {
  const { first, cells } = patchesOf([1, 0, 1, 1, 1, 1], 3);
  expect([...first]).toEqual([0, 1, 0, 0, 0, 0]);
  expect(cells[0]).toBe(5);
});

test("the end of a row and the start of the next are no neighbours", () => {
  expect([...patchesOf([0, 1, 1, 0], 2).first]).toEqual([0, 1, 2, 3]);
});

test("a spiral of a thousand cells a side takes no more than a moment", () => {
  const side = 1001;
  const values = new Uint8Array(side * side).fill(1);
  for (let row = 1; row < side; row += 2) for (let column = 1; column < side - 1; column++) values[row * side + column] = 0;
  const { cells } = patchesOf(values, side);
  expect(cells[0]).toBe(values.reduce((sum, value) => sum + value, 0));
});
