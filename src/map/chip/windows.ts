import type { PixelWindow } from "../../raster/resample.js";

/** A chip's place in a scene. */
export interface ChipWindow extends PixelWindow {
  /** Counted in strides from the upper left corner. */
  readonly row: number;
  readonly column: number;
}

/** How chips are cut. */
export interface ChipGrid {
  /** Side of a chip in pixels of the scene. */
  readonly sizePx: number;
  /** From one chip to the next; less than the size lets them overlap. */
  readonly stridePx: number;
}

/** Rows of chips that are read at once: as many as share blocks of this height. */
const STRIP_PX = 512;

/** Chips that lie side by side, and the part of the scene that holds them all. */
export interface ChipStrip {
  readonly window: PixelWindow;
  readonly chips: readonly ChipWindow[];
}

/** The part of a scene that holds chips; undefined where there are none. */
export function stripOf(chips: readonly ChipWindow[]): ChipStrip | undefined {
  if (chips.length === 0) return undefined;
  return { window: enclosing(chips), chips };
}

/** The smallest window around one and more. */
export function enclosing([first, ...others]: readonly PixelWindow[]): PixelWindow {
  let { leftPx, topPx } = first;
  let [rightPx, bottomPx] = [leftPx + first.widthPx, topPx + first.heightPx];
  for (const window of others) {
    leftPx = Math.min(leftPx, window.leftPx);
    topPx = Math.min(topPx, window.topPx);
    rightPx = Math.max(rightPx, window.leftPx + window.widthPx);
    bottomPx = Math.max(bottomPx, window.topPx + window.heightPx);
  }
  return { leftPx, topPx, widthPx: rightPx - leftPx, heightPx: bottomPx - topPx };
}

/** How many whole chips fit, across and down. What is left over at the right and at the bottom belongs to no chip. */
export function chipCounts(
  scene: { readonly widthPx: number; readonly heightPx: number },
  { sizePx, stridePx }: ChipGrid,
): { readonly columns: number; readonly rows: number } {
  const along = (length: number) => Math.max(0, Math.floor((length - sizePx) / stridePx) + 1);
  return { columns: along(scene.widthPx), rows: along(scene.heightPx) };
}

/** All chips of a scene, from the top to the bottom. */
export function* chipStrips(
  scene: { readonly widthPx: number; readonly heightPx: number },
  grid: ChipGrid,
): Generator<ChipStrip> {
  const { sizePx, stridePx } = grid;
  const { columns, rows } = chipCounts(scene, grid);
  if (columns === 0) return;
  const rowsAtOnce = Math.max(1, Math.floor((STRIP_PX - sizePx) / stridePx) + 1);
  for (let first = 0; first < rows; first += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, rows - first);
    const chips = Array.from({ length: count * columns }, (_, i): ChipWindow => {
      const [row, column] = [first + Math.floor(i / columns), i % columns];
      return { row, column, leftPx: column * stridePx, topPx: row * stridePx, widthPx: sizePx, heightPx: sizePx };
    });
    const window = {
      leftPx: 0,
      topPx: first * stridePx,
      widthPx: (columns - 1) * stridePx + sizePx,
      heightPx: (count - 1) * stridePx + sizePx,
    };
    yield { window, chips };
  }
}
