import type { PixelWindow } from "../resample.js";

/** Moves points [column, row, column, row, …] of a grid to those of a source, in place; NaN where there is no such place. */
export type Mapping = (points: Float64Array) => void;

/** Where the pixels of a window of a grid lie in a source. */
export interface Places {
  /** Of the middle of each pixel, in pixels of the source, `[H, W]`; NaN for nowhere. */
  readonly columns: Float64Array;
  readonly rows: Float64Array;
  /** How many columns and rows of the source a pixel reaches over, `[H, W]`. */
  readonly widths: Float32Array;
  readonly heights: Float32Array;
}

/** Size of a cell of the mesh; within a cell places are interpolated. */
export const MESH_PX = 32;
/** How far an interpolated place may be off, in pixels of the source: what moves an 8-bit value by less than a level. GDAL's is 0.125. */
const TOLERANCE_PX = 1e-3;
/** Cells as small as this are not divided: every pixel is placed on its own. */
const SMALLEST_PX = 4;
/** Places are multiples of a millionth of a pixel or so, so that rounding does not decide which pixel an edge belongs to. */
const STEPS = 2 ** 20;

/** A rectangle of the grid, in whole pixels. */
type Cell = PixelWindow;

/**
 * Places the pixels of a window: exactly at the nodes of a mesh that is anchored at the grid's corner, bilinearly between them. Cells
 * where that is off in their middle or the middle of an edge are divided.
 *
 * @param usual columns and rows of the source in a pixel, where the mapping has a seam or a pole
 */
export function placesOf(
  mapping: Mapping,
  grid: { readonly widthPx: number; readonly heightPx: number },
  window: PixelWindow,
  usual: readonly [width: number, height: number],
): Places {
  const pixels = window.widthPx * window.heightPx;
  const places: Places = {
    columns: new Float64Array(pixels),
    rows: new Float64Array(pixels),
    widths: new Float32Array(pixels),
    heights: new Float32Array(pixels),
  };
  const right = window.leftPx + window.widthPx;
  const bottom = window.topPx + window.heightPx;
  for (let topPx = window.topPx - (window.topPx % MESH_PX); topPx < bottom; topPx += MESH_PX) {
    for (let leftPx = window.leftPx - (window.leftPx % MESH_PX); leftPx < right; leftPx += MESH_PX) {
      const widthPx = Math.min(MESH_PX, grid.widthPx - leftPx);
      const heightPx = Math.min(MESH_PX, grid.heightPx - topPx);
      fillCell({ leftPx, topPx, widthPx, heightPx }, { mapping, window, usual, places });
    }
  }
  return places;
}

interface Task {
  readonly mapping: Mapping;
  readonly window: PixelWindow;
  readonly usual: readonly [width: number, height: number];
  readonly places: Places;
}

function fillCell(cell: Cell, task: Task): void {
  const part = shared(cell, task.window);
  if (part === undefined) return;
  const nodes = nodesOf(cell, task.mapping);
  const { widthPx, heightPx } = cell;
  if (nodes.every(Number.isNaN)) fillNowhere(part, task);
  else if (errorOf(nodes) <= TOLERANCE_PX) interpolate(cell, nodes, part, task);
  else if (widthPx <= SMALLEST_PX && heightPx <= SMALLEST_PX) fillExactly(part, task);
  else divide(cell, task);
}

function divide({ leftPx, topPx, widthPx, heightPx }: Cell, task: Task): void {
  const halfWidth = Math.ceil(widthPx / 2);
  const halfHeight = Math.ceil(heightPx / 2);
  for (const [y, height] of [
    [0, halfHeight],
    [halfHeight, heightPx - halfHeight],
  ]) {
    for (const [x, width] of [
      [0, halfWidth],
      [halfWidth, widthPx - halfWidth],
    ]) {
      if (width === 0 || height === 0) continue;
      fillCell({ leftPx: leftPx + x, topPx: topPx + y, widthPx: width, heightPx: height }, task);
    }
  }
}

function shared(cell: Cell, window: PixelWindow): PixelWindow | undefined {
  const leftPx = Math.max(cell.leftPx, window.leftPx);
  const topPx = Math.max(cell.topPx, window.topPx);
  const widthPx = Math.min(cell.leftPx + cell.widthPx, window.leftPx + window.widthPx) - leftPx;
  const heightPx = Math.min(cell.topPx + cell.heightPx, window.topPx + window.heightPx) - topPx;
  return widthPx > 0 && heightPx > 0 ? { leftPx, topPx, widthPx, heightPx } : undefined;
}

