import { createHash } from "node:crypto";
import { UserError } from "../../errors.js";
import { readWholeFile } from "../../files.js";
import { isAddress, shownFile } from "../../raster/bytes/address.js";
import { extensionOf } from "../listing.js";
import { MAX_TEXT_BYTES } from "../text.js";
import { readGeoJson } from "./geojson.js";
import { readGeoPackage } from "./geopackage.js";
import type { VectorLayer, VectorOptions } from "./layer.js";

/** Forms of vector data that are known and not read, by the ending of their files. */
const OTHERS: Readonly<Record<string, string>> = {
  shp: "a shapefile",
  dbf: "the table of a shapefile",
  zip: "an archive",
  kml: "KML",
  kmz: "KML",
  gml: "GML",
  gdb: "a file geodatabase",
  fgb: "FlatGeobuf",
  parquet: "GeoParquet",
  topojson: "TopoJSON",
};

/**
 * Reads the polygons of a file.
 *
 * @throws UserError `not-found`, `bad-file` for what is not read or damaged, `bad-data` where nothing of it can be used, `limit`
 */
export async function readVector(path: string, options: VectorOptions = {}): Promise<VectorLayer> {
  const extension = extensionOf(path);
  if (extension === "gpkg") return readGeoPackage(path, options);
  const form = OTHERS[extension];
  if (form !== undefined) {
    throw new UserError("bad-file", `${path}: polygons are read from GeoJSON and GeoPackage, not from ${form}`, {
      hint: `Convert it: ogr2ogr -t_srs EPSG:4326 out.geojson ${path}`,
    });
  }
  if (isAddress(path)) {
    throw new UserError("usage", `${shownFile(path)}: polygons are read from files`, { hint: "Fetch it and give its path." });
  }
  const bytes = readWholeFile(path, { maxBytes: MAX_TEXT_BYTES });
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { ...readGeoJson(bytes, path, options), sha256 };
}
