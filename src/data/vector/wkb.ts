import type { Crs } from "../../raster/geo/crs.js";
import { faultOfRing, type Polygon } from "./layer.js";

/** Collections in collections. */
const MOST_NESTING = 8;
/** Codes of OGC 06-103r4, 8.2.8; Z adds 1000, M 2000, both 3000. PostGIS sets the highest bits instead. */
const POLYGON = 3;
const MULTI_POLYGON = 6;
const COLLECTION = 7;
const CURVED: ReadonlySet<number> = new Set([10, 12]);
const [EWKB_Z, EWKB_M, EWKB_SRID] = [2 ** 31, 2 ** 30, 2 ** 29];
/** Bytes of the envelope in the header of a GeoPackage's geometry, by its code (OGC 12-128r19, 2.1.3). */
const ENVELOPE_BYTES = [0, 32, 48, 48, 64];

/** The polygons of a geometry as a GeoPackage stores it, or why it has none. */
export function polygonsOfBlob(blob: Uint8Array, crs: Crs): readonly Polygon[] | string {
  const isGeoPackage = blob.length >= 8 && blob[0] === 0x47 && blob[1] === 0x50;
  const envelope = isGeoPackage ? ENVELOPE_BYTES[(blob[3] >> 1) & 7] : undefined;
  if (envelope === undefined) return "its geometry is none";
  return polygonsOfWkb(blob.subarray(8 + envelope), crs);
}

/** The polygons of a geometry in well-known binary, or why it has none. */
export function polygonsOfWkb(bytes: Uint8Array, crs: Crs): readonly Polygon[] | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const geometry = (nesting: number): readonly Polygon[] | string => {
    const isLittle = view.getUint8(at) === 1;
    const uint32 = () => {
      at += 4;
      return view.getUint32(at - 4, isLittle);
    };
    at++;
    const code = uint32();
    const kind = (code & 0xfff_ffff) % 1000;
    const measures = Math.floor((code & 0xfff_ffff) / 1000);
    const hasZ = measures === 1 || measures === 3 || (code & EWKB_Z) !== 0;
    const hasM = measures === 2 || measures === 3 || (code & EWKB_M) !== 0;
    if ((code & EWKB_SRID) !== 0) at += 4;
    if (CURVED.has(kind)) return "it is curved: ogr2ogr -nlt CONVERT_TO_LINEAR makes it straight";
    if (kind === MULTI_POLYGON || kind === COLLECTION) {
      if (nesting === MOST_NESTING) return `collections are nested deeper than ${MOST_NESTING} levels`;
      const all: Polygon[] = [];
      for (let left = uint32(); left > 0; left--) {
        const found = geometry(nesting + 1);
        if (typeof found === "string") return found;
        for (const polygon of found) all.push(polygon);
      }
      return all.length === 0 ? "it is empty" : all;
    }
    if (kind !== POLYGON) return "points and lines cover no area";
    const numbers = 2 + (hasZ ? 1 : 0) + (hasM ? 1 : 0);
    const rings: Float64Array[] = [];
    for (let left = uint32(); left > 0; left--) {
      const count = uint32();
      if (8 * numbers * count > view.byteLength - at) throw new RangeError("cut off");
      const points = new Float64Array(2 * count);
      for (let i = 0; i < count; i++, at += 8 * numbers) {
        points[2 * i] = view.getFloat64(at, isLittle);
        points[2 * i + 1] = view.getFloat64(at + 8, isLittle);
      }
      const fault = faultOfRing(points, crs);
      if (fault !== undefined) return fault;
      rings.push(points);
    }
    return rings.length === 0 ? "it is empty" : [rings];
  };
  try {
    return geometry(0);
  } catch (error) {
    if (error instanceof RangeError) return "its geometry is cut off";
    throw error;
  }
}
