import type { Random } from "../../random.js";
import type { Point } from "../geometry.js";
import { type NoiseShape, noiseAt } from "../noise.js";
import { indexRibbons, type Ribbons, type Segment, segmentsOf } from "./ribbon.js";
import type { Settlement } from "./settlements.js";

/** Kinds of roads, by number: half their width, and whether they have two carriageways. */
export const ROADS = [
  { name: "country road", halfWidthPx: 2.6, isDual: false },
  { name: "main road", halfWidthPx: 3.8, isDual: false },
  { name: "motorway", halfWidthPx: 8, isDual: true },
] as const;
const [COUNTRY, MAIN, MOTORWAY] = [0, 1, 2];

const REACH_PX = 14;
const STEP_PX = 20;
const MOTORWAY_LANE_PX = 5200;

/** Roads between neighbouring settlements and out of the frame, a motorway now and then, and new links on later dates. */
export function createRoads(sizePx: number, settlements: readonly Settlement[], dates: number, random: Random): Ribbons {
  const places = settlements.map(({ at }) => at);
  const segments: Segment[] = [];
  const lay = (from: Point, to: Point, kind: number, since: number, name: string) => {
    const points = winding(from, to, kind === MOTORWAY ? 0.05 : 0.13, random.fork(name));
    segments.push(...segmentsOf(points, { halfWidthPx: ROADS[kind].halfWidthPx, kind, since }));
  };
  for (const [a, b] of neighbours(places)) lay(places[a], places[b], MAIN, 0, `${a}-${b}`);
  // Every third settlement, and the first, has a way out to the nearest edge.
  places.forEach((place, index) => {
    if (index % 3 === 0) lay(place, wayOut(place, sizePx), COUNTRY, 0, `out ${index}`);
  });
  const direction = Math.PI * random.next();
  const lanes = Math.ceil((0.71 * sizePx) / MOTORWAY_LANE_PX);
  const [cos, sin] = [Math.cos(direction), Math.sin(direction)];
  for (let lane = -lanes; lane <= lanes; lane++) {
    const aside = lane * MOTORWAY_LANE_PX + 0.5 * Math.min(sizePx, MOTORWAY_LANE_PX) * (random.next() - 0.5);
    const at = (along: number): Point => [sizePx / 2 + along * cos - aside * sin, sizePx / 2 + along * sin + aside * cos];
    lay(at(-0.8 * sizePx - 100), at(0.8 * sizePx + 100), MOTORWAY, 0, `motorway ${lane}`);
  }
  for (let date = 1; date < dates; date++) {
    const links = Math.max(1, Math.round(settlements.length / 4));
    for (let link = 0; link < links; link++) {
      const own = random.fork(`link ${date} ${link}`);
      const from = places[own.int(places.length)];
      const angle = 2 * Math.PI * own.next();
      const length = 300 + 700 * own.next();
      lay(from, [from[0] + length * Math.cos(angle), from[1] + length * Math.sin(angle)], COUNTRY, date, `new ${date} ${link}`);
    }
  }
  const inside = ({ from: [x, y] }: Segment) => x > -100 && y > -100 && x < sizePx + 100 && y < sizePx + 100;
  return indexRibbons(segments.filter(inside), REACH_PX);
}

/** Pairs without a third place nearer to both than they are to each other (relative neighbourhood graph, Toussaint 1980). */
function neighbours(places: readonly Point[]): [number, number][] {
  const distance = (a: number, b: number) => Math.hypot(places[a][0] - places[b][0], places[a][1] - places[b][1]);
  const pairs: [number, number][] = [];
  for (let a = 0; a < places.length; a++) {
    for (let b = a + 1; b < places.length; b++) {
      const apart = distance(a, b);
      const between = places.some((_, c) => c !== a && c !== b && distance(a, c) < apart && distance(b, c) < apart);
      if (!between) pairs.push([a, b]);
    }
  }
  return pairs;
}

function wayOut([x, y]: Point, sizePx: number): Point {
  const ways: Point[] = [
    [-150, y + 0.3 * (x - sizePx / 2)],
    [sizePx + 150, y + 0.3 * (sizePx / 2 - x)],
    [x + 0.3 * (y - sizePx / 2), -150],
    [x + 0.3 * (sizePx / 2 - y), sizePx + 150],
  ];
  return ways.reduce((best, way) => (Math.hypot(way[0] - x, way[1] - y) < Math.hypot(best[0] - x, best[1] - y) ? way : best));
}

/** A way that strays from the straight line by a share of its length, more in the middle than at its ends. */
function winding(from: Point, to: Point, stray: number, random: Random): Point[] {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const [cos, sin] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  const wind: NoiseShape = { seed: random.int(2 ** 31), scalePx: 420, octaves: 2 };
  const steps = Math.max(2, Math.ceil(length / STEP_PX));
  return Array.from({ length: steps + 1 }, (_, k): Point => {
    const along = (k / steps) * length;
    const freedom = Math.min(1, along / 250, (length - along) / 250);
    const aside = freedom * (stray * Math.min(length, 900)) * 1.6 * noiseAt(wind, along, 0.5);
    return [from[0] + along * cos - aside * sin, from[1] + along * sin + aside * cos];
  });
}
