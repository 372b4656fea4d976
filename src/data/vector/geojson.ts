import { messageOf, nearest, UserError } from "../../errors.js";
import { type Crs, crsOfEpsg } from "../../raster/geo/crs.js";
import { parseJson } from "../json.js";
import { decodeText, quoted } from "../text.js";
import {
  faultOfRing,
  leftOut,
  MOST_POINTS,
  type Polygon,
  type VectorFeature,
  type VectorLayer,
  type VectorOptions,
} from "./layer.js";

/** Brackets and commas: what a text costs once it is parsed. A point has three, with its height four. */
const MOST_MARKS = 4 * MOST_POINTS;
/** Objects cost most: a feature has three or four. */
const MOST_OBJECTS = 3_000_000;
/** Texts up to this are read a second time to find the line that is wrong. */
const RETOLD_BYTES = 2 ** 24;
/** Collections in collections. */
const MOST_NESTING = 8;
const FIELDS_SHOWN = 100;
const WGS84 = 4326;

/**
 * Reads GeoJSON (RFC 7946): a FeatureCollection, a Feature or a geometry, in longitude and latitude; files of 2008 may name another
 * system in `crs`.
 *
 * @throws UserError `bad-file` for what is no GeoJSON, `bad-data` where nothing of it can be used, `limit`
 */
export function readGeoJson(bytes: Uint8Array, file: string, { field, onWarning }: VectorOptions): Omit<VectorLayer, "sha256"> {
  refuseTooLarge(bytes, file);
  const root = parsed(decodeText(bytes, file), file);
  const crs = crsOf(root, file);
  const left = leftOut();
  const fields = new Set<string>();
  const features: VectorFeature[] = [];
  for (const [i, feature] of featuresOf(root, file).entries()) {
    const number = i + 1;
    if (!isObject(feature) || feature.type !== "Feature") {
      left.add(number, "it is no Feature");
      continue;
    }
    const properties = isObject(feature.properties) ? feature.properties : {};
    for (const name of Object.keys(properties)) if (fields.size < FIELDS_SHOWN) fields.add(name);
    const polygons = polygonsOf(feature.geometry, crs);
    if (typeof polygons === "string") left.add(number, polygons);
    else {
      const value = field !== undefined && Object.hasOwn(properties, field) ? properties[field] : undefined;
      features.push({ number, value, polygons });
    }
  }
  left.report(file, features.length, onWarning);
  return { file, crs, features, fields: [...fields] };
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Counted before anything is made of the text. */
function refuseTooLarge(bytes: Uint8Array, file: string): void {
  let [marks, objects] = [0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 0x5b || byte === 0x2c) marks++;
    else if (byte === 0x7b) objects++;
  }
  if (marks <= MOST_MARKS && objects <= MOST_OBJECTS) return;
  throw new UserError("limit", `${file}: has more than ${MOST_POINTS} points or ${MOST_OBJECTS / 3} features`, {
    hint: "Cut out what the scene shows, or simplify it: ogr2ogr -spat <left> <bottom> <right> <top> out.geojson in.geojson",
  });
}

function parsed(text: string, file: string): Fields {
  const hint = "Give a GeoJSON file: RFC 7946.";
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    // Ours says line and column.
    if (text.length <= RETOLD_BYTES) parseJson(text, file);
    throw new UserError("bad-file", `${file}: is no JSON: ${messageOf(cause)}`, { hint, cause });
  }
  if (isObject(json) && typeof json.type === "string") return json;
  throw new UserError("bad-file", `${file}: is no GeoJSON: it has no "type"`, { hint });
}

function featuresOf(root: Fields, file: string): readonly unknown[] {
  const type = String(root.type);
  if (type === "Feature") return [root];
  if (GEOMETRIES.has(type)) return [{ type: "Feature", properties: {}, geometry: root }];
  if (type !== "FeatureCollection") {
    const known = nearest(type, ["FeatureCollection", "Feature", ...GEOMETRIES]);
    throw new UserError("bad-file", `${file}: is no GeoJSON: its type is ${quoted(type)}`, {
      hint: known === undefined ? "Give a FeatureCollection with polygons." : `Did you mean ${quoted(known)}?`,
    });
  }
  if (Array.isArray(root.features)) return root.features;
  throw new UserError("bad-file", `${file}: is no GeoJSON: its "features" are no list`, {
    hint: "Give a FeatureCollection with polygons.",
  });
}

