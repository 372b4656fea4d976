import { UserError } from "../../errors.js";
import { createRandom, type Random } from "../../random.js";
import type { Affine } from "../../raster/geo/transform.js";
import { type NoiseShape, noiseAt } from "../noise.js";
import { type Clearings, createClearings } from "./clearings.js";
import type { GridIndex } from "./grid-index.js";
import type { Farmland } from "./parcels.js";
import type { Ribbons } from "./ribbon.js";
import { createRoads } from "./roads.js";
import { createSettlements, indexSettlements, isSettled, type Settlement } from "./settlements.js";
import { createWaters, type Waters, waterDistanceAt } from "./waters.js";

/** Ground covered by a pixel. */
export const RESOLUTION_METERS = 2;

/** Wherever a noise field is above a threshold. */
export interface Stand {
  readonly field: NoiseShape;
  readonly threshold: number;
}

/**
 * A generated land as a description in world pixels of 2 m, from which any window of any date can be painted. Its size grows with
 * the number of things on it, not with the number of pixels.
 */
export interface Country {
  readonly sizePx: number;
  readonly seed: number;
  readonly dates: number;
  readonly epsg: number;
  readonly transform: Affine;
  /** Height of the land, in arbitrary units. */
  readonly relief: NoiseShape;
  readonly waters: Waters;
  readonly settlements: GridIndex<Settlement>;
  readonly roads: Ribbons;
  readonly forest: Stand;
  readonly bare: Stand;
  readonly farmland: Farmland;
  readonly clearings: Clearings;
  /** Where the season and moisture make grass green. */
  readonly moisture: NoiseShape;
}

/** What to invent. */
export interface CountryOptions {
  /** Side of the square, 64 to 20,000. */
  readonly sizePx: number;
  readonly seed: number;
  /** How many dates there are, 1 to 12. A date looks alike however many follow it. */
  readonly dates?: number;
}

export const SIZE_LIMITS_PX = [64, 20_000] as const;
export const MOST_DATES = 12;

/** WGS 84 / UTM zone 33N. */
const EPSG = 32633;
/** The open land, nature's part first: what forest and bare ground take of the land, and fields of the rest. */
const SHARES = { forest: [0.25, 0.31], bare: [0.13, 0.17], field: [0.56, 0.64] } as const;
/** Places a side that are looked at to find what noise is exceeded on a share of the land. */
const LOOKS = 72;

/**
 * Invents a country: the same seed and size give the same one.
 *
 * @throws UserError `limit` for a size or a number of dates out of bounds
 */
export function createCountry({ sizePx, seed, dates = 1 }: CountryOptions): Country {
  const [least, most] = SIZE_LIMITS_PX;
  if (!Number.isInteger(sizePx) || sizePx < least || sizePx > most) {
    throw new UserError("limit", `a scene of ${sizePx} pixels a side cannot be generated`, {
      hint: `Ask for a whole number from ${least} to ${most}.`,
    });
  }
  if (!Number.isInteger(dates) || dates < 1 || dates > MOST_DATES) {
    throw new UserError("limit", `${dates} dates cannot be generated`, { hint: `Ask for 1 to ${MOST_DATES}.` });
  }
  const random = createRandom(seed, "country");
  const field = (name: string, scalePx: number, octaves: number): NoiseShape => {
    return { seed: random.fork(name).int(2 ** 31), scalePx, octaves };
  };
  const relief = field("relief", 1400, 5);
  const waters = createWaters(sizePx, random.fork("waters"));
  const settled = createSettlements(sizePx, waters, random.fork("settlements"));
  const settlements = indexSettlements(settled);
  const roads = createRoads(sizePx, settled, dates, random.fork("roads"));

  // Thresholds from a lattice of places: what is taken already does not count.
  let places = lattice(sizePx).filter(([x, y]) => waterDistanceAt(waters, x, y) > 0 && !isSettled(settlements, x, y, 0));
  const take = (shape: NoiseShape, [from, to]: readonly [number, number]): number => {
    const valued = places.map((place) => ({ place, value: noiseAt(shape, ...place) })).sort((a, b) => b.value - a.value);
    const taken = Math.floor(between(from, to, random.fork(`share ${shape.seed}`)) * valued.length);
    places = valued.slice(taken).map(({ place }) => place);
    return valued.length === 0 ? 1 : valued[Math.min(taken, valued.length - 1)].value;
  };
  const woods = field("forest", 460, 4);
  const forest = { field: woods, threshold: take(woods, SHARES.forest) };
  const stones = field("bare", 380, 3);
  const bare = { field: stones, threshold: take(stones, SHARES.bare) };
  const soil = field("soil", 820, 2);
  const farmland = { seed: random.fork("districts").int(2 ** 31), soil, threshold: take(soil, SHARES.field) };

  const depthAt = (x: number, y: number) => {
    const isFree = waterDistanceAt(waters, x, y) > 0 && !isSettled(settlements, x, y, MOST_DATES);
    return isFree ? noiseAt(forest.field, x, y) - forest.threshold : -1;
  };
  const clearings = createClearings(sizePx, dates, { depthAt, roads, rivers: waters.rivers }, random.fork("clearings"));
  const place = random.fork("place");
  const [east, north] = [320_000 + 1000 * place.int(300), 5_200_000 + 1000 * place.int(400)];
  const transform: Affine = [east, RESOLUTION_METERS, 0, north, 0, -RESOLUTION_METERS];
  const moisture = field("moisture", 500, 3);
  return {
    ...{ sizePx, seed, dates, epsg: EPSG, transform },
    ...{ relief, waters, settlements, roads, forest, bare, farmland, clearings, moisture },
  };
}

function lattice(sizePx: number): [x: number, y: number][] {
  const step = sizePx / LOOKS;
  return Array.from({ length: LOOKS ** 2 }, (_, k) => [((k % LOOKS) + 0.5) * step, (Math.floor(k / LOOKS) + 0.5) * step]);
}

function between(from: number, to: number, random: Random): number {
  return from + (to - from) * random.next();
}
