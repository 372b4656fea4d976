import type { Crs } from "../src/raster/geo/crs.js";

/** The zone of Pucallpa, as somebody gives it who has read no file. */
export const UTM_18S = {
  epsg: 32718,
  name: "WGS 84 / UTM zone 18S",
  kind: "projected",
  proj4: undefined,
  metersPerUnit: 1,
  geoKeys: undefined,
} as const satisfies Crs;
