import type { Grid } from "../grid.js";
import { type Crs, sameCrs } from "./crs.js";
import { type FilesOfSystems, transformer } from "./project.js";
import { applyTransform, invertTransform } from "./transform.js";

/** The smallest box around something, in units of a reference system. */
export interface Extent {
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
  readonly top: number;
}

/** Puts polygons of one reference system on a grid. */
export interface PolygonPlacer {
  /** Of the grid, in the system of the polygons. */
  readonly extent: Extent;
  /**
   * A polygon in pixels of the grid: the parts of it that reach the surroundings of the grid, each as rings; none where it lies
   * elsewhere. Sides are straight in their own system, as RFC 7946 (3.1.1) wants it, and get points in between where they are bent here.
   */
  place(rings: readonly Float64Array[]): readonly (readonly Float64Array[])[];
}

/** Points a side at which a grid is looked at. */
const SAMPLES = 33;
/** Polygons are cut off this far from the grid, as a share of its size. */
const MARGIN = 0.05;
/** A side may stray so far from where it lies. */
const BENT_PX = 0.05;
/** A side becomes no more pieces than these: near a pole even they are bent. */
const MOST_PIECES = 4096;
/** Parts of a line by which the bend is measured. */
const PARTS = 8;

/**
 * Polygons are cut down to the surroundings of the grid first, and then projected: what lies on the other side of the earth has no
 * place in most systems.
 *
 * @param files of the polygons, and of the grid
 * @throws UserError `bad-data` where nobody can project between the two systems
 */
export async function polygonPlacer(from: Crs, grid: Grid, files: FilesOfSystems = {}): Promise<PolygonPlacer> {
  const same = sameCrs(from, grid.crs);
  const degrees = from.kind === "geographic";
  // The grid may not say its system: the transformer speaks of it then.
  const [toGrid, fromGrid] = same
    ? [() => {}, () => {}]
    : [await transformer(from, grid.crs as Crs, files), await transformer(grid.crs as Crs, from)];
  const inverse = invertTransform(grid.transform);
  const [middleX] = applyTransform(grid.transform, grid.widthPx / 2, grid.heightPx / 2);
  const isTurned = !same && grid.crs?.kind === "geographic";
  const toPixels = (points: Float64Array) => {
    toGrid(points);
    for (let at = 0; at < points.length; at += 2) {
      const x = isTurned ? nearTo(middleX, points[at]) : points[at];
      [points[at], points[at + 1]] = applyTransform(inverse, x, points[at + 1]);
    }
    return points;
  };
  const { extent, around } = extentsOf(grid, fromGrid, degrees && !same ? toPixels : undefined);
  const longest = same ? Number.POSITIVE_INFINITY : longestStraight(around, toPixels);
  const turns = degrees ? [-360, 0, 360] : [0];
  return {
    extent,
    place: (rings) =>
      turns.flatMap((turn) => {
        const parts = rings.flatMap((ring) => {
          const cut = cutDown(turn === 0 ? ring : turned(ring, turn), around);
          return cut.length < 6 ? [] : [toPixels(withPointsBetween(cut, longest))];
        });
        const placed = parts.filter((ring) => ring.every(Number.isFinite));
        return placed.length === 0 ? [] : [placed];
      }),
  };
}

/** The box around points [x, y, x, y, …] that are places; undefined where none is. */
export function extentOfPoints(rings: Iterable<ArrayLike<number>>): Extent | undefined {
  let [left, bottom] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let [right, top] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const points of rings) {
    for (let at = 0; at < points.length; at += 2) {
      const [x, y] = [points[at], points[at + 1]];
      if (!Number.isFinite(x)) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < bottom) bottom = y;
      if (y > top) top = y;
    }
  }
  return left <= right ? { left, bottom, right, top } : undefined;
}

/** The longitude that is the same place, and less than half the way round the earth away. */
function nearTo(middle: number, longitude: number): number {
  return Math.abs(longitude - middle) > 180 + 1e-6 ? longitude + 360 * Math.round((middle - longitude) / 360) : longitude;
}

/**
 * The extent of a grid, and that of its surroundings.
 *
 * @param placed puts longitudes and latitudes on the grid, where it has other coordinates than these
 */
function extentsOf(
  { widthPx, heightPx, transform }: Grid,
  fromGrid: (points: Float64Array) => void,
  placed: ((points: Float64Array) => Float64Array) | undefined,
): { readonly extent: Extent; readonly around: Extent } {
  const points = Float64Array.from(gridOfPoints({ left: 0, right: widthPx, bottom: 0, top: heightPx }));
  for (let at = 0; at < points.length; at += 2) points.set(applyTransform(transform, points[at], points[at + 1]), at);
  fromGrid(points);
  const start = points[SAMPLES * SAMPLES - 1]; // the x of the point in the middle
  if (placed === undefined) {
    const extent = extentOfPoints([points]) ?? EVERYWHERE;
    return { extent, around: widened(extent) };
  }
  for (let at = 0; at < points.length; at += 2) points[at] = nearTo(start, points[at]);
  const box = extentOfPoints([points]) ?? EVERYWHERE;
  const isWithin = (latitude: number) => {
    const [column, row] = placed(Float64Array.of(start, latitude));
    return column >= 0 && column <= widthPx && row >= 0 && row <= heightPx;
  };
  const poles = [-90, 90].filter(isWithin);
  if (poles.length > 0) {
    // Round a pole longitudes go all the way, and latitudes up to it.
    const [bottom, top] = [Math.min(box.bottom, ...poles), Math.max(box.top, ...poles)];
    const extent = { left: start - 180, bottom, right: start + 180, top };
    return { extent, around: extent };
  }
  const { left, bottom, right, top } = widened(box);
  const wider = { left, bottom: Math.max(-90, bottom), right, top: Math.min(90, top) };
  // Just outside of it there may be no place.
  const isPlaced = placed(Float64Array.from(gridOfPoints(wider))).every(Number.isFinite);
  return { extent: box, around: isPlaced ? wider : box };
}

