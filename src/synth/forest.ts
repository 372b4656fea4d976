import type { Random } from "../random.js";
import type { Point, Size } from "./geometry.js";
import { boxAround } from "./geometry.js";
import { COVER, type Ground, paint } from "./ground.js";
import { MATERIAL, type Season } from "./materials.js";
import type { Tree } from "./meadow.js";
import { latticeValue, type NoiseShape, noiseAt, noiseGrid } from "./noise.js";

/** A round area without forest. */
export interface Clearing {
  readonly at: Point;
  readonly radiusPx: number;
}

/** Forest stands wherever a noise field is above a threshold, except in clearings. */
export interface Forest {
  readonly field: NoiseShape;
  readonly threshold: number;
  readonly clearings: readonly Clearing[];
  /** Where conifers stand (above 0) and where broadleaves do. */
  readonly conifers: NoiseShape;
}

/** A forest on `share` of the land, before fields, villages and water take their part. */
export function createForest({ widthPx, heightPx }: Size, share: number, random: Random): Forest {
  const field: NoiseShape = { seed: random.int(2 ** 31), scalePx: 170, octaves: 5 };
  // Every 13th pixel is enough to find the quantile.
  const sorted = noiseGrid(field, widthPx, heightPx)
    .filter((_, at) => at % 13 === 0)
    .sort();
  const threshold = share <= 0 ? 1 : sorted[Math.min(sorted.length - 1, Math.floor((1 - share) * sorted.length))];
  const clearings = Array.from({ length: random.int(4) }, (): Clearing => {
    return { at: [random.next() * widthPx, random.next() * heightPx], radiusPx: 12 + 22 * random.next() };
  });
  return { field, threshold, clearings, conifers: { seed: random.int(2 ** 31), scalePx: 120, octaves: 3 } };
}

/** How far inside the forest a place is, in units of its noise field; negative outside. */
export function forestDepth({ field, threshold, clearings }: Forest, x: number, y: number): number {
  const inClearing = clearings.some(({ at, radiusPx }) => Math.hypot(x - at[0], y - at[1]) < radiusPx);
  return inClearing ? -1 : noiseAt(field, x, y) - threshold;
}

/** The forest floor: decides what is forest. Crowns come later, when roads and rivers have taken their place. */
export function paintForestFloor(ground: Ground, forest: Forest): void {
  const { widthPx, heightPx, mottle, grain } = ground;
  const field = noiseGrid(forest.field, widthPx, heightPx);
  for (let at = 0; at < field.length; at++) {
    if (field[at] <= forest.threshold) continue;
    const x = at % widthPx;
    const y = (at - x) / widthPx;
    // A clearing's edge is as ragged as the noise.
    const reach = 1 + 0.4 * mottle[at];
    if (forest.clearings.some((c) => Math.hypot(x - c.at[0], y - c.at[1]) < c.radiusPx * reach)) continue;
    paint(ground, at, "understorey", "grass", 0.15 + 0.2 * mottle[at], 1 + 0.2 * grain[at]);
    ground.cover[at] = ground.use[at] = COVER.forest;
  }
}

const CROWN_SPACING_PX = 4.2;

/** Crowns over the forest floor: one tree per lattice cell, moved a little, its size and species by stand. */
export function plantForest(ground: Ground, forest: Forest, season: Season, random: Random): void {
  const { widthPx, heightPx, mottle } = ground;
  const seed = random.int(2 ** 31);
  const conifers = noiseGrid(forest.conifers, widthPx, heightPx);
  for (let j = -1; j * CROWN_SPACING_PX < heightPx + 2; j++) {
    for (let i = -1; i * CROWN_SPACING_PX < widthPx + 2; i++) {
      const x = (i + 0.5 + 0.45 * latticeValue(i, j, seed)) * CROWN_SPACING_PX;
      const y = (j + 0.5 + 0.45 * latticeValue(i, j, seed + 1)) * CROWN_SPACING_PX;
      const near = pixelAt(ground, x, y);
      if (near < 0 || ground.cover[near] !== COVER.forest) continue;
      const conifer = conifers[near] + 0.35 * latticeValue(i, j, seed + 2) > 0;
      // Stands of old and of young trees, and a missing tree here and there.
      const age = 1 + 0.35 * mottle[near] + 0.2 * latticeValue(i, j, seed + 3);
      if (latticeValue(i, j, seed + 4) > 0.93) continue;
      plant(ground, {
        at: [x, y],
        radiusPx: (conifer ? 2.1 : 2.9) * age,
        peakPx: (conifer ? 5.5 : 4.5) * age,
        material: conifer ? "conifer" : 0.5 + 0.5 * latticeValue(i, j, seed + 5) < season.leafTurn ? "turning" : "broadleaf",
        tone: 1 + 0.22 * latticeValue(i, j, seed + 6),
        pointed: conifer,
        cover: COVER.forest,
      });
    }
  }
}

/** Trees that stand alone, on grass and in gardens; the ground below them stays what it was. */
export function plantTrees(ground: Ground, trees: readonly Tree[], season: Season, random: Random): void {
  for (const { at, radiusPx } of trees) {
    const tone = 0.95 + 0.3 * random.next();
    const turned = random.next() < season.leafTurn;
    const near = pixelAt(ground, at[0], at[1]);
    if (near < 0 || ground.cover[near] !== COVER.grass) continue;
    const material = turned ? "turning" : "broadleaf";
    plant(ground, { at, radiusPx, peakPx: 1 + radiusPx, material, tone, pointed: false, cover: COVER.grass });
  }
}

interface Crown {
  readonly at: Point;
  readonly radiusPx: number;
  readonly peakPx: number;
  readonly material: "conifer" | "broadleaf" | "turning";
  readonly tone: number;
  /** A cone, else a dome. */
  readonly pointed: boolean;
  /** What the crown's pixels count as. Crowns reach over grass and forest, never over anything built, tilled or wet. */
  readonly cover: number;
}

function plant(ground: Ground, { at, radiusPx, peakPx, material, tone, pointed, cover }: Crown): void {
  const { widthPx, cover: covers, heightsPx } = ground;
  const box = boxAround([at], radiusPx, ground);
  for (let y = box.top; y <= box.bottom; y++) {
    for (let x = box.left; x <= box.right; x++) {
      const r = Math.hypot(x - at[0], y - at[1]) / radiusPx;
      const pixel = y * widthPx + x;
      const free = covers[pixel] === cover || (cover === COVER.forest && covers[pixel] === COVER.grass);
      if (r > 1 || !free) continue;
      const height = peakPx * (pointed ? 1 - 0.75 * r : Math.sqrt(1 - 0.8 * r * r));
      if (height <= heightsPx[pixel]) continue;
      heightsPx[pixel] = height;
      ground.base[pixel] = MATERIAL[material];
      ground.over[pixel] = MATERIAL.understorey;
      ground.share[pixel] = 0.45 * r * r;
      ground.tone[pixel] = tone * (1 + 0.15 * ground.grain[pixel]);
      covers[pixel] = cover;
      // A tree in a garden belongs to the village; a forest's edge belongs to the forest.
      if (cover === COVER.forest) ground.use[pixel] = cover;
    }
  }
}

function pixelAt({ widthPx, heightPx }: Size, x: number, y: number): number {
  const column = Math.round(x);
  const row = Math.round(y);
  return column >= 0 && row >= 0 && column < widthPx && row < heightPx ? row * widthPx + column : -1;
}
