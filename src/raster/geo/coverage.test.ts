import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.js";
import { coverageOf } from "./coverage.js";
import { type PlacedPolygon, spansOf } from "./spans.js";

const ring = (...points: readonly number[]) => Float64Array.from(points);
const box = (left: number, top: number, right: number, bottom: number) =>
  ring(left, top, right, top, right, bottom, left, bottom, left, top);
const window = { leftPx: 10, topPx: 20, widthPx: 16, heightPx: 16 };
const area = 16 * 16;

const shares = (polygons: readonly PlacedPolygon[], values = 1) => {
  const { ofValues, together } = coverageOf(polygons, { topPx: 16, heightPx: 24 }, values)(window);
  return [...ofValues, together];
};

describe("coverageOf", () => {
  it.each<[string, readonly PlacedPolygon[], readonly number[]]>([
    ["a polygon around it", [{ value: 0, rings: [box(0, 0, 99, 99)] }], [1, 1]],
    ["a polygon beside it", [{ value: 0, rings: [box(0, 0, 10, 99)] }], [0, 0]],
    ["a part of a pixel", [{ value: 0, rings: [box(12.25, 22, 14.5, 23.5)] }], [(2.25 * 1.5) / area, (2.25 * 1.5) / area]],
    ["a hole", [{ value: 0, rings: [box(10, 20, 20, 30), box(12, 22, 15, 25)] }], [91 / area, 91 / area]],
    [
      "two that overlap, once",
      [
        { value: 0, rings: [box(10, 20, 20, 30)] },
        { value: 0, rings: [box(15, 25, 22, 32)] },
      ],
      [(100 + 49 - 25) / area, (100 + 49 - 25) / area],
    ],
    [
      "two of two classes, each",
      [
        { value: 0, rings: [box(10, 20, 20, 30)] },
        { value: 1, rings: [box(15, 25, 22, 32)] },
      ],
      [100 / area, 49 / area, 124 / area],
    ],
    [
      "two that touch",
      [
        { value: 0, rings: [box(10, 20, 18, 36)] },
        { value: 0, rings: [box(18, 20, 26, 36)] },
      ],
      [1, 1],
    ],
    [
      "an island in a hole",
      [{ value: 0, rings: [box(10, 20, 20, 30), box(12, 22, 18, 28), box(14, 24, 16, 26)] }],
      [68 / area, 68 / area],
    ],
  ])("measures %s", (_, polygons, expected) => {
    const found = shares(polygons, expected.length - 1);
    for (const [i, share] of expected.entries()) expect(found[i]).toBeCloseTo(share, 12);
  });

  it("whichever way a ring runs, and whether or not its end is its start", () => {
    const there = box(11, 21, 20, 30);
    const back = ring(11, 21, 11, 30, 20, 30, 20, 21);
    expect(shares([{ value: 0, rings: [there] }])).toEqual(shares([{ value: 0, rings: [back] }]));
  });

  it("is off by an eighth of a pixel's row for each slanted side at most", () => {
    const random = createRandom(7, "triangles");
    for (let i = 0; i < 200; i++) {
      const [ax, ay, bx, by, cx, cy] = Array.from({ length: 6 }, (_, k) => (k % 2 === 0 ? 10 : 20) + 16 * random.next());
      const exact = Math.abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2 / area;
      expect(Math.abs(shares([{ value: 0, rings: [ring(ax, ay, bx, by, cx, cy)] }])[0] - exact)).toBeLessThan(1 / (8 * 16));
    }
  });
});

describe("spansOf", () => {
  it("unites what many overlapping polygons cover", () => {
    const random = createRandom(3, "spans");
    const polygons = Array.from({ length: 300 }, () => {
      const [left, top] = [90 * random.next(), 90 * random.next()];
      return { value: 0, rings: [box(left, top, left + 4 * random.next(), top + 9 * random.next())] };
    });
    const ys = Float64Array.from({ length: 500 }, (_, line) => (line + 0.5) / 5);
    const spans = spansOf(polygons, ys, 1);
    for (let i = 0; i < 3000; i++) {
      const [x, line] = [100 * random.next(), Math.floor(500 * random.next())];
      const inside = polygons.some(({ rings: [r] }) => x >= r[0] && x < r[2] && ys[line] >= r[1] && ys[line] < r[5]);
      expect(spans.holds(0, line, x)).toBe(inside);
    }
  });

  it("refuses polygons that would fill the memory", () => {
    const zigzag = Float64Array.from({ length: 160_000 }, (_, i) => (i % 4 === 3 ? 300 : i % 2 === 1 ? 0 : i));
    expect(() =>
      spansOf(
        [{ value: 0, rings: [zigzag] }],
        Float64Array.from({ length: 256 }, (_, y) => y + 0.5),
        1,
      ),
    ).toThrow("too intricate");
  });
});
