import type { Random } from "../random.js";
import { type Point, type Ribbon, ribbonField, type Size } from "./geometry.js";
import { COVER, type Ground, paint } from "./ground.js";

/** A road between places, or a street inside a village. */
export interface Road extends Ribbon {
  readonly kind: "road" | "street";
  readonly surface: "asphalt" | "gravel";
  /** Brightness: old asphalt is paler. */
  readonly tone: number;
}

/** A road along the points. */
export function createRoad(points: readonly Point[], kind: Road["kind"], random: Random): Road {
  const surface = random.next() < (kind === "road" ? 0.7 : 0.85) ? "asphalt" : "gravel";
  const halfWidth = kind === "road" ? 1.9 + 0.9 * random.next() : 1.3 + 0.4 * random.next();
  return { points, halfWidthsPx: points.map(() => halfWidth), kind, surface, tone: 0.85 + 0.4 * random.next() };
}

/** A network that joins the villages, each to its nearest one before, and leaves the frame at two or three places. */
export function createRoads(places: readonly Point[], { widthPx, heightPx }: Size, random: Random): Road[] {
  const roads: Road[] = [];
  const hubs = places.length > 0 ? places : [[widthPx * random.next(), heightPx * random.next()] as const];
  for (let k = 1; k < hubs.length; k++) {
    const before = hubs.slice(0, k).sort((a, b) => gap(a, hubs[k]) - gap(b, hubs[k]));
    roads.push(createRoad(wander(before[0], hubs[k], random), "road", random));
  }
  const turn = random.next();
  const exits = 2 + random.int(2);
  for (let k = 0; k < exits; k++) {
    const angle = 2 * Math.PI * (turn + (k + 0.3 * random.next()) / exits);
    const reach = 0.75 * Math.hypot(widthPx, heightPx);
    const exit: Point = [widthPx / 2 + reach * Math.cos(angle), heightPx / 2 + reach * Math.sin(angle)];
    const nearest = [...hubs].sort((a, b) => gap(a, exit) - gap(b, exit))[0];
    roads.push(createRoad(wander(nearest, exit, random), "road", random));
  }
  return roads;
}

function gap(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** A gently winding way: the middle of each piece is moved aside, then each half again (midpoint displacement). */
function wander(from: Point, to: Point, random: Random): Point[] {
  let points: Point[] = [from, to];
  for (let level = 0; level < 6 && gap(points[0], points[1]) > 8; level++) {
    const swing = level < 3 ? 0.09 : 0.03;
    points = points.flatMap((a, i) => {
      const b = points[i + 1];
      if (b === undefined) return [a];
      const aside = swing * random.normal();
      const middle: Point = [(a[0] + b[0]) / 2 - aside * (b[1] - a[1]), (a[1] + b[1]) / 2 + aside * (b[0] - a[0])];
      return [a, middle];
    });
  }
  return smoothed(points);
}

/** Cuts the corners twice (Chaikin). */
function smoothed(points: readonly Point[]): Point[] {
  let line = [...points];
  for (let round = 0; round < 2; round++) {
    const inner = line.slice(0, -1).flatMap(([ax, ay], i): Point[] => {
      const [bx, by] = line[i + 1];
      return [
        [0.75 * ax + 0.25 * bx, 0.75 * ay + 0.25 * by],
        [0.25 * ax + 0.75 * bx, 0.25 * ay + 0.75 * by],
      ];
    });
    line = [line[0], ...inner, line[line.length - 1]];
  }
  return line;
}

const VERGE_PX = 2.5;

/** The carriageway with worn patches, and a mown verge that keeps trees and crops off. A bridge where there is a river. */
export function paintRoads(ground: Ground, roads: readonly Road[]): void {
  const { distancePx, nearest } = ribbonField(roads, ground, VERGE_PX);
  const { cover, use, grain, mottle } = ground;
  for (let at = 0; at < distancePx.length; at++) {
    const distance = distancePx[at];
    if (distance > VERGE_PX) continue;
    const road = roads[nearest[at]];
    if (distance <= 0) {
      const worn = 0.15 + 0.3 * mottle[at] + 0.2 * grain[at];
      paint(ground, at, road.surface, road.surface === "asphalt" ? "paving" : "soil", worn, road.tone * (1 + 0.06 * grain[at]));
      // A street in a village is part of the village's use of the land.
      if (use[at] !== COVER.urban) use[at] = COVER.road;
      cover[at] = COVER.road;
    } else if (cover[at] === COVER.forest || cover[at] === COVER.field) {
      if (distance + grain[at] > 1.8) continue;
      paint(ground, at, "grass", "hay", 0.4 + 0.4 * mottle[at], 1 + 0.1 * grain[at]);
      cover[at] = use[at] = COVER.grass;
    }
  }
}
