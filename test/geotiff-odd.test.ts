import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openRaster, type RasterInfo } from "../src/raster/reader.js";

const DATA = process.env.SIGMAX_DATA ?? "../shared/data";

/** What GDAL finds in a file, as `fixtures/gdal-values.py` prints it; or why it reads nothing. */
interface GdalValues {
  readonly error?: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly dtype: string;
  readonly sha256: string;
  readonly colours: readonly string[];
  readonly nodata: number | null;
  readonly transform: readonly number[] | null;
  readonly epsg: number | null;
  readonly overviews: readonly { readonly widthPx: number; readonly heightPx: number; readonly sha256: string }[];
}

const { files }: { files: Record<string, GdalValues> } = JSON.parse(readFileSync("test/fixtures/gdal-values.json", "utf8"));
const here = Object.entries(files).filter(([file]) => existsSync(join(DATA, file)));
if (here.length === 0) console.warn(`SKIPPED: none of the files of GDAL's values at ${DATA}; set SIGMAX_DATA`);

/** Files that are refused, each saying why. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  "geotiff-odd/empty.tif": /empty\.tif: the file is empty/,
  "geotiff-odd/truncated.tif": /cut off: 5 of 6 blocks lie beyond its end \(300000 bytes, the last block ends at byte 893624\)/,
  "geotiff-odd/pucallpa2020_LZMA.tif": /compressed with LZMA .*not read/,
};
const read = here.filter(([file]) => REFUSED[file] === undefined);
const refused = here.filter(([file]) => REFUSED[file] !== undefined);

const COLOURS: Readonly<Record<RasterInfo["bands"][number]["colour"], string>> = {
  grey: "Gray",
  red: "Red",
  green: "Green",
  blue: "Blue",
  alpha: "Alpha",
  palette: "Palette",
  undefined: "Undefined",
};

function sha256({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return createHash("sha256")
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest("hex");
}

describe("real GeoTIFFs of every kind", () => {
  it.skipIf(read.length === 0).each(read)("%s has GDAL's values, bands, nodata and place", async (file, gdal) => {
    const reader = await openRaster(join(DATA, file));
    const { info } = reader;
    expect(info).toMatchObject({ widthPx: gdal.widthPx, heightPx: gdal.heightPx, dtype: gdal.dtype });
    expect(info.bands.map(({ colour }) => COLOURS[colour])).toEqual(gdal.colours);
    expect(info.nodata ?? null).toBe(gdal.nodata);
    expect(info.georeference?.crs?.epsg ?? null).toBe(gdal.epsg);
    expect(info.georeference?.transform ?? null).toEqual(gdal.transform);
    const bands = info.bands.map((_, index) => index);
    expect(sha256((await reader.read({ bands })).data)).toBe(gdal.sha256);
    expect(info.levels.slice(1)).toEqual(gdal.overviews.map(({ widthPx, heightPx }) => ({ widthPx, heightPx })));
    for (const [index, overview] of gdal.overviews.entries()) {
      expect(sha256((await reader.read({ bands, level: index + 1 })).data)).toBe(overview.sha256);
    }
    await reader.close();
  });

  it.skipIf(refused.length === 0).each(refused)("%s is refused and says why", async (file) => {
    await expect(openRaster(join(DATA, file))).rejects.toMatchObject({
      name: "UserError",
      code: "bad-file",
      message: expect.stringMatching(REFUSED[file]),
      hint: expect.stringMatching(/gdal_translate -co COMPRESS=DEFLATE|Fetch/),
    });
  });

  it.skipIf(read.length === 0)("a collar of nodata counts as unmeasured, dark pixels inside do not", async () => {
    const reader = await openRaster(join(DATA, "geotiff-odd/utm18s_collar_nodata.tif"));
    const { data, valid, bands } = await reader.read();
    const pixels = data.length / bands.length;
    const allZero = Uint8Array.from({ length: pixels }, (_, i) =>
      bands.every((_band, band) => data[band * pixels + i] === 0) ? 0 : 1,
    );
    expect(allZero.includes(0)).toBe(true);
    expect(valid !== undefined && Buffer.from(valid).equals(allZero)).toBe(true);
    await reader.close();
  });
});
