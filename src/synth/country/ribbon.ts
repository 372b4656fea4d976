import type { Point } from "../geometry.js";
import { type Box, type GridIndex, gridIndex } from "./grid-index.js";

/** A straight piece of a river or road. */
export interface Segment {
  readonly from: Point;
  readonly to: Point;
  readonly halfWidthPx: number;
  /** Which row of the table of roads, or of rivers, it belongs to. */
  readonly kind: number;
  /** The first date on which it is there; 0 is the first. */
  readonly since: number;
}

/** Rivers or roads, to be found by place. */
export interface Ribbons {
  readonly index: GridIndex<Segment>;
  /** How far from their middle anything is looked for. */
  readonly reachPx: number;
}

/** The pieces of a polyline. */
export function segmentsOf(points: readonly Point[], about: Omit<Segment, "from" | "to">): Segment[] {
  return points.slice(1).map((to, k) => ({ from: points[k], to, ...about }));
}

export function indexRibbons(segments: readonly Segment[], reachPx: number): Ribbons {
  return { index: gridIndex(segments, (segment) => boxOf(segment, reachPx + segment.halfWidthPx)), reachPx };
}

function boxOf({ from, to }: Segment, reachPx: number): Box {
  return {
    left: Math.min(from[0], to[0]) - reachPx,
    top: Math.min(from[1], to[1]) - reachPx,
    right: Math.max(from[0], to[0]) + reachPx,
    bottom: Math.max(from[1], to[1]) + reachPx,
  };
}

/** Distance to a segment's middle line, in pixels. */
export function distanceTo({ from, to }: Segment, x: number, y: number): number {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const along = ((x - from[0]) * dx + (y - from[1]) * dy) / (dx * dx + dy * dy || 1);
  const t = along < 0 ? 0 : Math.min(along, 1);
  return Math.hypot(x - from[0] - t * dx, y - from[1] - t * dy);
}

/** How far a place is from the nearest bank: negative on the ribbon, at most `reachPx` off it. */
export function bankDistanceAt({ index, reachPx }: Ribbons, x: number, y: number, date: number): number {
  let nearest = reachPx;
  for (const segment of index.near({ left: x, top: y, right: x, bottom: y })) {
    if (segment.since <= date) nearest = Math.min(nearest, distanceTo(segment, x, y) - segment.halfWidthPx);
  }
  return nearest;
}

/** For every pixel of a window: distance to the nearest bank, at most what was asked for, and the kind of ribbon it belongs to. */
export interface RibbonDistances {
  readonly bankPx: Float32Array;
  readonly kind: Uint8Array;
}

export function ribbonDistances(
  { index }: Ribbons,
  { leftPx, topPx, widthPx, heightPx }: { leftPx: number; topPx: number; widthPx: number; heightPx: number },
  date: number,
  withinPx: number,
): RibbonDistances {
  const bankPx = new Float32Array(widthPx * heightPx).fill(withinPx);
  const kind = new Uint8Array(widthPx * heightPx);
  const [right, bottom] = [leftPx + widthPx - 1, topPx + heightPx - 1];
  for (const segment of index.near({ left: leftPx, top: topPx, right, bottom })) {
    if (segment.since > date) continue;
    const { from, halfWidthPx } = segment;
    const box = boxOf(segment, withinPx + halfWidthPx);
    const [dx, dy] = [segment.to[0] - from[0], segment.to[1] - from[1]];
    const square = dx * dx + dy * dy || 1;
    for (let y = Math.max(topPx, Math.ceil(box.top)); y <= Math.min(bottom, box.bottom); y++) {
      const first = Math.max(leftPx, Math.ceil(box.left));
      for (let x = first, at = (y - topPx) * widthPx + first - leftPx; x <= Math.min(right, box.right); x++, at++) {
        const along = ((x - from[0]) * dx + (y - from[1]) * dy) / square;
        const t = along < 0 ? 0 : Math.min(along, 1);
        const ex = x - from[0] - t * dx;
        const ey = y - from[1] - t * dy;
        const limit = bankPx[at] + halfWidthPx;
        const squared = ex * ex + ey * ey;
        if (limit <= 0 || squared >= limit * limit) continue;
        bankPx[at] = Math.sqrt(squared) - halfWidthPx;
        kind[at] = segment.kind;
      }
    }
  }
  return { bankPx, kind };
}
