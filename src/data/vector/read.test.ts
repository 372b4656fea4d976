import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readVector } from "./read.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-vector-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const square = (x: number, y: number) => [
  [
    [x, y],
    [x + 1, y],
    [x + 1, y + 1],
    [x, y],
  ],
];
const polygon = (coordinates: unknown) => ({ type: "Polygon", coordinates });
const feature = (geometry: unknown, properties: unknown = { class: "forest" }) => ({ type: "Feature", properties, geometry });
const collection = (...features: readonly unknown[]) => ({ type: "FeatureCollection", features });
const named = (name: unknown) => ({ ...collection(feature(polygon(square(1, 2)))), crs: { type: "name", properties: { name } } });

/** Reads a text, or a value as JSON; gives the warnings too. */
async function read(content: unknown, name = "f.geojson") {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  const warnings: string[] = [];
  return { ...(await readVector(path, { field: "class", onWarning: (message) => warnings.push(message) })), warnings };
}

describe("GeoJSON", () => {
  it("gives polygons, multipolygons and collections of them, with the value of the field", async () => {
    const holed = polygon([...square(0, 0), ...square(0.2, 0.1)]);
    const multi = { type: "MultiPolygon", coordinates: [square(5, 5), square(7, 7)] };
    const { features, fields, crs, warnings, sha256 } = await read(
      collection(
        feature(holed),
        feature(multi, { class: 7, other: 1 }),
        feature({ type: "GeometryCollection", geometries: [holed, multi] }, null),
      ),
    );
    expect(features.map(({ number, value, polygons }) => [number, value, polygons.map((rings) => rings.length)])).toEqual([
      [1, "forest", [2]],
      [2, 7, [1, 1]],
      [3, undefined, [2, 1, 1]],
    ]);
    expect([...features[0].polygons[0][0]]).toEqual([0, 0, 1, 0, 1, 1, 0, 0]);
    expect([fields, crs.epsg, warnings]).toEqual([["class", "other"], 4326, []]);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect((await read(polygon(square(1, 1)))).features).toHaveLength(1);
    const high = square(0, 0)[0].map((point) => [...point, 17]);
    expect((await read(feature(polygon([high])))).features).toHaveLength(1);
  });

  it.each([
    ["urn:ogc:def:crs:OGC:1.3:CRS84", 4326],
    ["urn:ogc:def:crs:EPSG::32718", 32718],
    ["EPSG:3857", 3857],
    ["http://www.opengis.net/def/crs/EPSG/0/25832", 25832],
  ])("of 2008 may name its system: %s", async (name, epsg) => {
    expect((await read(named(name))).crs.epsg).toBe(epsg);
  });

  it("leaves out single features that cannot be used, and says which", async () => {
    const open = polygon([
      square(0, 0)[0]
        .slice(0, 3)
        .concat([[0.5, 0.5]]),
    ]);
    const { features, warnings } = await read(
      collection(
        feature(open),
        feature(polygon(square(1, 1))),
        feature(null),
        feature(open),
        feature({ type: "Point", coordinates: [1, 2] }),
      ),
    );
    expect(features.map(({ number }) => number)).toEqual([2]);
    expect(warnings).toEqual([
      `${join(folder, "f.geojson")}: 4 of 5 features are left out: a ring is not closed: its last point is not its first (2, first feature 1); it has no geometry (feature 3); points and lines cover no area (feature 5)`,
    ]);
  });

  it.each<[string, unknown, string, string]>([
    ["nothing", "", "bad-file", "line 1, column 1"],
    ["no JSON", '{"type": "FeatureCollection",\n "features": [}', "bad-file", "line 2, column 15"],
    ["NaN", '{"type": "Polygon", "coordinates": [[[NaN, 1]]]}', "bad-file", 'found "NaN'],
    ["a list", [], "bad-file", 'it has no "type"'],
    ["another type", { type: "Topology" }, "bad-file", 'its type is "Topology"'],
    ["features that are none", { type: "FeatureCollection", features: {} }, "bad-file", '"features" are no list'],
    ["no features", collection(), "bad-data", "has no features"],
    ["a feature that is none", collection(3), "bad-data", "feature 1: it is no Feature"],
    ["wrong types", collection(feature(polygon({ length: 5 }))), "bad-data", "its coordinates are no list"],
    ["positions of text", collection(feature(polygon([[["1", "2"]]]))), "bad-data", "a position is no pair of numbers"],
    [
      "a number past all",
      '{"type": "Polygon", "coordinates": [[[1e999, 1], [1, 2], [3, 4], [1, 1]]]}',
      "bad-data",
      "no finite number",
    ],
    ["rings of two", collection(feature(polygon([square(0, 0)[0].slice(0, 2)]))), "bad-data", "fewer than four points"],
    ["metres", collection(feature(polygon(square(500_000, 9_000_000)))), "bad-data", "no longitudes and latitudes"],
    [
      "a polygon across the antimeridian",
      collection(
        feature(
          polygon([
            [
              [179, 0],
              [-179, 0],
              [-179, 1],
              [179, 0],
            ],
          ]),
        ),
      ),
      "bad-data",
      "at the antimeridian",
    ],
    ["points", collection(feature({ type: "Point", coordinates: [1, 2] })), "bad-data", "points and lines cover no area"],
    ["an empty polygon", collection(feature(polygon([]))), "bad-data", "feature 1: it is empty"],
    ["a system of its own", named("urn:ogc:def:crs:EPSG::999999"), "bad-data", 'reference system "urn:ogc:def:crs:EPSG::999999"'],
    ["a system that is none", { ...named(""), crs: null }, "bad-data", "does not name a reference system"],
    ["deep nesting", `{"type": "Polygon", "coordinates": ${"[".repeat(100_000)}`, "bad-file", "nested deeper"],
  ])("refuses %s", async (_, content, code, message) => {
    await expect(read(content)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      hint: expect.any(String),
    });
  });

  it("takes collections in collections only so deep", async () => {
    let geometry: unknown = polygon(square(0, 0));
    for (let i = 0; i < 30; i++) geometry = { type: "GeometryCollection", geometries: [geometry] };
    await expect(read(collection(feature(geometry)))).rejects.toThrow("nested deeper than 8 levels");
  });

  it("does not take names of JavaScript's own for fields", async () => {
    const path = join(folder, "own.geojson");
    writeFileSync(
      path,
      `{"type":"Feature","properties":{"__proto__":{"a":1}},"geometry":${JSON.stringify(polygon(square(0, 0)))}}`,
    );
    for (const field of ["toString", "a"]) expect((await readVector(path, { field })).features[0].value).toBeUndefined();
  });

  it("is refused before it fills the memory", async () => {
    await expect(read(`{"type":"Polygon","coordinates":[${"[],".repeat(10_100_000)}[]]}`)).rejects.toThrow(
      "more than 5000000 points",
    );
    const path = join(folder, "huge.geojson");
    writeFileSync(path, "");
    truncateSync(path, 300 * 2 ** 20);
    await expect(readVector(path)).rejects.toThrow("more than the limit of 268435456 bytes");
    rmSync(path);
  });

  it("is not looked for in files of other kinds, nor in what is no file", async () => {
    await expect(read("", "roads.shp")).rejects.toThrow("from GeoJSON and GeoPackage, not from a shapefile");
    await expect(readVector(join(folder, "absent.geojson"))).rejects.toThrow("absent.geojson: there is no such file");
    await expect(readVector(folder)).rejects.toThrow("is not a regular file");
    await expect(read("\u0000\u0001\u0002")).rejects.toThrow("NUL byte");
  });
});
