/** GeoTIFF keys by number, as a file holds them (OGC 19-008r4): a code, a text, or numbers. */
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
