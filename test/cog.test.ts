import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Raster } from "../src/raster/raster.js";
import { newSamples } from "../src/raster/samples.js";
import { type CogOptions, createCog, type RasterWriter } from "../src/raster/write/cog.js";
import { askGdal, HAS_GDAL } from "./gdal.js";
import { cogFaults, directoriesOf } from "./tiff-structure.js";
import { UTM_18S } from "./utm-18s.js";

let work: string;
let path: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "sigmax-cog-"));
  path = join(work, "map.tif");
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const TILE_OFFSETS = 324;

type Options = Omit<CogOptions, "path">;

/** Smooth, with every seventh pixel or so nodata where there is one, so that whole 2 × 2 cells are too. */
function pixels({ widthPx, heightPx, dtype, bands, nodata, palette }: Options): Raster["data"] {
  const data = newSamples(dtype, bands.length * widthPx * heightPx);
  for (let band = 0; band < bands.length; band++) {
    for (let row = 0; row < heightPx; row++) {
      for (let column = 0; column < widthPx; column++) {
        const hole = Math.imul((row >> 1) * 131 + (column >> 1) + (row & column & 1), 2654435761) >>> 29 === 0;
        const wave = 40 * Math.sin(column / 9 + band) + 40 * Math.cos(row / 7) + ((row * 7 + column * 13) % 5);
        const value = palette === undefined ? wave + 100 : (wave + 100) % palette.length;
        data[(band * heightPx + row) * widthPx + column] = hole && nodata !== undefined ? nodata : value;
      }
    }
  }
  return data;
}

interface Place {
  readonly left: number;
  readonly top: number;
}

function places({ widthPx, heightPx }: Options, step: number): Place[] {
  const found: Place[] = [];
  for (let top = 0; top < heightPx; top += step) for (let left = 0; left < widthPx; left += step) found.push({ left, top });
  return found;
}

function windowAt(options: Options, data: Raster["data"], { left, top }: Place, step: number) {
  const widthPx = Math.min(step, options.widthPx - left);
  const heightPx = Math.min(step, options.heightPx - top);
  const part = newSamples(options.dtype, options.bands.length * widthPx * heightPx);
  for (let index = 0; index < part.length; index++) {
    const [band, row, column] = [Math.floor(index / widthPx / heightPx), Math.floor(index / widthPx) % heightPx, index % widthPx];
    part[index] = data[(band * options.heightPx + top + row) * options.widthPx + left + column];
  }
  return { data: part, widthPx, heightPx };
}

/** Writes all windows, or those of the list, and finishes. */
async function write(options: Options, { step = options.blockPx ?? 512, list = places(options, step), to = path } = {}) {
  const data = pixels(options);
  const writer = await createCog({ ...options, path: to });
  for (const place of list) await writer.write(place.left, place.top, windowAt(options, data, place, step));
  await writer.finish();
  return data;
}

const named = (...names: string[]) => names.map((name) => ({ name }));
const many = (count: number) => named(...Array.from({ length: count }, (_, band) => `b${band}`));
const PALETTE = [
  [0, 0, 0],
  [10, 90, 200],
  [0, 120, 40],
  [255, 250, 1],
] as const;

