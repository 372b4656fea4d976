import type { PixelWindow } from "../../raster/resample.js";
import type { CellGrid } from "../cells.js";

interface Size {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A picture of all cells of a map: `scene` is the part of it that the scene covers, whose last cells may be cut off by its edge. */
export interface PictureSize extends Size {
  readonly scene: Size;
  /** Pixels of the picture for each of the scene. */
  readonly scale: number;
}

/**
 * The size of a picture whose longer side has at most `mostPx`; enlarged by whole numbers where it would have fewer than `leastPx`, as far
 * as it fits.
 */
export function pictureSize(
  { columns, rows, stridePx }: CellGrid,
  scene: Size,
  { mostPx, leastPx = 1 }: { readonly mostPx: number; readonly leastPx?: number },
): PictureSize {
  const [wide, high] = [columns * stridePx, rows * stridePx];
  const longer = Math.max(wide, high);
  const scale =
    longer > mostPx ? mostPx / longer : Math.max(1, Math.min(Math.ceil(leastPx / longer), Math.floor(mostPx / longer)));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  const covered = { widthPx: side(scene.widthPx), heightPx: side(scene.heightPx) };
  return { widthPx: side(wide), heightPx: side(high), scene: covered, scale };
}

/** The longest side of each of several pictures, so that all together have no more pixels than `full` of them with `mostPx`. */
export function sharedSide(mostPx: number, { pictures, full }: { readonly pictures: number; readonly full: number }): number {
  return Math.round(mostPx * Math.sqrt(Math.min(1, full / pictures)));
}

/** The column, or row, of cells that each of `length` pixels of a picture shows. */
export function nearestCells(length: number, cells: number): Uint32Array {
  return Uint32Array.from({ length }, (_, i) => Math.floor(((i + 0.5) * cells) / length));
}

/** Panels of one size in rows on a page. */
export interface Panels {
  readonly columns: number;
  readonly panel: Size;
}

/** Smaller pictures are enlarged to no more, and by whole numbers. */
const ENLARGED_PX = 640;

/** As many columns as make `count` panels of a shape largest in a room; captions of `captionPx` stand above each. */
export function panelsIn(
  room: Size,
  {
    count,
    shape,
    gapPx,
    captionPx,
  }: { readonly count: number; readonly shape: Size; readonly gapPx: number; readonly captionPx: number },
): Panels {
  const fitted = (columns: number) => {
    const rows = Math.ceil(count / columns);
    const widthPx = (room.widthPx - (columns - 1) * gapPx) / columns;
    const heightPx = (room.heightPx - (rows - 1) * gapPx) / rows - captionPx;
    const most = Math.min(widthPx / shape.widthPx, heightPx / shape.heightPx);
    const enlarged = Math.min(most, ENLARGED_PX / Math.max(shape.widthPx, shape.heightPx));
    const scale = most < 1 ? most : Math.max(1, Math.floor(enlarged));
    const side = (length: number) => Math.max(1, Math.floor(length * scale));
    return { columns, scale, panel: { widthPx: side(shape.widthPx), heightPx: side(shape.heightPx) } };
  };
  const all = Array.from({ length: count }, (_, i) => fitted(i + 1));
  return all.reduce((best, one) => (one.scale > best.scale ? one : best));
}

/** Places one after the other in lines no longer than `widthPx`. */
export function inLines(
  widths: readonly number[],
  {
    leftPx,
    topPx,
    widthPx,
    pitchPx,
    gapPx,
  }: {
    readonly leftPx: number;
    readonly topPx: number;
    readonly widthPx: number;
    readonly pitchPx: number;
    readonly gapPx: number;
  },
): readonly PixelWindow[] {
  let [x, y] = [leftPx, topPx];
  return widths.map((width) => {
    if (x > leftPx && x + width > leftPx + widthPx) [x, y] = [leftPx, y + pitchPx];
    const place = { leftPx: x, topPx: y, widthPx: width, heightPx: pitchPx };
    x += width + gapPx;
    return place;
  });
}
