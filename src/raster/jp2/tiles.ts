import type { PixelWindow } from "../resample.js";
import type { MainHeader } from "./codestream.js";

/** A tile at a level: where it lies on the reference grid, and in the pixels of the level. */
export interface Tile {
  /** From 0, in rows. */
  readonly index: number;
  readonly area: PixelWindow;
  readonly place: PixelWindow;
}

/** A place on the reference grid in pixels of a level, before the image's own corner is taken off (15444-1, B-15). */
const halved = (place: number, level: number): number => Math.ceil(place / 2 ** level);

/** The size of an image whose sides are halved `level` times. */
export function sizeOfLevel({ left, top, right, bottom }: MainHeader, level: number): { widthPx: number; heightPx: number } {
  return { widthPx: halved(right, level) - halved(left, level), heightPx: halved(bottom, level) - halved(top, level) };
}

/** One side of a tile: where it begins and ends. */
interface Span {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** The tiles of a level that a window touches, in the order of their numbers. */
export function* tilesOf(header: MainHeader, level: number, window: PixelWindow): Generator<Tile> {
  const { left, top, right, bottom, tileWidth, tileHeight, tileLeft, tileTop, columns, rows } = header;
  const across = [
    ...spansOf(
      { first: left, last: right, corner: tileLeft, side: tileWidth, count: columns },
      level,
      window.leftPx,
      window.widthPx,
    ),
  ];
  const down = spansOf(
    { first: top, last: bottom, corner: tileTop, side: tileHeight, count: rows },
    level,
    window.topPx,
    window.heightPx,
  );
  for (const row of down) {
    for (const column of across) {
      const [x, y] = [halved(column.start, level), halved(row.start, level)];
      yield {
        index: row.number * columns + column.number,
        area: { leftPx: column.start, topPx: row.start, widthPx: column.end - column.start, heightPx: row.end - row.start },
        place: {
          leftPx: x - halved(left, level),
          topPx: y - halved(top, level),
          widthPx: halved(column.end, level) - x,
          heightPx: halved(row.end, level) - y,
        },
      };
    }
  }
}

function* spansOf(
  { first, last, corner, side, count }: { first: number; last: number; corner: number; side: number; count: number },
  level: number,
  offsetPx: number,
  extentPx: number,
): Generator<Span> {
  const origin = halved(first, level);
  // A pixel of a level stands for the last of the places that it is made from.
  const from = (offsetPx + origin - 1) * 2 ** level;
  for (let number = Math.max(0, Math.floor((from - corner) / side)); number < count; number++) {
    const start = Math.max(first, corner + number * side);
    const end = Math.min(last, corner + (number + 1) * side);
    const [startPx, endPx] = [halved(start, level) - origin, halved(end, level) - origin];
    if (startPx >= offsetPx + extentPx) return;
    // Of a small tile nothing may be left.
    if (endPx > Math.max(startPx, offsetPx)) yield { number, start, end };
  }
}

/** What two windows share; undefined where it is nothing. */
export function sharedWindow(a: PixelWindow, b: PixelWindow): PixelWindow | undefined {
  const [leftPx, topPx] = [Math.max(a.leftPx, b.leftPx), Math.max(a.topPx, b.topPx)];
  const widthPx = Math.min(a.leftPx + a.widthPx, b.leftPx + b.widthPx) - leftPx;
  const heightPx = Math.min(a.topPx + a.heightPx, b.topPx + b.heightPx) - topPx;
  return widthPx > 0 && heightPx > 0 ? { leftPx, topPx, widthPx, heightPx } : undefined;
}
