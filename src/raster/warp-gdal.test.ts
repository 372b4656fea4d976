import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askGdal, HAS_GDAL } from "../../test/gdal.js";
import { crsOfEpsg } from "./geo/crs.js";
import type { Affine } from "./geo/transform.js";
import type { Grid } from "./grid.js";
import type { Raster, RasterDType } from "./raster.js";
import { openRaster } from "./reader.js";
import { newSamples } from "./samples.js";
import { gridded, type Resampling } from "./warp.js";
import { encodeGeoTiff } from "./write/tiff.js";

let work: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), "sigmax-warp-"));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

function grid(epsg: number, widthPx: number, heightPx: number, transform: Affine): Grid {
  return { widthPx, heightPx, crs: crsOfEpsg(epsg), transform };
}

function turned(of: Grid, degrees: number): Grid {
  const [x, dx, , y, , dy] = of.transform;
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return { ...of, transform: [x, dx * cos, -dy * sin, y, dx * sin, dy * cos] };
}

/** Noise: neighbours have nothing in common, so that every misplaced pixel shows. */
function noise(on: Grid, { dtype = "uint8" as RasterDType, bands = 1 } = {}): Raster {
  const { widthPx, heightPx, crs, transform } = on;
  const data = newSamples(dtype, bands * widthPx * heightPx);
  for (let at = 0; at < data.length; at++) {
    const hash = Math.imul(at ^ (at >>> 7) ^ 0x5bd1e995, 2654435761) >>> 16;
    data[at] = dtype === "uint8" ? 1 + (hash % 255) : hash - 30_000;
  }
  const names = Array.from({ length: bands }, (_, band) => `b${band}`);
  return { bands: names, widthPx, heightPx, dtype, data, georeference: { crs, transform } };
}

/** One way to warp. */
interface Way {
  readonly resampling: Resampling;
  /** Warp options of GDAL, "NAME=value". */
  readonly options?: readonly string[];
}

/** Where GDAL has no answer. */
const NOTHING = -99_999;

/** GDAL's answers in float64, for each way `[C, H, W]`: no place approximated, no overview taken. */
function gdalWarp(path: string, to: Grid, ways: readonly Way[]): number[][] {
  const spec = { ...to, epsg: to.crs?.epsg, ways };
  return askGdal(
    `from osgeo import osr
spec = json.loads(args[1])
source = gdal.Open(args[0])
crs = osr.SpatialReference(); crs.ImportFromEPSG(spec['epsg'])
answer = []
for way in spec['ways']:
    to = gdal.GetDriverByName('MEM').Create('', spec['widthPx'], spec['heightPx'], source.RasterCount, gdal.GDT_Float64)
    to.SetProjection(crs.ExportToWkt()); to.SetGeoTransform(spec['transform'])
    for i in range(source.RasterCount):
        to.GetRasterBand(i + 1).SetNoDataValue(${NOTHING}); to.GetRasterBand(i + 1).Fill(${NOTHING})
    kind = {'nearest': 'near'}.get(way['resampling'], way['resampling'])
    gdal.Warp(to, source, resampleAlg=kind, errorThreshold=0, dstNodata=${NOTHING}, overviewLevel='NONE', warpOptions=way.get('options', []))
    answer.append(to.ReadAsArray().ravel().tolist())`,
    path,
    JSON.stringify(spec),
  ) as number[][];
}

interface Difference {
  /** Share of samples that only one of the two has. */
  readonly valid: number;
  /** Share of those that both have, whose values differ by more than a tolerance. */
  readonly values: number;
}

function difference(
  { data, valid, nodata, widthPx, heightPx }: Raster,
  answer: readonly number[],
  tolerance: number,
): Difference {
  let [odd, off, both] = [0, 0, 0];
  for (let at = 0; at < data.length; at++) {
    const ours = valid?.[at % (widthPx * heightPx)] !== 0 && data[at] !== nodata;
    const theirs = answer[at] !== NOTHING;
    if (ours !== theirs) odd++;
    if (!ours || !theirs) continue;
    both++;
    if (!(Math.abs(data[at] - answer[at]) <= tolerance)) off++;
  }
  expect(both, "pixels that both have").toBeGreaterThan(data.length / 20);
  return { valid: odd / data.length, values: off / both };
}

