import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Crs } from "../src/raster/geo/crs.js";
import type { Affine } from "../src/raster/geo/transform.js";
import type { Raster, RasterDType } from "../src/raster/raster.js";
import { readRasterBytes } from "../src/raster/reader.js";
import { newSamples } from "../src/raster/samples.js";
import { encodeGeoTiff } from "../src/raster/write/tiff.js";
import { askGdal, HAS_GDAL } from "./gdal.js";
import { UTM_18S } from "./utm-18s.js";

let work: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), "sigmax-geotiff-"));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

const WGS84: Crs = { ...UTM_18S, epsg: 4326, name: "WGS 84", kind: "geographic", metersPerUnit: undefined };
const NORTH_UP: Affine = [500_000, 30, 0, 9_000_000, 0, -30];

/** Values that use the whole range of the type and have both signs where it has. */
function rasterOf(dtype: RasterDType, bands: number, widthPx = 37, heightPx = 23): Raster {
  const data = newSamples(dtype, bands * widthPx * heightPx);
  for (let index = 0; index < data.length; index++) {
    data[index] = dtype.startsWith("float") ? Math.sin(index) * 10 ** ((index % 9) - 4) : Math.imul(index, 2654435761);
  }
  return { bands: Array.from({ length: bands }, (_, band) => `b${band}`), widthPx, heightPx, dtype, data };
}

async function written(raster: Parameters<typeof encodeGeoTiff>[0], options?: Parameters<typeof encodeGeoTiff>[1]) {
  const path = join(work, "chip.tif");
  writeFileSync(path, await encodeGeoTiff(raster, options));
  return path;
}

