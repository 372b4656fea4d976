import { describe, expect, it } from "vitest";
import { askGdal, HAS_GDAL } from "../../../test/gdal.js";
import type { Grid } from "../grid.js";
import { coverageOf } from "./coverage.js";
import { type Crs, crsOfEpsg } from "./crs.js";
import { polygonPlacer } from "./place-polygons.js";

const crs = (epsg: number) => crsOfEpsg(epsg) as Crs;
const grid = (epsg: number, transform: Grid["transform"], widthPx: number, heightPx: number): Grid => ({
  ...{ widthPx, heightPx, transform },
  crs: crs(epsg),
});
const closed = (...points: readonly number[]) => Float64Array.from([...points, points[0], points[1]]);
const box = (left: number, bottom: number, right: number, top: number) =>
  closed(left, bottom, right, bottom, right, top, left, top);

/** Shares of square windows that cover a grid. */
async function sharesOf(from: number, on: Grid, rings: readonly Float64Array[], sizePx: number): Promise<readonly number[]> {
  const placer = await polygonPlacer(crs(from), on);
  const polygons = placer.place(rings).map((placed) => ({ value: 0, rings: placed }));
  const covered = coverageOf(polygons, { topPx: 0, heightPx: on.heightPx }, 1);
  const columns = on.widthPx / sizePx;
  return Array.from({ length: columns * (on.heightPx / sizePx) }, (_, i) => {
    const [leftPx, topPx] = [(i % columns) * sizePx, Math.floor(i / columns) * sizePx];
    return covered({ leftPx, topPx, widthPx: sizePx, heightPx: sizePx }).together;
  });
}

/** The same by GEOS, from sides that GDAL has given points in between. */
function sharesByGdal(
  from: number,
  { crs: to, transform, widthPx, heightPx }: Grid,
  rings: readonly Float64Array[],
  sizePx: number,
) {
  return askGdal(
    `from osgeo import ogr, osr
source, target, transform, width, height, size, rings = json.loads(args[0])
systems = []
for code in (source, target):
    system = osr.SpatialReference(); system.ImportFromEPSG(code); system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER); systems.append(system)
polygon = ogr.Geometry(ogr.wkbPolygon)
for points in rings:
    ring = ogr.Geometry(ogr.wkbLinearRing)
    for at in range(0, len(points), 2): ring.AddPoint_2D(points[at], points[at + 1])
    polygon.AddGeometry(ring)
left, _, right, _ = polygon.GetEnvelope()[0], 0, polygon.GetEnvelope()[1], 0
polygon.Segmentize((right - left) / 2000)
polygon.Transform(osr.CoordinateTransformation(*systems))
def corner(column, row): return (transform[0] + transform[1] * column + transform[2] * row, transform[3] + transform[4] * column + transform[5] * row)
answer = []
for top in range(0, height, size):
    for left in range(0, width, size):
        ring = ogr.Geometry(ogr.wkbLinearRing)
        for column, row in ((0, 0), (size, 0), (size, size), (0, size), (0, 0)): ring.AddPoint_2D(*corner(left + column, top + row))
        window = ogr.Geometry(ogr.wkbPolygon); window.AddGeometry(ring)
        answer.append(polygon.Intersection(window).Area() / window.Area())`,
    JSON.stringify([from, to?.epsg, transform, widthPx, heightPx, sizePx, rings.map((ring) => [...ring])]),
  ) as readonly number[];
}

const SIZE_PX = 40;

