import { describe, expect, it } from "vitest";
import { type BlockGrid, blockCount, blocksOf, sharedPart } from "./layout.js";

const TILES: BlockGrid = {
  imageWidthPx: 70,
  imageHeightPx: 40,
  widthPx: 32,
  heightPx: 16,
  columns: 3,
  rows: 3,
  planes: 2,
  tiled: true,
};
const STRIPS: BlockGrid = { ...TILES, widthPx: 70, heightPx: 15, columns: 1, rows: 3, planes: 1, tiled: false };

describe("blocks of a window", () => {
  it.each([TILES, STRIPS])("cover each of its pixels once", (grid) => {
    const window = { leftPx: 30, topPx: 14, widthPx: 40, heightPx: 20 };
    const seen = new Map<string, number>();
    for (const place of blocksOf(grid, window, [0])) {
      const part = sharedPart(grid, place, window);
      for (let y = 0; y < part.heightPx; y++) {
        for (let x = 0; x < part.widthPx; x++) {
          const key = `${part.leftPx + x},${part.topPx + y}`;
          seen.set(key, (seen.get(key) ?? 0) + 1);
        }
      }
    }
    expect(seen.size).toBe(800);
    expect(Math.max(...seen.values())).toBe(1);
  });

  it("are numbered plane by plane, rows of blocks before columns", () => {
    const all = { leftPx: 0, topPx: 0, widthPx: 70, heightPx: 40 };
    const places = [...blocksOf(TILES, all, [0, 1])];
    expect(places.map(({ index }) => index)).toEqual(Array.from({ length: blockCount(TILES) }, (_, i) => i));
    expect(places[10]).toEqual({ index: 10, plane: 1, leftPx: 32, topPx: 0, rows: 16 });
  });

  it("are given one by one: of a whole scene there may be millions", () => {
    const grid = { ...TILES, imageWidthPx: 2 ** 30, imageHeightPx: 2 ** 30, columns: 2 ** 25, rows: 2 ** 26 };
    const all = { leftPx: 0, topPx: 0, widthPx: 2 ** 30, heightPx: 2 ** 30 };
    expect(blocksOf(grid, all, [0]).next().value).toMatchObject({ index: 0 });
  });

  it("that are strips end with the image, tiles do not", () => {
    const last = { leftPx: 0, topPx: 39, widthPx: 1, heightPx: 1 };
    expect([...blocksOf(STRIPS, last, [0])][0].rows).toBe(10);
    expect([...blocksOf(TILES, last, [0])][0].rows).toBe(16);
  });
});
