import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UTM_18S } from "../../test/utm-18s.js";
import { openRaster, type RasterInfo } from "../raster/reader.js";
import { encodeGeoTiff } from "../raster/write/tiff.js";
import { cellGrid } from "./cells.js";
import { openClip } from "./clip.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-clip-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [widthPx, heightPx] = [100, 70];
const raster = { bands: ["grey"], widthPx, heightPx, dtype: "uint8" as const, data: new Uint8Array(widthPx * heightPx) };
const infoOf = async (georeference?: Parameters<typeof encodeGeoTiff>[0]["georeference"]): Promise<RasterInfo> => {
  const reader = await openRaster(await encodeGeoTiff({ ...raster, ...(georeference && { georeference }) }), {
    file: "scene.tif",
  });
  await reader.close();
  return reader.info;
};

/** A triangle with a corner at the upper left, in pixels of the scene. */
function triangle(name: string, left: number, top: number, side: number, crs: unknown = "EPSG:32718"): string {
  const [x, y] = [500_000 + 10 * left, 9_000_000 - 10 * top];
  const ring = [
    [x, y],
    [x, y - 10 * side],
    [x + 10 * side, y],
    [x, y],
  ];
  const system = crs === undefined ? {} : { crs: { type: "name", properties: { name: crs } } };
  writeFileSync(join(folder, name), JSON.stringify({ type: "Polygon", coordinates: [ring], ...system }));
  return join(folder, name);
}

describe("openClip", () => {
  let scene: RasterInfo;
  beforeAll(async () => {
    scene = await infoOf({ crs: UTM_18S, transform: [500_000, 10, 0, 9_000_000, 0, -10] });
  });

  it("holds cells whose middle is inside, the cut off ones at the edge too", async () => {
    const clip = await openClip(triangle("half.geojson", 0, 0, 150), scene, undefined);
    const cells = cellGrid(scene, { chipPx: 16, stridePx: 16 });
    const { wanted, outside } = clip.cells(cells);
    let count = 0;
    for (let row = 0; row < 5; row++) {
      for (let column = 0; column < 7; column++) {
        // The last column is 4 pixels wide, the last row 6 high.
        const [x, y] = [column === 6 ? 98 : column * 16 + 8, row === 4 ? 67 : row * 16 + 8];
        expect(wanted(column, row), `${column}, ${row}`).toBe(x + y < 150);
        if (x + y >= 150) count++;
      }
    }
    expect(outside).toBe(count);
    expect(count).toBeGreaterThan(0);
  });

  it("is refused for a scene without a reference system, naming both files and what to do", async () => {
    const without = await infoOf({ crs: undefined, transform: [500_000, 10, 0, 9_000_000, 0, -10] });
    const clip = triangle("placed.geojson", 0, 0, 60);
    await expect(openClip(clip, without, undefined)).rejects.toMatchObject({
      code: "bad-data",
      message: `scene.tif: does not say its reference system, so nobody knows where ${clip} lies on it`,
      hint: "Say what it is: gdal_translate -a_srs EPSG:<code> scene.tif out.tif",
    });
  });

  it("holds windows that are wholly inside", async () => {
    const clip = await openClip(triangle("corner.geojson", 0, 0, 60), scene, undefined);
    const windows = Array.from({ length: 24 }, (_, i) => ({
      leftPx: 16 * (i % 6),
      topPx: 16 * Math.floor(i / 6),
      widthPx: 16,
      heightPx: 16,
    }));
    expect(clip.windows(windows).map(({ leftPx, topPx }) => [leftPx, topPx])).toEqual([
      [0, 0],
      [16, 0],
      [0, 16],
    ]);
    expect(clip.windows([])).toEqual([]);
  });

  it("refuses what meets no cell, or lies elsewhere, naming both extents", async () => {
    const cells = cellGrid(scene, { chipPx: 16, stridePx: 16 });
    const places =
      "its polygons reach from 500100, 8999890 to 500110, 8999900, scene.tif from 500000, 8999300 to 501000, 9000000";
    const tiny = await openClip(triangle("tiny.geojson", 10, 10, 1), scene, undefined);
    expect(() => tiny.cells(cells)).toThrow(`the middle of no cell lies in it: ${places} (WGS 84 / UTM zone 18S)`);
    await expect(openClip(triangle("far.geojson", 900, 0, 50), scene, undefined)).rejects.toThrow(
      "far.geojson: lies elsewhere: its polygons reach from 509000, 8999500 to 509500, 9000000, scene.tif from",
    );
    const nowhere = await infoOf();
    await expect(openClip(triangle("tiny.geojson", 10, 10, 1), nowhere, undefined)).rejects.toThrow("does not say where it lies");
  });
});
