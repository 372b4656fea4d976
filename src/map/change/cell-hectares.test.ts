import { describe, expect, it } from "vitest";
import { crsOfEpsg } from "../../raster/geo/crs.js";
import { cellGrid } from "../cells.js";
import { cellHectares, checkUnit, wholeCellHectares } from "./cell-hectares.js";

describe("hectares of a cell", () => {
  it("are those of a whole one, where the edge cuts others off", async () => {
    const crs = crsOfEpsg(32718);
    const georeference = { crs, transform: [500_000, 20, 0, 9_000_000, 0, -20] as const };
    // Cells of 10 × 10 pixels of 400 m², two and a tenth across and one and a half down.
    const info = { file: "a.tif", widthPx: 21, heightPx: 15, georeference };
    const cells = cellGrid(info, { chipPx: 10, stridePx: 10 });
    const hectares = await cellHectares(info, cells);
    const whole = 4 / 0.9996 ** 2;
    expect(hectares[2]).toBeCloseTo(whole / 10, 5);
    expect(wholeCellHectares(hectares, cells, info)).toBeCloseTo(whole, 5);
    expect(wholeCellHectares(Float64Array.of(3, 5), { ...cells, columns: 2, rows: 1, stridePx: 30 }, info)).toBe(5);
  });

  it("are the mean of whole ones in degrees, where they differ with the latitude", () => {
    const info = { widthPx: 2, heightPx: 5 };
    const hectares = Float64Array.of(4, 6, 1);
    expect(wholeCellHectares(hectares, { columns: 1, rows: 3, stridePx: 2, chipPx: 2 }, info)).toBe(5);
  });
});

describe("a minimum mapping unit", () => {
  const hectares = Float64Array.of(0.20497, 0.40994, 0.4099);

  it("may be a cell as people write it", () => {
    expect(() => checkUnit(0.4099, hectares)).not.toThrow();
    expect(() => checkUnit(0.41, hectares)).not.toThrow();
  });

  it("that is less than a cell is refused, with the size of one", () => {
    expect(() => checkUnit(0.409, hectares)).toThrow("--unit 0.409: is less than a cell, of 0.4099 ha");
  });
});
