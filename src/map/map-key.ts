import { crsOfEpsg } from "../raster/geo/crs.js";
import { checkProjectable, transformer } from "../raster/geo/project.js";
import { applyTransform, isSingular } from "../raster/geo/transform.js";
import { type Grid, metersPerPixel } from "../raster/grid.js";

/** A length that people can take off a map. */
export interface ScaleBar {
  readonly meters: number;
  /** As long as it is drawn, not rounded. */
  readonly lengthPx: number;
  readonly label: string;
}

/**
 * The longest of 1, 2 and 5 times a power of ten metres that is no longer than `mostPx`; along the rows of the grid, in whose middle
 * it is right. Undefined where nobody knows how large a pixel is.
 *
 * @param scale pixels drawn for each of the grid
 */
export function scaleBar(grid: Grid, scale: number, mostPx: number): ScaleBar | undefined {
  const across = metersPerPixel(grid)?.[0];
  if (across === undefined || !(across > 0) || !Number.isFinite(across)) return undefined;
  const most = (mostPx * across) / scale;
  const power = 10 ** Math.floor(Math.log10(most));
  const meters = ([5, 2, 1].find((step) => step * power <= most) ?? 1) * power;
  return { meters, lengthPx: (meters * scale) / across, label: lengthLabel(meters) };
}

function lengthLabel(meters: number): string {
  const [value, unit] = meters >= 1000 ? [meters / 1000, "km"] : meters >= 1 ? [meters, "m"] : [meters * 100, "cm"];
  return `${Number(value.toPrecision(1))} ${unit}`;
}

const WGS84 = crsOfEpsg(4326);
const STEP_DEGREES = 1e-3;
/** North by so little beside that of the grid (3°: no zone of UTM is off by more below 60°) is drawn as that of the grid. */
const SNAPPED = Math.cos((3 * Math.PI) / 180);

/** Where north is on a picture of a grid, in its middle, as a step [right, down] of length 1. Undefined for pixels on a line. */
export async function northOf(grid: Grid): Promise<readonly [right: number, down: number] | undefined> {
  if (isSingular(grid.transform)) return undefined;
  const straight = stepOf(grid, 0, 1);
  const true_ = await trueNorth(grid);
  if (true_ === undefined) return straight;
  const north = stepOf(grid, ...true_);
  return north[0] * straight[0] + north[1] * straight[1] >= SNAPPED ? straight : north;
}

/** In coordinates of the grid; undefined for a system that is not known or not projected. */
async function trueNorth({ widthPx, heightPx, crs, transform }: Grid): Promise<[x: number, y: number] | undefined> {
  if (crs === undefined || WGS84 === undefined || crs.kind === "geographic") return undefined;
  try {
    checkProjectable(crs, WGS84);
  } catch {
    return undefined;
  }
  const place = new Float64Array(applyTransform(transform, widthPx / 2, heightPx / 2));
  (await transformer(crs, WGS84))(place);
  const [longitude, latitude] = place;
  // Towards the equator, so that no pole is crossed.
  const step = latitude > 0 ? -STEP_DEGREES : STEP_DEGREES;
  const ends = Float64Array.of(longitude, latitude, longitude, latitude + step);
  (await transformer(WGS84, crs))(ends);
  const [x, y] = [(ends[2] - ends[0]) / step, (ends[3] - ends[1]) / step];
  return Number.isFinite(x) && Number.isFinite(y) && (x !== 0 || y !== 0) ? [x, y] : undefined;
}

/** A step in coordinates as one in pixels, of length 1. */
function stepOf({ transform: [, xc, xr, , yc, yr] }: Grid, x: number, y: number): readonly [right: number, down: number] {
  // The inverse of [a b; c d] is [d -b; -c a] / (a·d - b·c).
  const determinant = xc * yr - xr * yc;
  const [right, down] = [(yr * x - xr * y) / determinant, (xc * y - yc * x) / determinant];
  const length = Math.sqrt(right ** 2 + down ** 2);
  // Adding 0 turns -0 into 0.
  return [right / length + 0, down / length + 0];
}
