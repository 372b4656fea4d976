import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askGdal, HAS_GDAL } from "../../../test/gdal.js";
import { type Crs, crsOfEpsg } from "../../raster/geo/crs.js";
import { readVector } from "./read.js";
import { polygonsOfWkb } from "./wkb.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-geopackage-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

describe("well-known binary", () => {
  const utm = crsOfEpsg(32718) as Crs;
  const ring = [0, 0, 4, 0, 4, 4, 0, 0];
  /** A polygon of one ring: its code, the byte order, and how many numbers a point has. */
  const polygon = (code: number, isLittle: boolean, numbers = 2, count = ring.length / 2) => {
    const view = new DataView(new ArrayBuffer(13 + 8 * numbers * (ring.length / 2)));
    view.setUint8(0, isLittle ? 1 : 0);
    for (const [i, number] of [code, 1, count].entries()) view.setUint32(1 + 4 * i, number, isLittle);
    for (let i = 0; i < ring.length; i++) view.setFloat64(13 + 8 * ((i >> 1) * numbers + (i % 2)), ring[i], isLittle);
    return new Uint8Array(view.buffer);
  };

  it.each([
    ["little-endian", 3, true, 2],
    ["big-endian", 3, false, 2],
    ["with heights", 1003, true, 3],
    ["with heights and measures", 3003, true, 4],
    ["with heights as PostGIS says it", 2 ** 31 + 3, true, 3],
  ])("is read %s", (_, code, isLittle, numbers) => {
    const found = polygonsOfWkb(polygon(code, isLittle, numbers), utm);
    expect(found).toEqual([[Float64Array.from(ring)]]);
  });

  it("says why where it is none", () => {
    expect(polygonsOfWkb(polygon(3, true).subarray(0, 70), utm)).toBe("its geometry is cut off");
    expect(polygonsOfWkb(polygon(3, true, 2, 2 ** 32 - 1), utm)).toBe("its geometry is cut off");
    expect(polygonsOfWkb(polygon(10, true), utm)).toContain("curved");
    expect(polygonsOfWkb(polygon(1, true), utm)).toBe("points and lines cover no area");
    expect(polygonsOfWkb(new Uint8Array(0), utm)).toBe("its geometry is cut off");
    // Collections in collections: 9 bytes each.
    const nest = Uint8Array.from({ length: 9 * 40 }, (_, i) => [1, 7, 0, 0, 0, 1, 0, 0, 0][i % 9]);
    expect(polygonsOfWkb(nest, utm)).toContain("nested deeper");
  });
});

describe.skipIf(!HAS_GDAL)("GeoPackage", () => {
  beforeAll(() => {
    askGdal(
      `from osgeo import ogr, osr
gdal.UseExceptions()
system = osr.SpatialReference(); system.ImportFromEPSG(32718)
def layer(source, name, kind=ogr.wkbUnknown):
    made = source.CreateLayer(name, system, kind)
    made.CreateField(ogr.FieldDefn("class", ogr.OFTString)); made.CreateField(ogr.FieldDefn("code", ogr.OFTInteger64))
    return made
def add(made, name, code, text):
    feature = ogr.Feature(made.GetLayerDefn())
    if name is not None: feature["class"] = name
    feature["code"] = code
    if text is not None: feature.SetGeometry(ogr.CreateGeometryFromWkt(text))
    made.CreateFeature(feature)
driver = ogr.GetDriverByName("GPKG")
source = driver.CreateDataSource(args[0])
made = layer(source, 'land "cover"')
add(made, "forest", 3, "MULTIPOLYGON(((500000 8999000,500100 8999000,500100 9000000,500000 8999000)),((0 0,9 0,9 9,0 0),(5 1,6 1,6 2,5 1)))")
add(made, None, 4, "POLYGON Z((1 1 7,2 1 7,2 2 7,1 1 7))")
add(made, "point", 5, "POINT(1 2)")
add(made, "nothing", 6, None)
made = None; source = None
source = driver.CreateDataSource(args[1])
layer(source, "one"); layer(source, "two")
source = None
answer = 0`,
      at("land.gpkg"),
      at("two.gpkg"),
    );
  });

  it("gives what GDAL has written, and leaves nothing beside it", async () => {
    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    const layer = await readVector(at("land.gpkg"), { field: "class", onWarning });
    expect(layer.crs.epsg).toBe(32718);
    expect(layer.fields).toEqual(["fid", "class", "code"]);
    expect(layer.features.map(({ number, value }) => [number, value])).toEqual([
      [1, "forest"],
      [2, null],
    ]);
    expect(layer.features[0].polygons.map((rings) => rings.map((ring) => [...ring]))).toEqual([
      [[500000, 8999000, 500100, 8999000, 500100, 9000000, 500000, 8999000]],
      [
        [0, 0, 9, 0, 9, 9, 0, 0],
        [5, 1, 6, 1, 6, 2, 5, 1],
      ],
    ]);
    expect([...layer.features[1].polygons[0][0]]).toEqual([1, 1, 2, 1, 2, 2, 1, 1]);
    expect(warnings).toEqual([
      `${at("land.gpkg")}: 2 of 4 features are left out: points and lines cover no area (feature 3); it has no geometry (feature 4)`,
    ]);
    expect(readdirSync(folder).sort()).toEqual(["land.gpkg", "two.gpkg"]);
  });

  it("is read where a program that wrote it by a log has closed it, not while it is open", async () => {
    copyFileSync(at("land.gpkg"), at("log.gpkg"));
    const bytes = readFileSync(at("log.gpkg"));
    bytes.fill(2, 18, 20);
    writeFileSync(at("log.gpkg"), bytes);
    expect((await readVector(at("log.gpkg"), { field: "code" })).features.map(({ value }) => Number(value))).toEqual([3, 4]);
    writeFileSync(at("log.gpkg-wal"), "x");
    await expect(readVector(at("log.gpkg"))).rejects.toThrow("has changes that are not in it yet");
  });

  it("is refused where it is damaged, none, or has several layers", async () => {
    await expect(readVector(at("two.gpkg"))).rejects.toMatchObject({
      code: "bad-data",
      message: expect.stringContaining('has 2 layers: "one", "two"'),
      hint: expect.stringContaining("ogr2ogr one.gpkg"),
    });
    writeFileSync(at("text.gpkg"), "no database");
    await expect(readVector(at("text.gpkg"))).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringContaining("is no GeoPackage"),
    });
    const bytes = readFileSync(at("land.gpkg"));
    writeFileSync(at("damaged.gpkg"), Buffer.concat([bytes.subarray(0, 100), Buffer.alloc(bytes.length - 100, 0xa5)]));
    await expect(readVector(at("damaged.gpkg"))).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringContaining("damaged"),
    });
    expect(existsSync(at("damaged.gpkg.lock"))).toBe(false);
  });
});
