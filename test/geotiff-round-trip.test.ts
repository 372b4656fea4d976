import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { createRandom } from "../src/random.js";
import type { Raster } from "../src/raster/raster.js";
import { openRaster, readRasterBytes } from "../src/raster/reader.js";
import { createCog } from "../src/raster/write/cog.js";
import { encodeGeoTiff } from "../src/raster/write/tiff.js";
import { UTM_18S } from "./utm-18s.js";

const work = mkdtempSync(join(tmpdir(), "sigmax-round-trip-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const random = createRandom(1, "round trip");
const chip = {
  bands: ["red", "nir & <swir>", "ndvi"],
  widthPx: 70,
  heightPx: 50,
  dtype: "uint16",
  data: Uint16Array.from({ length: 3 * 70 * 50 }, () => random.int(2 ** 16)),
  nodata: 0,
  scaling: [0, 1, 2].map((band) => ({ scale: 1e-4, offset: -0.1 * (band + 1) })),
  georeference: { crs: UTM_18S, transform: [500_000, 30, 0, 9_100_000, 0, -30] },
} satisfies Raster;

it("a chip comes back as it was written: samples, names, nodata, scale, place", async () => {
  const found = await readRasterBytes(await encodeGeoTiff(chip), { file: "chip.tif", maxPixels: 1e6, maxBytes: 1e8 });
  expect(found).toMatchObject({ bands: chip.bands, dtype: "uint16", nodata: 0, scaling: chip.scaling });
  expect(found.data).toEqual(chip.data);
  expect(found.georeference?.transform).toEqual(chip.georeference?.transform);
  expect(found.georeference?.crs).toMatchObject({ epsg: 32718, name: UTM_18S.name, kind: "projected", metersPerUnit: 1 });
});

it("a name of a reference system comes back in any alphabet, and again", async () => {
  const limits = { file: "chip.tif", maxPixels: 1e6, maxBytes: 1e8 };
  const crs = { ...UTM_18S, epsg: undefined, name: "сетка Kraków", kind: "unknown" as const };
  const place = { crs, transform: chip.georeference.transform };
  const once = await readRasterBytes(await encodeGeoTiff({ ...chip, georeference: place }), limits);
  expect(once.georeference?.crs?.name).toBe(crs.name);
  expect((await readRasterBytes(await encodeGeoTiff(once), limits)).georeference?.crs?.name).toBe(crs.name);
});

it("a COG comes back with its colours and categories, and every window of it", async () => {
  const path = join(work, "map.tif");
  const [widthPx, heightPx] = [300, 200];
  const data = Uint8Array.from({ length: widthPx * heightPx }, () => random.int(3));
  const writer = await createCog({
    path,
    widthPx,
    heightPx,
    dtype: "uint8",
    bands: [{ name: "class" }],
    nodata: 0,
    palette: [
      [0, 0, 0],
      [10, 120, 30],
      [200, 40, 40],
    ],
    categories: ["none", "forest", "urban"],
    georeference: chip.georeference,
    blockPx: 128,
  });
  await writer.write(0, 0, { data, widthPx, heightPx });
  await writer.finish();
  const reader = await openRaster(path);
  try {
    expect(reader.info).toMatchObject({ widthPx, heightPx, nodata: 0, categories: ["none", "forest", "urban"] });
    expect(reader.info.palette?.slice(0, 3).map((colour) => colour.slice(0, 3))).toEqual([
      [0, 0, 0],
      [10, 120, 30],
      [200, 40, 40],
    ]);
    expect(reader.info.levels.length).toBeGreaterThan(1);
    const window = { leftPx: 100, topPx: 60, widthPx: 90, heightPx: 100 };
    const part = await reader.read({ window });
    for (let y = 0; y < window.heightPx; y++) {
      const from = (window.topPx + y) * widthPx + window.leftPx;
      expect(part.data.subarray(y * window.widthPx, (y + 1) * window.widthPx)).toEqual(
        data.subarray(from, from + window.widthPx),
      );
    }
  } finally {
    await reader.close();
  }
});
