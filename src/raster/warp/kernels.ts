import type { PixelWindow } from "../resample.js";
import type { Places } from "./mesh.js";

/** How pixels of a grid are made of those of a source. */
export type Resampling = "nearest" | "bilinear" | "average";

/** Along one axis, the pixels of the source that make one of the grid, and how much each counts. */
export interface Kernel {
  /** @param reach pixels of the source in one of the grid */
  readonly first: (place: number, reach: number) => number;
  /** After the last. */
  readonly end: (place: number, reach: number) => number;
  /** Of the source's pixel `index`; not of sum 1. */
  readonly weight: (index: number, place: number, reach: number) => number;
}

/** GDAL counts a pixel that is this much larger than the source's as one of the same size. */
const SHRINKING = 1 / 0.95;

const widened = (reach: number) => (reach > SHRINKING ? reach : 1);

/** As GDAL's warper has them: a triangle that widens where the raster shrinks, and the area that a pixel covers. */
export const KERNELS: Readonly<Record<Resampling, Kernel>> = {
  nearest: {
    first: (place) => Math.floor(place),
    end: (place) => Math.floor(place) + 1,
    weight: () => 1,
  },
  bilinear: {
    first: (place, reach) => Math.ceil(place - 0.5 - widened(reach)),
    end: (place, reach) => Math.floor(place - 0.5 + widened(reach)) + 1,
    weight: (index, place, reach) => Math.max(0, 1 - Math.abs(index + 0.5 - place) / widened(reach)),
  },
  average: {
    first: (place, reach) => Math.floor(place - reach / 2),
    end: (place, reach) => Math.ceil(place + reach / 2),
    weight: (index, place, reach) => Math.min(index + 1, place + reach / 2) - Math.max(index, place - reach / 2),
  },
};

/** A window of a source that all pixels are made within; undefined where none of them lies in the source. */
export function windowOf(
  { columns, rows, widths, heights }: Places,
  kernel: Kernel,
  source: { readonly widthPx: number; readonly heightPx: number },
): PixelWindow | undefined {
  let [left, right, top, bottom] = [Number.POSITIVE_INFINITY, -1, Number.POSITIVE_INFINITY, -1];
  let [width, height] = [0, 0];
  for (let at = 0; at < columns.length; at++) {
    if (!isInside(columns[at], rows[at], source)) continue;
    left = Math.min(left, columns[at]);
    right = Math.max(right, columns[at]);
    top = Math.min(top, rows[at]);
    bottom = Math.max(bottom, rows[at]);
    width = Math.max(width, widths[at]);
    height = Math.max(height, heights[at]);
  }
  if (right < 0) return undefined;
  const leftPx = Math.max(0, kernel.first(left, width));
  const topPx = Math.max(0, kernel.first(top, height));
  return {
    leftPx,
    topPx,
    widthPx: Math.min(source.widthPx, kernel.end(right, width)) - leftPx,
    heightPx: Math.min(source.heightPx, kernel.end(bottom, height)) - topPx,
  };
}

/** Whether a place is in a source; NaN is not. */
export function isInside(
  column: number,
  row: number,
  { widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number },
): boolean {
  return column >= 0 && column < widthPx && row >= 0 && row < heightPx;
}