/** Places of the corners, the middles of the edges and the middle of a cell: nine points, row by row. */
function nodesOf({ leftPx, topPx, widthPx, heightPx }: Cell, mapping: Mapping): Float64Array {
  const nodes = new Float64Array(18);
  for (let node = 0; node < 9; node++) {
    nodes[2 * node] = leftPx + ((node % 3) * widthPx) / 2;
    nodes[2 * node + 1] = topPx + (Math.floor(node / 3) * heightPx) / 2;
  }
  mapping(nodes);
  return nodes;
}

/** The four corners among the nodes. */
const [NW, NE, SW, SE] = [0, 2, 6, 8];
/** Nodes between corners, and which corners they are between. */
const BETWEEN = [
  [1, [NW, NE]],
  [3, [NW, SW]],
  [5, [NE, SE]],
  [7, [SW, SE]],
  [4, [NW, NE, SW, SE]],
] as const;

/** How far interpolation is off at the nodes between the corners, in pixels; NaN where a node is nowhere. */
function errorOf(nodes: Float64Array): number {
  let error = 0;
  for (const [node, corners] of BETWEEN) {
    for (const axis of [0, 1]) {
      let mean = 0;
      for (const corner of corners) mean += nodes[2 * corner + axis] / corners.length;
      error = Math.max(error, Math.abs(mean - nodes[2 * node + axis]));
    }
  }
  return error;
}

function interpolate(cell: Cell, nodes: Float64Array, part: PixelWindow, { window, places }: Task): void {
  for (const [axis, target, reaches] of [
    [0, places.columns, places.widths],
    [1, places.rows, places.heights],
  ] as const) {
    const [nw, ne, sw, se] = [NW, NE, SW, SE].map((corner) => nodes[2 * corner + axis]);
    // A pixel is a parallelogram there, as wide as a rectangle of the same area that is turned like it.
    const along = (ne - nw + se - sw) / 2 / cell.widthPx;
    const down = (sw - nw + se - ne) / 2 / cell.heightPx;
    const reach = Math.hypot(along, down);
    for (let row = 0; row < part.heightPx; row++) {
      const v = (part.topPx + row + 0.5 - cell.topPx) / cell.heightPx;
      const west = nw + (sw - nw) * v;
      const east = ne + (se - ne) * v;
      const start = (part.topPx + row - window.topPx) * window.widthPx + part.leftPx - window.leftPx;
      for (let column = 0; column < part.widthPx; column++) {
        const u = (part.leftPx + column + 0.5 - cell.leftPx) / cell.widthPx;
        target[start + column] = snapped(west + (east - west) * u);
      }
      reaches.fill(reach, start, start + part.widthPx);
    }
  }
}

function fillExactly(part: PixelWindow, { mapping, window, usual, places }: Task): void {
  const points = new Float64Array(2 * part.widthPx * part.heightPx);
  for (let at = 0; at < points.length / 2; at++) {
    points[2 * at] = part.leftPx + (at % part.widthPx) + 0.5;
    points[2 * at + 1] = part.topPx + Math.floor(at / part.widthPx) + 0.5;
  }
  mapping(points);
  forRows(part, window, (start, row) => {
    for (let column = 0; column < part.widthPx; column++) {
      const at = row * part.widthPx + column;
      places.columns[start + column] = snapped(points[2 * at]);
      places.rows[start + column] = snapped(points[2 * at + 1]);
    }
    places.widths.fill(usual[0], start, start + part.widthPx);
    places.heights.fill(usual[1], start, start + part.widthPx);
  });
}

function fillNowhere(part: PixelWindow, { window, places }: Task): void {
  forRows(part, window, (start) => {
    for (const values of [places.columns, places.rows]) values.fill(Number.NaN, start, start + part.widthPx);
  });
}

/** Calls with the index of the first pixel of each row of a part, in the window. */
function forRows(part: PixelWindow, window: PixelWindow, visit: (start: number, row: number) => void): void {
  for (let row = 0; row < part.heightPx; row++) {
    visit((part.topPx + row - window.topPx) * window.widthPx + part.leftPx - window.leftPx, row);
  }
}

function snapped(place: number): number {
  return Math.round(place * STEPS) / STEPS;
}