const GEOMETRIES: ReadonlySet<string> = new Set([
  "Polygon",
  "MultiPolygon",
  "GeometryCollection",
  "Point",
  "MultiPoint",
  "LineString",
  "MultiLineString",
]);

/** The polygons of a geometry, or why it has none. */
function polygonsOf(geometry: unknown, crs: Crs, nesting = 0): readonly Polygon[] | string {
  if (geometry === null || geometry === undefined) return "it has no geometry";
  if (!isObject(geometry) || typeof geometry.type !== "string") return "its geometry is none";
  const { type, coordinates, geometries } = geometry;
  if (type === "Polygon") return gathered([coordinates], (rings) => polygonOf(rings, crs));
  if (type === "MultiPolygon") return gathered(coordinates, (rings) => polygonOf(rings, crs));
  if (type !== "GeometryCollection") {
    return GEOMETRIES.has(type) ? "points and lines cover no area" : `its geometry is of the unknown type ${quoted(type)}`;
  }
  if (nesting === MOST_NESTING) return `collections are nested deeper than ${MOST_NESTING} levels`;
  return gathered(geometries, (one) => polygonsOf(one, crs, nesting + 1));
}

/** What is made of all members; the first that is wrong is told. */
function gathered(members: unknown, make: (member: unknown) => readonly Polygon[] | string): readonly Polygon[] | string {
  if (!Array.isArray(members)) return "its coordinates are no list";
  const all: Polygon[] = [];
  for (const member of members) {
    const made = make(member);
    if (typeof made === "string") return made;
    for (const polygon of made) all.push(polygon);
  }
  return all.length === 0 ? "it is empty" : all;
}

function polygonOf(coordinates: unknown, crs: Crs): readonly Polygon[] | string {
  if (!Array.isArray(coordinates)) return "its coordinates are no list";
  if (coordinates.length === 0) return "it is empty";
  const rings: Float64Array[] = [];
  for (const positions of coordinates) {
    if (!Array.isArray(positions)) return "its coordinates are no list of rings";
    const points = new Float64Array(2 * positions.length);
    for (const [i, position] of positions.entries()) {
      if (!Array.isArray(position) || typeof position[0] !== "number" || typeof position[1] !== "number") {
        return "a position is no pair of numbers";
      }
      points[2 * i] = position[0];
      points[2 * i + 1] = position[1];
    }
    const fault = faultOfRing(points, crs);
    if (fault !== undefined) return fault;
    rings.push(points);
  }
  return [rings];
}

/** Longitude and latitude on WGS 84, unless an old file says otherwise (GeoJSON 2008, section 3). */
function crsOf({ crs }: Fields, file: string): Crs {
  const degrees = crsOfEpsg(WGS84) as Crs; // it is built in
  if (crs === undefined) return degrees;
  const properties = isObject(crs) && crs.type === "name" && isObject(crs.properties) ? crs.properties : {};
  const name = properties.name;
  const hint = `Bring it to longitude and latitude: ogr2ogr -t_srs EPSG:${WGS84} out.geojson ${file}`;
  if (typeof name !== "string") {
    throw new UserError("bad-data", `${file}: its "crs" does not name a reference system`, {
      hint: crs === null ? 'Remove "crs" where the coordinates are longitude and latitude.' : hint,
    });
  }
  if (/^(urn:ogc:def:crs:OGC:[\d.]*:|OGC:)CRS84$/i.test(name)) return degrees;
  const code =
    /^(?:urn:(?:x-)?ogc:def:crs:EPSG:[\w.]*:|EPSG:|https?:\/\/www\.opengis\.net\/def\/crs\/EPSG\/[\w.]+\/)(\d{1,6})$/i.exec(name);
  const known = code === null ? undefined : crsOfEpsg(Number(code[1]));
  if (known !== undefined) return known;
  throw new UserError("bad-data", `${file}: nothing is known of its reference system ${quoted(name)}`, { hint });
}
