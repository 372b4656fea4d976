import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askGdal, HAS_GDAL } from "../../../test/gdal.js";
import { openRaster, type RasterReader } from "../reader.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sigmax-jp2-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What GDAL makes, and what it reads of it. */
interface Case {
  readonly name: string;
  readonly type: "Byte" | "UInt16" | "Int16";
  readonly bands: number;
  readonly lowest: number;
  readonly highest: number;
  readonly epsg: number;
  readonly options: readonly string[];
}

const ODD_TILES = ["BLOCKXSIZE=96", "BLOCKYSIZE=64", "RESOLUTIONS=2"];
const REVERSIBLE = ["REVERSIBLE=YES", "QUALITY=100"];
const U16 = { type: "UInt16", lowest: 0, highest: 65_535, epsg: 32618 } as const;
const CASES: readonly Case[] = [
  { ...U16, name: "lossy.jp2", bands: 1, options: ODD_TILES },
  { ...U16, name: "five-reversible.jp2", bands: 5, options: [...ODD_TILES, ...REVERSIBLE] },
  { ...U16, name: "two-lossy.jp2", bands: 2, highest: 4095, options: [...ODD_TILES, "NBITS=12", "GeoJP2=NO"] },
  { ...U16, name: "colour.jp2", type: "Byte", bands: 3, highest: 255, epsg: 4326, options: [...ODD_TILES, "GeoJP2=NO"] },
  {
    ...U16,
    name: "signed.j2k",
    type: "Int16",
    bands: 1,
    lowest: -32_768,
    highest: 32_767,
    options: [...ODD_TILES, ...REVERSIBLE],
  },
  {
    ...U16,
    name: "parts.jp2",
    bands: 3,
    options: [...ODD_TILES, "TILEPARTS=RESOLUTIONS", "PLT=YES", "TLM=YES", "SOP=YES", "EPH=YES", "PROGRESSION=RPCL"],
  },
];

interface Answer {
  readonly values: number[];
  readonly transform: number[];
  readonly half: number[] | null;
}

const MAKE = `from osgeo import osr
answer = {}
for case in json.loads(args[1]):
    H, W, C = 150, 201, case['bands']
    b, r, c = numpy.mgrid[0:C, 0:H, 0:W]
    span = case['highest'] - case['lowest'] + 1
    values = (b * 977 + r * 531 + c * 217 + (r * c) % 131) % span + case['lowest']
    memory = gdal.GetDriverByName('MEM').Create('', W, H, C, getattr(gdal, 'GDT_' + case['type']))
    crs = osr.SpatialReference(); crs.ImportFromEPSG(case['epsg']); memory.SetProjection(crs.ExportToWkt())
    memory.SetGeoTransform((300000, 10, 0, 4500000, 0, -10) if case['epsg'] != 4326 else (10, 0.001, 0, 50, 0, -0.002))
    for i in range(C): memory.GetRasterBand(i + 1).WriteArray(values[i])
    path = args[0] + '/' + case['name']
    gdal.GetDriverByName('JP2OpenJPEG').CreateCopy(path, memory, options=case['options'])
    read = gdal.Open(path)
    bands = [read.GetRasterBand(i + 1) for i in range(C)]
    half = numpy.stack([band.GetOverview(0).ReadAsArray() for band in bands]).ravel().tolist() if bands[0].GetOverviewCount() else None
    answer[case['name']] = {'values': read.ReadAsArray().ravel().tolist(), 'transform': read.GetGeoTransform(), 'half': half}`;

describe.skipIf(!HAS_GDAL)("JPEG 2000 is read as GDAL reads it", () => {
  let answers: Record<string, Answer>;
  // While one file is open, the threads that decode stay.
  let held: RasterReader;
  afterAll(() => held.close());
  beforeAll(async () => {
    // The answer is what MAKE says it is.
    answers = askGdal(MAKE, folder, JSON.stringify(CASES)) as Record<string, Answer>;
    held = await openRaster(join(folder, CASES[0].name));
  }, 60_000);

  it.each(CASES)(
    "$name",
    async ({ name, bands, epsg }) => {
      const reader = await openRaster(join(folder, name));
      const { values, transform, half } = answers[name];
      const all = Array.from({ length: bands }, (_, band) => band);
      const { data, widthPx, heightPx, georeference } = await reader.read({ bands: all });
      expect(
        Buffer.from(data.buffer).equals(
          Buffer.from(
            data
              .slice()
              .fill(0)
              .map((_, i) => values[i]).buffer,
          ),
        ),
      ).toBe(true);
      expect(georeference?.crs?.epsg).toBe(epsg);
      for (const [i, value] of transform.entries()) expect(georeference?.transform[i]).toBeCloseTo(value, 9);

      // Across the corners of four tiles.
      const window = { leftPx: 90, topPx: 60, widthPx: 12, heightPx: 9 };
      const part = await reader.read({ window, bands: [bands - 1] });
      const start = (bands - 1) * widthPx * heightPx;
      const expected = Array.from(
        { length: 12 * 9 },
        (_, i) => values[start + (60 + Math.floor(i / 12)) * widthPx + 90 + (i % 12)],
      );
      expect([...part.data]).toEqual(expected);
      if (half !== null) expect([...(await reader.read({ level: 1, bands: all })).data]).toEqual(half);
      await reader.close();
    },
    30_000,
  );
});
