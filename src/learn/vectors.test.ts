import { expect, it } from "vitest";
import { addScaled, dot } from "./vectors.js";

it.each([0, 1, 3, 4, 7, 8])("the dot product of %i numbers is the sum of their products", (length) => {
  const a = Float64Array.from({ length }, (_, i) => i + 1);
  const b = Float64Array.from({ length }, (_, i) => 2 * i - 3);
  expect(dot(a, b)).toBe(a.reduce((sum, value, i) => sum + value * b[i], 0));
});

it("adds in place", () => {
  const target = Float64Array.of(1, 2, 3);
  addScaled(target, 2, Float64Array.of(1, 0, -1));
  expect([...target]).toEqual([3, 2, 1]);
});
