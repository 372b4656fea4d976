import { type Crs, crsOfEpsg, keptCrs } from "./crs.js";

const KINDS: Readonly<Record<string, Crs["kind"]>> = {
  PROJCS: "projected",
  PROJCRS: "projected",
  PROJECTEDCRS: "projected",
  GEOGCS: "geographic",
  GEOGCRS: "geographic",
  GEOGRAPHICCRS: "geographic",
  GEODCRS: "geographic",
  GEODETICCRS: "geographic",
};
/** The outermost keyword and the name behind it. */
const ROOT = /^\s*([A-Z_]+)\s*\[\s*(?:"([^"]*)")?/i;
/** The code of the whole is the last thing before its last bracket. */
const CODE = /\b(?:AUTHORITY|ID)\s*\[\s*"EPSG"\s*,\s*"?(\d{1,6})"?\s*\]\s*\]\s*$/i;
/** The unit of a projected system stands behind those of what it is made from. */
const UNIT = /\b(?:LENGTH)?UNIT\s*\[\s*"[^"]*"\s*,\s*([\d.eE+-]+)/gi;

/** The reference system of an "EPSG:4326" or a WKT, as far as its code or its name says it; undefined for other texts. */
export function crsOfText(text: string, onWarning?: (message: string) => void): Crs | undefined {
  const root = ROOT.exec(text);
  const code = (/^\s*EPSG:(\d{1,6})\s*$/i.exec(text) ?? CODE.exec(text))?.[1];
  if (root === null && code === undefined) return undefined;
  const epsg = code === undefined ? undefined : Number(code);
  const known = epsg === undefined ? undefined : crsOfEpsg(epsg);
  if (known !== undefined) return known;
  const kind = KINDS[root?.[1].toUpperCase() ?? ""] ?? "unknown";
  const name = root?.[2] || (epsg === undefined ? "user-defined" : `EPSG:${epsg}`);
  const unit = Number(Array.from(text.matchAll(UNIT)).at(-1)?.[1]);
  const metersPerUnit = kind === "projected" && unit > 0 ? unit : undefined;
  return keptCrs({ epsg, name, kind, metersPerUnit, geoKeys: undefined }, onWarning);
}