function widened({ left, bottom, right, top }: Extent): Extent {
  const [beside, above] = [MARGIN * (right - left), MARGIN * (top - bottom)];
  return { left: left - beside, bottom: bottom - above, right: right + beside, top: top + above };
}

/** Points [x, y, x, y, …] all over an extent. */
function gridOfPoints({ left, bottom, right, top }: Extent): readonly number[] {
  const along = (from: number, to: number, step: number) => from + ((to - from) * step) / (SAMPLES - 1);
  return Array.from({ length: SAMPLES * SAMPLES }, (_, i) => [
    along(left, right, i % SAMPLES),
    along(bottom, top, Math.floor(i / SAMPLES)),
  ]).flat();
}

const EVERYWHERE: Extent = { left: -Infinity, bottom: -Infinity, right: Infinity, top: Infinity };

function turned(ring: Float64Array, degrees: number): Float64Array {
  return ring.map((number, at) => (at % 2 === 0 ? number + degrees : number));
}

/**
 * The part of a ring within an extent (Sutherland and Hodgman 1974). Where a ring leaves and comes back, sides run along the edge of
 * the extent there and back; they bound nothing.
 */
function cutDown(ring: Float64Array, { left, bottom, right, top }: Extent): ArrayLike<number> {
  const box = extentOfPoints([ring]);
  if (box === undefined || box.left > right || box.right < left || box.bottom > top || box.top < bottom) return [];
  let points: ArrayLike<number> = ring;
  if (box.left < left) points = cutAt(points, 0, left, 1);
  if (box.right > right) points = cutAt(points, 0, right, -1);
  if (box.bottom < bottom) points = cutAt(points, 1, bottom, 1);
  if (box.top > top) points = cutAt(points, 1, top, -1);
  return points;
}

/** What of a ring lies above (sign 1) or below (sign -1) a bound of x (axis 0) or y (axis 1). */
function cutAt(points: ArrayLike<number>, axis: 0 | 1, bound: number, sign: 1 | -1): number[] {
  const out: number[] = [];
  const other = 1 - axis;
  for (let at = 0; at < points.length; at += 2) {
    const before = at === 0 ? points.length - 2 : at - 2;
    const [from, to] = [points[before + axis], points[at + axis]];
    const [isFromIn, isToIn] = [sign * (from - bound) >= 0, sign * (to - bound) >= 0];
    if (isFromIn !== isToIn) {
      const start = points[before + other];
      const crossing = start + ((bound - from) / (to - from)) * (points[at + other] - start);
      if (axis === 0) out.push(bound, crossing);
      else out.push(crossing, bound);
    }
    if (isToIn) out.push(points[at], points[at + 1]);
  }
  return out;
}

/** How long a side may be so that its chord stays within `BENT_PX` of it. */
function longestStraight({ left, bottom, right, top }: Extent, toPixels: (points: Float64Array) => Float64Array): number {
  if (!Number.isFinite(left)) return Number.POSITIVE_INFINITY;
  const [width, height] = [right - left, top - bottom];
  const lines = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    [left, bottom + share * height, right, bottom + share * height],
    [left + share * width, bottom, left + share * width, top],
  ]);
  let most = 0; // bend in pixels per square of the length: that of a chord grows so
  for (const [x0, y0, x1, y1] of [...lines, [left, bottom, right, top], [left, top, right, bottom]]) {
    const points = new Float64Array(2 * (2 * PARTS + 1));
    for (let i = 0; i <= 2 * PARTS; i++) {
      points.set([x0 + ((x1 - x0) * i) / (2 * PARTS), y0 + ((y1 - y0) * i) / (2 * PARTS)], 2 * i);
    }
    toPixels(points);
    const length = Math.hypot(x1 - x0, y1 - y0) / PARTS;
    for (let i = 0; i < PARTS; i++) {
      const [ax, ay, mx, my, bx, by] = points.subarray(4 * i, 4 * i + 6);
      const bend = Math.hypot(mx - (ax + bx) / 2, my - (ay + by) / 2) / length ** 2;
      if (bend > most) most = bend;
    }
  }
  return Math.sqrt(BENT_PX / most);
}

function withPointsBetween(ring: ArrayLike<number>, longest: number): Float64Array {
  const out: number[] = [];
  for (let at = 0; at < ring.length; at += 2) {
    const next = (at + 2) % ring.length;
    const [x, y, dx, dy] = [ring[at], ring[at + 1], ring[next] - ring[at], ring[next + 1] - ring[at + 1]];
    const pieces = Math.min(MOST_PIECES, Math.max(1, Math.ceil(Math.hypot(dx, dy) / longest)));
    for (let i = 0; i < pieces; i++) out.push(x + (dx * i) / pieces, y + (dy * i) / pieces);
  }
  return Float64Array.from(out);
}
