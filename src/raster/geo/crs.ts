import { type EpsgRow, epsgRow } from "./epsg.js";

/** GeoTIFF keys by number, as a file holds them (OGC 19-008r4): a code (SHORT), a text (ASCII), or measures (DOUBLE), one or more. */
export type GeoKeys = ReadonlyMap<number, number | string | readonly number[]>;

/** A coordinate reference system as far as it is known. */
export interface Crs {
  readonly epsg: number | undefined;
  /** "WGS 84 / UTM zone 18S", or what the file says. */
  readonly name: string;
  readonly kind: "projected" | "geographic" | "unknown";
  /** Undefined where nobody knows how to project it: outputs keep it, reprojecting is refused by name. */
  readonly proj4: string | undefined;
  /** Metres in a unit of a projected CRS. */
  readonly metersPerUnit: number | undefined;
  /** As stored, to be written back. */
  readonly geoKeys: GeoKeys | undefined;
}

type Known = Omit<EpsgRow, "why"> & Partial<EpsgRow>;

/** The systems that most images from above come in are known without the table. */
function builtIn(epsg: number): Known | undefined {
  if (epsg === 4326) return { name: "WGS 84", kind: "geographic", proj4: "+proj=longlat +datum=WGS84" };
  if (epsg === 3857) {
    const sphere = "+a=6378137 +b=6378137 +nadgrids=@null";
    return {
      name: "WGS 84 / Pseudo-Mercator",
      kind: "projected",
      proj4: `+proj=merc +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 ${sphere} +units=m`,
    };
  }
  const zone = epsg % 100;
  const north = epsg - zone === 32600;
  if (!(north || epsg - zone === 32700) || zone < 1 || zone > 60) return undefined;
  return {
    name: `WGS 84 / UTM zone ${zone}${north ? "N" : "S"}`,
    kind: "projected",
    proj4: `+proj=utm +zone=${zone}${north ? "" : " +south"} +datum=WGS84 +units=m`,
  };
}

/** Metres in the units of proj4 (PROJ, `proj -lu`) that occur in the table. */
const UNIT_METERS: Readonly<Record<string, number>> = { m: 1, ft: 0.3048, "us-ft": 1200 / 3937, link: 0.201168, ch: 20.1168 };

function metersIn(proj4: string): number | undefined {
  const [, key, value] = /\+(units|to_meter)=(\S+)/.exec(proj4) ?? [];
  return key === "to_meter" ? Number(value) : UNIT_METERS[value];
}

/** The system of an EPSG code; undefined where the register does not have it. */
export function crsOfEpsg(epsg: number): Crs | undefined {
  if (!Number.isInteger(epsg)) return undefined;
  const known: Known | undefined = builtIn(epsg) ?? epsgRow(epsg);
  if (known === undefined) return undefined;
  const { name, kind, proj4, why } = known;
  const metersPerUnit = kind === "projected" && proj4 !== undefined ? metersIn(proj4) : undefined;
  return { epsg, name, kind, proj4: why === undefined ? proj4 : undefined, metersPerUnit, geoKeys: undefined };
}

/** A system that nobody here knows how to project; which is told. */
export function keptCrs(crs: Omit<Crs, "proj4">, onWarning?: (message: string) => void): Crs {
  const what = crs.epsg === undefined ? crs.name : `EPSG:${crs.epsg}`;
  onWarning?.(`nothing is known of its reference system (${what}): it is kept, not projected`);
  return { ...crs, proj4: undefined };
}

/** Whether two systems are known to be the same: by EPSG code, else by how they are projected, else by all that a file says of them. */
export function sameCrs(a: Crs | undefined, b: Crs | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a === b) return true;
  if (a.epsg !== undefined && b.epsg !== undefined) return a.epsg === b.epsg;
  if (a.proj4 !== undefined || b.proj4 !== undefined) return a.proj4 === b.proj4;
  if (a.geoKeys === undefined || b.geoKeys === undefined) return false;
  return JSON.stringify([...a.geoKeys].sort(byKey)) === JSON.stringify([...b.geoKeys].sort(byKey));
}

const byKey = ([a]: readonly [number, unknown], [b]: readonly [number, unknown]) => a - b;