describe.skipIf(!HAS_GDAL)("a GeoTIFF, read by GDAL", () => {
  const dtypes: readonly RasterDType[] = ["uint8", "uint16", "int16", "uint32", "int32", "float32", "float64"];
  it.each(dtypes.flatMap((dtype) => [1, 3, 4, 5, 13].map((bands) => [dtype, bands] as const)))(
    "has the pixels of %s in %i bands",
    async (dtype, bands) => {
      const raster = rasterOf(dtype, bands);
      const answer = askGdal(
        "a = gdal.Open(args[0]).ReadAsArray()\nanswer = [str(a.dtype), a.ravel().tolist()]",
        await written(raster),
      );
      expect(answer).toEqual([dtype, [...raster.data]]);
    },
  );

  it("has pixels over several strips, and the rows of the last", async () => {
    const raster = rasterOf("float32", 2, 1000, 301);
    const [rows, same] = askGdal(
      "a = gdal.Open(args[0])\nb = numpy.fromfile(args[1], '<f4').reshape(2, 301, 1000)\nanswer = [a.GetRasterBand(1).GetBlockSize()[1], bool((a.ReadAsArray() == b).all())]",
      await written(raster),
      (() => {
        writeFileSync(join(work, "raw"), raster.data);
        return join(work, "raw");
      })(),
    ) as [number, boolean];
    expect(rows).toBeLessThan(301);
    expect(same).toBe(true);
  });

  it("has names, scales, nodata and metadata", async () => {
    const raster = {
      ...rasterOf("int16", 2),
      bands: ['red <"&> é', "nir"],
      nodata: -32768,
      scaling: [
        { scale: 0.0000275, offset: -0.2 },
        { scale: 1, offset: 0 },
      ],
    };
    const metadata = { SIGMAX_ODD: 'a <b> & "c" ü\nsecond line', SIGMAX_VALUES: "stored" };
    const answer = askGdal(
      `d = gdal.Open(args[0])
bands = [d.GetRasterBand(i + 1) for i in range(2)]
answer = [[[b.GetDescription(), b.GetScale(), b.GetOffset(), b.GetNoDataValue()] for b in bands], d.GetMetadata()]`,
      await written(raster, { metadata }),
    );
    expect(answer).toEqual([
      [
        ['red <"&> é', 0.0000275, -0.2, -32768],
        ["nir", 1, 0, -32768],
      ],
      expect.objectContaining(metadata),
    ]);
  });

  it.each([
    [Number.NaN, "nan"],
    [-3.4028234663852886e38, "-3.4028234663852886e+38"],
    [Number.NEGATIVE_INFINITY, "-inf"],
  ])("has %d as nodata", async (nodata, text) => {
    const path = await written({ ...rasterOf("float32", 1), nodata });
    expect(askGdal("d = gdal.Open(args[0])\nanswer = repr(d.GetRasterBand(1).GetNoDataValue())", path)).toBe(text);
  });

  it.each([
    ["projected", UTM_18S, NORTH_UP, "32718"],
    ["geographic", WGS84, [-75, 0.00025, 0, -8, 0, -0.00025] as Affine, "4326"],
    ["rotated", UTM_18S, [500_000.5, 25, 3.25, 9_000_000.125, 3.5, -24] as Affine, "32718"],
    ["south up", UTM_18S, [500_000, 30, 0, 9_000_000, 0, 30] as Affine, "32718"],
  ])("lies where a %s raster lies", async (_, crs, transform, code) => {
    const path = await written({ ...rasterOf("uint8", 1), georeference: { crs, transform } });
    const answer = askGdal(
      "d = gdal.Open(args[0])\nanswer = [d.GetSpatialRef().GetAuthorityCode(None), list(d.GetGeoTransform()), d.GetSpatialRef().GetName()]",
      path,
    );
    expect(answer).toEqual([code, [...transform], crs.name]);
  });

  it("keeps a transform without a reference system, and a reference system that has only a name", async () => {
    const bare = await written({ ...rasterOf("uint8", 1), georeference: { crs: undefined, transform: NORTH_UP } });
    expect(askGdal("d = gdal.Open(args[0])\nanswer = [d.GetSpatialRef() is None, list(d.GetGeoTransform())]", bare)).toEqual([
      true,
      [...NORTH_UP],
    ]);
    const crs: Crs = { ...UTM_18S, epsg: undefined, name: "mine grid", kind: "unknown" };
    const named = await written({ ...rasterOf("uint8", 1), georeference: { crs, transform: NORTH_UP } });
    expect(askGdal("answer = gdal.Open(args[0]).GetSpatialRef().GetName()", named)).toBe("mine grid");
  });

  it.each([
    ["tmerc", "+proj=tmerc +lat_0=0 +lon_0=117 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m"],
    ["laea", "+proj=laea +lat_0=-9 +lon_0=-74 +x_0=0 +y_0=0 +datum=WGS84 +units=m"],
    ["lcc", "+proj=lcc +lat_0=40 +lon_0=-96 +lat_1=20 +lat_2=60 +x_0=0 +y_0=0 +datum=NAD83 +units=m"],
    ["lcc in a unit of its own", "+proj=lcc +lat_0=40.5 +lon_0=-96 +lat_1=20 +lat_2=60 +datum=WGS84 +to_meter=2"],
  ])("writes the keys of a system without EPSG code back as GDAL wrote them: %s", async (_, proj4) => {
    const theirs = join(work, "theirs.tif");
    const [unit] = askGdal(
      `from osgeo import osr
s = osr.SpatialReference()
s.ImportFromProj4(args[1])
d = gdal.GetDriverByName("GTiff").Create(args[0], 4, 3, 1)
d.SetGeoTransform([500000, 30, 0, 9000000, 0, -30])
d.SetSpatialRef(s)
d.SetMetadataItem("AREA_OR_POINT", "Point")
answer = [s.GetLinearUnits()]`,
      theirs,
      proj4,
    ) as [number];
    const raster = await readRasterBytes(readFileSync(theirs), { file: theirs, maxPixels: 100, maxBytes: 100 });
    expect(raster.georeference?.crs).toMatchObject({ epsg: undefined, kind: "projected", metersPerUnit: unit });
    const answer = askGdal(
      `a, b = [gdal.Open(f) for f in args]
answer = [b.GetSpatialRef().ExportToProj4(), a.GetSpatialRef().ExportToProj4(), bool(a.GetSpatialRef().IsSame(b.GetSpatialRef())), b.GetMetadataItem("AREA_OR_POINT"), list(b.GetGeoTransform())]`,
      theirs,
      await written(raster),
    ) as [string, string, boolean, string, number[]];
    expect(answer[0]).toBe(answer[1]);
    expect(answer.slice(2)).toEqual([true, "Point", [...NORTH_UP]]);
  });

  it("calls red, green, blue and alpha by their colours, and nothing else", async () => {
    const colours = (path: string) =>
      askGdal(
        "d = gdal.Open(args[0])\nanswer = [gdal.GetColorInterpretationName(d.GetRasterBand(i + 1).GetColorInterpretation()) for i in range(d.RasterCount)]",
        path,
      );
    const rgba = { ...rasterOf("uint8", 4), bands: ["red", "green", "blue", "alpha"] };
    expect(colours(await written(rgba))).toEqual(["Red", "Green", "Blue", "Alpha"]);
    const nir = { ...rasterOf("uint16", 4), bands: ["red", "green", "blue", "nir"] };
    expect(colours(await written(nir))).toEqual(["Red", "Green", "Blue", "Undefined"]);
    const other = { ...rasterOf("uint16", 4), bands: ["nir", "red", "green", "swir"] };
    expect(colours(await written(other))).toEqual(["Gray", "Undefined", "Undefined", "Undefined"]);
  });
});

describe("a GeoTIFF", () => {
  it("is the same bytes for the same raster", async () => {
    const raster = { ...rasterOf("float32", 5), georeference: { crs: UTM_18S, transform: NORTH_UP } };
    expect(await encodeGeoTiff(raster)).toEqual(await encodeGeoTiff({ ...raster, data: raster.data.slice() }));
  });

  it("is refused where the samples do not fill the shape", async () => {
    await expect(encodeGeoTiff({ ...rasterOf("uint8", 2), heightPx: 24 })).rejects.toThrow(RangeError);
  });
});
