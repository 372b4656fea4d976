import { placedTransform } from "../raster/geo/transform.js";
import type { Georeference } from "../raster/raster.js";
import type { PixelWindow } from "../raster/resample.js";

/** The pixels of a map: each is a square of a scene, and is decided by the chip around it. */
export interface CellGrid {
  readonly columns: number;
  readonly rows: number;
  /** Side of a cell in pixels of the scene. */
  readonly stridePx: number;
  /** Side of the chip that decides a cell. */
  readonly chipPx: number;
}

interface Size {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** The cells of a scene; those at the right and lower edge may be cut off by it. @throws RangeError for a scene smaller than a chip */
export function cellGrid({ widthPx, heightPx }: Size, { chipPx, stridePx }: Pick<CellGrid, "chipPx" | "stridePx">): CellGrid {
  if (widthPx < chipPx || heightPx < chipPx) {
    throw new RangeError(`a scene of ${widthPx} × ${heightPx} pixels holds no chip of ${chipPx} px`);
  }
  return { columns: Math.ceil(widthPx / stridePx), rows: Math.ceil(heightPx / stridePx), stridePx, chipPx };
}

/** The chip of a cell: centred on it, and shifted inside where it would leave the scene; no pixel is invented. */
export function chipOf({ stridePx, chipPx }: CellGrid, { widthPx, heightPx }: Size, column: number, row: number): PixelWindow {
  const start = (cell: number, length: number) => {
    const centred = Math.floor(cell * stridePx + (stridePx - chipPx) / 2);
    return Math.min(Math.max(0, centred), length - chipPx);
  };
  return { leftPx: start(column, widthPx), topPx: start(row, heightPx), widthPx: chipPx, heightPx: chipPx };
}

/** The part of a cell that lies in the scene. */
export function cellWindow({ stridePx }: CellGrid, { widthPx, heightPx }: Size, column: number, row: number): PixelWindow {
  const [leftPx, topPx] = [column * stridePx, row * stridePx];
  return {
    leftPx,
    topPx,
    widthPx: Math.min(stridePx, widthPx - leftPx),
    heightPx: Math.min(stridePx, heightPx - topPx),
  };
}

/** Rows of cells from `first` on whose chips together are no more than `mostPx` rows of pixels: at least one. */
export function rowsWithin(cells: CellGrid, scene: Size, first: number, mostPx: number): number {
  const top = chipOf(cells, scene, 0, first).topPx;
  let count = 1;
  while (first + count < cells.rows) {
    const { topPx, heightPx } = chipOf(cells, scene, 0, first + count);
    if (topPx + heightPx - top > mostPx) break;
    count++;
  }
  return count;
}

/** Where the map lies: a pixel for each cell. */
export function cellGeoreference({ stridePx }: CellGrid, georeference: Georeference | undefined): Georeference | undefined {
  return (
    georeference && {
      ...georeference,
      transform: placedTransform(georeference.transform, { columnPx: stridePx, rowPx: stridePx }),
    }
  );
}

/** Metadata of a raster of cells: how many columns and rows of them the scene fills, "40.25 30"; the last may be cut off by its edge. */
export const CELLS_ITEM = "SIGMAX_CELLS";

/** The item of metadata that says so. */
export function cellsItem({ stridePx }: CellGrid, { widthPx, heightPx }: Size): Readonly<Record<string, string>> {
  return { [CELLS_ITEM]: `${widthPx / stridePx} ${heightPx / stridePx}` };
}
