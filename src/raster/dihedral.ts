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

/** A walk over the samples of one plane of `H · W`: the turned plane, `heightPx` rows of `widthPx`, reads its source along it. */
export interface TurnedWalk {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Where the sample at row 0 and column 0 comes from; one column and one row further lie `xStep` and `yStep` further. */
  readonly start: number;
  readonly xStep: number;
  readonly yStep: number;
}

/** How a turned plane reads its source, which is `widthPx` wide and `heightPx` high. */
export function turnedWalk(
  how: Turn,
  { widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number },
): TurnedWalk {
  const { swap, rowReversed, columnReversed } = READS[how];
  const columnStep = columnReversed ? -1 : 1;
  const rowStep = rowReversed ? -widthPx : widthPx;
  const start = (rowReversed ? (heightPx - 1) * widthPx : 0) + (columnReversed ? widthPx - 1 : 0);
  return swap
    ? { widthPx: heightPx, heightPx: widthPx, start, xStep: rowStep, yStep: columnStep }
    : { widthPx, heightPx, start, xStep: columnStep, yStep: rowStep };
}

/** Whether a turn keeps the shape of a picture that is not square. */
export function keepsShape(how: Turn): boolean {
  return !READS[how].swap;
}

/** Flips or rotates a raster without touching a sample; its georeference, which no longer holds, is left out. */
export function turn(raster: Raster, how: Turn): Raster {
  if (how === "none") return raster;
  const { georeference: _, ...rest } = raster;
  const { widthPx, heightPx, start, xStep, yStep } = turnedWalk(how, raster);
  const data = newSamples(raster.dtype, raster.data.length);
  for (let band = 0, o = 0; band < raster.bands.length; band++) {
    for (let y = 0; y < heightPx; y++) {
      let s = band * widthPx * heightPx + start + y * yStep;
      for (let x = 0; x < widthPx; x++, o++, s += xStep) data[o] = raster.data[s];
    }
  }
  return { ...rest, widthPx, heightPx, data };
}
