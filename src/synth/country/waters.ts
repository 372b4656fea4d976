import type { Random } from "../../random.js";
import type { Point } from "../geometry.js";
import { type NoiseShape, noiseAt } from "../noise.js";
import { type GridIndex, gridIndex } from "./grid-index.js";
import { bankDistanceAt, indexRibbons, type Ribbons, type Segment, segmentsOf } from "./ribbon.js";

/** A round water with a ragged shore. */
export interface Lake {
  readonly at: Point;
  readonly radiusPx: number;
  /** Length against width, and its direction. */
  readonly stretch: number;
  readonly angle: number;
}

/** Everything wet. */
export interface Waters {
  readonly rivers: Ribbons;
  readonly lakes: GridIndex<Lake>;
  /** What makes banks and shores ragged. */
  readonly shore: NoiseShape;
}

/** Rivers flow side by side in lanes of this width, so that they never cross. */
const LANE_PX = 2600;
const STEP_PX = 12;
const REACH_PX = 72;
/** A lake for so many square pixels. */
const LAKE_AREA = 1500 ** 2;
/** How far shores stray, as a share of a lake's radius. */
const RAGGED = 0.8;
/** How far the banks of rivers stray. */
export const BANK_PX = 5;

/** Rivers that meander through the frame in one direction, their brooks, and lakes. */
export function createWaters(sizePx: number, random: Random): Waters {
  const shore: NoiseShape = { seed: random.int(2 ** 31), scalePx: 170, octaves: 3 };
  const flow = 2 * Math.PI * random.next();
  const half = 0.75 * sizePx + 400;
  const lanes = Math.ceil((0.71 * sizePx) / LANE_PX);
  const toWorld = (along: number, across: number): Point => [
    sizePx / 2 + along * Math.cos(flow) - across * Math.sin(flow),
    sizePx / 2 + along * Math.sin(flow) + across * Math.cos(flow),
  ];
  const segments: Segment[] = [];
  for (let lane = -lanes; lane <= lanes; lane++) {
    const own = random.fork(`river ${lane}`);
    const middle = lane * LANE_PX + 0.2 * Math.min(sizePx, LANE_PX) * (own.next() - 0.5);
    const course = meander({ along: -half, across: middle, heading: 0, lengthPx: 6 * half, wavePx: 1000 }, own, half);
    const halfWidthPx = 17 + 17 * own.next();
    segments.push(...segmentsOf(course.map(toWorldOf(toWorld)), { halfWidthPx, kind: 0, since: 0 }));
    for (let at = own.int(60); at < course.length; at += 55 + own.int(70)) {
      const side = own.next() < 0.5 ? 1 : -1;
      const [along, across] = course[at];
      const heading = side * (1 + 0.6 * own.next());
      const lengthPx = 400 + 500 * own.next();
      const brook = meander({ along, across, heading, lengthPx, wavePx: 260 }, own, half);
      segments.push(...segmentsOf(brook.map(toWorldOf(toWorld)), { halfWidthPx: 2.5 + 2.5 * own.next(), kind: 1, since: 0 }));
    }
  }
  const inside = ({ from: [x, y] }: Segment) => x > -200 && y > -200 && x < sizePx + 200 && y < sizePx + 200;
  const ofLakes = random.fork("lakes");
  const lakes = Array.from({ length: Math.max(1, Math.round(sizePx ** 2 / LAKE_AREA)) }, (): Lake => {
    return {
      at: [sizePx * ofLakes.next(), sizePx * ofLakes.next()],
      radiusPx: Math.min(sizePx / 6, 70 + 110 * ofLakes.next()),
      stretch: 1 + 0.5 * ofLakes.next(),
      angle: Math.PI * ofLakes.next(),
    };
  });
  return { rivers: indexRibbons(segments.filter(inside), REACH_PX), lakes: gridIndex(lakes, lakeBox), shore };
}

function toWorldOf(toWorld: (along: number, across: number) => Point) {
  return ([along, across]: Point) => toWorld(along, across);
}

interface Course {
  readonly along: number;
  readonly across: number;
  /** Against the direction of flow, radians. */
  readonly heading: number;
  readonly lengthPx: number;
  /** Length of a pair of bends along the water. */
  readonly wavePx: number;
}

/** A sine-generated curve (Langbein and Leopold 1966): the heading swings with the way travelled, and is drawn back to its lane. */
function meander({ along, across, heading, lengthPx, wavePx }: Course, random: Random, end: number): Point[] {
  const points: Point[] = [[along, across]];
  const swing: NoiseShape = { seed: random.int(2 ** 31), scalePx: 900, octaves: 2 };
  let [x, y] = [along, across];
  let phase = 2 * Math.PI * random.next();
  const drift = heading === 0 ? 1.1 / (LANE_PX / 2) : 0;
  for (let way = 0; way < lengthPx && x < end; way += STEP_PX) {
    const bend = 1 + 0.5 * noiseAt(swing, way, 0);
    phase += ((2 * Math.PI * STEP_PX) / wavePx) * (1 + 0.7 * noiseAt(swing, way, 5000));
    const towards = heading + bend * Math.sin(phase) - drift * (y - across);
    x += STEP_PX * Math.cos(towards);
    y += STEP_PX * Math.sin(towards);
    points.push([x, y]);
  }
  return points;
}

/** Within which a lake lies. */
export function lakeBox({ at: [x, y], radiusPx, stretch }: Lake) {
  const reach = radiusPx * stretch * (1 + RAGGED);
  return { left: x - reach, top: y - reach, right: x + reach, bottom: y + reach };
}

/** Depth inside a lake in pixels, negative outside; `shore` is the noise at the place. */
export function lakeDepth({ at, radiusPx, stretch, angle }: Lake, x: number, y: number, shore: number): number {
  const dx = x - at[0];
  const dy = y - at[1];
  const u = (dx * Math.cos(angle) + dy * Math.sin(angle)) / stretch;
  const v = (dy * Math.cos(angle) - dx * Math.sin(angle)) * stretch;
  return radiusPx * (1 + RAGGED * shore) - Math.hypot(u, v);
}

/** Depth below the bank of a river, in pixels: banks stray a little. */
export function riverDepth(bankPx: number, shore: number): number {
  return BANK_PX * shore - bankPx;
}

/** How far a place is from water, in pixels, at most 72; negative in it. */
export function waterDistanceAt({ rivers, lakes, shore }: Waters, x: number, y: number): number {
  const noise = noiseAt(shore, x, y);
  const depths = lakes.near({ left: x, top: y, right: x, bottom: y }).map((lake) => lakeDepth(lake, x, y, noise));
  return -Math.max(riverDepth(bankDistanceAt(rivers, x, y, 0), noise), ...depths);
}
