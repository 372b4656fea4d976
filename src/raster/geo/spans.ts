import { UserError } from "../../errors.js";

/** A polygon in pixels of a grid: what it stands for, and its rings [x, y, x, y, …]. What is inside an odd number of rings is inside. */
export interface PlacedPolygon {
  /** From 0 on. */
  readonly value: number;
  readonly rings: readonly Float64Array[];
}

/** Where lines across a grid are inside polygons: for each value, the union of its polygons, exact along the line. */
export interface Spans {
  /** Length of a line between two x that polygons of a value cover. */
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
  const reaching = polygons.map((polygon) => ({ ...polygon, reach: reachOf(polygon) }));
  // By value: [start, end, start, end, …] of one line after the other, and where each line begins.
  const ends = Array.from({ length: values }, (): number[] => []);
  const offsets = Array.from({ length: values }, () => new Uint32Array(ys.length + 1));
  for (let first = 0; first < ys.length; first += LINES_AT_ONCE) {
    const lines = ys.subarray(first, first + LINES_AT_ONCE);
    const near = reaching.filter(({ reach }) => reach.from <= lines[lines.length - 1] && reach.to > lines[0]);
    const found = crossed(near, lines, values);
    for (let value = 0; value < values; value++) {
      for (let line = 0; line < lines.length; line++) {
        unite(found[value * lines.length + line], ends[value]);
        offsets[value][first + line + 1] = ends[value].length;
      }
    }
    if (ends.reduce((sum, { length }) => sum + length, 0) > MOST_ENDS) throw tooIntricate();
  }
  const flat = ends.map((numbers) => Float64Array.from(numbers));
  return {
    length(value, line, fromX, toX) {
      const [numbers, end] = [flat[value], offsets[value][line + 1]];
      let sum = 0;
      for (let at = firstPast(numbers, offsets[value][line], end, fromX); at < end && numbers[at] < toX; at += 2) {
        sum += Math.min(numbers[at + 1], toX) - Math.max(numbers[at], fromX);
      }
      return sum;
    },
    holds(value, line, x) {
      const [numbers, end] = [flat[value], offsets[value][line + 1]];
      const at = firstPast(numbers, offsets[value][line], end, x);
      return at < end && numbers[at] <= x;
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

function reachOf({ rings }: PlacedPolygon): { readonly from: number; readonly to: number } {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const ring of rings) {
    for (let at = 1; at < ring.length; at += 2) {
      if (ring[at] < from) from = ring[at];
      if (ring[at] > to) to = ring[at];
    }
  }
  return { from, to };
}

/** Spans that may overlap. */
interface Crossed {
  readonly starts: number[];
  readonly ends: number[];
}

/** The spans of each polygon, by value and line; undefined where there is none. */
function crossed(polygons: readonly PlacedPolygon[], lines: Float64Array, values: number): readonly (Crossed | undefined)[] {
  const found = new Array<Crossed | undefined>(values * lines.length);
  let total = 0;
  for (const { value, rings } of polygons) {
    const crossings = new Map<number, number[]>();
    for (const ring of rings) {
      total += crossRing(ring, lines, crossings, MOST_CROSSINGS - total);
    }
    for (const [line, xs] of crossings) {
      xs.sort((a, b) => a - b);
      const at = value * lines.length + line;
      found[at] ??= { starts: [], ends: [] };
      for (let i = 0; i + 1 < xs.length; i += 2) {
        found[at].starts.push(xs[i]);
        found[at].ends.push(xs[i + 1]);
      }
    }
  }
  return found;
}

/** Adds where the sides of a ring cross lines; returns how often. A side holds its upper end, not its lower one. */
function crossRing(ring: Float64Array, lines: Float64Array, crossings: Map<number, number[]>, most: number): number {
  let count = 0;
  let [x0, y0] = [ring[ring.length - 2], ring[ring.length - 1]];
  for (let at = 0; at < ring.length; at += 2) {
    const [x1, y1] = [ring[at], ring[at + 1]];
    const [top, bottom] = y0 < y1 ? [y0, y1] : [y1, y0];
    for (let line = firstFrom(lines, top); line < lines.length && lines[line] < bottom; line++) {
      const x = x0 + ((lines[line] - y0) / (y1 - y0)) * (x1 - x0);
      const there = crossings.get(line);
      if (there === undefined) crossings.set(line, [x]);
      else there.push(x);
      count++;
    }
    if (count > most) throw tooIntricate();
    [x0, y0] = [x1, y1];
  }
  return count;
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
