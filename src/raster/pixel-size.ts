import { type Grid, metersPerPixel } from "./grid.js";

/** The side of a square as large as a pixel, in metres on the ground; undefined where nobody says. */
export function pixelSideMeters(grid: Grid): number | undefined {
  const sides = metersPerPixel(grid);
  return sides && Math.sqrt(sides[0] * sides[1]);
}

/** The same, or in units of the reference system where nobody knows how large those are: to compare pixels of one system. */
export function pixelSide(grid: Grid): number {
  const [, xc, xr, , yc, yr] = grid.transform;
  return pixelSideMeters(grid) ?? Math.sqrt(Math.abs(xc * yr - xr * yc));
}
