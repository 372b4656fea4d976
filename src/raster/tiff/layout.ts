import type { PixelWindow } from "../resample.js";

/** How an image is cut into blocks: strips are blocks as wide as the image. */
export interface BlockGrid {
  readonly imageWidthPx: number;
  readonly imageHeightPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly columns: number;
  readonly rows: number;
  /** 1 where the bands of a pixel lie together, else one for each band. */
  readonly planes: number;
  /** Tiles are stored whole beyond the edge of the image; the last strip may be stored short. */
  readonly tiled: boolean;
}

/** Where a block lies: its number in the file, and its place. */
export interface BlockPlace {
  readonly index: number;
  readonly plane: number;
  readonly leftPx: number;
  readonly topPx: number;
  /** Rows that are stored at least. */
  readonly rows: number;
}

export function blockCount({ columns, rows, planes }: BlockGrid): number {
  return columns * rows * planes;
}

/** The blocks of some planes that a window touches, in the order of the file. */
export function* blocksOf(grid: BlockGrid, window: PixelWindow, planes: readonly number[]): Generator<BlockPlace> {
  const firstColumn = Math.floor(window.leftPx / grid.widthPx);
  const lastColumn = Math.floor((window.leftPx + window.widthPx - 1) / grid.widthPx);
  const firstRow = Math.floor(window.topPx / grid.heightPx);
  const lastRow = Math.floor((window.topPx + window.heightPx - 1) / grid.heightPx);
  for (const plane of planes) {
    for (let row = firstRow; row <= lastRow; row++) {
      for (let column = firstColumn; column <= lastColumn; column++) {
        const topPx = row * grid.heightPx;
        yield {
          index: (plane * grid.rows + row) * grid.columns + column,
          plane,
          leftPx: column * grid.widthPx,
          topPx,
          rows: grid.tiled ? grid.heightPx : Math.min(grid.heightPx, grid.imageHeightPx - topPx),
        };
      }
    }
  }
}

/** The part of a block that lies in a window, in pixels of the image. */
export function sharedPart(grid: BlockGrid, { leftPx, topPx }: BlockPlace, window: PixelWindow): PixelWindow {
  const left = Math.max(leftPx, window.leftPx);
  const top = Math.max(topPx, window.topPx);
  const right = Math.min(leftPx + grid.widthPx, window.leftPx + window.widthPx);
  const bottom = Math.min(topPx + grid.heightPx, window.topPx + window.heightPx);
  return { leftPx: left, topPx: top, widthPx: right - left, heightPx: bottom - top };
}

/**
 * Whether a part reaches the right and the lower end of its block, or of the image: windows are taken from left to right and from top
 * to bottom, so that what is left of such a block is behind them.
 */
export function isDone(grid: BlockGrid, { leftPx, topPx }: BlockPlace, part: PixelWindow): boolean {
  const right = Math.min(leftPx + grid.widthPx, grid.imageWidthPx);
  const bottom = Math.min(topPx + grid.heightPx, grid.imageHeightPx);
  return part.leftPx + part.widthPx === right && part.topPx + part.heightPx === bottom;
}
