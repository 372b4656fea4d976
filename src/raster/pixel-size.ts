import { type Grid, metersPerPixel } from "./grid.js";

/** The side of a square as large as a pixel, in metres on the ground; undefined where nobody says. */
export function pixelSideMeters(grid: Grid): number | undefined {
  const sides = metersPerPixel(grid);
  return sides && Math.sqrt(sides[0] * sides[1]);
}
