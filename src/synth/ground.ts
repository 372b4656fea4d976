import type { LandName } from "../land.js";
import type { Random } from "../random.js";
import type { Size } from "./geometry.js";
import { MATERIAL, type Material } from "./materials.js";
import { noiseGrid } from "./noise.js";

/**
 * What can cover a pixel, in the words of `LAND`; the number in a truth map is the index here. Grass is the background: meadow,
 * garden, the bank of a river, and their worn patches.
 */
export const COVERS = ["grass", "forest", "field", "water", "road", "urban"] as const satisfies readonly LandName[];
export type Cover = (typeof COVERS)[number];

/** The number of each cover in a truth map. */
export const COVER: Readonly<Record<Cover, number>> = { grass: 0, forest: 1, field: 2, water: 3, road: 4, urban: 5 };

/** What lies at each pixel, before light and sensor: every layer is `[H, W]`, row-major. Painters write into it in turn. */
export interface Ground extends Size {
  readonly cover: Uint8Array;
  /** As `cover`, but the gardens and streets of a village count as urban: the use of the land. */
  readonly use: Uint8Array;
  /** Material numbers; the pixel is `1 - share` of `base` and `share` of `over`. */
  readonly base: Uint8Array;
  readonly over: Uint8Array;
  readonly share: Float32Array;
  /** Brightness of the object, 1 on average. */
  readonly tone: Float32Array;
  /** Height above the ground in pixels: casts shadows. */
  readonly heightsPx: Float32Array;
  /** Noise in (-1, 1) that all painters share: `grain` of 3 px, `mottle` of 24 px, `broad` of 140 px. */
  readonly grain: Float32Array;
  readonly mottle: Float32Array;
  readonly broad: Float32Array;
}

/** Bare ground of the given size, with its noise. */
export function createGround({ widthPx, heightPx }: Size, random: Random): Ground {
  const pixels = widthPx * heightPx;
  const noise = (scalePx: number, octaves: number) =>
    noiseGrid({ seed: random.int(2 ** 31), scalePx, octaves }, widthPx, heightPx);
  return {
    widthPx,
    heightPx,
    cover: new Uint8Array(pixels),
    use: new Uint8Array(pixels),
    base: new Uint8Array(pixels).fill(MATERIAL.grass),
    over: new Uint8Array(pixels).fill(MATERIAL.bare),
    share: new Float32Array(pixels),
    tone: new Float32Array(pixels).fill(1),
    heightsPx: new Float32Array(pixels),
    grain: noise(3, 2),
    mottle: noise(24, 3),
    broad: noise(140, 3),
  };
}

/** Paints one pixel: a mixture of two materials at a brightness, flat on the ground. */
export function paint(ground: Ground, at: number, base: Material, over: Material, share: number, tone: number): void {
  ground.base[at] = MATERIAL[base];
  ground.over[at] = MATERIAL[over];
  ground.share[at] = Math.min(1, Math.max(0, share));
  ground.tone[at] = tone;
  ground.heightsPx[at] = 0;
}
