/** The part of a map that is shown: `left`, `top` of its upper left corner and its size, in cells. */
export interface MapView {
  readonly left: number;
  readonly top: number;
  readonly wide: number;
  readonly high: number;
}

/** Cells of a map. */
export interface MapSize {
  readonly columns: number;
  readonly rows: number;
}

/** Cells of the shorter side that are shown at least. */
const LEAST_CELLS = 6;
/** Of what is shown, around a place on each side. */
const AROUND = 0.5;
/** A place is shown with so many cells at least: what it lies in tells what it is. */
const LEAST_AROUND = 16;

/** All of the map. */
export function wholeView({ columns, rows }: MapSize): MapView {
  return { left: 0, top: 0, wide: columns, high: rows };
}

/** How many times larger than the whole map it is shown, 1 or more. */
export function scaleOf({ wide }: MapView, { columns }: MapSize): number {
  return columns / wide;
}

/** The largest scale. */
function mostScale({ columns, rows }: MapSize): number {
  return Math.max(1, Math.min(columns, rows) / LEAST_CELLS);
}

/** The view moved by shares of itself, and no further than to the edge. */
export function movedView(view: MapView, size: MapSize, right: number, down: number): MapView {
  return kept({ ...view, left: view.left + right * view.wide, top: view.top + down * view.high }, size);
}

/** The view larger by a factor; the point at shares [x, y] of it stays where it is. */
export function zoomedView(view: MapView, size: MapSize, factor: number, [x, y]: readonly [number, number]): MapView {
  const scale = Math.min(mostScale(size), Math.max(1, scaleOf(view, size) * factor));
  const [wide, high] = [size.columns / scale, size.rows / scale];
  return kept({ left: view.left + x * (view.wide - wide), top: view.top + y * (view.high - high), wide, high }, size);
}

/** A view with a box of cells in its middle and room around it. */
export function viewAround(box: readonly [left: number, top: number, right: number, bottom: number], size: MapSize): MapView {
  const [left, top, right, bottom] = box;
  const room = (length: number) => Math.max(LEAST_AROUND, length * (1 + 2 * AROUND));
  const scale = Math.min(size.columns / room(right - left), size.rows / room(bottom - top));
  const zoomed = Math.min(mostScale(size), Math.max(1, scale));
  const [wide, high] = [size.columns / zoomed, size.rows / zoomed];
  return kept({ left: (left + right - wide) / 2, top: (top + bottom - high) / 2, wide, high }, size);
}

/** Moved back to where there is map. */
function kept({ left, top, wide, high }: MapView, { columns, rows }: MapSize): MapView {
  return {
    left: Math.min(Math.max(0, left), Math.max(0, columns - wide)),
    top: Math.min(Math.max(0, top), Math.max(0, rows - high)),
    wide,
    high,
  };
}
