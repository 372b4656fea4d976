// Runs inside the child process of `readGeoPackage`.
import sqlite from "node-sqlite3-wasm";
import { messageOf, UserError } from "../../errors.js";
import { type Crs, crsOfEpsg } from "../../raster/geo/crs.js";
import { crsOfText } from "../../raster/geo/wkt.js";
import { quoted } from "../text.js";
import { leftOut, MOST_POINTS, type VectorFeature, type VectorLayer } from "./layer.js";
import { polygonsOfBlob } from "./wkb.js";

/** What the child process is given. */
export interface GeoPackageInput {
  /** A copy that nobody else opens. */
  readonly path: string;
  /** Names the file in messages. */
  readonly file: string;
  readonly field: string | undefined;
}

/** What it answers. */
export interface GeoPackageResult extends Omit<VectorLayer, "sha256"> {
  readonly warnings: readonly string[];
}

const MOST_FEATURES = 1_000_000;

type Row = Readonly<Record<string, unknown>>;

/** Reads the polygons of the one layer of a GeoPackage. @throws UserError `bad-file`, `bad-data`, `limit` */
export function task({ path, file, field }: GeoPackageInput): GeoPackageResult {
  try {
    const database = new sqlite.Database(path, { readOnly: true, fileMustExist: true });
    try {
      return layerOf(database, file, field);
    } finally {
      database.close();
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError("bad-file", `${file}: is no GeoPackage, or damaged: ${messageOf(error)}`, {
      hint: "Open it in QGIS or with ogrinfo to see what is left of it.",
    });
  }
}

function layerOf(database: sqlite.Database, file: string, field: string | undefined): GeoPackageResult {
  const { table, column, srs } = onlyLayer(database, file);
  const crs = crsOf(database, srs, file);
  const fields = database
    .all(`SELECT name FROM pragma_table_info(?)`, [table])
    .map(({ name }) => String(name))
    .filter((name) => name !== column);
  const isThere = field !== undefined && fields.includes(field);
  const left = leftOut();
  const warnings: string[] = [];
  const features: VectorFeature[] = [];
  const rows = database.prepare(
    `SELECT ${name(column)} AS shape${isThere ? `, ${name(field)} AS value` : ""} FROM ${name(table)}`,
  );
  let [number, points] = [0, 0];
  for (const row of rows.iterate() as Iterable<Row>) {
    number++;
    const polygons = row.shape instanceof Uint8Array ? polygonsOfBlob(row.shape, crs) : "it has no geometry";
    if (typeof polygons === "string") left.add(number, polygons);
    else features.push({ number, value: typeof row.value === "bigint" ? String(row.value) : row.value, polygons });
    if (typeof polygons !== "string") for (const rings of polygons) for (const ring of rings) points += ring.length / 2;
    if (points > MOST_POINTS || number > MOST_FEATURES) {
      throw new UserError("limit", `${file}: has more than ${MOST_POINTS} points or ${MOST_FEATURES} features`, {
        hint: "Cut out what the scene shows, or simplify it: ogr2ogr -spat <left> <bottom> <right> <top> out.gpkg in.gpkg",
      });
    }
  }
  rows.finalize();
  left.report(file, features.length, (message) => warnings.push(message));
  return { file, crs, features, fields, warnings };
}

/** @throws UserError `bad-data` where there is no table of features, or more than one */
function onlyLayer(
  database: sqlite.Database,
  file: string,
): { readonly table: string; readonly column: string; readonly srs: unknown } {
  // Views and virtual tables may compute whatever they like.
  const layers = database.all(
    `SELECT g.table_name AS "table", g.column_name AS "column", g.srs_id AS srs FROM gpkg_geometry_columns g
     JOIN sqlite_schema s ON lower(s.name) = lower(g.table_name)
     WHERE s.type = 'table' AND upper(s.sql) NOT LIKE 'CREATE VIRTUAL%' ORDER BY g.table_name`,
  );
  const [found, second] = layers;
  if (found === undefined)
    throw new UserError("bad-data", `${file}: has no layer of features`, { hint: "Give one with polygons." });
  if (second !== undefined) {
    const names = layers.map(({ table }) => quoted(String(table)));
    throw new UserError("bad-data", `${file}: has ${layers.length} layers: ${names.slice(0, 20).join(", ")}`, {
      hint: `Take out the one you mean: ogr2ogr one.gpkg ${file} ${names[0]}`,
    });
  }
  return { table: String(found.table), column: String(found.column), srs: found.srs };
}

function crsOf(database: sqlite.Database, srs: unknown, file: string): Crs {
  const [row] = database.all(
    "SELECT srs_name AS name, organization AS register, organization_coordsys_id AS code, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?",
    [Number(srs)],
  );
  const isEpsg = String(row?.register).toUpperCase() === "EPSG";
  const known = isEpsg ? crsOfEpsg(Number(row?.code)) : crsOfText(String(row?.definition));
  if (known !== undefined) return known;
  throw new UserError("bad-data", `${file}: nothing is known of its reference system ${quoted(String(row?.name ?? srs))}`, {
    hint: `Bring it to longitude and latitude: ogr2ogr -t_srs EPSG:4326 out.gpkg ${file}`,
  });
}

/** A name of SQL. */
function name(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
