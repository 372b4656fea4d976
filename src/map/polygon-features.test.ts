import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { afterAll, describe, expect, it } from "vitest";
import { askGdal, HAS_GDAL } from "../../test/gdal.js";
import { createRandom } from "../random.js";
import { crsOfEpsg } from "../raster/geo/crs.js";
import type { Affine } from "../raster/geo/transform.js";
import type { Georeference } from "../raster/raster.js";
import { writePolygons } from "./polygon-features.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-polygons-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CLASSES = ["forest", 'a "lake"', "10"];
const MADE_OF = { SIGMAX_CLASSIFIER_SHA256: "ab12", SIGMAX_SCENE: 'a "scene".tif' };
const UTM: Georeference = { crs: crsOfEpsg(32718), transform: [500_000, 10, 0, 9_000_000, 0, -10] };

interface Made {
  readonly geojson: string;
  readonly parquet: string;
  readonly warnings: readonly string[];
  readonly features: readonly Feature[];
  readonly answered: number;
}

interface Feature {
  readonly properties: {
    readonly class_id: number;
    readonly class_name: string;
    readonly scores: Readonly<Record<string, number>>;
    readonly cells: number;
  };
  readonly geometry: { readonly type: string; readonly coordinates: readonly (readonly [number, number])[][] };
}

let made = 0;
async function written(
  georeference: Georeference,
  { columns = 40, rows = 30, values }: { columns?: number; rows?: number; values?: readonly (readonly number[])[] } = {},
): Promise<Made> {
  const random = createRandom(7);
  const label = values ? (row: number, column: number) => values[row][column] : () => Math.min(random.int(7), 4);
  const size = values ? { columns: values[0].length, rows: values.length } : { columns, rows };
  let answered = 0;
  const rowsOfCells = function* () {
    for (let row = 0; row < size.rows; row++) {
      const drawn = Uint16Array.from({ length: size.columns }, (_, column) => label(row, column));
      for (const id of drawn) answered += Number(id > 0);
      const probabilities = Float32Array.from({ length: 3 * size.columns }, (_, i) =>
        drawn[Math.floor(i / 3)] === (i % 3) + 1 ? 0.5 : 0.25,
      );
      yield { drawn, probabilities };
    }
  };
  const geojson = join(folder, `${made}.geojson`);
  const parquet = join(folder, `${made++}.parquet`);
  const warnings: string[] = [];
  await writePolygons({
    classes: CLASSES,
    cells: size,
    georeference,
    rows: rowsOfCells(),
    metadata: MADE_OF,
    files: { geojson, parquet },
    onWarning: (message) => warnings.push(message),
  });
  return { geojson, parquet, warnings, features: JSON.parse(readFileSync(geojson, "utf8")).features, answered };
}

/** Twice the area, positive counterclockwise. */
function turn(ring: readonly (readonly [number, number])[]): number {
  return ring
    .slice(1)
    .reduce(
      (sum, [x, y], i) => sum + (ring[i][0] - ring[0][0]) * (y - ring[0][1]) - (x - ring[0][0]) * (ring[i][1] - ring[0][1]),
      0,
    );
}

function expectRightHanded(features: readonly Feature[]): void {
  for (const { geometry } of features) {
    expect(geometry.type).toBe("Polygon");
    geometry.coordinates.forEach((ring, i) => {
      expect(ring.at(-1)).toEqual(ring[0]);
      expect(Math.sign(turn(ring))).toBe(i === 0 ? 1 : -1);
    });
  }
}

async function parquetOf(path: string) {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  // The columns that were asked for.
  const rows = (await parquetReadObjects({ file })) as (Feature["properties"] & {
    scores: string;
    geometry: Feature["geometry"];
  })[];
  return { metadata, rows };
}

const geoOf = ({ key_value_metadata: pairs }: FileMetaData) => JSON.parse(pairs?.find(({ key }) => key === "geo")?.value ?? "");

const summed = (features: readonly Feature[]) => features.reduce((sum, { properties }) => sum + properties.cells, 0);

