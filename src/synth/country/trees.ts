import { LAND_VALUE } from "../../land.js";
import { latticeValue, type NoiseShape, smoothGrid } from "../noise.js";
import type { Canvas } from "./canvas.js";
import { hashed } from "./hashing.js";
import type { Spectrum } from "./spectra.js";

/** How trees of one kind stand: on a jittered lattice, each where its ground is. */
interface Planting {
  readonly ground: number;
  readonly spacingPx: number;
  /** Share of the lattice places with a tree. */
  readonly density: number;
  /** Radius of a crown of middle age. */
  readonly radiusPx: number;
  /** Added to the country's seed. */
  readonly salt: number;
}

const { forest, grass, field, urban, bare } = LAND_VALUE;
const PLANTINGS: readonly Planting[] = [
  { ground: forest, spacingPx: 4.9, density: 0.95, radiusPx: 3, salt: 100 },
  { ground: grass, spacingPx: 21, density: 0.07, radiusPx: 2.5, salt: 200 },
  { ground: field, spacingPx: 21, density: 0.06, radiusPx: 2.5, salt: 250 },
  { ground: bare, spacingPx: 25, density: 0.05, radiusPx: 1.8, salt: 300 },
  { ground: urban, spacingPx: 8, density: 0.4, radiusPx: 2, salt: 400 },
];
const JITTER = 0.42;
const GAP = 0.5;
/** A crown is never wider than this. */
export const MOST_RADIUS_PX = 4.6;
/** Conifers stand where this noise is high. */
const STANDS: Omit<NoiseShape, "seed"> = { scalePx: 260, octaves: 3 };
/** Share of the broadleaves that have turned, by date. */
const TURNED = [0.02, 0.16, 0.06, 0.3] as const;

/** Crowns over the ground: domes and cones with their own colours, which may reach over open land beside them. */
export function plantTrees(canvas: Canvas): void {
  const { country, leftPx, topPx, widthPx, heightPx, cover } = canvas;
  const seed = country.moisture.seed;
  const stands = smoothGrid({ ...STANDS, seed: seed + 3 }, widthPx, heightPx, leftPx, topPx);
  const turned = TURNED[canvas.date % TURNED.length];
  const { conifer, broadleaf, turning } = canvas.palette;
  for (const { ground, spacingPx, density, radiusPx, salt } of PLANTINGS) {
    if (!cover.includes(ground)) continue;
    const own = seed + salt;
    const lastRow = Math.ceil((topPx + heightPx) / spacingPx);
    const lastColumn = Math.ceil((leftPx + widthPx) / spacingPx);
    for (let j = Math.floor(topPx / spacingPx) - 1; j <= lastRow; j++) {
      for (let i = Math.floor(leftPx / spacingPx) - 1; i <= lastColumn; i++) {
        if (hashed(i, j, own) >= density) continue;
        const x = (i + 0.5 + JITTER * latticeValue(i, j, own + 1)) * spacingPx - leftPx;
        const y = (j + 0.5 + JITTER * latticeValue(i, j, own + 2)) * spacingPx - topPx;
        const [column, row] = [Math.round(x), Math.round(y)];
        if (column < 0 || row < 0 || column >= widthPx || row >= heightPx) continue;
        const near = row * widthPx + column;
        if (cover[near] !== ground || canvas.heightsPx[near] > GAP) continue;
        const isConifer = stands[near] + 0.3 * latticeValue(i, j, own + 3) > 0.06;
        const age = 1 + 0.3 * canvas.mottle[near] + 0.22 * latticeValue(i, j, own + 4);
        const leaf = hashed(i, j, own + 5) < turned ? turning : broadleaf;
        plant(canvas, {
          ...{ x, y, spectrum: isConifer ? conifer : leaf, isConifer, ground },
          radiusPx: Math.min(MOST_RADIUS_PX, (isConifer ? 0.82 : 1.05) * radiusPx * age),
          peakPx: (isConifer ? 5 : 4.2) * Math.sqrt(radiusPx / 3) * age,
          tone: 1 + 0.24 * latticeValue(i, j, own + 6),
        });
      }
    }
  }
}

interface Crown {
  readonly x: number;
  readonly y: number;
  readonly radiusPx: number;
  readonly peakPx: number;
  readonly spectrum: Spectrum;
  readonly isConifer: boolean;
  readonly tone: number;
  readonly ground: number;
}

function plant(canvas: Canvas, { x, y, radiusPx, peakPx, spectrum, isConifer, tone, ground }: Crown): void {
  const { widthPx, heightPx, cover, heightsPx, planes, grain, palette } = canvas;
  const { understorey } = palette;
  const last = Math.min(heightPx - 1, Math.floor(y + radiusPx));
  const right = Math.min(widthPx - 1, Math.floor(x + radiusPx));
  for (let row = Math.max(0, Math.ceil(y - radiusPx)); row <= last; row++) {
    for (let column = Math.max(0, Math.ceil(x - radiusPx)); column <= right; column++) {
      const squared = ((column - x) * (column - x) + (row - y) * (row - y)) / (radiusPx * radiusPx);
      const at = row * widthPx + column;
      const free = cover[at] === ground || (ground === forest && isOpen(cover[at]));
      if (squared > 1 || !free) continue;
      const height = peakPx * (isConifer ? 1 - 0.75 * Math.sqrt(squared) : Math.sqrt(1 - 0.8 * squared));
      if (height <= heightsPx[at]) continue;
      heightsPx[at] = height;
      // A tree in a garden belongs to the settlement; the edge of a forest to the forest.
      if (ground === forest) cover[at] = forest;
      const under = 0.45 * squared;
      const shade = tone * (1 + 0.15 * grain[at]);
      for (let band = 0; band < planes.length; band++) {
        planes[band][at] = shade * (spectrum[band] * (1 - under) + understorey[band] * under);
      }
    }
  }
}

function isOpen(class_: number): boolean {
  return class_ === grass || class_ === bare || class_ === field;
}
