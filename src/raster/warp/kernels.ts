import type { Places } from "./mesh.js";

/** How pixels of a grid are made of those of a source. */
export type Resampling = "nearest" | "bilinear" | "average";

/** A range of pixels along one axis, the end not included. */
export type Range = readonly [first: number, end: number];

/** Along one axis, the pixels of the source that make one of the grid, and how much each counts. */
export interface Kernel {
  /** @param reach pixels of the source in one of the grid */
  readonly range: (place: number, reach: number) => Range;
  /** Of the source's pixel `index`; not of sum 1. */
  readonly weight: (index: number, place: number, reach: number) => number;
}

/** GDAL counts a pixel that is this much larger than the source's as one of the same size. */
const SHRINKING = 1 / 0.95;

const widened = (reach: number) => (reach > SHRINKING ? reach : 1);

/** As GDAL's warper has them: a triangle that widens where the raster shrinks, and the area that a pixel covers. */
export const KERNELS: Readonly<Record<Resampling, Kernel>> = {
  nearest: {
    range: (place) => [Math.floor(place), Math.floor(place) + 1],
    weight: () => 1,
  },
  bilinear: {
    range: (place, reach) => [Math.ceil(place - 0.5 - widened(reach)), Math.floor(place - 0.5 + widened(reach)) + 1],
    weight: (index, place, reach) => Math.max(0, 1 - Math.abs(index + 0.5 - place) / widened(reach)),
  },
  average: {
    range: (place, reach) => [Math.floor(place - reach / 2), Math.ceil(place + reach / 2)],
    weight: (index, place, reach) => Math.min(index + 1, place + reach / 2) - Math.max(index, place - reach / 2),
  },
};

/**
 * The smallest window of a source that all pixels are made of, as ranges of columns and rows; undefined where none lies in the source.
 */
export function windowOf(
  { columns, rows, widths, heights }: Places,
  { range }: Kernel,
  source: { readonly widthPx: number; readonly heightPx: number },
): { readonly columns: Range; readonly rows: Range } | undefined {
  let [left, right, top, bottom] = [source.widthPx, 0, source.heightPx, 0];
  for (let at = 0; at < columns.length; at++) {
    if (!isInside(columns[at], rows[at], source)) continue;
    const [firstColumn, endColumn] = range(columns[at], widths[at]);
    const [firstRow, endRow] = range(rows[at], heights[at]);
    left = Math.min(left, firstColumn);
    right = Math.max(right, endColumn);
    top = Math.min(top, firstRow);
    bottom = Math.max(bottom, endRow);
  }
  if (right <= left || bottom <= top) return undefined;
  return {
    columns: [Math.max(0, left), Math.min(source.widthPx, right)],
    rows: [Math.max(0, top), Math.min(source.heightPx, bottom)],
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
