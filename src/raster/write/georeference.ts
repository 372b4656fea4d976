import type { Crs, GeoKeys } from "../geo/crs.js";
import type { Affine } from "../geo/transform.js";
import type { Georeference } from "../raster.js";
import { type Tag, textTag } from "./directory.js";

/** Tags and keys of GeoTIFF (OGC 19-008r4). */
const TAG = { pixelScale: 33550, tiepoint: 33922, matrix: 34264, keys: 34735, doubles: 34736, texts: 34737 };
const KEY = { modelType: 1024, rasterType: 1025, citation: 1026, geodeticCrs: 2048, projectedCrs: 3072 };
const MODEL = { projected: 1, geographic: 2, userDefined: 32767 };
const PIXEL_IS_AREA = 1;
const PIXEL_IS_POINT = 2;
/** Version 1, revision 1.0: what every reader knows. */
const KEY_HEADER = [1, 1, 0];
const LARGEST_SHORT = 65535;

/** The tags that say where the pixels lie. Keys as a file stored them are written back unchanged. */
export function georeferenceTags({ crs, transform }: Georeference): Tag[] {
  const keys = crs === undefined ? undefined : (crs.geoKeys ?? keysOf(crs));
  // Where pixels are points, tiepoints speak of the middle of a pixel; a transform always of its upper left corner.
  const shift = keys?.get(KEY.rasterType) === PIXEL_IS_POINT ? 0.5 : 0;
  return [...transformTags(transform, shift), ...(keys === undefined ? [] : keyTags(keys))];
}

function transformTags([t0, t1, t2, t3, t4, t5]: Affine, shift: number): Tag[] {
  const x = t0 + shift * (t1 + t2);
  const y = t3 + shift * (t4 + t5);
  // A scale says neither rotation nor mirroring.
  if (t2 === 0 && t4 === 0 && t1 > 0 && t5 < 0) {
    return [
      { id: TAG.pixelScale, type: "double", values: [t1, -t5, 0] },
      { id: TAG.tiepoint, type: "double", values: [0, 0, 0, x, y, 0] },
    ];
  }
  return [{ id: TAG.matrix, type: "double", values: [t1, t2, 0, x, t4, t5, 0, y, 0, 0, 0, 0, 0, 0, 0, 1] }];
}

/** The keys of a reference system known by its EPSG code, or else by nothing but its name. */
function keysOf({ epsg, kind, name }: Crs): GeoKeys {
  const area: [number, number] = [KEY.rasterType, PIXEL_IS_AREA];
  const citation: [number, string] = [KEY.citation, name];
  if (epsg === undefined || kind === "unknown")
    return new Map<number, number | string>([[KEY.modelType, MODEL.userDefined], area, citation]);
  const code: [number, number] = [kind === "projected" ? KEY.projectedCrs : KEY.geodeticCrs, epsg];
  return new Map<number, number | string>([[KEY.modelType, MODEL[kind]], area, citation, code]);
}

function keyTags(keys: GeoKeys): Tag[] {
  const entries: number[] = [];
  const doubles: number[] = [];
  let texts = "";
  for (const [key, value] of [...keys].sort(([a], [b]) => a - b)) {
    if (typeof value === "string") {
      // "|" ends a text; lengths and places count bytes.
      const text = `${value.replaceAll("\0", "")}|`;
      entries.push(key, TAG.texts, Buffer.byteLength(text), Buffer.byteLength(texts));
      texts += text;
    } else if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= LARGEST_SHORT) {
      entries.push(key, 0, 1, value);
    } else {
      const numbers = typeof value === "number" ? [value] : value;
      entries.push(key, TAG.doubles, numbers.length, doubles.length);
      doubles.push(...numbers);
    }
  }
  return [
    { id: TAG.keys, type: "short", values: [...KEY_HEADER, entries.length / 4, ...entries] },
    ...(doubles.length === 0 ? [] : [{ id: TAG.doubles, type: "double" as const, values: doubles }]),
    ...(texts === "" ? [] : [textTag(TAG.texts, texts)]),
  ];
}
