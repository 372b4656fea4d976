import { UserError } from "../errors.js";
import { type Crs, sameCrs } from "./geo/crs.js";
import { ECCENTRICITY_SQUARED, EQUATOR_METERS } from "./geo/ellipsoid.js";
import { type Affine, applyTransform, invertTransform, isSingular, placedTransform } from "./geo/transform.js";
import type { RasterInfo } from "./reader.js";
import type { PixelWindow } from "./resample.js";

/** Pixels on the earth: how many, and where. */
export interface Grid {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Undefined where nobody says. */
  readonly crs: Crs | undefined;
  readonly transform: Affine;
}

/** Pixels that lie this near to each other are one. */
const TOLERANCE_PX = 1e-3;

/**
 * The grid of a raster file.
 *
 * @throws UserError `bad-data` for a file that does not say where it lies
 */
export function gridOf({
  file,
  widthPx,
  heightPx,
  georeference,
}: Omit<Grid, "crs" | "transform"> & Pick<RasterInfo, "file" | "georeference">): Grid {
  if (georeference === undefined) {
    throw new UserError("bad-data", `${file}: does not say where it lies`, {
      hint: "Place it: gdal_translate -a_srs EPSG:<code> -a_ullr <left> <top> <right> <bottom> in.tif out.tif",
    });
  }
  return { widthPx, heightPx, ...georeference };
}

/** The part of a grid in a window, which may reach past it. */
export function partOf({ crs, transform }: Grid, window: PixelWindow): Grid {
  return { widthPx: window.widthPx, heightPx: window.heightPx, crs, transform: placedTransform(transform, window) };
}

/** Whether two grids are the same pixels, within a thousandth of one. Grids that do not say their system are taken to have the same. */
export function sameGrid(a: Grid, b: Grid): boolean {
  const window = alignedWindow(a, b);
  return (
    window !== undefined &&
    window.leftPx === 0 &&
    window.topPx === 0 &&
    window.widthPx === b.widthPx &&
    window.heightPx === b.heightPx
  );
}

/**
 * The window of `within` whose pixels are those of `grid`, within a thousandth of one; it may reach past `within`. Undefined where
 * pixels do not fall on pixels.
 */
export function alignedWindow(grid: Grid, within: Grid): PixelWindow | undefined {
  const alike = sameCrs(grid.crs, within.crs) || (grid.crs === undefined && within.crs === undefined);
  if (!alike || isSingular(within.transform)) return undefined;
  const inverse = invertTransform(within.transform);
  const cornerOf = (column: number, row: number) => applyTransform(inverse, ...applyTransform(grid.transform, column, row));
  const [leftPx, topPx] = cornerOf(0, 0).map(Math.round);
  const { widthPx, heightPx } = grid;
  for (const [column, row] of [
    [0, 0],
    [widthPx, 0],
    [0, heightPx],
    [widthPx, heightPx],
  ]) {
    const [x, y] = cornerOf(column, row);
    const offPx = Math.max(Math.abs(x - leftPx - column), Math.abs(y - topPx - row));
    if (!(offPx <= TOLERANCE_PX)) return undefined;
  }
  // Adding 0 turns -0 into 0.
  return { leftPx: leftPx + 0, topPx: topPx + 0, widthPx, heightPx };
}

const WEB_MERCATOR = 3857;

/**
 * How far a pixel reaches along its columns' and its rows' direction, in metres: of a projected system in its unit; on the ellipsoid,
 * in the middle of the grid, of a geographic one and of Web Mercator, whose metres are short of those on the ground. Undefined where
 * the system does not say.
 */
export function metersPerPixel({ widthPx, heightPx, crs, transform }: Grid): readonly [column: number, row: number] | undefined {
  const [, xc, xr, , yc, yr] = transform;
  const [x, y] = applyTransform(transform, widthPx / 2, heightPx / 2);
  const radians = Math.PI / 180;
  let east: number | undefined;
  let north: number | undefined;
  if (crs?.epsg === WEB_MERCATOR) {
    // φ = gd(y/a), dφ = cos φ · dy/a, dλ = dx/a.
    const latitude = Math.atan(Math.sinh(y / EQUATOR_METERS));
    const meters = degreeMeters(latitude);
    east = meters.east / (EQUATOR_METERS * radians);
    north = (meters.north * Math.cos(latitude)) / (EQUATOR_METERS * radians);
  } else if (crs?.kind === "geographic") {
    ({ east, north } = degreeMeters(y * radians));
  } else {
    east = crs?.metersPerUnit;
    north = east;
  }
  if (east === undefined || north === undefined || !Number.isFinite(x)) return undefined;
  return [Math.hypot(xc * east, yc * north), Math.hypot(xr * east, yr * north)];
}

/** Metres in a degree of longitude and of latitude: N cos φ and M, the radii of curvature (Snyder 1987, eq. 4-18 to 4-20). */
function degreeMeters(latitude: number): { east: number; north: number } {
  const w = 1 - ECCENTRICITY_SQUARED * Math.sin(latitude) ** 2;
  const radians = Math.PI / 180;
  return {
    east: ((EQUATOR_METERS * Math.cos(latitude)) / Math.sqrt(w)) * radians,
    north: ((EQUATOR_METERS * (1 - ECCENTRICITY_SQUARED)) / w ** 1.5) * radians,
  };
}
