import { UserError } from "../errors.js";
import { createRandom } from "../random.js";
import { createForest, type Forest, forestDepth } from "./forest.js";
import { areaOf, centreOf, type Size } from "./geometry.js";
import { createHouses, type House } from "./houses.js";
import { createTrees, type Tree } from "./meadow.js";
import { noiseAt } from "./noise.js";
import { createParcels, type Parcel } from "./parcels.js";
import { createRiver, type River } from "./river.js";
import { createRoads, type Road } from "./roads.js";
import { createGardenTrees, createStreets, createVillages, type Village } from "./village.js";

/**
 * A generated land as a description, not yet as pixels. A later date of the same place is an edited copy: more clearings in
 * the forest, more houses on the list; `seed` stays, so that all else renders alike.
 */
export interface Landscape extends Size {
  readonly seed: number;
  readonly forest: Forest;
  readonly parcels: readonly Parcel[];
  readonly rivers: readonly River[];
  readonly roads: readonly Road[];
  readonly villages: readonly Village[];
  readonly houses: readonly House[];
  readonly trees: readonly Tree[];
}

/** What kind of land to invent. */
export interface LandscapeOptions extends Size {
  readonly seed: number;
  /** Share of the land that forest would cover if nothing else took its place, 0 to 1. */
  readonly forestShare?: number;
  /** Share of the land that parcels take, 0 to 1. */
  readonly fieldShare?: number;
  readonly riverWidthPx?: number;
  /** Villages per million pixels; at least one is tried. 0 for none. */
  readonly villageDensity?: number;
}

const MOST_PIXELS = 2 ** 26;

/** @throws UserError `limit` unless both sides are whole numbers from 16 and there are at most 2^26 pixels */
export function checkSize({ widthPx, heightPx }: Size): void {
  const whole = Number.isInteger(widthPx) && Number.isInteger(heightPx);
  if (whole && Math.min(widthPx, heightPx) >= 16 && widthPx * heightPx <= MOST_PIXELS) return;
  throw new UserError("limit", `a scene of ${widthPx} × ${heightPx} pixels cannot be generated`, {
    hint: `Ask for at least 16 pixels on each side and at most ${MOST_PIXELS} in all.`,
  });
}

/**
 * Invents a land, about 2 m to the pixel: the same options give the same land.
 *
 * @throws UserError `limit` if it is too large or too small
 */
export function createLandscape({
  widthPx,
  heightPx,
  seed,
  forestShare = 0.36,
  fieldShare = 0.34,
  riverWidthPx = 26,
  villageDensity = 6,
}: LandscapeOptions): Landscape {
  const size = { widthPx, heightPx };
  checkSize(size);
  const random = createRandom(seed, "landscape");
  const forest = createForest(size, forestShare, random.fork("forest"));
  const rivers = riverWidthPx > 0 ? [createRiver(size, riverWidthPx, random.fork("river"))] : [];
  const villageCount = villageDensity > 0 ? Math.max(1, Math.round((villageDensity * widthPx * heightPx) / 1e6)) : 0;
  const villages = createVillages(size, villageCount, rivers, random.fork("villages"));
  const roads = createRoads(
    villages.map(({ at }) => at),
    size,
    random.fork("roads"),
  );
  const streets = random.fork("streets");
  roads.push(...villages.flatMap((village) => createStreets(village, streets)));
  const houses = createHouses({ villages, roads, rivers }, random.fork("houses"));
  const gardens = random.fork("gardens");
  const trees = [
    ...createTrees(size, random.fork("trees")),
    ...villages.flatMap((village) => createGardenTrees(village, gardens)),
  ];
  const farmland = { seed: random.fork("farmland").int(2 ** 31), scalePx: 220, octaves: 2 };
  const inFrame = createParcels(size, random.fork("parcels")).filter(({ outline }) => {
    const [x, y] = centreOf(outline);
    return x > 0 && y > 0 && x < widthPx && y < heightPx;
  });
  const parcels = bestSoil(inFrame, fieldShare * widthPx * heightPx, (x, y) => {
    return noiseAt(farmland, x, y) - 2.5 * Math.max(0, forestDepth(forest, x, y));
  });
  return { widthPx, heightPx, seed, forest, parcels, rivers, roads, villages, houses, trees };
}

/** The parcels on the best soil, until they fill the area. */
function bestSoil(parcels: readonly Parcel[], areaPx: number, quality: (x: number, y: number) => number): Parcel[] {
  const ranked = parcels
    .map((parcel) => ({ parcel, quality: quality(...centreOf(parcel.outline)) }))
    .sort((a, b) => b.quality - a.quality);
  let left = areaPx;
  return ranked
    .filter(({ parcel }) => {
      const tilled = left > 0;
      left -= areaOf(parcel.outline);
      return tilled;
    })
    .map(({ parcel }) => parcel);
}
