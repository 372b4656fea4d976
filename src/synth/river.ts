import type { Random } from "../random.js";
import { type Point, type Ribbon, ribbonField, type Size } from "./geometry.js";
import { COVER, type Ground, paint } from "./ground.js";

/** A river from one side of the land to another. */
export interface River extends Ribbon {
  /** Share of silt in the water, 0 to 1. */
  readonly turbidity: number;
}

const STEP_PX = 5;

/** A meandering river through the frame: two waves of different length added, its width swelling and shrinking. */
export function createRiver({ widthPx, heightPx }: Size, meanWidthPx: number, random: Random): River {
  const angle = random.next() * 2 * Math.PI;
  const length = Math.hypot(widthPx, heightPx) * 1.3;
  const offset = (random.next() - 0.5) * 0.45 * Math.min(widthPx, heightPx);
  const waves = [
    { lengthPx: 330 + 180 * random.next(), swingPx: 35 + 45 * random.next(), phase: 2 * Math.PI * random.next() },
    { lengthPx: 130 + 60 * random.next(), swingPx: 8 + 14 * random.next(), phase: 2 * Math.PI * random.next() },
  ];
  const swell = 2 * Math.PI * random.next();
  const points: Point[] = [];
  const halfWidthsPx: number[] = [];
  for (let s = -length / 2; s <= length / 2; s += STEP_PX) {
    const swing = waves.reduce((sum, w) => sum + w.swingPx * Math.sin((2 * Math.PI * s) / w.lengthPx + w.phase), offset);
    points.push([
      widthPx / 2 + s * Math.cos(angle) - swing * Math.sin(angle),
      heightPx / 2 + s * Math.sin(angle) + swing * Math.cos(angle),
    ]);
    const width = 1 + 0.28 * Math.sin(s / 61 + swell) + 0.14 * Math.sin(s / 23 + 2 * swell);
    halfWidthsPx.push((meanWidthPx / 2) * width);
  }
  return { points, halfWidthsPx, turbidity: random.next() };
}

const BANK_PX = 6;

/** Water that darkens towards the middle, silt in streaks, a bank of sand or reeds. The bank is grass. */
export function paintRivers(ground: Ground, rivers: readonly River[]): void {
  const { distancePx, nearest } = ribbonField(rivers, ground, BANK_PX);
  const { cover, use, grain, mottle, broad } = ground;
  for (let at = 0; at < distancePx.length; at++) {
    const distance = distancePx[at] + 1.8 * mottle[at] + 0.7 * grain[at];
    if (distance > 3.2 + 2 * broad[at]) continue;
    const { turbidity } = rivers[nearest[at]];
    if (distance > 0) {
      const sandy = 0.15 + 1.1 * mottle[at] + 0.9 * broad[at];
      paint(ground, at, "hay", sandy > 0 ? "sand" : "understorey", Math.abs(sandy), 1 + 0.15 * grain[at]);
      cover[at] = use[at] = COVER.grass;
      continue;
    }
    const shallows = Math.max(0, 1 + distance / 7);
    const silt = 0.85 * turbidity + 0.3 * shallows + 0.18 * mottle[at] + 0.25 * broad[at];
    paint(ground, at, "water", "silt", silt, 1 + 0.09 * grain[at] + 0.06 * mottle[at]);
    cover[at] = use[at] = COVER.water;
  }
}