describe("writePolygons", () => {
  it("writes class, name, mean probabilities and cells, in longitude and latitude, the same bytes each time", async () => {
    const { geojson, parquet, features, warnings, answered } = await written(UTM);
    expect(warnings).toEqual([]);
    expect(summed(features)).toBe(answered);
    expectRightHanded(features);
    for (const { properties } of features) {
      const { class_id: id, class_name: name, scores } = properties;
      expect(name).toBe([...CLASSES, "none"][id - 1]);
      expect(scores).toEqual(Object.fromEntries(CLASSES.map((one, k) => [one, k === id - 1 ? 0.5 : 0.25])));
    }
    for (const [x, y] of features.flatMap(({ geometry }) => geometry.coordinates.flat())) {
      expect(x).toBeGreaterThanOrEqual(-75);
      expect(x).toBeLessThan(-74.99);
      expect(Math.abs(y + 9.0475)).toBeLessThan(0.01);
      expect(`${x}`).toMatch(/^-\d+(\.\d{1,7})?$/);
    }
    expect(JSON.parse(readFileSync(geojson, "utf8")).metadata).toEqual(MADE_OF);
    const { key_value_metadata: said } = (await parquetOf(parquet)).metadata;
    expect(Object.fromEntries((said ?? []).map(({ key, value }) => [key, value]))).toMatchObject(MADE_OF);
    const again = await written(UTM);
    expect(readFileSync(again.geojson)).toEqual(readFileSync(geojson));
    expect(readFileSync(again.parquet)).toEqual(readFileSync(parquet));
  });

  it("turns rings right-handed also where rows go north, and places a turned map", async () => {
    const north: Affine = [500_000, 10, 0, 9_000_000, 0, 10];
    const turned: Affine = [500_000, 6, 8, 9_000_000, 8, -6];
    for (const transform of [north, turned]) {
      const { features, answered } = await written({ ...UTM, transform });
      expect(summed(features)).toBe(answered);
      expectRightHanded(features);
    }
  });

  it("keeps the map's coordinates where nobody can project them, and says so", async () => {
    const { features, warnings } = await written({ ...UTM, crs: undefined });
    expect(warnings).toEqual([
      "the polygons have the coordinates of the map, not longitude and latitude: the scene does not say its reference system",
    ]);
    for (const [x, y] of features.flatMap(({ geometry }) => geometry.coordinates.flat())) {
      expect([(x - 500_000) % 10, (9_000_000 - y) % 10]).toEqual([0, 0]);
    }
    const unknown = { epsg: 65_000, name: "EPSG:65000", kind: "unknown", proj4: undefined, metersPerUnit: undefined } as const;
    const named = await written({ ...UTM, crs: { ...unknown, geoKeys: undefined } });
    expect(named.warnings[0]).toMatch(/cannot project to or from EPSG:65000/);
    expect(readFileSync(named.geojson, "utf8")).toContain("urn:ogc:def:crs:EPSG::65000");
  });

  it("splits polygons at 180°", async () => {
    const values = Array.from({ length: 4 }, () => new Array<number>(8).fill(1));
    for (const left of [176, -184]) {
      const { features } = await written({ crs: crsOfEpsg(4326), transform: [left, 1, 0, 10, 0, -1] }, { values });
      expect(
        features.map(({ geometry }) => geometry.coordinates[0].map(([x]) => x)).map((xs) => [Math.min(...xs), Math.max(...xs)]),
      ).toEqual([
        [176, 180],
        [-180, -176],
      ]);
      expect(summed(features)).toBe(32);
      expectRightHanded(features);
    }
    // UTM zone 1 begins at 180°; this map of 5 km around it has no edge of cells there.
    const { features } = await written({ crs: crsOfEpsg(32601), transform: [163_500, 500, 0, 100_250, 0, -500] }, { values });
    expect(features.length).toBe(2);
    expectRightHanded(features);
    for (const [x] of features.flatMap(({ geometry }) => geometry.coordinates.flat())) expect(Math.abs(x)).toBeGreaterThan(179.9);
  });

  it("bends long sides with the projection, and neighbours alike", async () => {
    // 600 km: a chord of the upper side would be kilometres off.
    const values = [new Array<number>(1200).fill(1), Array.from({ length: 1200 }, (_, i) => 2 + (i % 2))];
    const { features } = await written({ crs: crsOfEpsg(32633), transform: [200_000, 500, 0, 7_000_000, 0, -500] }, { values });
    const large = features.find(({ properties }) => properties.class_id === 1)?.geometry.coordinates[0] ?? [];
    const upper = large.filter(([, y]) => y > Math.max(...large.map(([, one]) => one)) - 0.2);
    expect(upper.length).toBeGreaterThan(20);
    const points = new Set(large.map(String));
    const shared = features.filter(({ properties }) => properties.class_id > 1).map(({ geometry }) => geometry.coordinates[0]);
    for (const ring of shared) expect(ring.filter((point) => points.has(String(point))).length).toBeGreaterThanOrEqual(2);
  });

  it("leaves out what has no place, and says so", async () => {
    // No file is placed so; some projections end before the map does.
    const values = [[1, 2]];
    const { features, warnings } = await written({ crs: crsOfEpsg(4326), transform: [0, Number.NaN, 0, 0, 0, -1] }, { values });
    expect(features).toEqual([]);
    expect(warnings.at(-1)).toMatch(/2 polygons reach where nothing has a longitude/);
  });

  it("writes the same as GeoParquet 1.1, in groups of rows", async () => {
    const { parquet, features, answered } = await written(UTM, { columns: 200, rows: 150 });
    expect(features.length).toBeGreaterThan(10_000);
    const { metadata, rows } = await parquetOf(parquet);
    expect(rows.length).toBe(features.length);
    expect(
      rows.map(({ class_id, class_name, scores, cells, geometry }) => ({
        class_id,
        class_name,
        scores: JSON.parse(scores),
        cells,
        geometry,
      })),
    ).toEqual(
      features.map(({ properties: { class_id, class_name, scores, cells }, geometry }) => ({
        class_id,
        class_name,
        scores,
        cells,
        geometry,
      })),
    );
    expect(summed(features)).toBe(answered);
    expect(metadata.row_groups.map((group) => Number(group.num_rows))).toEqual([10_000, features.length - 10_000]);
    const points = features.flatMap(({ geometry }) => geometry.coordinates.flat());
    const [xs, ys] = [points.map(([x]) => x).sort((a, b) => a - b), points.map(([, y]) => y).sort((a, b) => a - b)];
    expect(geoOf(metadata)).toEqual({
      version: "1.1.0",
      primary_column: "geometry",
      columns: {
        geometry: {
          encoding: "WKB",
          geometry_types: ["Polygon"],
          edges: "planar",
          orientation: "counterclockwise",
          bbox: [xs[0], ys[0], xs.at(-1), ys.at(-1)],
        },
      },
    });
  });

  it("writes files without polygons, and GeoParquet that does not know its system", async () => {
    const empty = await written(UTM, { values: [[0, 0]] });
    expect(empty.features).toEqual([]);
    const { metadata, rows } = await parquetOf(empty.parquet);
    expect(rows).toEqual([]);
    expect(geoOf(metadata)).toMatchObject({ columns: { geometry: { geometry_types: [] } } });
    const unplaced = await written({ ...UTM, crs: undefined }, { values: [[1]] });
    expect(geoOf((await parquetOf(unplaced.parquet)).metadata)).toMatchObject({
      columns: { geometry: { crs: null, bbox: [500_000, 8_999_990, 500_010, 9_000_000] } },
    });
  });

  it("leaves nothing behind when it is stopped", async () => {
    const controller = new AbortController();
    controller.abort();
    const [geojson, parquet] = [join(folder, "stopped.geojson"), join(folder, "stopped.parquet")];
    const rows = [{ drawn: Uint16Array.of(1), probabilities: Float32Array.of(1, 0, 0) }];
    const cells = { columns: 1, rows: 1 };
    const stopped = writePolygons({
      classes: CLASSES,
      cells,
      georeference: UTM,
      metadata: MADE_OF,
      rows,
      files: { geojson, parquet },
      signal: controller.signal,
    });
    await expect(stopped).rejects.toMatchObject({ code: "aborted" });
    expect([geojson, parquet].filter(existsSync)).toEqual([]);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it.skipIf(!HAS_GDAL)("opens in GDAL: valid polygons, with the areas of their cells", async () => {
    const { geojson, features } = await written(UTM, { columns: 120, rows: 90 });
    const read = askGdal(
      `from osgeo import ogr, osr
layer = (source := ogr.Open(args[0])).GetLayer()
to = osr.SpatialReference(); to.ImportFromEPSG(32718); to.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
system = layer.GetSpatialRef()
system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
move = osr.CoordinateTransformation(system, to)
answer = []
for feature in layer:
    geometry = feature.GetGeometryRef()
    valid = geometry.IsValid()
    geometry.Transform(move)
    answer.append([feature['class_id'], feature['class_name'], feature['cells'], geometry.GetArea() / 100, valid])`,
      geojson,
    ) as [number, string, number, number, boolean][];
    expect(read.map(([id, name, cells]) => [id, name, cells])).toEqual(
      features.map(({ properties: { class_id, class_name, cells } }) => [class_id, class_name, cells]),
    );
    for (const [, , cells, area, valid] of read) {
      expect(valid).toBe(true);
      expect(Math.abs(area / cells - 1)).toBeLessThan(0.01); // the seventh decimal is a centimetre
    }
  });
});
