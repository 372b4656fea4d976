import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RasterDType } from "../raster.js";
import type { Pixels } from "./block.js";
import { halveInto, levelSizes, openPyramid, type ReductionName } from "./overviews.js";
import { openSpool } from "./spool.js";
import { cut } from "./window.js";

describe("the levels of a raster", () => {
  it.each([
    [1000, 600, 512, ["1000×600", "500×300"]],
    [1025, 1, 512, ["1025×1", "513×1", "257×1"]],
    [512, 512, 512, ["512×512"]],
    [600, 10, 1024, ["600×10", "300×5"]],
    [33, 70, 16, ["33×70", "17×35", "9×18", "5×9"]],
  ])("%i × %i pixels in blocks of %i", (widthPx, heightPx, blockPx, expected) => {
    const sizes = levelSizes(widthPx, heightPx, blockPx);
    expect(sizes.map((size) => `${size.widthPx}×${size.heightPx}`)).toEqual(expected);
  });
});

/** Halves a row of 2 × 2 cells, each given as its four values. */
function halved(
  cells: readonly (readonly number[])[],
  rule: { dtype: RasterDType; nodata?: number; reduction: ReductionName },
): number[] {
  const widthPx = 2 * cells.length;
  const data = new Float64Array([...cells.flatMap((cell) => cell.slice(0, 2)), ...cells.flatMap((cell) => cell.slice(2))]);
  const target = { data: new Float64Array(cells.length), widthPx: cells.length, heightPx: 1 };
  halveInto(target, { left: 0, top: 0 }, { data, widthPx, heightPx: 2 }, { nodata: undefined, ...rule });
  return [...target.data];
}

describe("four pixels become one", () => {
  const { NaN: none } = Number;

  it("by the average of the valid ones, rounded half up for whole numbers", () => {
    const cells = [
      [1, 2, 3, 4],
      [0, 0, 7, 8],
      [0, 0, 0, 0],
      [-3, -2, 0, 0],
    ];
    expect(halved(cells, { dtype: "int16", nodata: 0, reduction: "average" })).toEqual([3, 8, 0, -2]);
    expect(halved(cells, { dtype: "float64", nodata: 0, reduction: "average" })).toEqual([2.5, 7.5, 0, -2.5]);
    expect(halved(cells, { dtype: "float64", reduction: "average" })).toEqual([2.5, 3.75, 0, -1.25]);
  });

  it("never into nodata by chance", () => {
    expect(halved([[-1, 1, -1, 1]], { dtype: "int16", nodata: 0, reduction: "average" })).toEqual([-1]);
    expect(halved([[1, 3, 1, 3]], { dtype: "float32", nodata: 2, reduction: "average" })).toEqual([1]);
  });

  it("without NaN, which stays where nothing else is", () => {
    const cells = [
      [none, 1, none, 2],
      [none, none, none, none],
    ];
    expect(halved(cells, { dtype: "float64", reduction: "average" })).toEqual([1.5, none]);
    expect(halved(cells, { dtype: "float64", nodata: -1, reduction: "average" })).toEqual([1.5, -1]);
  });

  it("by the most frequent class, the lower of equals, never nodata while there is another", () => {
    const cells = [
      [2, 1, 2, 3],
      [4, 3, 3, 4],
      [0, 0, 0, 9],
      [7, 5, 6, 8],
      [0, 0, 0, 0],
    ];
    expect(halved(cells, { dtype: "uint8", nodata: 0, reduction: "mode" })).toEqual([2, 3, 9, 5, 0]);
    expect(halved(cells, { dtype: "uint8", reduction: "mode" })).toEqual([2, 3, 0, 5, 0]);
  });
});

describe("a pyramid", () => {
  let work: string;
  beforeEach(() => {
    work = mkdtempSync(join(tmpdir(), "sigmax-pyramid-"));
  });
  afterEach(() => rmSync(work, { recursive: true, force: true }));

  const [widthPx, heightPx, blockPx, bands] = [150, 90, 16, 2];
  const whole: Pixels = {
    widthPx,
    heightPx,
    data: Float32Array.from({ length: bands * widthPx * heightPx }, (_, i) => (i * 37) % 101),
  };

  async function built(memoryBytes: number, order: (blocks: [number, number][]) => [number, number][]) {
    const spool = await openSpool(join(work, "map.tif"));
    const given = new Map<string, number[]>();
    const levels = levelSizes(widthPx, heightPx, blockPx);
    const put = async (level: number, column: number, row: number, { data }: Pixels) => {
      expect(given.has(`${level} ${row} ${column}`)).toBe(false);
      given.set(`${level} ${row} ${column}`, [...data]);
    };
    const rule = { dtype: "float32", nodata: undefined, reduction: "average" } as const;
    const pyramid = openPyramid({ ...rule, levels, bands, blockPx, fill: 0, memoryBytes, spool, put });
    const blocks: [number, number][] = [];
    for (let row = 0; row * blockPx < heightPx; row++) {
      for (let column = 0; column * blockPx < widthPx; column++) blocks.push([column, row]);
    }
    for (const [column, row] of order(blocks)) {
      await pyramid.add(0, column, row, cut(whole, column * blockPx, row * blockPx, blockPx));
    }
    const early = given.size;
    await pyramid.finish();
    await spool.close();
    return { given: [...given].sort(([a], [b]) => (a < b ? -1 : 1)), early };
  }

  it("is the same for any order of blocks and any memory", async () => {
    const inOrder = await built(2 ** 20, (blocks) => blocks);
    // Levels of 75 × 45, 38 × 23, 19 × 12 and 10 × 6 pixels, each block given as soon as it is whole.
    expect(inOrder.given).toHaveLength(15 + 6 + 2 + 1);
    expect(inOrder.early).toBe(inOrder.given.length);
    const scattered = (blocks: [number, number][]) =>
      blocks.sort(([a, b], [c, d]) => ((a * 7 + b * 5) % 11) - ((c * 7 + d * 5) % 11));
    for (const memoryBytes of [2 ** 20, 3 * 2 ** 11, 1]) {
      expect((await built(memoryBytes, scattered)).given).toEqual(inOrder.given);
    }
    expect(readdirSync(work)).toEqual([]);
  });

  it("fills what was not given", async () => {
    const { given, early } = await built(1, (blocks) => blocks.slice(0, 1));
    expect(early).toBe(0);
    expect(given.map(([name]) => name)).toEqual(["1 0 0", "2 0 0", "3 0 0", "4 0 0"]);
    expect(given[0][1].filter((value) => value > 0).length).toBeLessThanOrEqual(bands * 64);
  });
});
