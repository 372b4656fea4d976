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

interface KnownCrs {
  readonly codes: readonly [first: number, last: number];
  readonly kind: "projected" | "geographic";
  /** `zone` counts from the first code of a row. */
  readonly name: (zone: number) => string;
  readonly proj4: (zone: number) => string;
}

const WGS84 = "+datum=WGS84";
/** Grids that agree with WGS 84 within a metre. */
const GRS80 = "+ellps=GRS80 +towgs84=0,0,0,0,0,0,0";

function geographic(code: number, name: string, datum: string): KnownCrs {
  return { codes: [code, code], kind: "geographic", name: () => name, proj4: () => `+proj=longlat ${datum} +no_defs` };
}

function utm(first: number, last: number, zones: { name: string; from: number; south?: true }, datum: string): KnownCrs {
  const letter = zones.south ? "S" : "N";
  const south = zones.south ? " +south" : "";
  return {
    codes: [first, last],
    kind: "projected",
    name: (index) => `${zones.name} / UTM zone ${zones.from + index}${letter}`,
    proj4: (index) => `+proj=utm +zone=${zones.from + index}${south} ${datum} +units=m +no_defs`,
  };
}

/** Coordinate reference systems of the EPSG register that images from above mostly come in; all in metres or degrees. */
const KNOWN: readonly KnownCrs[] = [
  geographic(4326, "WGS 84", WGS84),
  geographic(4258, "ETRS89", GRS80),
  geographic(4269, "NAD83", "+datum=NAD83"),
  geographic(4674, "SIRGAS 2000", GRS80),
  {
    codes: [3857, 3857],
    kind: "projected",
    name: () => "WGS 84 / Pseudo-Mercator",
    proj4: () => "+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null +no_defs",
  },
  {
    codes: [3035, 3035],
    kind: "projected",
    name: () => "ETRS89-extended / LAEA Europe",
    proj4: () => `+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 ${GRS80} +units=m +no_defs`,
  },
  {
    codes: [5070, 5070],
    kind: "projected",
    name: () => "NAD83 / Conus Albers",
    proj4: () => "+proj=aea +lat_0=23 +lon_0=-96 +lat_1=29.5 +lat_2=45.5 +x_0=0 +y_0=0 +datum=NAD83 +units=m +no_defs",
  },
  utm(32601, 32660, { name: "WGS 84", from: 1 }, WGS84),
  utm(32701, 32760, { name: "WGS 84", from: 1, south: true }, WGS84),
  utm(25828, 25838, { name: "ETRS89", from: 28 }, GRS80),
  utm(26901, 26923, { name: "NAD83", from: 1 }, "+datum=NAD83"),
  utm(31978, 31985, { name: "SIRGAS 2000", from: 18, south: true }, GRS80),
];

/** The system of an EPSG code; undefined where the table does not have it. */
export function crsOfEpsg(epsg: number): Crs | undefined {
  const row = KNOWN.find(({ codes: [first, last] }) => epsg >= first && epsg <= last);
  if (row === undefined || !Number.isInteger(epsg)) return undefined;
  const index = epsg - row.codes[0];
  const { kind } = row;
  const metersPerUnit = kind === "projected" ? 1 : undefined;
  return { epsg, name: row.name(index), kind, proj4: row.proj4(index), metersPerUnit, geoKeys: undefined };
}

/** A system that nobody here knows how to project; which is told. */
export function keptCrs(crs: Omit<Crs, "proj4">, onWarning?: (message: string) => void): Crs {
  const what = crs.epsg === undefined ? crs.name : `EPSG:${crs.epsg}`;
  onWarning?.(`nothing is known of its reference system (${what}): it is kept, not projected`);
  return { ...crs, proj4: undefined };
}

/** Whether two systems are known to be the same: by EPSG code, else by how they are projected. */
export function sameCrs(a: Crs | undefined, b: Crs | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a.epsg !== undefined && b.epsg !== undefined) return a.epsg === b.epsg;
  return a.proj4 !== undefined && a.proj4 === b.proj4;
}
