import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { argsort } from "./argsort.js";

/** Every kind of float that sorts oddly: zeros of both signs, infinities, subnormals, neighbours, ties. */
const ODD = [
  0,
  -0,
  Number.MIN_VALUE,
  -Number.MIN_VALUE,
  1e-45,
  -1e-45,
  1,
  1 - 2 ** -53,
  1 + 2 ** -52,
  -1,
  0.1,
  0.2,
  0.1 + 0.2,
  0.3,
];
const EXTREME = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_VALUE, -Number.MAX_VALUE, 3.4e38, -3.4e38];

/** Positions by comparison: descending, stable. */
const byComparison = (values: ArrayLike<number>) =>
  Array.from({ length: values.length }, (_, i) => i).sort((i, j) => (values[i] === values[j] ? 0 : values[j] - values[i]));

const random = createRandom(1);
const CASES: Readonly<Record<string, readonly number[]>> = {
  nothing: [],
  one: [3],
  "odd ones": [...ODD, ...EXTREME, ...ODD, ...EXTREME],
  "all the same": new Array<number>(100).fill(0.5),
  "zeros of both signs": [0, -0, 0, -0, -0],
  probabilities: Array.from({ length: 5000 }, () => random.next()),
  "saturated probabilities": Array.from({ length: 5000 }, () => 1 / (1 + Math.exp(-40 * random.next()))),
  logits: Array.from({ length: 5000 }, () => 100 * random.normal()),
  "many ties": Array.from({ length: 5000 }, () => random.int(7) / 4 - 1),
};

describe("argsort", () => {
  for (const [name, values] of Object.entries(CASES)) {
    it(`orders ${name} as a stable comparison does, in both precisions`, () => {
      for (const array of [Float64Array.from(values), Float32Array.from(values), values]) {
        expect([...argsort(array)]).toEqual(byComparison(array));
      }
    });
  }

  it("orders more values than one group holds", () => {
    const values = Float32Array.from({ length: 300_000 }, (_, i) => (i % 3 === 0 ? random.normal() : random.next() ** 9));
    const expected = byComparison(values);
    expect(argsort(values).every((position, n) => position === expected[n])).toBe(true);
  });

  it("refuses NaN, naming its place", () => {
    expect(() => argsort([1, 2, Number.NaN])).toThrow(new RangeError("score 2 is not a number"));
    expect(() => argsort(Float32Array.of(Number.NaN))).toThrow(RangeError);
  });
});