describe.skipIf(!HAS_GDAL)("polygons on a grid, against GDAL and GEOS", () => {
  const utm = grid(32718, [500_000, 10, 0, 9_000_000, 0, -10], 200, 160);
  const turnedUtm = grid(32718, [500_000, 8, 6, 9_000_000, 6, -8], 200, 160);
  it.each<[string, number, Grid, readonly Float64Array[]]>([
    ["with a hole, from degrees on UTM", 4326, utm, [box(-74.998, -9.057, -74.985, -9.047), box(-74.995, -9.055, -74.99, -9.05)]],
    ["slanted, on a turned grid", 4326, turnedUtm, [closed(-75.01, -9.06, -74.98, -9.05, -74.99, -9.03)]],
    ["of another projection", 3857, utm, [closed(-8_348_900, -1_013_000, -8_347_000, -1_012_000, -8_348_500, -1_011_000)]],
    [
      "on degrees",
      32718,
      grid(4326, [-75, 0.0001, 0, -9.045, 0, -0.0001], 200, 160),
      [box(500_300, 8_998_400, 501_700, 8_999_700)],
    ],
    // Sides of a hundred kilometres and more are bent: 20 pixels of 100 m in their middle.
    ["with long sides", 4326, grid(32633, [400_000, 1000, 0, 7_400_000, 0, -1000], 400, 400), [box(13.4, 64.7, 20.2, 66.1)]],
    ["far larger than the grid", 4326, grid(32633, [400_000, 1000, 0, 7_400_000, 0, -1000], 400, 400), [box(-30, 65, 60, 80)]],
  ])("%s", async (_, from, on, rings) => {
    const [ours, theirs] = [await sharesOf(from, on, rings, SIZE_PX), sharesByGdal(from, on, rings, SIZE_PX)];
    expect(theirs.some((share) => share > 0.05 && share < 0.95)).toBe(true);
    for (const [i, share] of theirs.entries()) expect(Math.abs(ours[i] - share), `window ${i}`).toBeLessThan(1 / (8 * SIZE_PX));
  });
});

describe("polygons on a grid", () => {
  it("are found on both sides of the antimeridian", async () => {
    // 100 m pixels around 180°: UTM zone 1.
    const fiji = grid(32701, [150_000, 100, 0, 8_100_000, 0, -100], 400, 400);
    const placer = await polygonPlacer(crs(4326), fiji);
    const east = placer.place([box(179.5, -18, 180, -17.5)]);
    const west = placer.place([box(-180, -18, -179.5, -17.5)]);
    expect([east.length, west.length]).toEqual([1, 1]);
    const xs = (rings: readonly Float64Array[]) => [...rings[0]].filter((_, i) => i % 2 === 0);
    expect(Math.max(...xs(east[0]))).toBeGreaterThan(Math.min(...xs(west[0])) - 20);
    expect(Math.max(...xs(east[0]))).toBeLessThan(Math.max(...xs(west[0])));
    // The same place on a grid whose degrees go on past 180.
    const degrees = await polygonPlacer(crs(4326), grid(4326, [179, 0.01, 0, -17, 0, -0.01], 200, 100));
    expect(degrees.place([box(-180, -18, -179.5, -17.5)])[0][0][0]).toBeCloseTo(100, 6);
  });

  it("are found round a pole", async () => {
    // 5 km pixels around the north pole.
    const arctic = grid(3995, [-1_000_000, 5000, 0, 1_000_000, 0, -5000], 400, 400);
    const rings = [closed(-180, 85, -90, 85, 0, 85, 90, 85, 180, 85, 180, 90, -180, 90)];
    const shares = await sharesOf(4326, arctic, rings, 400);
    // A circle: 85° north lies as far from the pole all around.
    const [x, y] = (await polygonPlacer(crs(4326), arctic)).place([box(0, 85, 0.001, 86)])[0][0];
    expect(x).toBeCloseTo(200, 6);
    expect(shares[0]).toBeCloseTo((Math.PI * (y - 200) ** 2) / 400 ** 2, 3);
  });

  it("are none where they lie elsewhere, and stay whole where the map has no place around the scene", async () => {
    const on = grid(32718, [500_000, 10, 0, 9_000_000, 0, -10], 200, 160);
    expect((await polygonPlacer(crs(4326), on)).place([box(10, 50, 11, 51)])).toEqual([]);
    const world = grid(3857, [-20_037_508, 100_000, 0, 20_000_000, 0, -100_000], 400, 400);
    const shares = await sharesOf(4326, world, [box(-180, -90, 0, 90)], 200);
    expect(shares.map((share) => Math.round(100 * share))).toEqual([100, 0, 100, 0]);
  });
});
