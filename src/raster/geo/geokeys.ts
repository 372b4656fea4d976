import { TAGS } from "../tiff/tags.js";
import { type Crs, crsOfEpsg, type GeoKeys, keptCrs } from "./crs.js";

/** Keys that are read and written (OGC 19-008r4, annex B). */
export const GEO_KEYS = {
  modelType: 1024,
  rasterType: 1025,
  citation: 1026,
  geographicCrs: 2048,
  geographicCitation: 2049,
  projectedCrs: 3072,
  projectedCitation: 3073,
  linearUnits: 3076,
  linearUnitSize: 3077,
} as const;

const POINT = 2;
/** A code that stands for "said by other keys". */
export const USER_DEFINED = 32767;

/** Metres in the linear units of the EPSG register that occur. */
const UNIT_METERS: Readonly<Record<number, number>> = { 9001: 1, 9002: 0.3048, 9003: 1200 / 3937, 9036: 1000 };

/** Of all keys together: any number of keys may point at the same long text. */
const MOST_VALUES = 2 ** 16;

const KINDS: Readonly<Record<number, Crs["kind"]>> = { 1: "projected", 2: "geographic" };

/**
 * Reads a GeoKeyDirectory. Keys whose values are not there are left out and told.
 *
 * @param directory the tag's numbers, four for each key
 * @param values.texts GeoAsciiParams as stored: places in it count bytes
 */
export function parseGeoKeys(
  directory: ArrayLike<number>,
  { doubles, texts }: { doubles: ArrayLike<number>; texts: Uint8Array },
  onWarning?: (message: string) => void,
): GeoKeys {
  const keys = new Map<number, number | string | readonly number[]>();
  const count = Math.min(directory[3] ?? 0, Math.floor((directory.length - 4) / 4));
  if (directory.length < 4 || count < directory[3]) onWarning?.("its GeoKeys are cut off");
  let left = MOST_VALUES;
  for (let i = 0; i < count; i++) {
    const [key, location, length, offset] = Array.from({ length: 4 }, (_, part) => directory[4 + 4 * i + part]);
    if (location !== 0) left -= length;
    if (location === 0) keys.set(key, offset);
    else if (left < 0) break;
    else if (location === TAGS.geoTexts && offset + length <= texts.length) {
      keys.set(key, decodeText(texts.subarray(offset, offset + length)));
    } else if (location === TAGS.geoDoubles && offset + length <= doubles.length && length > 0) {
      // Also one alone stays a list: written back as a code, 117 degrees would be no angle any more.
      keys.set(
        key,
        Array.from({ length }, (_, part) => doubles[offset + part]),
      );
    } else onWarning?.(`its GeoKey ${key} has no value`);
  }
  if (left < 0) onWarning?.(`its GeoKeys have more than ${MOST_VALUES} letters and numbers; those behind are left out`);
  return keys;
}

/** The standard says ASCII; writers store UTF-8, older ones Latin-1. "|" ends a text. */
function decodeText(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    text = new TextDecoder("latin1").decode(bytes);
  }
  let end = text.length;
  while (end > 0 && "|\0".includes(text[end - 1])) end--;
  return text.slice(0, end);
}

/** Whether coordinates are those of the middle of pixels. */
export function isPixelPoint(keys: GeoKeys): boolean {
  return keys.get(GEO_KEYS.rasterType) === POINT;
}

/** The reference system that GeoKeys name; undefined where they name none. */
export function crsOfGeoKeys(keys: GeoKeys, onWarning?: (message: string) => void): Crs | undefined {
  const number = (key: keyof typeof GEO_KEYS) => {
    const value = keys.get(GEO_KEYS[key]);
    return typeof value === "number" ? value : undefined;
  };
  const double = (key: keyof typeof GEO_KEYS) => {
    const value = keys.get(GEO_KEYS[key]);
    return typeof value === "object" ? value[0] : undefined;
  };
  const text = (key: keyof typeof GEO_KEYS) => {
    const value = keys.get(GEO_KEYS[key]);
    return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
  };
  const projected = number("projectedCrs");
  const geographic = number("geographicCrs");
  const model = number("modelType") ?? (projected !== undefined ? 1 : geographic !== undefined ? 2 : 0);
  // Writers for Esri's software call the model user-defined, and name the projected system all the same.
  const isNamed = model === USER_DEFINED && projected !== undefined && projected !== USER_DEFINED;
  const kind = isNamed ? "projected" : (KINDS[model] ?? "unknown");
  const code = { projected, geographic, unknown: geocentricCode(geographic) }[kind];
  const citation = {
    projected: text("projectedCitation") ?? text("citation"),
    geographic: text("geographicCitation"),
    unknown: text("citation") ?? text("geographicCitation"),
  }[kind];
  if (geographic === undefined && citation === undefined && kind === "unknown") return undefined;

  const epsg = code !== undefined && code > 0 && code < USER_DEFINED ? code : highCode(code);
  const known = epsg === undefined ? undefined : crsOfEpsg(epsg);
  if (known !== undefined && known.kind === kind) return { ...known, geoKeys: keys };
  const name = citation ?? text("citation") ?? (epsg === undefined ? "user-defined" : `EPSG:${epsg}`);
  const size = double("linearUnitSize") ?? UNIT_METERS[number("linearUnits") ?? 0];
  return keptCrs({ epsg, name, kind, metersPerUnit: kind === "projected" ? size : undefined, geoKeys: keys }, onWarning);
}

/** Of what is neither projected nor geographic, the key of geographic systems names only what it is made from, or itself. */
function geocentricCode(code: number | undefined): number | undefined {
  return code !== undefined && crsOfEpsg(code) !== undefined ? undefined : code;
}

/** EPSG codes lie on both sides of the one for "user-defined". */
function highCode(code: number | undefined): number | undefined {
  return code !== undefined && code > USER_DEFINED && code < 2 ** 16 - 1 ? code : undefined;
}
