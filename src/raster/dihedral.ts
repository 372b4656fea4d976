import type { Raster } from "./raster.js";
import { newSamples } from "./samples.js";

/** The 8 ways to lay a square on itself. Rotations are anticlockwise. */
export const TURNS = ["none", "rot90", "rot180", "rot270", "flipX", "flipY", "transpose", "transverse"] as const;
export type Turn = (typeof TURNS)[number];

/**
 * How each turn reads its source: out[y, x] = in[row, column], where the pair (row, column) is (y, x), or (x, y) when
 * `swap`, each counted from the far end where it is reversed.
 */
const READS: Readonly<Record<Turn, { swap: boolean; rowReversed: boolean; columnReversed: boolean }>> = {
  none: { swap: false, rowReversed: false, columnReversed: false },
  flipX: { swap: false, rowReversed: false, columnReversed: true },
  flipY: { swap: false, rowReversed: true, columnReversed: false },
  rot180: { swap: false, rowReversed: true, columnReversed: true },
  transpose: { swap: true, rowReversed: false, columnReversed: false },
  rot90: { swap: true, rowReversed: false, columnReversed: true },
  rot270: { swap: true, rowReversed: true, columnReversed: false },
  transverse: { swap: true, rowReversed: true, columnReversed: true },
};

/** Flips or rotates a raster without touching a sample; its georeference, which no longer holds, is left out. */
export function turn(raster: Raster, how: Turn): Raster {
  if (how === "none") return raster;
  const { swap, rowReversed, columnReversed } = READS[how];
  const { georeference: _, ...rest } = raster;
  const { widthPx: inWidthPx, heightPx: inHeightPx } = raster;
  const [widthPx, heightPx] = swap ? [inHeightPx, inWidthPx] : [inWidthPx, inHeightPx];
  const columnStep = columnReversed ? -1 : 1;
  const rowStep = rowReversed ? -inWidthPx : inWidthPx;
  const [xStep, yStep] = swap ? [rowStep, columnStep] : [columnStep, rowStep];
  const corner = (rowReversed ? (inHeightPx - 1) * inWidthPx : 0) + (columnReversed ? inWidthPx - 1 : 0);

  const data = newSamples(raster.dtype, raster.data.length);
  for (let band = 0, o = 0; band < raster.bands.length; band++) {
    for (let y = 0; y < heightPx; y++) {
      let s = band * widthPx * heightPx + corner + y * yStep;
      for (let x = 0; x < widthPx; x++, o++, s += xStep) data[o] = raster.data[s];
    }
  }
  return { ...rest, widthPx, heightPx, data };
}
