import { describe, expect, it } from "vitest";
import { cellGeoreference, cellGrid, cellWindow, chipOf, rowsWithin } from "./cells.js";

const SCENE = { widthPx: 100, heightPx: 70 };

describe("cells", () => {
  it("cover the scene once, the last ones cut off", () => {
    for (const stridePx of [1, 7, 32, 50]) {
      const cells = cellGrid(SCENE, { chipPx: 32, stridePx });
      const covered = new Uint8Array(SCENE.widthPx * SCENE.heightPx);
      for (let row = 0; row < cells.rows; row++) {
        for (let column = 0; column < cells.columns; column++) {
          const { leftPx, topPx, widthPx, heightPx } = cellWindow(cells, SCENE, column, row);
          for (let y = topPx; y < topPx + heightPx; y++) for (let x = leftPx; x < leftPx + widthPx; x++) covered[y * 100 + x]++;
        }
      }
      expect(new Set(covered)).toEqual(new Set([1]));
    }
  });

  it("have chips centred on them, inside the scene", () => {
    const fine = cellGrid(SCENE, { chipPx: 32, stridePx: 8 });
    expect(chipOf(fine, SCENE, 5, 4)).toEqual({ leftPx: 28, topPx: 20, widthPx: 32, heightPx: 32 });
    expect(chipOf(fine, SCENE, 0, 0)).toMatchObject({ leftPx: 0, topPx: 0 });
    expect(chipOf(fine, SCENE, 12, 8)).toMatchObject({ leftPx: 68, topPx: 38 });
    const whole = cellGrid(SCENE, { chipPx: 32, stridePx: 32 });
    expect(chipOf(whole, SCENE, 1, 1)).toMatchObject({ leftPx: 32, topPx: 32 });
    expect(chipOf(whole, SCENE, 3, 2)).toMatchObject({ leftPx: 68, topPx: 38 });
    expect(() => cellGrid(SCENE, { chipPx: 71, stridePx: 8 })).toThrow("holds no chip of 71 px");
  });

  it("are taken by rows as long as their chips fit", () => {
    const cells = cellGrid(SCENE, { chipPx: 32, stridePx: 8 });
    expect(rowsWithin(cells, SCENE, 0, 32)).toBe(2); // both chips are shifted to the upper edge
    expect(rowsWithin(cells, SCENE, 0, 48)).toBe(4);
    expect(rowsWithin(cells, SCENE, 4, 1)).toBe(1);
    expect(rowsWithin(cells, SCENE, 0, 1000)).toBe(cells.rows);
  });

  it("lie where their pixels do", () => {
    const cells = cellGrid(SCENE, { chipPx: 32, stridePx: 8 });
    expect(cellGeoreference(cells, { crs: undefined, transform: [500, 10, 0, 900, 0, -10] })).toEqual({
      crs: undefined,
      transform: [500, 80, 0, 900, 0, -80],
    });
    expect(cellGeoreference(cells, undefined)).toBeUndefined();
  });
});
