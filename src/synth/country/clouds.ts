import { LAND_VALUE } from "../../land.js";
import type { PixelWindow } from "../../raster/resample.js";
import { latticeValue, type NoiseShape, smoothGrid } from "../noise.js";
import type { Country } from "./country.js";
import { sunOf } from "./shading.js";

/** Clouds over a window, `[H, W]`: how much of the light they take or stop, 0 to 1. */
export interface Sky {
  readonly cloud: Float32Array;
  readonly shadow: Float32Array;
  /** Bright and grey parts of the clouds, about -1 to 1. */
  readonly relief: Float32Array;
}

/** Codes of a scene classification layer as in Sentinel-2 products. */
export const SCL = { shadow: 3, vegetation: 4, bare: 5, water: 6, cloudMedium: 8, cloudHigh: 9, cirrus: 10 } as const;

const CLOUD: Omit<NoiseShape, "seed"> = { scalePx: 520, octaves: 5 };
/** Noise above which there is cloud; a full amount of clouds covers a quarter or so. */
const CLEAR = 0.46;
const COVERED = 0.34;
const EDGE = 0.12;
const HEIGHT_PX = 85;

/** The clouds of a date. @param amount 0 for none, 1 for a quarter of the sky or so */
export function skyOver({ moisture: { seed } }: Country, date: number, window: PixelWindow, amount: number): Sky {
  const { leftPx, topPx, widthPx, heightPx } = window;
  const own = seed + 500 + 7 * date;
  const sun = sunOf({ moisture: { seed } }, date);
  const southPx = Math.round((HEIGHT_PX / sun.risePerSouth) * (1 + 0.2 * latticeValue(date, 3, own)));
  const eastPx = Math.round(southPx * sun.eastPerSouth);
  const opacity = (dx: number, dy: number) => {
    const grid = smoothGrid({ ...CLOUD, seed: own }, widthPx, heightPx, leftPx + dx, topPx + dy);
    const threshold = CLEAR - amount * COVERED;
    for (let at = 0; at < grid.length; at++) {
      const share = (grid[at] - threshold) / EDGE;
      grid[at] = share <= 0 ? 0 : share >= 1 ? 1 : share * share * (3 - 2 * share);
    }
    return grid;
  };
  return {
    cloud: opacity(0, 0),
    // What lies in shadow sees a cloud towards the sun.
    shadow: opacity(eastPx, southPx),
    relief: smoothGrid({ seed: own + 1, scalePx: 80, octaves: 2 }, widthPx, heightPx, leftPx, topPx),
  };
}

/** What a scene classification would say of the window. */
export function sceneClasses({ cloud, shadow }: Sky, cover: Uint8Array): Uint8Array {
  const { water, forest, grass, field } = LAND_VALUE;
  const ofLand = Uint8Array.from({ length: 256 }, (_, value) => {
    if (value === water) return SCL.water;
    return value === forest || value === grass || value === field ? SCL.vegetation : SCL.bare;
  });
  return cover.map((value, at) => {
    if (cloud[at] > 0.75) return SCL.cloudHigh;
    if (cloud[at] > 0.3) return SCL.cloudMedium;
    if (cloud[at] > 0.02) return SCL.cirrus;
    return shadow[at] > 0.3 ? SCL.shadow : ofLand[value];
  });
}
