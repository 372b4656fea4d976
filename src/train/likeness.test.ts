import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { groupByLikeness, novelty } from "./likeness.js";

const SIZE = 32;

/** Rows around one of several centres: row i belongs to centre i % centres. */
function blobs(count: number, centres: number, { seed = 1, noise = 0.3 } = {}): Float32Array {
  const random = createRandom(seed);
  const centre = Float64Array.from({ length: centres * SIZE }, () => 3 * random.normal());
  return Float32Array.from(
    { length: count * SIZE },
    (_, i) => 1 + centre[(Math.floor(i / SIZE) % centres) * SIZE + (i % SIZE)] + noise * random.normal(),
  );
}

describe("groupByLikeness", () => {
  it("finds the groups that there are, the largest first, every row once", () => {
    // Rows 0..59 of three centres, and ten more of centre 0.
    const rows = [...Array(60).keys(), ...Array.from({ length: 10 }, (_, i) => 3 * i)];
    const all = blobs(60, 3);
    const features = Float32Array.from(rows.flatMap((row) => [...all.subarray(row * SIZE, (row + 1) * SIZE)]));
    const groups = groupByLikeness(features, SIZE, { seed: 1, most: 3 });
    expect(groups.map((group) => group.length)).toEqual([30, 20, 20]);
    for (const group of groups) expect(new Set(group.map((i) => rows[i] % 3)).size).toBe(1);
    expect(groups.flat().sort((a, b) => a - b)).toEqual([...rows.keys()]);
  });

  it("puts the row nearest to the middle of its group first", () => {
    const features = blobs(40, 2);
    const stray = 12;
    for (let d = 0; d < SIZE; d++) features[stray * SIZE + d] += 2 * (d % 2);
    const group = groupByLikeness(features, SIZE, { seed: 1, most: 2 }).find((rows) => rows.includes(stray));
    expect(group?.at(-1)).toBe(stray);
  });

  it("gives the same groups for the same seed", () => {
    const features = blobs(200, 5, { noise: 2 });
    expect(groupByLikeness(features, SIZE, { seed: 4 })).toEqual(groupByLikeness(features, SIZE, { seed: 4 }));
  });

  it.each([0, 1, 2, 5])("%i images are no trouble, nor are equal ones", (count) => {
    expect(
      groupByLikeness(blobs(count, 2), SIZE, { seed: 1 })
        .flat()
        .sort((a, b) => a - b),
    ).toEqual([...Array(count).keys()]);
    expect(groupByLikeness(new Float32Array(count * SIZE).fill(7), SIZE, { seed: 1 }).flat().length).toBe(count);
  });

  it("refuses numbers that are not finite", () => {
    const features = blobs(10, 2);
    features[3 * SIZE + 4] = Number.NaN;
    expect(() => groupByLikeness(features, SIZE, { seed: 1 })).toThrow("holds a number that is not finite");
  });
});

describe("novelty", () => {
  it("is about 1 for more of the same and larger for what training has not", async () => {
    const all = blobs(600, 4, { noise: 1 });
    const ofCentre = (keep: (centre: number) => boolean, from: number, to: number) =>
      Float32Array.from(
        Array.from({ length: to - from }, (_, i) => i + from)
          .filter((row) => keep(row % 4))
          .flatMap((row) => [...all.subarray(row * SIZE, (row + 1) * SIZE)]),
      );
    const reference = ofCentre((centre) => centre < 3, 0, 400);
    const usual = await novelty(
      reference,
      ofCentre((centre) => centre < 3, 400, 600),
      SIZE,
    );
    const strange = await novelty(
      reference,
      ofCentre((centre) => centre === 3, 400, 600),
      SIZE,
    );
    expect(usual.reduce((sum, value) => sum + value, 0) / usual.length).toBeCloseTo(1, 1);
    expect(Math.max(...usual)).toBeLessThan(1.5);
    expect(Math.min(...strange)).toBeGreaterThan(1.8);
  });

  it("reads a distance off the definition", async () => {
    const reference = blobs(40, 4, { noise: 1 });
    const query = blobs(41, 4, { noise: 1 }).subarray(40 * SIZE);
    const row = (i: number) => reference.subarray(i * SIZE, (i + 1) * SIZE);
    const unit = (vector: Float32Array) => [...vector].map((value) => value / Math.hypot(...vector));
    const known = [...Array(40).keys()].map((i) => unit(row(i)));
    const apart = (a: number[], b: number[]) => Math.hypot(...a.map((value, d) => value - b[d]));
    const nearest = (vector: number[], skip: number) =>
      known
        .map((other) => apart(vector, other))
        .sort((a, b) => a - b)
        .slice(skip, skip + 5)
        .reduce((sum, value) => sum + value / 5, 0);
    const usual = known.map((vector) => nearest(vector, 1)).sort((a, b) => a - b)[20];
    expect((await novelty(reference, query, SIZE))[0]).toBeCloseTo(nearest(unit(query), 0) / usual, 4);
  });

  it("thins a large reference and still knows what is usual", async () => {
    const [value] = await novelty(blobs(12_000, 4, { noise: 1 }), blobs(1, 4, { noise: 1 }), SIZE);
    expect(value).toBeGreaterThan(0.6);
    expect(value).toBeLessThan(1.4);
  });

  it("says nothing without training images to compare, and is huge beside equal ones", async () => {
    expect(await novelty(new Float32Array(0), blobs(2, 1), SIZE)).toEqual(Float64Array.of(Number.NaN, Number.NaN));
    const equal = new Float32Array(4 * SIZE).fill(3);
    expect(await novelty(equal, equal.subarray(0, SIZE), SIZE)).toEqual(Float64Array.of(1));
    expect(await novelty(equal, blobs(1, 1), SIZE)).toSatisfy(([value]: Float64Array) => value > 1000);
  });
});