async function warped(path: string, to: Grid, resampling: Resampling): Promise<Raster> {
  const reader = gridded(await openRaster(path), to, { resampling });
  try {
    return await reader.read();
  } finally {
    await reader.close();
  }
}

function stored(raster: Raster): Promise<string> {
  return encodeGeoTiff(raster).then((bytes) => {
    const path = join(work, "source.tif");
    writeFileSync(path, bytes);
    return path;
  });
}

const UTM = grid(32718, 200, 150, [540_000, 30, 0, 9_080_000, 0, -30]);
const DEGREES = grid(4326, 210, 155, [-74.64, 0.00027, 0, -8.316, 0, -0.00027]);
const MERCATOR = grid(3857, 200, 150, [-8_308_800, 31, 0, -929_000, 0, -31]);
const WORLD = grid(4326, 720, 360, [-180, 0.5, 0, 90, 0, -0.5]);
const WORLD_FROM_0 = grid(4326, 720, 360, [0, 0.5, 0, 90, 0, -0.5]);
const ACROSS_180 = grid(4326, 400, 300, [179.9, 0.0005, 0, 65.1, 0, -0.0005]);
const ZONE_60 = grid(32660, 400, 300, [636_000, 50, 0, 7_225_000, 0, -50]);
const ZONE_1 = grid(32601, 400, 300, [355_000, 50, 0, 7_225_000, 0, -50]);
const NORTH_POLE = grid(3413, 150, 160, [-3_000_000, 40_000, 0, 3_200_000, 0, -40_000]);
const SOUTH_POLE = grid(3031, 150, 160, [-3_000_000, 40_000, 0, 3_200_000, 0, -40_000]);

/** Pixels of about the same size, so that bilinear is between four pixels. */
const ALIKE: readonly (readonly [name: string, from: Grid, to: Grid])[] = [
  ["degrees to UTM", DEGREES, UTM],
  ["UTM to degrees", UTM, DEGREES],
  ["UTM to Web Mercator", UTM, MERCATOR],
  ["Web Mercator to UTM", MERCATOR, UTM],
  ["degrees to Web Mercator", DEGREES, MERCATOR],
  ["UTM to the zone beside", UTM, grid(32719, 210, 160, [-121_700, 30, 0, 9_075_700, 0, -30])],
  ["a turned raster to UTM", turned(UTM, 17), UTM],
  ["a turned raster to degrees", turned(UTM, -33), DEGREES],
  ["degrees to a turned grid", DEGREES, turned(UTM, 8)],
  ["rows running north to rows running south", { ...UTM, transform: [540_000, 30, 0, 9_075_500, 0, 30] }, UTM],
  ["UTM to pixels a third as wide", UTM, grid(32718, 250, 200, [541_003, 10, 0, 9_079_007, 0, -10])],
  ["UTM to pixels that lie across its own", UTM, grid(32718, 190, 140, [540_011, 30, 0, 9_079_983, 0, -30])],
  ["one zone to the next over 180°", ZONE_60, ZONE_1],
  ["Web Mercator to degrees", grid(3857, 400, 300, [-2e7, 100_000, 0, 1.5e7, 0, -100_000]), WORLD],
];

/** Places where longitudes jump or meet. */
const SEAMS: readonly (readonly [name: string, from: Grid, to: Grid])[] = [
  ["degrees over 180° to UTM", ACROSS_180, ZONE_60],
  ["degrees over 180° to UTM from the other side", ACROSS_180, ZONE_1],
  ["UTM to degrees over 180°", ZONE_60, ACROSS_180],
  ["the earth to UTM over 180°", WORLD, grid(32601, 300, 300, [-1_000_000, 10_000, 0, 5_000_000, 0, -10_000])],
  ["the earth from 0° to UTM over 180°", WORLD_FROM_0, grid(32601, 300, 300, [-1_000_000, 10_000, 0, 5_000_000, 0, -10_000])],
  ["the earth to its north pole", WORLD, NORTH_POLE],
  ["the earth from 0° to its south pole", WORLD_FROM_0, SOUTH_POLE],
  ["the north pole to the earth", NORTH_POLE, WORLD],
  ["the earth to Web Mercator", WORLD, grid(3857, 199, 199, [-19_900_000, 200_000, 0, 19_900_000, 0, -200_000])],
  ["the earth from 0° to the earth", WORLD_FROM_0, WORLD],
];

