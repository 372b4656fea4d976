import type { Random } from "../random.js";
import { areaOf, boxAround, type ConvexPolygon, centreOf, cut, edgesOf, type Size } from "./geometry.js";
import { COVER, type Ground, paint } from "./ground.js";
import type { Material, Season } from "./materials.js";

/** What grows, per time of year: the material between bare soil, and the share of the ground that it hides. */
interface Growth {
  readonly plant: Material;
  readonly closure: number;
}

interface Crop {
  readonly soil: Material;
  /** Distance between rows. */
  readonly rowsPx: readonly [least: number, most: number];
  /** How much the rows stand out, as a share of the ground. */
  readonly contrast: number;
  readonly growth: Readonly<Record<Season["crop"], Growth>>;
}

const growth = (plant: Material, closure: number): Growth => ({ plant, closure });

const CROPS = {
  cereals: {
    soil: "soil",
    rowsPx: [3.2, 4.6],
    contrast: 0.24,
    growth: { spring: growth("young", 0.8), summer: growth("ripe", 0.9), autumn: growth("stubble", 0.75) },
  },
  maize: {
    soil: "soil",
    rowsPx: [3.4, 5],
    contrast: 0.36,
    growth: { spring: growth("young", 0.25), summer: growth("dense", 0.8), autumn: growth("ripe", 0.75) },
  },
  rapeseed: {
    soil: "darkSoil",
    rowsPx: [3.2, 4.4],
    contrast: 0.22,
    growth: { spring: growth("flower", 0.75), summer: growth("hay", 0.8), autumn: growth("young", 0.5) },
  },
  vegetables: {
    soil: "darkSoil",
    rowsPx: [5, 8],
    contrast: 0.42,
    growth: { spring: growth("young", 0.35), summer: growth("young", 0.6), autumn: growth("young", 0.45) },
  },
  clover: {
    soil: "soil",
    rowsPx: [4, 6],
    contrast: 0.22,
    growth: { spring: growth("grass", 0.85), summer: growth("grass", 0.9), autumn: growth("grass", 0.8) },
  },
  ploughed: {
    soil: "darkSoil",
    rowsPx: [3, 5],
    contrast: 0.35,
    growth: { spring: growth("soil", 0.5), summer: growth("soil", 0.6), autumn: growth("soil", 0.4) },
  },
  stubble: {
    soil: "soil",
    rowsPx: [3, 6],
    contrast: 0.3,
    growth: { spring: growth("bare", 0.4), summer: growth("stubble", 0.65), autumn: growth("stubble", 0.5) },
  },
} as const satisfies Record<string, Crop>;

/** What is grown on a parcel. */
export type CropName = keyof typeof CROPS;

/** One tilled field. */
export interface Parcel {
  readonly outline: ConvexPolygon;
  readonly crop: CropName;
  /** Direction of the rows, radians. */
  readonly rowAngle: number;
  readonly rowsPx: number;
  /** Difference from the crop's usual closure, and from its usual brightness. */
  readonly vigour: number;
  readonly tone: number;
}

/** Cuts the whole frame, and a margin around it, into parcels by repeated halving along one leading direction. */
export function createParcels({ widthPx, heightPx }: Size, random: Random): Parcel[] {
  const angle = random.next() * Math.PI;
  const largestPx = 7000 + 9000 * random.next();
  const margin = 60;
  const frame: ConvexPolygon = [
    [-margin, -margin],
    [widthPx + margin, -margin],
    [widthPx + margin, heightPx + margin],
    [-margin, heightPx + margin],
  ];
  const parcels: Parcel[] = [];
  const pending: ConvexPolygon[] = [frame];
  for (let outline = pending.pop(); outline !== undefined; outline = pending.pop()) {
    if (areaOf(outline) > largestPx * (0.35 + 0.9 * random.next())) pending.push(...halve(outline, angle, random));
    else parcels.push(till(outline, random));
  }
  return parcels;
}

