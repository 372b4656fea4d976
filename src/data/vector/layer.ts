import { UserError } from "../../errors.js";
import type { Crs } from "../../raster/geo/crs.js";

/** A polygon: rings of points [x, y, x, y, …], the first outside, the others its holes; the last point of a ring is its first. */
export type Polygon = readonly Float64Array[];

/** One thing of a layer, as far as it covers area. */
export interface VectorFeature {
  /** In the order of the file, from 1. */
  readonly number: number;
  /** What the field that was asked for says; undefined where the feature does not have it. */
  readonly value: unknown;
  /** More than one for a multipolygon. */
  readonly polygons: readonly Polygon[];
}

/** Polygons of a file and where they lie. */
export interface VectorLayer {
  readonly file: string;
  /** Of the bytes of the file, in hexadecimal digits. */
  readonly sha256: string;
  /** Coordinates are easting or longitude first. */
  readonly crs: Crs;
  /** Those with polygons: at least one. */
  readonly features: readonly VectorFeature[];
  /** Names of fields, as far as they were seen. */
  readonly fields: readonly string[];
}

/** What is wanted of a file. */
export interface VectorOptions {
  /** The field whose value features are to have. */
  readonly field?: string | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** More points than these are refused. */
export const MOST_POINTS = 5_000_000;

const REASONS_TOLD = 4;

/** Features that are left out, by reason. */
export interface LeftOut {
  add(number: number, why: string): void;
  /**
   * Says what was left out.
   *
   * @throws UserError `bad-data` where nothing else is there
   */
  report(file: string, kept: number, onWarning: VectorOptions["onWarning"]): void;
}

/** Keeps account of features that cannot be used: one among many is no reason to refuse them all. */
export function leftOut(): LeftOut {
  const reasons = new Map<string, { count: number; readonly first: number }>();
  return {
    add(number, why) {
      const there = reasons.get(why);
      if (there === undefined) reasons.set(why, { count: 1, first: number });
      else there.count++;
    },
    report(file, kept, onWarning) {
      const all = Array.from(reasons, ([why, { count, first }]) => ({ why, count, first }));
      if (kept === 0) {
        const [found] = all;
        throw new UserError(
          "bad-data",
          found === undefined
            ? `${file}: has no features`
            : `${file}: has no polygon to use; feature ${found.first}: ${found.why}`,
          { hint: "Give polygons or multipolygons in longitude and latitude: ogr2ogr -t_srs EPSG:4326 out.geojson in.shp" },
        );
      }
      if (all.length === 0) return;
      const count = all.reduce((sum, reason) => sum + reason.count, 0);
      const words = all
        .slice(0, REASONS_TOLD)
        .map((one) => `${one.why} (${one.count === 1 ? "" : `${one.count}, first `}feature ${one.first})`);
      const more = all.length > REASONS_TOLD ? "; and other reasons" : "";
      onWarning?.(`${file}: ${count} of ${count + kept} features are left out: ${words.join("; ")}${more}`);
    },
  };
}

/**
 * Why a ring is none; undefined for a good one.
 *
 * @param points [x, y, x, y, …]
 */
export function faultOfRing(points: Float64Array, crs: Crs): string | undefined {
  if (!points.every(Number.isFinite)) return "a coordinate is no finite number";
  if (points.length < 8) return "a ring has fewer than four points";
  const last = points.length - 2;
  if (points[0] !== points[last] || points[1] !== points[last + 1])
    return "a ring is not closed: its last point is not its first";
  if (crs.kind !== "geographic") return undefined;
  for (let at = 0; at < points.length; at += 2) {
    if (Math.abs(points[at]) > 360 || Math.abs(points[at + 1]) > 90) {
      return "its coordinates are no longitudes and latitudes";
    }
    if (at > 0 && Math.abs(points[at] - points[at - 2]) > 180) {
      return "a side spans more than 180° of longitude: cut the polygon at the antimeridian (RFC 7946, 3.1.9)";
    }
  }
  return undefined;
}
