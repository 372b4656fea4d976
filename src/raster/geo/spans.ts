import { UserError } from "../../errors.js";

/** A polygon in pixels of a grid: what it stands for, and its rings [x, y, x, y, …]. What is inside an odd number of rings is inside. */
export interface PlacedPolygon {
  /** From 0 on. */
  readonly value: number;
  readonly rings: readonly Float64Array[];
}

/** Where lines across a grid are inside polygons: for each value, the union of its polygons, exact along the line. */
export interface Spans {
  /** Length of a line between two x that polygons of a value cover; of whatever value for the value after the last. */
  length(value: number, line: number, fromX: number, toX: number): number;
  /** Whether a point of a line is inside a polygon of the value. */
  holds(value: number, line: number, x: number): boolean;
}

/** Lines that are worked on at a time. */
const LINES_AT_ONCE = 256;
/** Crossings of so many lines that are in memory: 40,000 each. */
const MOST_CROSSINGS = 10_000_000;
/** Starts and ends of spans that are kept. */
const MOST_ENDS = 50_000_000;

/**
 * Crosses polygons with horizontal lines.
 *
 * @param ys of the lines, rising
 * @param values polygons have values from 0 to `values` - 1
 * @throws UserError `limit` for polygons that no map of this world has
 */
export function spansOf(polygons: readonly PlacedPolygon[], ys: Float64Array, values: number): Spans {
  const reaching = polygons.map((polygon): Reaching => ({ ...polygon, reach: reachOf(polygon) }));
  // By value: [start, end, start, end, …] of one line after the other, and where each line begins.
  const numbers = Array.from({ length: values + 1 }, (): number[] => []);
  const offsets = Array.from({ length: values + 1 }, () => new Uint32Array(ys.length + 1));
  for (let first = 0; first < ys.length; first += LINES_AT_ONCE) {
    const lines = ys.subarray(first, first + LINES_AT_ONCE);
    const near = reaching.filter(({ reach }) => reach.from <= lines[lines.length - 1] && reach.to > lines[0]);
    const found = crossed(near, lines, values);
    for (let line = 0; line < lines.length; line++) {
      const all: Crossed = { starts: [], ends: [] };
      for (let value = 0; value <= values; value++) {
        const from = numbers[value].length;
        unite(value < values ? found[value * lines.length + line] : all, numbers[value]);
        offsets[value][first + line + 1] = numbers[value].length;
        for (let at = from; value < values && at < numbers[value].length; at += 2) {
          all.starts.push(numbers[value][at]);
          all.ends.push(numbers[value][at + 1]);
        }
      }
    }
    if (numbers.reduce((sum, { length }) => sum + length, 0) > MOST_ENDS) throw tooIntricate();
  }
  const flat = numbers.map((list) => Float64Array.from(list));
  return {
    length(value, line, fromX, toX) {
      const [ends, end] = [flat[value], offsets[value][line + 1]];
      let sum = 0;
      for (let at = firstPast(ends, offsets[value][line], end, fromX); at < end && ends[at] < toX; at += 2) {
        sum += Math.min(ends[at + 1], toX) - Math.max(ends[at], fromX);
      }
      return sum;
    },
    holds(value, line, x) {
      const [ends, end] = [flat[value], offsets[value][line + 1]];
      const at = firstPast(ends, offsets[value][line], end, x);
      return at < end && ends[at] <= x;
    },
  };
}

function tooIntricate(): UserError {
  return new UserError("limit", "the polygons are too intricate: their sides cross the rows of the scene millions of times", {
    hint: "Simplify them: ogr2ogr -simplify <tolerance> out.geojson in.geojson",
  });
}

/** Index of the first span that ends behind x. */
function firstPast(numbers: Float64Array, start: number, end: number, x: number): number {
  let [low, high] = [start / 2, end / 2];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[2 * middle + 1] > x) high = middle;
    else low = middle + 1;
  }
  return 2 * low;
}

/** Rows between which something lies. */
interface Reach {
  readonly from: number;
  readonly to: number;
}

function reachOf({ rings }: PlacedPolygon): Reach {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const ring of rings) {
    for (let at = 1; at < ring.length; at += 2) {
      if (ring[at] < from) from = ring[at];
      if (ring[at] > to) to = ring[at];
    }
  }
  return { from, to };
}

interface Reaching extends PlacedPolygon {
  readonly reach: Reach;
}

/** Spans that may overlap. */
interface Crossed {
  readonly starts: number[];
  readonly ends: number[];
}

/** The spans of each polygon, by value and line; undefined where there is none. */
function crossed(polygons: readonly Reaching[], lines: Float64Array, values: number): readonly (Crossed | undefined)[] {
  const found = new Array<Crossed | undefined>(values * lines.length);
  // Of the polygon at hand, by line.
  const crossings = Array.from(lines, (): number[] => []);
  let room = MOST_CROSSINGS;
  for (const { value, rings, reach } of polygons) {
    for (const ring of rings) room = crossRing(ring, lines, crossings, room);
    for (let line = firstFrom(lines, reach.from); line < lines.length && lines[line] < reach.to; line++) {
      const xs = crossings[line];
      if (xs.length > 2 || xs[0] > xs[1]) xs.sort((a, b) => a - b);
      const at = value * lines.length + line;
      found[at] ??= { starts: [], ends: [] };
      for (let i = 0; i + 1 < xs.length; i += 2) {
        found[at].starts.push(xs[i]);
        found[at].ends.push(xs[i + 1]);
      }
      xs.length = 0;
    }
  }
  return found;
}

/** Adds where the sides of a ring cross lines, as long as there is room for it; returns what is left. A side holds its upper end, not its lower one. */
function crossRing(ring: Float64Array, lines: Float64Array, crossings: readonly number[][], room: number): number {
  let left = room;
  let [x0, y0] = [ring[ring.length - 2], ring[ring.length - 1]];
  for (let at = 0; at < ring.length; at += 2) {
    const [x1, y1] = [ring[at], ring[at + 1]];
    const [top, bottom] = y0 < y1 ? [y0, y1] : [y1, y0];
    for (let line = firstFrom(lines, top); line < lines.length && lines[line] < bottom; line++) {
      crossings[line].push(x0 + ((lines[line] - y0) / (y1 - y0)) * (x1 - x0));
      left--;
    }
    if (left < 0) throw tooIntricate();
    [x0, y0] = [x1, y1];
  }
  return left;
}

/** Index of the first line at `y` or below. */
function firstFrom(lines: Float64Array, y: number): number {
  if (!(y > lines[0])) return 0;
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (lines[middle] >= y) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Appends the union of spans. Of sorted starts and ends, a gap lies where the i-th end comes before the next start. */
function unite(spans: Crossed | undefined, out: number[]): void {
  if (spans === undefined) return;
  const starts = Float64Array.from(spans.starts).sort();
  const ends = Float64Array.from(spans.ends).sort();
  let start = starts[0];
  for (let i = 0; i < ends.length; i++) {
    if (i + 1 < ends.length && starts[i + 1] <= ends[i]) continue;
    if (ends[i] > start) out.push(start, ends[i]);
    start = starts[i + 1];
  }
}
