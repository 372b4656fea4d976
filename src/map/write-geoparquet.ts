import type { ParquetWriter } from "hyparquet-writer";
import { openAtomicFile } from "../files.js";
import { VERSION } from "../version.js";
import type { Placement } from "./placement.js";
import type { FeatureFile, FeatureFileOptions, PolygonFeature } from "./polygon-features.js";

/** A group of rows is held until it has so many features … */
const GROUP_FEATURES = 10_000;
/** … or so many bytes of geometry. */
const GROUP_BYTES = 32 * 2 ** 20;
const LITTLE_ENDIAN = 1;
const WKB_POLYGON = 3;

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]["schema"][number];

const COLUMNS = [
  { name: "class_id", type: "INT32" },
  { name: "class_name", type: "BYTE_ARRAY", converted_type: "UTF8" },
  // Text: written as a JSON column, names like "10" would come first.
  { name: "scores", type: "BYTE_ARRAY", converted_type: "UTF8" },
  { name: "cells", type: "INT32" },
  { name: "geometry", type: "BYTE_ARRAY" },
] as const;
const SCHEMA: readonly SchemaElement[] = [
  { name: "schema", num_children: COLUMNS.length },
  ...COLUMNS.map((column) => ({ ...column, repetition_type: "REQUIRED" as const })),
];

type Row = Readonly<Record<(typeof COLUMNS)[number]["name"], number | string | Uint8Array>>;

/** A GeoParquet file (1.1.0) of polygons as WKB, a group of rows at a time. @throws UserError `io` */
export async function openGeoParquet(path: string, { crs, metadata }: FeatureFileOptions): Promise<FeatureFile> {
  // Loaded here so that those who write none do not pay for it.
  const { ByteWriter, ParquetWriter } = await import("hyparquet-writer");
  const file = await openAtomicFile(path);
  const bytes = new ByteWriter();
  const parquet = new ParquetWriter({ writer: bytes, schema: [...SCHEMA], createdBy: `sigmax ${VERSION}` });
  const bounds = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let held: Row[] = [];
  let heldBytes = 0;
  const drain = async () => {
    await file.write(bytes.getBytes());
    bytes.index = 0; // its `offset` goes on to count from the start of the file
  };
  const flush = async () => {
    if (held.length === 0) return;
    const columnData = COLUMNS.map(({ name }) => ({
      name,
      data: held.map((row) => row[name]),
      statistics: name === "class_id" || name === "class_name" || name === "cells",
      // No two geometries are alike: a dictionary of them is sought in vain.
      ...(name === "geometry" ? { encoding: "PLAIN" as const } : {}),
    }));
    await parquet.write({ columnData, rowGroupSize: held.length });
    held = [];
    heldBytes = 0;
    await drain();
  };
  return {
    async write(feature) {
      const { classId, className, cells, scores, rings } = feature;
      const [outer] = rings;
      for (let at = 0; at < outer.length; at += 2) {
        bounds[0] = Math.min(bounds[0], outer[at]);
        bounds[1] = Math.min(bounds[1], outer[at + 1]);
        bounds[2] = Math.max(bounds[2], outer[at]);
        bounds[3] = Math.max(bounds[3], outer[at + 1]);
      }
      const geometry = wkbOf(feature);
      held.push({ class_id: classId, class_name: className, scores, cells, geometry });
      heldBytes += geometry.length;
      if (held.length >= GROUP_FEATURES || heldBytes >= GROUP_BYTES) await flush();
    },
    async finish() {
      await flush();
      const isEmpty = bounds[0] > bounds[2];
      const geo = JSON.stringify(geoMetadata(crs, isEmpty ? undefined : bounds));
      parquet.kvMetadata = Object.entries({ geo, ...metadata }).map(([key, value]) => ({ key, value }));
      await parquet.finish();
      await drain();
      await file.finish();
    },
    discard: () => file.discard(),
  };
}

/** What says that a column holds places, and how: https://geoparquet.org/releases/v1.1.0/ */
function geoMetadata(crs: Placement["crs"], bbox: readonly number[] | undefined): unknown {
  return {
    version: "1.1.0",
    primary_column: "geometry",
    columns: {
      geometry: {
        encoding: "WKB",
        geometry_types: bbox === undefined ? [] : ["Polygon"],
        // Without a word: longitude and latitude on WGS 84. Null: nobody knows.
        ...(crs === undefined ? {} : { crs: null }),
        edges: "planar",
        orientation: "counterclockwise",
        ...(bbox === undefined ? {} : { bbox }),
      },
    },
  };
}

/** A polygon in well-known binary (OGC 06-103r4, 8.2). */
function wkbOf({ rings }: PolygonFeature): Uint8Array {
  const bytes = new Uint8Array(9 + rings.reduce((sum, { length }) => sum + 4 + 8 * length, 0));
  const view = new DataView(bytes.buffer);
  bytes[0] = LITTLE_ENDIAN;
  view.setUint32(1, WKB_POLYGON, true);
  view.setUint32(5, rings.length, true);
  let at = 9;
  for (const ring of rings) {
    view.setUint32(at, ring.length / 2, true);
    at += 4;
    for (const number of ring) {
      view.setFloat64(at, number, true);
      at += 8;
    }
  }
  return bytes;
}