/** At most this share of pixels lies so near to an edge between two that rounding decides. */
const TIES = 0.001;

describe.skipIf(!HAS_GDAL)("a raster on another grid, compared with GDAL", () => {
  it.each(ALIKE)("%s: the nearest pixels but for ties, bilinear within a level", async (_, from, to) => {
    const path = await stored(noise(from, { bands: 2 }));
    const [nearest, bilinear] = gdalWarp(path, to, [
      { resampling: "nearest" },
      // Left alone, GDAL takes a turned raster for a larger one, by its bounding box.
      { resampling: "bilinear", options: ["XSCALE=1", "YSCALE=1"] },
    ]);
    const near = difference(await warped(path, to, "nearest"), nearest, 0);
    expect(near.valid).toBe(0);
    expect(near.values).toBeLessThan(TIES);
    expect(difference(await warped(path, to, "bilinear"), bilinear, 1)).toEqual({ valid: 0, values: 0 });
  });

  it.each(SEAMS)("%s: the nearest pixels but for ties", async (_, from, to) => {
    const path = await stored(noise(from));
    const near = difference(await warped(path, to, "nearest"), gdalWarp(path, to, [{ resampling: "nearest" }])[0], 0);
    expect(near.valid).toBe(0);
    expect(near.values).toBeLessThan(TIES);
  });

  it.each([1.5, 2, 2.5, 3.7])("pixels %d times as wide: nearest, bilinear, mean", async (factor) => {
    const path = await stored(noise(UTM));
    const size = (px: number) => Math.floor(px / factor);
    const to = { ...UTM, widthPx: size(UTM.widthPx), heightPx: size(UTM.heightPx) };
    const wide = { ...to, transform: [540_000, 30 * factor, 0, 9_080_000, 0, -30 * factor] as const };
    const ways = (["nearest", "bilinear", "average"] as const).map((resampling) => ({ resampling }));
    const answers = gdalWarp(path, wide, ways);
    for (const [at, { resampling }] of ways.entries()) {
      const ours = await warped(path, wide, resampling);
      expect(difference(ours, answers[at], resampling === "nearest" ? 0 : 1), resampling).toEqual({ valid: 0, values: 0 });
    }
  });

  it("means in another system, inside the source", async () => {
    const path = await stored(noise(DEGREES));
    const to = grid(32718, 50, 30, [540_500, 90, 0, 9_079_000, 0, -90]);
    const [answer] = gdalWarp(path, to, [{ resampling: "average" }]);
    expect(difference(await warped(path, to, "average"), answer, 1)).toEqual({ valid: 0, values: 0 });
  });

  it("floats, and numbers below 0", async () => {
    for (const dtype of ["float32", "int16"] as const) {
      const path = await stored(noise(DEGREES, { dtype }));
      const [answer] = gdalWarp(path, UTM, [{ resampling: "bilinear" }]);
      // A thousandth of a pixel of noise between -30,000 and 35,000.
      expect(difference(await warped(path, UTM, "bilinear"), answer, 130)).toEqual({ valid: 0, values: 0 });
    }
  });

  it("pixels that were not measured, in one band and in several", async () => {
    for (const bands of [1, 2]) {
      const source = noise(DEGREES, { bands });
      for (let at = 0; at < source.data.length; at++) {
        const band = Math.floor(at / (DEGREES.widthPx * DEGREES.heightPx));
        if ((at + 2 * band) % 7 < 3) source.data[at] = 0;
      }
      const path = await stored({ ...source, nodata: 0 });
      const ways = (["nearest", "bilinear", "average"] as const).map((resampling) => ({ resampling }));
      const answers = gdalWarp(path, UTM, ways);
      for (const [at, { resampling }] of ways.entries()) {
        const { valid, values } = difference(await warped(path, UTM, resampling), answers[at], resampling === "nearest" ? 0 : 1);
        // At the source's edge, GDAL means the part of a pixel whose middle lies outside.
        expect(valid, resampling).toBeLessThan(resampling === "average" ? 0.01 : 1e-9);
        expect(values, resampling).toBeLessThan(resampling === "nearest" ? TIES : 1e-9);
      }
    }
  });
});
