import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { openRaster } from "../src/raster/reader.js";
import { plainTags, type TiffPage, tiffBytes } from "../src/raster/tiff/tiff-file.cases.js";
import { askGdal, HAS_GDAL } from "./gdal.js";

const work = mkdtempSync(join(tmpdir(), "sigmax-geotiff-read-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

async function samplesOf(path: string): Promise<readonly number[]> {
  const reader = await openRaster(path);
  try {
    return [...(await reader.read({ bands: reader.info.bands.map((_, band) => band) })).data];
  } finally {
    await reader.close();
  }
}

const READ = "answer = gdal.Open(args[0]).ReadAsArray().ravel().tolist()";

describe.skipIf(!HAS_GDAL)("a GeoTIFF, read as GDAL reads it", () => {
  it.each<[width: number, height: number, bands: number, type: string, ...options: string[]]>([
    [1, 1, 3, "Byte", "TILED=YES"],
    [10, 10, 4, "Float64", "TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "COMPRESS=DEFLATE"],
    [1000, 16, 4, "Float32", "TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "COMPRESS=LZW"],
    [3, 200, 20, "UInt16", "TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "INTERLEAVE=BAND", "COMPRESS=DEFLATE"],
    [5, 5, 1, "Int16", "TILED=YES", "BLOCKXSIZE=4096", "BLOCKYSIZE=4096", "COMPRESS=DEFLATE"],
  ])("that is smaller than its tiles: %i × %i pixels in %i bands of %s, %s", async (width, height, bands, type, ...options) => {
    const path = join(work, "small.tif");
    const theirs = askGdal(
      `width, height, bands = [int(a) for a in args[1:4]]
d = gdal.GetDriverByName("GTiff").Create(args[0], width, height, bands, gdal.GetDataTypeByName(args[4]), args[5:])
d.WriteArray((numpy.arange(width * height * bands).reshape(bands, height, width) % 251))
d = None
${READ}`,
      path,
      ...[width, height, bands, type].map(String),
      ...options,
    );
    expect(await samplesOf(path)).toEqual(theirs);
  });

  it.each<[why: string, page: TiffPage]>([
    [
      "with rows below the image",
      {
        tags: { ...plainTags(2, 2), compression: [8], rowsPerStrip: [8] },
        blocks: [deflateSync(Uint8Array.from({ length: 16 }, (_, i) => i))],
      },
    ],
    [
      "with a few bytes left over",
      { tags: { ...plainTags(2, 2), compression: [8] }, blocks: [deflateSync(Uint8Array.from({ length: 7 }, (_, i) => i))] },
    ],
  ])("whose Deflate strips hold more than its rows: %s", async (_, page) => {
    const path = join(work, "surplus.tif");
    writeFileSync(path, tiffBytes([page]));
    expect(await samplesOf(path)).toEqual(askGdal(READ, path));
  });
});
