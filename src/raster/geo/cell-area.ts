import { messageOf } from "../../errors.js";
import type { Georeference } from "../raster.js";
import { meshed } from "./cell-mesh.js";
import { type Crs, crsOfEpsg } from "./crs.js";
import { authalicQ, HECTARES_OF_Q, latitudeOf } from "./ellipsoid.js";
import { checkProjectable, transformer } from "./project.js";

/** How many cells a grid has; what is left of a whole number is the part of the last one that counts: 10.25 columns are 11, of which a quarter of the last. */
export interface CellCount {
  readonly columns: number;
  readonly rows: number;
}

/** Hectares of the cells of a grid. */
export type CellAreas =
  | {
      /** `ellipsoid`: on the ground. `plane`: as drawn, in a system that nobody can project. */
      readonly method: "ellipsoid" | "plane";
      /** Of each cell of a row; 0 for one that reaches off the earth. Fastest from the first row to the last. */
      readonly row: (row: number) => Float64Array;
    }
  | { readonly method: "unknown"; readonly why: string };

const RADIANS = Math.PI / 180;
const SQUARE_METERS = 10_000;

/**
 * How large cells are on the ground: their corners on the ellipsoid WGS 84, between sides that are straight on the grid.
 * In a system that nobody can project they are as large as they are drawn; unknown where it has no unit either.
 */
export async function cellAreas(georeference: Georeference | undefined, count: CellCount): Promise<CellAreas> {
  if (georeference === undefined) return { method: "unknown", why: "it does not say where it lies" };
  const { crs, transform } = georeference;
  if (crs !== undefined && isOfDegrees(crs)) {
    const [, , xr, , yc] = transform;
    return {
      method: "ellipsoid",
      row: xr === 0 && yc === 0 ? bands(georeference, count) : meshed(georeference, count, () => {}),
    };
  }
  try {
    checkProjectable(crs, DEGREES);
  } catch (error) {
    return planar(georeference, count, messageOf(error));
  }
  // Checked above.
  return { method: "ellipsoid", row: meshed(georeference, count, await transformer(crs as Crs, DEGREES)) };
}

// Code 4326 is built in.
const DEGREES = crsOfEpsg(4326) as Crs;

/** Whether coordinates are longitude and latitude on the earth: those of a datum without a shift to WGS 84 are as good as any for an area. */
function isOfDegrees(crs: Crs): boolean {
  if (crs.kind !== "geographic") return false;
  if (crs.epsg !== undefined && crsOfEpsg(crs.epsg) !== undefined) return true;
  try {
    checkProjectable(crs, DEGREES);
    return true;
  } catch {
    return false;
  }
}

function planar({ crs, transform }: Georeference, count: CellCount, why: string): CellAreas {
  const unit = crs?.metersPerUnit;
  if (unit === undefined) return { method: "unknown", why };
  const [, xc, xr, , yc, yr] = transform;
  const whole = (Math.abs(xc * yr - xr * yc) * unit * unit) / SQUARE_METERS;
  const widths = Float64Array.from({ length: Math.ceil(count.columns) }, (_, column) => Math.min(1, count.columns - column));
  return { method: "plane", row: (row) => widths.map((width) => width * whole * Math.min(1, count.rows - row)) };
}

/** Of a grid along longitude and latitude: the cells of a row are alike. */
function bands({ transform }: Georeference, { columns, rows }: CellCount): (row: number) => Float64Array {
  const [, xc, , y0, , yr] = transform;
  const qOf = (row: number) => authalicQ(Math.sin(latitudeOf(y0 + yr * row) * RADIANS));
  return (row) => {
    const height = Math.abs(qOf(Math.min(rows, row + 1)) - qOf(row));
    const whole = height * Math.abs(xc) * RADIANS * HECTARES_OF_Q;
    const areas = new Float64Array(Math.ceil(columns)).fill(whole);
    areas[areas.length - 1] *= columns - (areas.length - 1);
    return areas;
  };
}