const CASES: Readonly<Record<string, Options>> = {
  "uint8, one band": { widthPx: 100, heightPx: 70, dtype: "uint8", bands: many(1), blockPx: 16 },
  "uint8 colour, odd sizes": { widthPx: 101, heightPx: 67, dtype: "uint8", bands: named("red", "green", "blue"), blockPx: 32 },
  "uint16, four bands, nodata": { widthPx: 131, heightPx: 97, dtype: "uint16", bands: many(4), nodata: 0, blockPx: 32 },
  "uint16, thirteen bands": { widthPx: 75, heightPx: 90, dtype: "uint16", bands: many(13), nodata: 65535, blockPx: 32 },
  "int16, nodata below": { widthPx: 65, heightPx: 129, dtype: "int16", bands: many(2), nodata: -32768, blockPx: 16 },
  "uint32, int32": { widthPx: 40, heightPx: 40, dtype: "uint32", bands: many(1), blockPx: 16 },
  "int32, five bands": { widthPx: 40, heightPx: 41, dtype: "int32", bands: many(5), nodata: -1, blockPx: 16 },
  "float32, NaN": { widthPx: 97, heightPx: 51, dtype: "float32", bands: many(2), nodata: Number.NaN, blockPx: 16 },
  "float32, nodata that float32 rounds": {
    widthPx: 60,
    heightPx: 60,
    dtype: "float32",
    bands: many(6),
    nodata: -0.1,
    blockPx: 16,
  },
  float64: { widthPx: 50, heightPx: 33, dtype: "float64", bands: many(1), nodata: -9999, blockPx: 16 },
  "classes with colours": {
    widthPx: 133,
    heightPx: 77,
    dtype: "uint8",
    bands: named("class"),
    nodata: 0,
    palette: PALETTE,
    blockPx: 16,
  },
  "a wide strip": { widthPx: 700, heightPx: 1, dtype: "uint8", bands: many(1), blockPx: 16 },
  "one pixel": { widthPx: 1, heightPx: 1, dtype: "uint16", bands: many(1) },
  "larger blocks than the raster": { widthPx: 600, heightPx: 530, dtype: "uint8", bands: many(1), blockPx: 1024 },
  BigTIFF: { widthPx: 100, heightPx: 70, dtype: "uint16", bands: many(5), blockPx: 16, classicBytes: 1000 },
};
const cases = Object.entries(CASES);

describe("a COG", () => {
  it.each(cases)("has its directories first and its blocks in order: %s", async (_, options) => {
    await write(options);
    const bytes = readFileSync(path);
    expect(cogFaults(bytes)).toEqual([]);
    expect(directoriesOf(bytes).big).toBe(options.classicBytes !== undefined);
    expect(readdirSync(work)).toEqual(["map.tif"]);
  });

  it("is the same bytes whatever the order and the size of the windows", async () => {
    const options = CASES["uint16, four bands, nodata"];
    await write(options);
    const shuffled = places(options, 32).sort((a, b) => ((a.left * 7 + a.top * 13) % 31) - ((b.left * 7 + b.top * 13) % 31));
    await write(options, { list: shuffled, to: join(work, "shuffled.tif") });
    await write(options, { step: 96, to: join(work, "large.tif") });
    expect(readFileSync(join(work, "shuffled.tif"))).toEqual(readFileSync(path));
    expect(readFileSync(join(work, "large.tif"))).toEqual(readFileSync(path));
  });

  it("leaves out the blocks that were never written", async () => {
    const options = CASES["uint16, four bands, nodata"];
    await write(options, { list: [{ left: 32, top: 64 }] });
    const bytes = readFileSync(path);
    expect(cogFaults(bytes)).toEqual([]);
    const offsets = directoriesOf(bytes).directories.map(({ tags }) => tags.get(TILE_OFFSETS)?.map((offset) => offset > 0));
    expect(offsets[0]).toEqual(Array.from({ length: 20 }, (_, block) => block === 11));
    expect(offsets[1]).toEqual([false, false, false, true, false, false]);
  });

  it("replaces a file only by force, and with it what lies beside it and speaks of its pixels", async () => {
    const options = { ...CASES["classes with colours"], categories: ["none", "a <wood> & more"] };
    await write(options);
    expect(readdirSync(work)).toEqual(["map.tif", "map.tif.aux.xml"]);
    await expect(createCog({ ...options, path })).rejects.toThrow(expect.objectContaining({ code: "exists" }));
    for (const suffix of [".msk", ".ovr"]) writeFileSync(path + suffix, "of the old pixels");
    await write({ ...options, categories: ["new"], force: true });
    expect(readdirSync(work)).toEqual(["map.tif", "map.tif.aux.xml"]);
    expect(readFileSync(`${path}.aux.xml`, "utf8")).toContain("<Category>new</Category>");
    await write({ ...CASES["one pixel"], force: true });
    expect(readdirSync(work)).toEqual(["map.tif"]);
  });
});

