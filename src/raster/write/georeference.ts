import type { Crs, GeoKeys } from "../geo/crs.js";
import { GEO_KEYS, isPixelPoint, USER_DEFINED } from "../geo/geokeys.js";
import type { Affine } from "../geo/transform.js";
import type { Georeference } from "../raster.js";
import { TAGS } from "../tiff/tags.js";
import { type Tag, textTag } from "./directory.js";

const MODEL = { projected: 1, geographic: 2, unknown: USER_DEFINED };
const PIXEL_IS_AREA = 1;
/** Version 1, revision 1.0: what every reader knows. */
const KEY_HEADER = [1, 1, 0];
/** Codes are stored as SHORT; 65535 is none. */
const LARGEST_CODE = 65534;

/**
 * The tags that say where the pixels lie. Keys as a file stored them are written back unchanged.
 *
 * @throws RangeError for a code that no GeoKey holds: numbers that are measures come as lists
 */
export function georeferenceTags({ crs, transform }: Georeference): Tag[] {
  const keys = crs === undefined ? undefined : (crs.geoKeys ?? keysOf(crs));
  // Where pixels are points, tiepoints speak of the middle of a pixel; a transform always of its upper left corner.
  const shift = keys !== undefined && isPixelPoint(keys) ? 0.5 : 0;
  return [...transformTags(transform, shift), ...(keys === undefined ? [] : keyTags(keys))];
}

function transformTags([t0, t1, t2, t3, t4, t5]: Affine, shift: number): Tag[] {
  const x = t0 + shift * (t1 + t2);
  const y = t3 + shift * (t4 + t5);
  // A scale says neither rotation nor mirroring.
  if (t2 === 0 && t4 === 0 && t1 > 0 && t5 < 0) {
    return [
      { id: TAGS.pixelScale, type: "double", values: [t1, -t5, 0] },
      { id: TAGS.tiePoints, type: "double", values: [0, 0, 0, x, y, 0] },
    ];
  }
  return [{ id: TAGS.transformation, type: "double", values: [t1, t2, 0, x, t4, t5, 0, y, 0, 0, 0, 0, 0, 0, 0, 1] }];
}

/** The keys of a reference system known by its EPSG code, or else by nothing but its name. */
function keysOf({ epsg, kind, name }: Crs): GeoKeys {
  const area: [number, number] = [GEO_KEYS.rasterType, PIXEL_IS_AREA];
  const citation: [number, string] = [GEO_KEYS.citation, name];
  if (epsg === undefined || epsg > LARGEST_CODE || kind === "unknown")
    return new Map<number, number | string>([[GEO_KEYS.modelType, MODEL.unknown], area, citation]);
  const code: [number, number] = [kind === "projected" ? GEO_KEYS.projectedCrs : GEO_KEYS.geographicCrs, epsg];
  return new Map<number, number | string>([[GEO_KEYS.modelType, MODEL[kind]], area, citation, code]);
}

function keyTags(keys: GeoKeys): Tag[] {
  const entries: number[] = [];
  const doubles: number[] = [];
  let texts = "";
  for (const [key, value] of [...keys].sort(([a], [b]) => a - b)) {
    if (typeof value === "string") {
      // "|" ends a text; lengths and places count bytes.
      const text = `${value.replaceAll("\0", "")}|`;
      entries.push(key, TAGS.geoTexts, Buffer.byteLength(text), Buffer.byteLength(texts));
      texts += text;
    } else if (typeof value === "number") {
      if (!Number.isInteger(value) || value < 0 || value > LARGEST_CODE + 1)
        throw new RangeError(`GeoKey ${key} is no code: ${value}`);
      entries.push(key, 0, 1, value);
    } else {
      entries.push(key, TAGS.geoDoubles, value.length, doubles.length);
      doubles.push(...value);
    }
  }
  return [
    { id: TAGS.geoKeyDirectory, type: "short", values: [...KEY_HEADER, entries.length / 4, ...entries] },
    ...(doubles.length === 0 ? [] : [{ id: TAGS.geoDoubles, type: "double" as const, values: doubles }]),
    ...(texts === "" ? [] : [textTag(TAGS.geoTexts, texts)]),
  ];
}
