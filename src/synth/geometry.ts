/** Pixel coordinates: x to the right, y down, whole numbers at pixel centres. */
export type Point = readonly [x: number, y: number];

/** The frame that everything is drawn in. */
export interface Size {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A line with a width that may change along it: a river, a road. */
export interface Ribbon {
  readonly points: readonly Point[];
  /** One per point. */
  readonly halfWidthsPx: readonly number[];
}

/** Distance in pixels from a place to the edge of a ribbon; negative inside. */
export function distanceToRibbon(ribbon: Ribbon, x: number, y: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let k = 0; k + 1 < ribbon.points.length; k++) best = Math.min(best, distanceToSegment(ribbon, k, x, y));
  return best;
}

/** The nearest ribbon of every pixel within `reachPx` of one; elsewhere the distance is Infinity. */
export interface RibbonField {
  /** To the edge, `[H, W]`; negative inside. */
  readonly distancePx: Float32Array;
  /** Index of the ribbon, `[H, W]`. */
  readonly nearest: Uint16Array;
}

/** Measures every pixel against every ribbon; the first ribbon wins a tie. */
export function ribbonField(ribbons: readonly Ribbon[], { widthPx, heightPx }: Size, reachPx: number): RibbonField {
  const distancePx = new Float32Array(widthPx * heightPx).fill(Number.POSITIVE_INFINITY);
  const nearest = new Uint16Array(widthPx * heightPx);
  for (const [index, ribbon] of ribbons.entries()) {
    const { points, halfWidthsPx } = ribbon;
    for (let k = 0; k + 1 < points.length; k++) {
      const reach = reachPx + Math.max(halfWidthsPx[k], halfWidthsPx[k + 1]);
      const box = boxAround([points[k], points[k + 1]], reach, { widthPx, heightPx });
      for (let y = box.top; y <= box.bottom; y++) {
        for (let x = box.left; x <= box.right; x++) {
          const at = y * widthPx + x;
          const distance = distanceToSegment(ribbon, k, x, y);
          if (distance <= reachPx && distance < distancePx[at]) {
            distancePx[at] = distance;
            nearest[at] = index;
          }
        }
      }
    }
  }
  return { distancePx, nearest };
}

function distanceToSegment({ points, halfWidthsPx }: Ribbon, k: number, x: number, y: number): number {
  const [ax, ay] = points[k];
  const dx = points[k + 1][0] - ax;
  const dy = points[k + 1][1] - ay;
  const t = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
  const ex = x - ax - t * dx;
  const ey = y - ay - t * dy;
  return Math.sqrt(ex * ex + ey * ey) - halfWidthsPx[k] - t * (halfWidthsPx[k + 1] - halfWidthsPx[k]);
}

/** The pixels of a frame within `reachPx` of the points: inclusive bounds, empty when top > bottom or left > right. */
export function boxAround(points: readonly Point[], reachPx: number, { widthPx, heightPx }: Size) {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return {
    left: Math.max(0, Math.ceil(Math.min(...xs) - reachPx)),
    right: Math.min(widthPx - 1, Math.floor(Math.max(...xs) + reachPx)),
    top: Math.max(0, Math.ceil(Math.min(...ys) - reachPx)),
    bottom: Math.min(heightPx - 1, Math.floor(Math.max(...ys) + reachPx)),
  };
}

/** A convex polygon's corners, each edge with its inside on the left of (dx, dy) → (-dy, dx). */
export type ConvexPolygon = readonly Point[];

/** The edge lines of a convex polygon: depth(x, y) = nx·x + ny·y + offset is the distance from the line, positive inside. */
export function edgesOf(polygon: ConvexPolygon): { nx: number; ny: number; offset: number }[] {
  return polygon.map(([ax, ay], i) => {
    const [bx, by] = polygon[(i + 1) % polygon.length];
    const length = Math.hypot(bx - ax, by - ay);
    const nx = (ay - by) / length;
    const ny = (bx - ax) / length;
    return { nx, ny, offset: -nx * ax - ny * ay };
  });
}

/** Area in square pixels (shoelace formula). */
export function areaOf(polygon: ConvexPolygon): number {
  let twice = 0;
  for (let i = 0; i < polygon.length; i++) {
    const [ax, ay] = polygon[i];
    const [bx, by] = polygon[(i + 1) % polygon.length];
    twice += ax * by - bx * ay;
  }
  return twice / 2;
}

/** The mean of the corners. */
export function centreOf(polygon: ConvexPolygon): Point {
  const n = polygon.length;
  return [polygon.reduce((sum, [x]) => sum + x, 0) / n, polygon.reduce((sum, [, y]) => sum + y, 0) / n];
}

/** Cuts a convex polygon along the line through `through` with direction `angle`: the left part and the right one. */
export function cut(polygon: ConvexPolygon, through: Point, angle: number): [ConvexPolygon, ConvexPolygon] {
  const nx = -Math.sin(angle);
  const ny = Math.cos(angle);
  const left: Point[] = [];
  const right: Point[] = [];
  for (let i = 0; i < polygon.length; i++) {
    const a = polygon[i];
    const b = polygon[(i + 1) % polygon.length];
    const da = (a[0] - through[0]) * nx + (a[1] - through[1]) * ny;
    const db = (b[0] - through[0]) * nx + (b[1] - through[1]) * ny;
    (da >= 0 ? left : right).push(a);
    if (da >= 0 !== db >= 0) {
      const t = da / (da - db);
      const crossing: Point = [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
      left.push(crossing);
      right.push(crossing);
    }
  }
  return [left, right];
}
