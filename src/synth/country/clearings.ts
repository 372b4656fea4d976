import { LAND_VALUE } from "../../land.js";
import type { Random } from "../../random.js";
import type { Point } from "../geometry.js";
import type { NoiseShape } from "../noise.js";
import { type GridIndex, gridIndex } from "./grid-index.js";
import { bankDistanceAt, type Ribbons } from "./ribbon.js";

/** Forest that is cut between two dates, and what comes in its place. */
export interface Clearing {
  readonly at: Point;
  readonly radiusPx: number;
  /** The first date without the forest, from 1. */
  readonly since: number;
  /** Value of a class of `LAND`. */
  readonly becomes: number;
}

/** Everything that is cut. */
export interface Clearings {
  readonly index: GridIndex<Clearing>;
  /** What makes their edges ragged. */
  readonly edge: NoiseShape;
}

/** A clearing a date for so many square pixels. */
const CLEARING_AREA = 620 ** 2;
const RAGGED = 0.55;
const TRIES = 60;
/** What forest turns into, as often as it stands here. */
const NEXT = ["field", "field", "field", "grass", "grass", "bare", "bare"] as const;

/** What decides where forest is cut. */
export interface Woods {
  /** How far inside the forest a place is, in units of its noise; negative outside. */
  readonly depthAt: (x: number, y: number) => number;
  readonly roads: Ribbons;
  readonly rivers: Ribbons;
}

/** Forest goes first where it is easily reached: beside roads and rivers, and at the edge of the fields. */
export function createClearings(sizePx: number, dates: number, woods: Woods, random: Random): Clearings {
  const clearings: Clearing[] = [];
  for (let since = 1; since < dates; since++) {
    const own = random.fork(`date ${since}`);
    const count = Math.max(2, Math.round(sizePx ** 2 / CLEARING_AREA));
    for (let k = 0; k < count; k++) {
      const site = findSite(sizePx, woods, since, own);
      if (site === undefined) continue;
      const becomes = LAND_VALUE[NEXT[own.int(NEXT.length)]];
      const radiusPx = Math.min(sizePx / 5, 34 + 56 * own.next());
      const lobes = 1 + own.int(3);
      for (let lobe = 0; lobe < lobes; lobe++) {
        const angle = 2 * Math.PI * own.next();
        const aside = lobe === 0 ? 0 : radiusPx * (0.7 + 0.5 * own.next());
        const at: Point = [site[0] + aside * Math.cos(angle), site[1] + aside * Math.sin(angle)];
        clearings.push({ at, radiusPx: radiusPx * (lobe === 0 ? 1 : 0.55 + 0.35 * own.next()), since, becomes });
      }
    }
  }
  const edge: NoiseShape = { seed: random.int(2 ** 31), scalePx: 46, octaves: 3 };
  return { index: gridIndex(clearings, clearingBox), edge };
}

function findSite(sizePx: number, { depthAt, roads, rivers }: Woods, date: number, random: Random): Point | undefined {
  let reserve: Point | undefined;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const [x, y] = [sizePx * random.next(), sizePx * random.next()];
    const depth = depthAt(x, y);
    if (depth < 0.02) continue;
    reserve ??= [x, y];
    const isAtEdge = depth < 0.07 && random.next() < 0.35;
    if (isAtEdge || Math.min(bankDistanceAt(roads, x, y, date), bankDistanceAt(rivers, x, y, date)) < roads.reachPx)
      return [x, y];
  }
  return reserve;
}

function clearingBox({ at: [x, y], radiusPx }: Clearing) {
  const reach = radiusPx * (1 + RAGGED);
  return { left: x - reach, top: y - reach, right: x + reach, bottom: y + reach };
}

/** What forest has become by a date at a place, else 0; the oldest clearing decides. */
export function clearedTo(clearings: readonly Clearing[], x: number, y: number, edge: number): number {
  for (const { at, radiusPx, becomes } of clearings) {
    const reach = radiusPx * (1 + RAGGED * edge);
    const [dx, dy] = [x - at[0], y - at[1]];
    if (dx * dx + dy * dy < reach * reach) return becomes;
  }
  return 0;
}

/** The clearings that touch a box on a date, oldest first. */
export function clearingsNear({ index }: Clearings, box: Parameters<GridIndex<Clearing>["near"]>[0], date: number): Clearing[] {
  return index.near(box).filter(({ since }) => since <= date);
}
