import type { Random } from "../random.js";
import type { Point, Size } from "./geometry.js";
import { type Ground, paint } from "./ground.js";
import type { Season } from "./materials.js";

/** A tree or shrub that stands alone: it belongs to the background, not to the forest. */
export interface Tree {
  readonly at: Point;
  readonly radiusPx: number;
}

/** Trees strewn over the whole land, most of them in small groups. */
export function createTrees({ widthPx, heightPx }: Size, random: Random): Tree[] {
  const trees: Tree[] = [];
  const groups = Math.round((widthPx * heightPx) / 2600);
  for (let g = 0; g < groups; g++) {
    const x = random.next() * widthPx;
    const y = random.next() * heightPx;
    const count = 1 + Math.floor(random.next() ** 2 * 6);
    for (let k = 0; k < count; k++) {
      trees.push({ at: [x + 6 * random.normal(), y + 6 * random.normal()], radiusPx: 1.2 + 1.8 * random.next() });
    }
  }
  return trees;
}

/** Grass everywhere: greener and drier patches, bare spots, a little relief. */
export function paintMeadow(ground: Ground, season: Season): void {
  const { grain, mottle, broad } = ground;
  for (let at = 0; at < grain.length; at++) {
    const dryness = season.grassDryness + 0.35 * mottle[at] + 0.4 * broad[at];
    const bare = 1.6 * mottle[at] - 0.9 * broad[at] - 0.85;
    const tone = 1 + 0.12 * grain[at] + 0.1 * mottle[at];
    if (bare > 0) paint(ground, at, "hay", "bare", 4 * bare, tone);
    else paint(ground, at, "grass", "hay", dryness, tone);
  }
}
