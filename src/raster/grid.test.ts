import { expect, it } from "vitest";
import { crsOfEpsg } from "./geo/crs.js";
import { alignedWindow, type Grid, gridOf, metersPerPixel, partOf, sameGrid } from "./grid.js";

const UTM: Grid = { widthPx: 100, heightPx: 80, crs: crsOfEpsg(32718), transform: [500_000, 10, 0, 9_000_000, 0, -10] };

it("the grid of a file is where it says that it lies", () => {
  const { crs, transform, ...size } = UTM;
  expect(gridOf({ file: "a.tif", ...size, georeference: { crs, transform } })).toEqual(UTM);
  expect(() => gridOf({ file: "a.tif", ...size, georeference: undefined })).toThrow("a.tif: does not say where it lies");
});

it("grids are the same within a thousandth of a pixel", () => {
  expect(sameGrid(UTM, { ...UTM, transform: [500_000.005, 10, 0, 9_000_000, 0, -10] })).toBe(true);
  expect(sameGrid(UTM, { ...UTM, transform: [500_000.02, 10, 0, 9_000_000, 0, -10] })).toBe(false);
  // A pixel size that is off by little leads far from the place over many pixels.
  expect(sameGrid(UTM, { ...UTM, transform: [500_000, 10.0005, 0, 9_000_000, 0, -10] })).toBe(false);
  expect(sameGrid(UTM, { ...UTM, widthPx: 99 })).toBe(false);
  expect(sameGrid(UTM, { ...UTM, crs: crsOfEpsg(32717) })).toBe(false);
  expect(sameGrid({ ...UTM, crs: undefined }, { ...UTM, crs: undefined })).toBe(true);
  expect(sameGrid({ ...UTM, crs: undefined }, UTM)).toBe(false);
});

it("a part of a grid is found in it again, also past its edge", () => {
  for (const window of [
    { leftPx: 3, topPx: 7, widthPx: 20, heightPx: 10 },
    { leftPx: -5, topPx: 70, widthPx: 50, heightPx: 50 },
  ]) {
    expect(alignedWindow(partOf(UTM, window), UTM)).toEqual(window);
  }
  expect(alignedWindow({ ...UTM, transform: [500_005, 10, 0, 9_000_000, 0, -10] }, UTM)).toBeUndefined();
  expect(alignedWindow({ ...UTM, transform: [500_000, 20, 0, 9_000_000, 0, -20] }, UTM)).toBeUndefined();
});

it("a pixel of a projected grid is as wide as its unit says", () => {
  expect(metersPerPixel(UTM)).toEqual([10, 10]);
  expect(metersPerPixel({ ...UTM, transform: [0, 3, 4, 0, 4, -3] })).toEqual([5, 5]);
  expect(metersPerPixel({ ...UTM, crs: crsOfEpsg(2229) })?.[0]).toBeCloseTo((10 * 1200) / 3937, 12);
  expect(metersPerPixel({ ...UTM, crs: undefined })).toBeUndefined();
});

it("a pixel of degrees or of Web Mercator is as wide as on the ellipsoid in the middle", () => {
  const degrees = (latitude: number): Grid => ({
    widthPx: 2,
    heightPx: 2,
    crs: crsOfEpsg(4326),
    transform: [10, 1, 0, latitude + 1, 0, -1],
  });
  // A degree at the equator is π/180 · 6,378,137 m.
  expect(metersPerPixel(degrees(0))?.map(Math.round)).toEqual([111_319, 110_574]);
  expect(metersPerPixel(degrees(45))?.map(Math.round)).toEqual([78_847, 111_132]);
  // y of latitude 60° in EPSG:3857; there, metres of the map are about half as long on the ground.
  const mercator: Grid = { widthPx: 2, heightPx: 2, crs: crsOfEpsg(3857), transform: [0, 10, 0, 8_399_737.89 + 10, 0, -10] };
  const [east, north] = metersPerPixel(mercator)!;
  expect(east).toBeCloseTo(10 * 0.50126, 3);
  expect(north).toBeCloseTo(10 * 0.50042, 3);
});
