import type { PixelWindow } from "../resample.js";
import { type PlacedPolygon, spansOf } from "./spans.js";

/** How much of a window polygons cover, 0 to 1. */
export interface Covered {
  /** By value: what polygons of one value have in common counts once. */
  readonly ofValues: Float64Array;
  /** Of polygons of whatever value. */
  readonly together: number;
}

/** Each row of pixels is measured along so many lines: exact along them, so that a side of a window of S px is off by 1 / (8 S) at most. */
const LINES_PER_PIXEL = 8;

/**
 * Measures windows within a strip of a grid: the area of polygons in them.
 *
 * @throws UserError `limit` as `spansOf`
 */
export function coverageOf(
  polygons: readonly PlacedPolygon[],
  { topPx, heightPx }: Pick<PixelWindow, "topPx" | "heightPx">,
  values: number,
): (window: PixelWindow) => Covered {
  const ys = Float64Array.from({ length: heightPx * LINES_PER_PIXEL }, (_, line) => topPx + (line + 0.5) / LINES_PER_PIXEL);
  const spans = spansOf(polygons, ys, values);
  return (window) => {
    const lengths = new Float64Array(values + 1);
    const first = (window.topPx - topPx) * LINES_PER_PIXEL;
    const count = window.heightPx * LINES_PER_PIXEL;
    const [fromX, toX] = [window.leftPx, window.leftPx + window.widthPx];
    for (let line = first; line < first + count; line++) {
      const together = spans.length(values, line, fromX, toX);
      if (together === 0) continue;
      lengths[values] += together;
      for (let value = 0; value < values; value++) lengths[value] += spans.length(value, line, fromX, toX);
    }
    const shares = lengths.map((length) => Math.min(1, length / (count * window.widthPx)));
    return { ofValues: shares.subarray(0, values), together: shares[values] };
  };
}