describe("a COG that is not finished", () => {
  const options = CASES["uint8, one band"];
  const begun = async (more: Partial<CogOptions> = {}): Promise<RasterWriter> => {
    const writer = await createCog({ ...options, path, ...more });
    await writer.write(0, 0, windowAt(options, pixels(options), { left: 0, top: 0 }, 32));
    return writer;
  };

  it("leaves nothing behind when it is closed, and keeps what was there", async () => {
    writeFileSync(path, "kept");
    const writer = await begun({ force: true });
    await writer.close();
    await writer.close();
    expect(readdirSync(work)).toEqual(["map.tif"]);
    expect(readFileSync(path, "utf8")).toBe("kept");
    await expect(writer.finish()).rejects.toThrow(RangeError);
  });

  // Windows removes the names of open files only when they are closed.
  it.skipIf(process.platform === "win32")("has no file that a killed process would leave", async () => {
    const writer = await begun();
    expect(readdirSync(work)).toEqual([]);
    await writer.close();
  });

  it("stops when it is told to, in a window and at the end", async () => {
    for (const last of ["write", "finish"] as const) {
      const stop = new AbortController();
      const writer = await begun({ signal: stop.signal });
      stop.abort();
      const window = windowAt(options, pixels(options), { left: 32, top: 0 }, 32);
      const work = last === "write" ? writer.write(32, 0, window) : writer.finish();
      await expect(work).rejects.toThrow(expect.objectContaining({ code: "aborted" }));
      await writer.close();
    }
    expect(readdirSync(work)).toEqual([]);
  });

  it("tells of a place that cannot be written as io, and leaves nothing", async () => {
    writeFileSync(join(work, "file"), "");
    await expect(begun({ path: join(work, "file/map.tif") })).rejects.toThrow(expect.objectContaining({ code: "io" }));
    const writer = await begun({ path: work, force: true, categories: ["a"] });
    await expect(writer.finish()).rejects.toThrow(expect.objectContaining({ code: "io" }));
    expect(readdirSync(work)).toEqual(["file"]);
    expect(existsSync(`${work}.aux.xml`)).toBe(false);
  });

  it("leaves what lies beside the old file as it was where the new one cannot appear", async () => {
    const old = { "map.tif.aux.xml": "names", "map.tif.msk": "mask", "map.tif.ovr": "overviews" };
    for (const [name, text] of Object.entries(old)) writeFileSync(join(work, name), text);
    // A file cannot take the place of a folder.
    mkdirSync(path);
    const writer = await begun({ force: true, categories: ["a"] });
    await expect(writer.finish()).rejects.toThrow(expect.objectContaining({ code: "io" }));
    expect(readdirSync(work).sort()).toEqual(["map.tif", ...Object.keys(old)]);
    for (const [name, text] of Object.entries(old)) expect(readFileSync(join(work, name), "utf8")).toBe(text);
    rmSync(path, { recursive: true });
    rmSync(`${path}.ovr`);
    mkdirSync(`${path}.ovr`);
    const another = await begun({ force: true });
    await expect(another.finish()).rejects.toThrow(
      expect.objectContaining({ code: "io", message: expect.stringContaining(".ovr") }),
    );
    expect(readdirSync(work).sort()).toEqual(Object.keys(old));
  });

  it("refuses windows that are no whole blocks, come twice or hold something else, and goes on", async () => {
    const writer = await begun();
    const window = (widthPx: number, heightPx: number) => ({ data: new Uint8Array(widthPx * heightPx), widthPx, heightPx });
    for (const [left, top, part] of [
      [8, 0, window(16, 16)],
      [48, 0, window(8, 16)],
      [96, 64, window(16, 6)],
      [0, 16, window(16, 16)],
      [48, 0, { ...window(16, 16), data: new Uint8Array(255) }],
      [48, 0, { ...window(16, 16), data: new Int16Array(256) }],
    ] as const) {
      await expect(writer.write(left, top, part)).rejects.toThrow(RangeError);
    }
    await writer.write(96, 64, window(4, 6));
    await writer.finish();
    expect(cogFaults(readFileSync(path))).toEqual([]);
  });

  it.each<[why: string, wrong: Partial<CogOptions>]>([
    ["no bands", { bands: [] }],
    ["a side of 0", { widthPx: 0 }],
    ["blocks of 20 pixels", { blockPx: 20 }],
    ["colours for two bands", { bands: many(2), palette: PALETTE }],
    ["more colours than values", { palette: new Array(257).fill([0, 0, 0]) }],
    ["a colour above 255", { palette: [[0, 256, 0]] }],
    ["a colour below 0", { palette: [[-1, 0, 0]] }],
    ["a colour that is no whole number", { palette: [[0, 0, 0.5]] }],
    ["a colour that is no number", { palette: [[Number.NaN, 0, 0]] }],
  ])("is refused for %s", async (_, wrong) => {
    await expect(createCog({ ...options, path, ...wrong })).rejects.toThrow(RangeError);
  });
});

