import { describe, expect, it } from "vitest";
import { askGdal, HAS_GDAL } from "../../../test/gdal.js";
import { type Crs, crsOfEpsg } from "./crs.js";
import { checkProjectable, transformer } from "./project.js";

const crsOf = (epsg: number) => crsOfEpsg(epsg)!;
const OWN: Crs = {
  epsg: undefined,
  name: "My grid",
  kind: "projected",
  proj4: undefined,
  metersPerUnit: 1,
  geoKeys: undefined,
};

describe("a transformer", () => {
  it("moves points in place, longitude and easting first", async () => {
    const points = Float64Array.of(-74.5, -8.4, -75, 0);
    (await transformer(crsOf(4326), crsOf(32718)))(points);
    // As GDAL 3.6.2 says.
    expect(points[0]).toBeCloseTo(555_045.22644, 4);
    expect(points[1]).toBeCloseTo(9_071_446.00874, 4);
    expect(points[2]).toBeCloseTo(500_000, 6);
    expect(points[3]).toBeCloseTo(10_000_000, 6);
    (await transformer(crsOf(32718), crsOf(4326)))(points);
    expect([...points].map((value, at) => Math.abs(value - [-74.5, -8.4, -75, 0][at]) < 1e-9)).not.toContain(false);
  });

  it("leaves points between two names of one system as they are", async () => {
    const points = Float64Array.of(200, 91);
    (await transformer(crsOf(4326), { ...crsOf(4326), proj4: undefined }))(points);
    expect([...points]).toEqual([200, 91]);
  });

  it("says NaN where a point has no place", async () => {
    const toMercator = await transformer(crsOf(4326), crsOf(3857));
    const points = Float64Array.of(10, 90, 10, 95, Number.NaN, 3, 180, 0, Number.POSITIVE_INFINITY, 0);
    toMercator(points);
    expect([...points.subarray(0, 6)]).toEqual(Array(6).fill(Number.NaN));
    expect(Math.abs(points[6])).toBeCloseTo(20_037_508.342789, 5);
    expect([...points.subarray(8)]).toEqual([Number.NaN, Number.NaN]);
  });

  it("takes a system that was given by its code alone", async () => {
    const points = Float64Array.of(-75, 0);
    (await transformer(crsOf(4326), { ...crsOf(32718), proj4: undefined }))(points);
    expect(points[0]).toBeCloseTo(500_000, 6);
  });

  it.each([
    [crsOf(26710), "EPSG:26710 (NAD27 / UTM zone 10N): its datum needs the grid of shifts NTv2_0.gsb"],
    [crsOf(2048), "EPSG:2048 (Hartebeesthoek94 / Lo19): its axes do not run east and north"],
    [{ ...OWN, epsg: 65000, name: "EPSG:65000" }, "EPSG:65000: nothing is known of how it is projected"],
    [crsOf(5514), "EPSG:5514 (S-JTSK / Krovak East North): its datum has no shift to WGS 84 that is good to 5 m"],
    [OWN, "My grid: nothing is known of how it is projected"],
    [crsOf(3821), "EPSG:3821 (TWD67): nobody says how its datum lies to WGS 84"],
  ])("is refused by name for a system that cannot be projected (%#)", async (crs, message) => {
    await expect(transformer(crs, crsOf(4326))).rejects.toThrow(message);
    expect(() => checkProjectable(crsOf(4326), crs)).toThrow(message);
    expect(() => checkProjectable(crs, crs)).not.toThrow();
  });

  it("is refused where a raster does not say its system", () => {
    expect(() => checkProjectable(undefined, crsOf(4326))).toThrow("does not say its reference system");
  });
});

/** Systems of all kinds with a point that each is used for: [EPSG, longitude, latitude, metres that may differ by the datum]. */
const SYSTEMS: readonly (readonly [epsg: number, longitude: number, latitude: number, meters: number])[] = [
  [32601, -179.2, 63, 0.001],
  [32660, 179.5, 10, 0.001],
  [32718, -74.5, -8.4, 0.001],
  [3857, 151.2, -33.9, 0.001],
  [3395, 12, 55, 0.001],
  [3035, 21, 52, 0.001],
  [5070, -100, 40, 0.001],
  [3413, -45.5, 80, 0.001],
  [3031, 170, -75, 0.001],
  [6933, 30, -20, 0.001],
  [2180, 19.5, 52.1, 0.001],
  [2154, 2.3, 48.9, 0.001],
  [25832, 11, 50, 0.001],
  [26910, -122, 45, 0.001],
  [31983, -44, -22, 0.001],
  [2229, -118.4, 34.2, 0.001],
  [3577, 134, -25, 0.001],
  [2193, 174, -41, 0.001],
  [8857, 100, 30, 0.001],
  [2056, 8.5, 47.4, 1],
  [28992, 5.1, 52.1, 1],
  [31370, 4.4, 50.8, 1],
  [27700, -1.5, 53, 1],
  [31467, 9.5, 50, 1],
  [27200, 174, -41, 5],
  [3844, 25, 46, 1],
];

describe.skipIf(!HAS_GDAL)("projecting, compared with GDAL", () => {
  it("gives the same coordinates, there and back", async () => {
    const answer = askGdal(
      `from osgeo import osr
answer = []
for code, x, y, _ in json.loads(args[0]):
    wgs, crs = osr.SpatialReference(), osr.SpatialReference()
    wgs.ImportFromEPSG(4326); crs.ImportFromEPSG(code)
    for s in (wgs, crs): s.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    px, py, _ = osr.CoordinateTransformation(wgs, crs).TransformPoint(x, y)
    answer.append([px, py, crs.GetLinearUnits()])`,
      JSON.stringify(SYSTEMS),
    ) as [number, number, number][];
    for (const [at, [epsg, longitude, latitude, meters]] of SYSTEMS.entries()) {
      const point = Float64Array.of(longitude, latitude);
      (await transformer(crsOf(4326), crsOf(epsg)))(point);
      const [x, y, unit] = answer[at];
      expect(Math.hypot(point[0] - x, point[1] - y) * unit, `EPSG:${epsg}`).toBeLessThan(meters);
      expect(crsOf(epsg).metersPerUnit, `EPSG:${epsg}`).toBeCloseTo(unit, 12);
      (await transformer(crsOf(epsg), crsOf(4326)))(point);
      expect(Math.hypot(point[0] - longitude, point[1] - latitude), `EPSG:${epsg} back`).toBeLessThan(1e-6);
    }
  });
});
