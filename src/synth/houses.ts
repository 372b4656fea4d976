import type { Random } from "../random.js";
import { boxAround, distanceToRibbon, type Point } from "./geometry.js";
import { COVER, type Ground, paint } from "./ground.js";
import type { River } from "./river.js";
import type { Road } from "./roads.js";
import type { Village } from "./village.js";

/** A rectangular house with a gable roof. */
export interface House {
  readonly at: Point;
  /** Direction of the ridge, radians. */
  readonly angle: number;
  readonly lengthPx: number;
  readonly depthPx: number;
  readonly roof: Roof;
  readonly tone: number;
}

const ROOFS = ["tile", "tile", "slate", "wood", "metal"] as const;
type Roof = (typeof ROOFS)[number];

/** The land that houses are built on. */
interface Site {
  readonly villages: readonly Village[];
  readonly roads: readonly Road[];
  readonly rivers: readonly River[];
}

/** Houses along the streets, facing them, and a farm now and then on a road outside. */
export function createHouses({ villages, roads, rivers }: Site, random: Random): House[] {
  const houses: House[] = [];
  for (const road of roads) {
    for (const [[ax, ay], [bx, by]] of pieces(road.points, 9.5)) {
      const angle = Math.atan2(by - ay, bx - ax);
      for (const side of [-1, 1]) {
        const inVillage = villages.some(({ at, radiusPx }) => Math.hypot(ax - at[0], ay - at[1]) < 0.93 * radiusPx);
        if (random.next() > (inVillage ? 0.86 : 0.025)) continue;
        const lengthPx = inVillage ? 5 + 2.6 * random.next() : 6 + 6 * random.next();
        const depthPx = Math.min(lengthPx, 4.2 + 1.8 * random.next());
        const back = side * (road.halfWidthsPx[0] + 2 + 1.5 * random.next() + depthPx / 2);
        const at: Point = [
          ax - back * Math.sin(angle) + 0.6 * random.normal(),
          ay + back * Math.cos(angle) + 0.6 * random.normal(),
        ];
        const roof = ROOFS[random.int(ROOFS.length)];
        const tone = 1 + 0.15 * random.normal();
        const crowded = houses.some((other) => {
          return Math.hypot(at[0] - other.at[0], at[1] - other.at[1]) < (lengthPx + other.lengthPx) / 2 + 1.5;
        });
        const onRoad = roads.some((other) => distanceToRibbon(other, at[0], at[1]) < depthPx / 2 + 0.8);
        const wet = rivers.some((river) => distanceToRibbon(river, at[0], at[1]) < lengthPx / 2 + 5);
        if (!crowded && !onRoad && !wet)
          houses.push({ at, angle: angle + 0.05 * random.normal(), lengthPx, depthPx, roof, tone });
      }
    }
  }
  return houses;
}

/** A line cut into pieces of one length. */
function pieces(points: readonly Point[], stepPx: number): [Point, Point][] {
  const stops: Point[] = [points[0]];
  let left = stepPx;
  for (let i = 0; i + 1 < points.length; i++) {
    const [ax, ay] = points[i];
    const [bx, by] = points[i + 1];
    const length = Math.hypot(bx - ax, by - ay);
    for (; left <= length; left += stepPx) stops.push([ax + (left / length) * (bx - ax), ay + (left / length) * (by - ay)]);
    left -= length;
  }
  return stops.slice(1).map((stop, i) => [stops[i], stop]);
}

const EAVES_PX = 3;

/** Roofs: two planes that the light falls on differently. */
export function paintHouses(ground: Ground, houses: readonly House[]): void {
  const { widthPx, grain, cover, use, heightsPx } = ground;
  for (const { at, angle, lengthPx, depthPx, roof, tone } of houses) {
    const cos = Math.cos(angle);
    const sin = Math.sin(angle);
    const box = boxAround([at], lengthPx, ground);
    for (let y = box.top; y <= box.bottom; y++) {
      for (let x = box.left; x <= box.right; x++) {
        const along = (x - at[0]) * cos + (y - at[1]) * sin;
        const across = -(x - at[0]) * sin + (y - at[1]) * cos;
        if (Math.abs(along) > lengthPx / 2 || Math.abs(across) > depthPx / 2) continue;
        const pixel = y * widthPx + x;
        paint(ground, pixel, roof, "slate", 0.12 + 0.12 * grain[pixel], tone);
        heightsPx[pixel] = EAVES_PX + 0.55 * (depthPx / 2 - Math.abs(across));
        cover[pixel] = use[pixel] = COVER.urban;
      }
    }
  }
}