const VALIDATE = `
from osgeo_utils.samples.validate_cloud_optimized_geotiff import validate
warnings, errors, details = validate(args[0], full_check=True)
`;
/** Halves by numpy, written apart from ours: nanmean of 2 × 2 cells. */
const HALVE = `
def halve(a, nodata, whole, mode):
  v = a.astype('f8')
  if nodata is not None: v[a == a.dtype.type(nodata)] = numpy.nan
  h, w = v.shape[1:]
  v = numpy.pad(v, ((0, 0), (0, h % 2), (0, w % 2)), constant_values=numpy.nan)
  cells = numpy.stack([v[:, i::2, j::2] for i in (0, 1) for j in (0, 1)], -1)
  if mode:
    counts = numpy.stack([(cells == k).sum(-1) for k in range(256)], -1)
    out = counts.argmax(-1).astype('f8')
    out[numpy.isnan(cells).all(-1)] = numpy.nan
  else:
    n = (~numpy.isnan(cells)).sum(-1)
    with numpy.errstate(invalid='ignore', divide='ignore'): out = numpy.nansum(cells, -1) / n
    if whole: out = numpy.floor(out + 0.5)
  if nodata is not None: out[numpy.isnan(out)] = a.dtype.type(nodata)
  return out.astype(a.dtype)
`;

