import { UserError } from "../errors.js";
import { type Crs, crsOfEpsg } from "../raster/geo/crs.js";
import { type Transformer, transformer } from "../raster/geo/project.js";
import type { Georeference } from "../raster/raster.js";
import type { Ring } from "./polygons.js";

/** Puts rings of corners between cells where they lie on the earth. */
export interface Placement {
  /** Undefined for longitude and latitude on WGS 84. */
  readonly crs: { readonly own: Crs | undefined } | undefined;
  /** Half of the earth on which each cell of a row lies: polygons of two must not be one (RFC 7946, 3.1.9). Undefined where all lie on one. */
  readonly halves: ((row: number) => Uint8Array) | undefined;
  /**
   * A ring as [x, y, x, y, …] to seven decimals, its inside on the left; straight sides have points in between where they are bent.
   * Undefined where a corner has no place.
   */
  place(ring: Ring, half: number): Float64Array | undefined;
}

/** 180° east and what lies before it, and 180° west and what lies behind it. */
export const HALF = { east: 0, west: 1 } as const;

/** A side may stray so far from its neighbour's, in cells, before points are put in between. */
const BENT_CELLS = 0.1;
const DECIMALS = 1e7;

/** Where the cells of a map lie in longitude and latitude; in the map's own coordinates, with a warning, where nobody can project them. */
export async function placementOf(
  { crs, transform }: Georeference,
  { columns, rows }: { readonly columns: number; readonly rows: number },
  onWarning: ((message: string) => void) | undefined,
): Promise<Placement> {
  let project: Transformer | undefined;
  try {
    project = await toDegrees(crs);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    onWarning?.(`the polygons have the coordinates of the map, not longitude and latitude: ${error.message}`);
  }
  const [x0, xc, xr, y0, yc, yr] = transform;
  const isMirrored = xc * yr - xr * yc > 0;
  const positions = (cells: ArrayLike<number>) => {
    const points = new Float64Array(cells.length);
    for (let at = 0; at < cells.length; at += 2) {
      points[at] = x0 + xc * cells[at] + xr * cells[at + 1];
      points[at + 1] = y0 + yc * cells[at] + yr * cells[at + 1];
    }
    project?.(points);
    if (project !== undefined) for (let at = 0; at < points.length; at += 2) points[at] = wrapped(points[at]);
    return points;
  };
  const size = { columns, rows };
  // Degrees of another datum are bent by nothing.
  const staysStraight = project === undefined || crs?.kind === "geographic";
  const everyCells = staysStraight ? Number.POSITIVE_INFINITY : straightFor(positions, size);
  const isSplit = project !== undefined && crossesAntimeridian(positions, size);
  return {
    crs: project === undefined ? { own: crs } : undefined,
    halves: isSplit
      ? (row) => {
          const middles = positions(Float64Array.from({ length: 2 * columns }, (_, i) => (i % 2 === 0 ? i / 2 : row) + 0.5));
          return Uint8Array.from({ length: columns }, (_, column) => (middles[2 * column] < 0 ? HALF.west : HALF.east));
        }
      : undefined,
    place(ring, half) {
      const points = positions(withPointsBetween(ring, everyCells));
      for (let at = 0; at < points.length; at += 2) {
        if (!Number.isFinite(points[at])) return undefined;
        // The corners of a cell on the line lie on both sides of it.
        if (isSplit && half === HALF.east && points[at] < -90) points[at] = 180;
        if (isSplit && half === HALF.west && points[at] > 90) points[at] = -180;
      }
      // 0 is added since -0 is another number to those who compare.
      for (let i = 0; i < points.length; i++) points[i] = Math.round(points[i] * DECIMALS) / DECIMALS + 0;
      return isMirrored ? backwards(points) : points;
    },
  };
}

/** @throws UserError `bad-data` where nobody can project */
async function toDegrees(crs: Crs | undefined): Promise<Transformer> {
  const degrees = crsOfEpsg(4326) as Crs; // it is built in
  if (crs !== undefined) return await transformer(crs, degrees);
  throw new UserError("bad-data", "the scene does not say its reference system");
}

/** Some files count degrees up to 360. */
function wrapped(longitude: number): number {
  if (longitude >= -180 && longitude <= 180) return longitude;
  return ((((longitude + 180) % 360) + 360) % 360) - 180;
}

/** At how many cells a straight line needs a point in between, so that chords stay within `BENT_CELLS` of it. */
function straightFor(
  positions: (cells: ArrayLike<number>) => Float64Array,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): number {
  let most = 0; // bend per square of the length, in cells: that of a chord grows so
  const lines = [0, 0.5, 1].flatMap((share) => [
    [0, share * rows, columns, share * rows],
    [share * columns, 0, share * columns, rows],
  ]);
  for (const [x0, y0, x1, y1] of lines) {
    const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
    const points = positions([x, y, x0, y0, x1, y1, x + 1, y, x, y + 1]);
    const [start, end, east, south] = [1, 2, 3, 4].map((i) => [
      wrapped(points[2 * i] - points[0]),
      points[2 * i + 1] - points[1],
    ]);
    const [bx, by] = [(start[0] + end[0]) / 2, (start[1] + end[1]) / 2];
    // The bend in cells: [east south] · cells = b.
    const determinant = east[0] * south[1] - south[0] * east[1];
    const cells = Math.hypot(bx * south[1] - south[0] * by, east[0] * by - bx * east[1]) / Math.abs(determinant);
    if (Number.isFinite(cells)) most = Math.max(most, cells / ((x1 - x0) ** 2 + (y1 - y0) ** 2));
  }
  const every = Math.floor(Math.sqrt(BENT_CELLS / most));
  return every >= Math.max(columns, rows) ? Number.POSITIVE_INFINITY : Math.max(1, every);
}

/** Whether 180° runs through a map: longitudes along its edge jump there. */
function crossesAntimeridian(
  positions: (cells: ArrayLike<number>) => Float64Array,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): boolean {
  const edge = [0, 0, columns, 0, columns, rows, 0, rows, 0, 0];
  const points = positions(withPointsBetween(edge, 1));
  for (let at = 2; at < points.length; at += 2) if (Math.abs(points[at] - points[at - 2]) > 180) return true;
  return false;
}

/** Points at the same columns and rows in every ring, so that those of neighbours are the same. */
function withPointsBetween(ring: ArrayLike<number>, everyCells: number): ArrayLike<number> {
  if (everyCells === Number.POSITIVE_INFINITY) return ring;
  const out = [ring[0], ring[1]];
  for (let at = 2; at < ring.length; at += 2) {
    const [x0, y0, x1, y1] = [ring[at - 2], ring[at - 1], ring[at], ring[at + 1]];
    const [from, to] = [x0 + y0, x1 + y1]; // one of the two stays as it is
    const fixed = x0 === x1 ? x0 : y0;
    const start = x0 === x1 ? y0 : x0;
    const end = start + to - from;
    const step = Math.sign(end - start);
    let next = step > 0 ? Math.floor(start / everyCells) + 1 : Math.ceil(start / everyCells) - 1;
    for (; step * (next * everyCells - end) < 0; next += step) {
      if (x0 === x1) out.push(fixed, next * everyCells);
      else out.push(next * everyCells, fixed);
    }
    out.push(x1, y1);
  }
  return out;
}

function backwards(points: Float64Array): Float64Array {
  const out = new Float64Array(points.length);
  for (let at = 0; at < points.length; at += 2) out.set(points.subarray(at, at + 2), points.length - 2 - at);
  return out;
}
