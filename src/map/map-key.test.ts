import { describe, expect, it } from "vitest";
import { crsOfEpsg } from "../raster/geo/crs.js";
import type { Affine } from "../raster/geo/transform.js";
import type { Grid } from "../raster/grid.js";
import { northOf, scaleBar } from "./map-key.js";

const grid = (epsg: number | undefined, transform: Affine, side = 100): Grid => {
  return { widthPx: side, heightPx: side, crs: epsg === undefined ? undefined : crsOfEpsg(epsg), transform };
};
const UTM: Affine = [500_000, 10, 0, 9_000_000, 0, -10];

describe("the scale bar", () => {
  it("is the longest round length that fits, as long as it is on the ground", () => {
    expect(scaleBar(grid(32718, UTM), 1, 200)).toEqual({ meters: 2000, lengthPx: 200, label: "2 km" });
    expect(scaleBar(grid(32718, UTM), 1, 199)).toEqual({ meters: 1000, lengthPx: 100, label: "1 km" });
    expect(scaleBar(grid(32718, UTM), 0.5, 199)).toEqual({ meters: 2000, lengthPx: 100, label: "2 km" });
    expect(scaleBar(grid(32718, UTM), 25, 200)).toEqual({ meters: 50, lengthPx: 125, label: "50 m" });
    expect(scaleBar(grid(32718, [0, 0.001, 0, 0, 0, -0.001]), 1, 200)).toMatchObject({ label: "20 cm" });
  });

  it("is between two fifths of the room and all of it, whatever the pixels are", () => {
    for (let side = 1e-3; side < 1e6; side *= 1.37) {
      const bar = scaleBar(grid(32718, [0, side, 0, 0, 0, -side]), 1, 200);
      expect(bar?.lengthPx).toBeGreaterThan(0.39 * 200);
      expect(bar?.lengthPx).toBeLessThan(200.001);
      expect(bar?.label).toMatch(/^[125]0* (cm|m|km)$|^0\.\d+ cm$/);
    }
  });

  it("knows that degrees of longitude are short at 60° north: 55.80 km", () => {
    const side = 0.001;
    const bar = scaleBar(grid(4326, [10, side, 0, 60 + 50 * side, 0, -side]), 1, 200);
    expect(bar?.label).toBe("10 km");
    expect(Math.abs((bar?.lengthPx ?? 0) - 10_000 / (55_800 * side))).toBeLessThan(0.01);
  });

  it("is none where nobody knows how large a pixel is", () => {
    expect(scaleBar(grid(undefined, UTM), 1, 200)).toBeUndefined();
    expect(scaleBar(grid(32718, [0, 0, 0, 0, 0, -10]), 1, 200)).toBeUndefined();
  });
});

describe("north", () => {
  const half = Math.SQRT1_2;
  it("is up where rows go south, and turns with the grid", async () => {
    expect(await northOf(grid(32718, UTM))).toEqual([0, -1]);
    expect(await northOf(grid(4326, [10, 0.1, 0, 60, 0, -0.1]))).toEqual([0, -1]);
    expect(await northOf(grid(32718, [500_000, 10, 0, 9_000_000, 0, 10]))).toEqual([0, 1]);
    // Columns go north, rows east.
    expect(await northOf(grid(32718, [500_000, 0, 10, 9_000_000, 10, 0]))).toEqual([1, 0]);
    const turned = await northOf(grid(32718, [500_000, 7, 7, 9_000_000, 7, -7]));
    expect(turned?.[0]).toBeCloseTo(half, 12);
    expect(turned?.[1]).toBeCloseTo(-half, 12);
  });

  it("is towards the pole where a system is laid around it: 45° east is a quarter turn from 45° west", async () => {
    expect(await northOf(grid(3413, [-500, 10, 0, -2_000_000, 0, -10]))).toEqual([0, -1]);
    const east = await northOf(grid(3413, [2_000_000, 10, 0, 500, 0, -10]));
    expect(east?.[0]).toBeCloseTo(-1, 6);
    expect(east?.[1]).toBeCloseTo(0, 6);
  });

  it("is that of the grid where the system is not known, and none for pixels on a line", async () => {
    expect(await northOf(grid(undefined, UTM))).toEqual([0, -1]);
    expect(await northOf(grid(32718, [0, 1, 1, 0, 1, 1]))).toBeUndefined();
  });
});