describe.skipIf(!HAS_GDAL)("a COG, read by GDAL", () => {
  it.each(cases)("passes the validator, and has the pixels on every level: %s", async (_, options) => {
    const data = await write(options);
    const raw = join(work, "raw");
    writeFileSync(raw, data);
    const answer = askGdal(
      `${VALIDATE}${HALVE}
d = gdal.Open(args[0])
b = [d.GetRasterBand(i + 1) for i in range(d.RasterCount)]
a = numpy.fromfile(args[1], args[2]).reshape(d.RasterCount, d.RasterYSize, d.RasterXSize)
same = lambda x, y: bool(x.dtype == y.dtype and x.shape == y.shape and ((x == y) | ((x != x) & (y != y))).all())
levels = [same(a, d.ReadAsArray().reshape(a.shape))]
for level in range(b[0].GetOverviewCount()):
  a = halve(a, b[0].GetNoDataValue(), a.dtype.kind != 'f', args[3] == 'mode')
  levels.append(same(a, numpy.stack([x.GetOverview(level).ReadAsArray() for x in b])))
answer = [errors, warnings, levels]`,
      path,
      raw,
      options.dtype,
      options.palette === undefined ? "average" : "mode",
    );
    const { directories } = directoriesOf(readFileSync(path));
    expect(answer).toEqual([[], [], directories.map(() => true)]);
  });

  it("has names, scales, nodata, place and metadata", async () => {
    const options: Options = {
      ...CASES["uint16, four bands, nodata"],
      bands: [{ name: "forest", scaling: { scale: 1 / 65534, offset: 0 } }, { name: "water" }, { name: "ñandú" }, { name: "b" }],
      georeference: { crs: UTM_18S, transform: [500_000, 30, 0, 9_000_000, 0, -30] },
      metadata: { SIGMAX_CLASSIFIER_SHA256: "ab<c" },
    };
    await write(options);
    const answer = askGdal(
      `d = gdal.Open(args[0])
b = [d.GetRasterBand(i + 1) for i in range(4)]
answer = [[x.GetDescription() for x in b], b[0].GetScale(), b[1].GetScale(), [x.GetNoDataValue() for x in b], d.GetSpatialRef().GetAuthorityCode(None), list(d.GetGeoTransform()), d.GetMetadataItem("SIGMAX_CLASSIFIER_SHA256"), d.GetMetadataItem("COMPRESSION", "IMAGE_STRUCTURE")]`,
      path,
    );
    expect(answer).toEqual([
      ["forest", "water", "ñandú", "b"],
      1 / 65534,
      null,
      [0, 0, 0, 0],
      "32718",
      [500_000, 30, 0, 9_000_000, 0, -30],
      "ab<c",
      "DEFLATE",
    ]);
  });

  it("has colours and names of classes", async () => {
    await write({ ...CASES["classes with colours"], nodata: undefined, categories: ["none", "water & <reed>", "", "corn"] });
    const answer = askGdal(
      `d = gdal.Open(args[0])
b = d.GetRasterBand(1)
t = b.GetColorTable()
answer = [[list(t.GetColorEntry(i)) for i in range(5)], b.GetCategoryNames(), gdal.GetColorInterpretationName(b.GetColorInterpretation()), b.GetOverview(0).GetColorTable() is not None]`,
      path,
    );
    const opaque = PALETTE.map((colour) => [...colour, 255]);
    expect(answer).toEqual([[...opaque, [0, 0, 0, 255]], ["none", "water & <reed>", "", "corn"], "Palette", true]);
  });

  it("reads as nodata where nothing was written, as 0 where there is none, on every level", async () => {
    for (const [nodata, nothing] of [
      [65535, 65535],
      [undefined, 0],
    ] as const) {
      const options: Options = { ...CASES["uint16, four bands, nodata"], nodata, force: true };
      await write(options, { list: [{ left: 32, top: 64 }] });
      const answer = askGdal(
        `${VALIDATE}
d = gdal.Open(args[0])
b = d.GetRasterBand(1)
a, o = b.ReadAsArray(), b.GetOverview(0).ReadAsArray()
a[64:96, 32:64] = a[0, 0]
o[32:48, 16:32] = o[0, 0]
answer = [errors, warnings, numpy.unique(a).tolist(), numpy.unique(o).tolist()]`,
        path,
      );
      expect(answer).toEqual([[], [], [nothing], [nothing]]);
    }
  });

  it("is compressed by ZSTD where that is wanted", async () => {
    const options: Options = { ...CASES["float32, NaN"], compression: "zstd" };
    const raw = join(work, "raw");
    writeFileSync(raw, await write(options));
    const answer = askGdal(
      `${VALIDATE}
d = gdal.Open(args[0])
a = numpy.fromfile(args[1], "float32").reshape(2, d.RasterYSize, d.RasterXSize)
answer = [errors, warnings, d.GetMetadataItem("COMPRESSION", "IMAGE_STRUCTURE"), bool(numpy.array_equal(a, d.ReadAsArray(), equal_nan=True))]`,
      path,
      raw,
    );
    expect(answer).toEqual([[], [], "ZSTD", true]);
  });

  it("has no overviews where none are wanted", async () => {
    await write({ ...CASES["uint8, one band"], overviews: "none" });
    const answer = askGdal(
      `${VALIDATE}\nanswer = [errors, warnings, gdal.Info(args[0], format="json")["bands"][0].get("overviews")]`,
      path,
    );
    expect(answer).toEqual([[], [], null]);
  });
});
