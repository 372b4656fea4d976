import { expect, it } from "vitest";
import { quantiles } from "./quantiles.js";

it("quantiles interpolate between values, as numpy does", () => {
  expect(quantiles([10, 20, 40], [0, 0.25, 0.5, 0.75, 1])).toEqual([10, 15, 20, 30, 40]);
  expect(quantiles([], [0.5])).toEqual([Number.NaN]);
});