function halve(outline: ConvexPolygon, angle: number, random: Random): ConvexPolygon[] {
  const along = extent(outline, angle);
  const across = extent(outline, angle + Math.PI / 2);
  // Parcels are long: only a shape twice as long as broad is cut short.
  const direction = along > 2 * across ? angle + Math.PI / 2 : angle;
  const [x, y] = centreOf(outline);
  const shift = 0.16 * (direction === angle ? across : along);
  const through = [x + shift * (2 * random.next() - 1), y + shift * (2 * random.next() - 1)] as const;
  return cut(outline, through, direction + 0.05 * random.normal()).filter((half) => half.length > 2 && areaOf(half) > 30);
}

function extent(outline: ConvexPolygon, angle: number): number {
  const along = outline.map(([x, y]) => x * Math.cos(angle) + y * Math.sin(angle));
  return Math.max(...along) - Math.min(...along);
}

// Object.keys forgets the key type of an object that is complete by construction.
const CROP_NAMES = Object.keys(CROPS) as CropName[];

function till(outline: ConvexPolygon, random: Random): Parcel {
  const crop = CROP_NAMES[random.int(CROP_NAMES.length)];
  const [least, most] = CROPS[crop].rowsPx;
  return {
    outline,
    crop,
    rowAngle: longestEdge(outline) + (random.next() < 0.2 ? Math.PI / 2 : 0),
    rowsPx: least + (most - least) * random.next(),
    vigour: 0.1 * random.normal(),
    tone: 1 + 0.12 * random.normal(),
  };
}

function longestEdge(outline: ConvexPolygon): number {
  let longest = 0;
  let angle = 0;
  for (let i = 0; i < outline.length; i++) {
    const [ax, ay] = outline[i];
    const [bx, by] = outline[(i + 1) % outline.length];
    const length = Math.hypot(bx - ax, by - ay);
    if (length > longest) {
      longest = length;
      angle = Math.atan2(by - ay, bx - ax);
    }
  }
  return angle;
}

const BALK_PX = 1.2;
const HEADLAND_PX = 5;
const TRAMLINES_PX = 21;

/** Rows, tramlines and headlands of each parcel; a balk of grass stays between neighbours. */
export function paintParcels(ground: Ground, parcels: readonly Parcel[], season: Season): void {
  const { widthPx, grain, mottle, broad } = ground;
  for (const { outline, crop, rowAngle, rowsPx, vigour, tone } of parcels) {
    const { soil, contrast, growth } = CROPS[crop];
    const { plant, closure } = growth[season.crop];
    const cos = Math.cos(rowAngle);
    const sin = Math.sin(rowAngle);
    const edges = edgesOf(outline);
    const box = boxAround(outline, 0, ground);
    for (let y = box.top; y <= box.bottom; y++) {
      for (let x = box.left; x <= box.right; x++) {
        let depth = Number.POSITIVE_INFINITY;
        for (const { nx, ny, offset } of edges) depth = Math.min(depth, nx * x + ny * y + offset);
        if (depth < 0) continue;
        const at = y * widthPx + x;
        if (depth < BALK_PX + 0.5 * grain[at]) continue;
        const acrossRows = -x * sin + y * cos + 1.2 * mottle[at];
        // Machines turn at the edge, so the rows there follow the edge.
        const offset = depth < HEADLAND_PX ? depth : acrossRows;
        const row = Math.sin((2 * Math.PI * offset) / rowsPx);
        const tramline = depth > HEADLAND_PX && Math.abs(acrossRows % TRAMLINES_PX) < 0.8 ? 0.25 : 0;
        const share = closure + vigour + contrast * row - tramline + 0.2 * mottle[at] + 0.25 * broad[at] + 0.12 * grain[at];
        paint(ground, at, soil, plant, share, tone * (1 + 0.05 * grain[at] + 0.3 * row * contrast));
        ground.cover[at] = ground.use[at] = COVER.field;
      }
    }
  }
}
