import { UserError } from "../../errors.js";
import { type Crs, crsOfEpsg, sameCrs } from "./crs.js";
import { epsgRow } from "./epsg.js";

/** Points as [x, y, x, y, …], longitude or easting first, moved in place; NaN where a point has no place in the other system. */
export type Transformer = (points: Float64Array) => void;

/** Rounding may carry a pole this far, in degrees. */
const POLE_SLACK = 1e-9;

/** Files that the two systems are of, for messages. */
export interface FilesOfSystems {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/**
 * What moves points from one system to the other. Between two datums it goes by their shifts to WGS 84 (good to some metres), never
 * by grids of shifts.
 *
 * @throws UserError as `checkProjectable`
 */
export async function transformer(from: Crs, to: Crs, files: FilesOfSystems = {}): Promise<Transformer> {
  checkProjectable(from, to, files);
  if (sameCrs(from, to)) return () => {};
  // Loaded here so that those who project nothing do not pay for it.
  const { default: proj4 } = await import("proj4");
  const { forward } = proj4(formulaOf(from), formulaOf(to));
  const lastLatitude = from.kind === "geographic" ? 90 + POLE_SLACK : Number.POSITIVE_INFINITY;
  const pair = [0, 0];
  return (points) => {
    for (let at = 0; at < points.length; at += 2) {
      [pair[0], pair[1]] = [points[at], points[at + 1]];
      let moved: readonly number[] = NOWHERE;
      if (Number.isFinite(pair[0]) && Math.abs(pair[1]) <= lastLatitude) {
        try {
          moved = forward(pair);
        } catch {
          // Some projections throw where others answer with infinity: no place either way.
        }
      }
      const placed = Number.isFinite(moved[0]) && Number.isFinite(moved[1]);
      [points[at], points[at + 1]] = placed ? moved : NOWHERE;
    }
  };
}

const NOWHERE = [Number.NaN, Number.NaN] as const;

/**
 * Whether points can be moved from one system to the other.
 *
 * @throws UserError `bad-data` naming the system that cannot be projected, and why, with its file where that is known
 */
export function checkProjectable(from: Crs | undefined, to: Crs | undefined, files: FilesOfSystems = {}): void {
  if (sameCrs(from, to)) return;
  const both = [
    { crs: from, file: files.from, other: files.to },
    { crs: to, file: files.to, other: files.from },
  ];
  for (const { crs, file, other } of both) {
    if (crs === undefined) throw withoutSystem(file, other);
    if (projOf(crs) === undefined) refuse(crs, whyNot(crs), file);
  }
  for (const { crs, file } of both) {
    if (crs !== undefined && !isTied(formulaOf(crs))) refuse(crs, "nobody says how its datum lies to WGS 84", file);
  }
}

function withoutSystem(file: string | undefined, other: string | undefined): UserError {
  const message =
    file === undefined
      ? `cannot project ${other ?? "anything"} to or from a raster that does not say its reference system`
      : `${file}: does not say its reference system, so nobody knows where ${other ?? "anything else"} lies on it`;
  return new UserError("bad-data", message, {
    hint: `Say what it is: gdal_translate -a_srs EPSG:<code> ${file ?? "in.tif"} out.tif`,
  });
}

/** A system that somebody named by its code alone is as good as one from a file. */
function projOf(crs: Crs): string | undefined {
  return crs.proj4 ?? (crs.epsg === undefined ? undefined : crsOfEpsg(crs.epsg)?.proj4);
}

function formulaOf(crs: Crs | undefined): string {
  return (crs && projOf(crs)) ?? "";
}

function whyNot({ epsg }: Crs): string {
  return (epsg === undefined ? undefined : epsgRow(epsg)?.why) ?? "nothing is known of how it is projected";
}

function refuse({ epsg, name }: Crs, why: string, file: string | undefined): never {
  const code = epsg === undefined || name === `EPSG:${epsg}` ? name : `EPSG:${epsg} (${name})`;
  throw new UserError("bad-data", `${file === undefined ? "" : `${file}: `}cannot project to or from ${code}: ${why}`, {
    hint: "Warp it with GDAL first: gdalwarp -t_srs EPSG:<code> in.tif out.tif",
  });
}

/** Whether a formula's datum is WGS 84 within a metre or two, or has a shift to it. */
function isTied(proj4: string): boolean {
  return /\+(datum|towgs84|nadgrids)=|\+ellps=(GRS80|WGS84)\b/.test(proj4);
}
