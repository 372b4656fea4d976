import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeRaster } from "../src/raster/formats.js";
import { openRaster } from "../src/raster/reader.js";
import { askGdal, HAS_GDAL } from "./gdal.js";

const work = mkdtempSync(join(tmpdir(), "sigmax-geotiff-codecs-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => Buffer.from(buffer, byteOffset, byteLength);

/** What a made file holds: see `contents` in `MAKE`. */
type Content = "noise" | "alpha" | "clear" | "gaps" | "holes";

interface Made {
  readonly type: string;
  readonly bands: number;
  readonly content: Content;
  readonly options: readonly string[];
  /** Whether the file has a mask of its own. */
  readonly mask?: boolean;
}

const TYPES = ["Byte", "UInt16", "Int16", "UInt32", "Int32", "Float32", "Float64"];
const LAYOUTS = [
  ["INTERLEAVE=PIXEL", "BLOCKYSIZE=16"],
  ["INTERLEAVE=BAND", "TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=16"],
];

function* made(): Generator<Made> {
  for (const [index, type] of TYPES.entries()) {
    const float = type.startsWith("Float");
    for (const compression of ["ZSTD", "LERC", "LERC_DEFLATE", "LERC_ZSTD"]) {
      for (const [layout, options] of LAYOUTS.entries()) {
        const predictor = compression === "ZSTD" ? [`PREDICTOR=${1 + ((index + layout) % (float ? 3 : 2))}`] : [];
        const order = (index + layout) % 3 === 0 ? ["ENDIANNESS=BIG"] : [];
        yield { type, bands: 3, content: "noise", options: [`COMPRESS=${compression}`, ...options, ...predictor, ...order] };
        if (float) yield { type, bands: 1 + layout * 2, content: "gaps", options: [`COMPRESS=${compression}`, ...options] };
      }
    }
    if (float) yield { type, bands: 3, content: "holes", options: ["COMPRESS=LERC", "INTERLEAVE=PIXEL"] };
  }
  for (const type of ["Byte", "UInt16"]) {
    for (const content of ["alpha", "clear", "noise"] as const) {
      for (const options of LAYOUTS) yield { type, bands: 4, content, options: ["COMPRESS=LERC", "ALPHA=YES", ...options] };
    }
  }
  yield { type: "Byte", bands: 2, content: "noise", options: ["COMPRESS=LERC", "PIXELTYPE=SIGNEDBYTE"] };
  for (const options of LAYOUTS) {
    for (const bands of [1, 2, 3, 4]) yield { type: "Byte", bands, content: "noise", options: ["COMPRESS=JPEG", ...options] };
    yield { type: "Byte", bands: 9, content: "noise", options: ["COMPRESS=JPEG", "INTERLEAVE=BAND", ...options] };
    for (const lossless of ["YES", "NO"]) {
      const webp = ["COMPRESS=WEBP", `WEBP_LOSSLESS=${lossless}`, "INTERLEAVE=PIXEL", ...options];
      for (const content of ["noise", "alpha", "clear"] as const)
        yield { type: "Byte", bands: 4, content, options: [...webp, "ALPHA=YES"] };
      yield { type: "Byte", bands: 3, content: "noise", options: webp };
    }
    const ycbcr = ["COMPRESS=JPEG", "PHOTOMETRIC=YCBCR", "INTERLEAVE=PIXEL", ...options];
    for (const mask of [false, true]) yield { type: "Byte", bands: 3, content: "noise", options: ycbcr, mask };
    yield { type: "Byte", bands: 3, content: "noise", options: [...ycbcr, "JPEGTABLESMODE=0", "JPEG_QUALITY=95"] };
  }
}

const MAKE = `
gdal.PushErrorHandler("CPLQuietErrorHandler")
gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES")
width, height = 70, 41
y, x = numpy.mgrid[0:height, 0:width]
random = numpy.random.RandomState(1)
def contents(bands, content):
    a = numpy.stack([(x * (b + 1) + y * 2 + random.randint(0, 9, (height, width))) % 200 for b in range(bands)]).astype("f8")
    if content == "alpha": a[-1] = numpy.where(y < 9, 0, 255)
    if content == "clear": a[-1] = 255
    if content == "gaps": a[:, :9, 5:30] = numpy.nan
    if content == "holes":
        a[0, :9] = numpy.nan
        a[1, 5:20] = numpy.nan
    return a
answer = []
for i, case in enumerate(json.load(open(args[0] + "/cases.json"))):
    path = f"{args[0]}/{i}.tif"
    d = gdal.GetDriverByName("GTiff").Create(path, width, height, case["bands"], gdal.GetDataTypeByName(case["type"]), case["options"])
    d.SetGeoTransform([500000, 30, 0, 9000000, 0, -30])
    d.WriteArray(contents(case["bands"], case["content"]))
    if case.get("mask"):
        d.CreateMaskBand(gdal.GMF_PER_DATASET)
        d.GetRasterBand(1).GetMaskBand().WriteArray(numpy.where(x > y, 255, 0).astype("u1"))
    d = None
    d = gdal.Open(path)
    try:
        a = d.ReadAsArray()
        (a.astype("i2") if a.dtype == "i1" else a).tofile(path + ".values")
        if case.get("mask"): d.GetRasterBand(1).GetMaskBand().ReadAsArray().tofile(path + ".mask")
        answer.append(True)
    except RuntimeError:
        answer.append(False)`;

describe.skipIf(!HAS_GDAL)("a GeoTIFF in the codecs of pictures and numbers, as GDAL reads it", () => {
  const cases = [...made()];
  let isRead: readonly boolean[];
  beforeAll(() => {
    writeFileSync(join(work, "cases.json"), JSON.stringify(cases));
    isRead = askGdal(MAKE, work) as boolean[]; // one for each case
  });

  it.each(
    cases.map((made, index) => [`${made.type} × ${made.bands}, ${made.content}, ${made.options.join(" ")}`, index] as const),
  )("%s", async (_, index) => {
    const path = join(work, `${index}.tif`);
    const reader = await openRaster(path);
    const { info } = reader;
    const raster = await reader.read({ bands: info.bands.map((_band, band) => band) });
    await reader.close();
    // GDAL does not read its own blobs of interleaved floats whose bands all have the same gaps.
    if (!isRead[index]) return expect(cases[index].content).toBe("gaps");
    const theirs = readFileSync(`${path}.values`);
    expect(bytesOf(raster.data).equals(theirs)).toBe(true);
    if (cases[index].mask) {
      expect(info.validity).toBe("mask");
      expect(raster.valid?.map((valid) => valid * 255)).toEqual(new Uint8Array(readFileSync(`${path}.mask`)));
    }
    // What training and prediction read.
    const image = await decodeRaster(readFileSync(path), { file: path });
    const planeBytes = theirs.length / info.bands.length;
    const planes = info.bands.map((_band, band) => theirs.subarray(band * planeBytes, (band + 1) * planeBytes));
    const measured = planes.filter((_plane, band) => info.bands[band].colour !== "alpha");
    expect(bytesOf(image.data).equals(Buffer.concat(measured))).toBe(true);
  });
});
