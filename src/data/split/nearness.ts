import type { Coordinates } from "../dataset.js";

/** Leaves of the tree hold up to this many points. */
const LEAF = 8;

/**
 * Tells whether any of the points is nearer than a distance. A k-d tree (Bentley 1975): building takes O(n log² n), however the
 * points lie, and asking does not grow with those far away.
 */
export function openNearness(points: readonly Coordinates[]): (place: Coordinates, distance: number) => boolean {
  const order = Array.from(points.keys());
  arrange(points, order, 0, order.length, 0);
  const search = (place: Coordinates, distance: number, low: number, high: number, axis: 0 | 1): boolean => {
    if (high - low <= LEAF) {
      for (let i = low; i < high; i++) if (within(points[order[i]], place, distance)) return true;
      return false;
    }
    const middle = (low + high) >> 1;
    if (within(points[order[middle]], place, distance)) return true;
    const gap = place[axis] - points[order[middle]][axis];
    const next = axis === 0 ? 1 : 0;
    const left = () => search(place, distance, low, middle, next);
    const right = () => search(place, distance, middle + 1, high, next);
    // The nearer half first; the other only where the distance reaches across.
    if (gap < 0) return left() || (-gap < distance && right());
    return right() || (gap < distance && left());
  };
  return (place, distance) => search(place, distance, 0, order.length, 0);
}

function within([ax, ay]: Coordinates, [bx, by]: Coordinates, distance: number): boolean {
  // Most are told apart along one axis alone.
  return Math.abs(ax - bx) < distance && Math.abs(ay - by) < distance && Math.hypot(ax - bx, ay - by) < distance;
}

/** Orders the points so that the middle of each range parts it along alternating axes. */
function arrange(points: readonly Coordinates[], order: number[], low: number, high: number, axis: 0 | 1): void {
  if (high - low <= LEAF) return;
  const sorted = order.slice(low, high).sort((a, b) => points[a][axis] - points[b][axis]);
  for (let i = low; i < high; i++) order[i] = sorted[i - low];
  const middle = (low + high) >> 1;
  const next = axis === 0 ? 1 : 0;
  arrange(points, order, low, middle, next);
  arrange(points, order, middle + 1, high, next);
}
