import type { PixelWindow } from "../../raster/resample.js";
import { interpolateKnots, KNOT_PX, latticeValue, type NoiseShape, noiseGrid } from "../noise.js";
import type { Canvas } from "./canvas.js";
import type { CountryBand } from "./spectra.js";

/** Where the sun stands on a date. */
export interface SunPlace {
  /** Pixels to the east for each pixel to the south, towards the sun. */
  readonly eastPerSouth: number;
  /** How much its rays rise, in pixels, for each pixel to the south. */
  readonly risePerSouth: number;
}

/** How bright shadow is against sun: the sky lights it, in short waves most. */
const SKYLIGHT: Readonly<Record<CountryBand, number>> = {
  red: 0.36,
  green: 0.42,
  blue: 0.52,
  nir: 0.3,
  swir16: 0.25,
  swir22: 0.22,
};
const SLOPE_LIGHT = 0.16;
const HILL_LIGHT = 26;

/** A morning sun in the south-east, some degrees elsewhere on every date. */
export function sunOf({ moisture: { seed } }: { moisture: { seed: number } }, date: number): SunPlace {
  const azimuth = ((30 + 8 * latticeValue(date, 1, seed + 11)) * Math.PI) / 180;
  const elevation = ((44 + 5 * latticeValue(date, 2, seed + 11)) * Math.PI) / 180;
  return { eastPerSouth: Math.tan(azimuth), risePerSouth: Math.tan(elevation) / Math.cos(azimuth) };
}

/** Light on hills, crowns and roofs, and the shadows that they throw: multiplies the reflectances of a canvas. */
export function shade(canvas: Canvas, bands: readonly CountryBand[]): void {
  const { country, leftPx, topPx, widthPx, heightPx, heightsPx, planes, date } = canvas;
  const sun = sunOf(country, date);
  const norm = 1 / Math.hypot(1, sun.eastPerSouth);
  const [toEast, toSouth] = [sun.eastPerSouth * norm, norm];
  const shadow = shadows(canvas, sun);
  const light = hillLight(country.relief, { leftPx, topPx, widthPx, heightPx }, toEast, toSouth);
  for (let y = 1; y < heightPx - 1; y++) {
    for (let x = 1, at = y * widthPx + 1; x < widthPx - 1; x++, at++) {
      const eastward = heightsPx[at - 1] - heightsPx[at + 1];
      const southward = heightsPx[at - widthPx] - heightsPx[at + widthPx];
      light[at] *= 1 + Math.min(0.6, Math.max(-0.55, SLOPE_LIGHT * (toEast * eastward + toSouth * southward)));
    }
  }
  bands.forEach((band, index) => {
    const plane = planes[index];
    const dark = 1 - SKYLIGHT[band];
    for (let at = 0; at < plane.length; at++) plane[at] *= light[at] * (1 - dark * shadow[at]);
  });
}

/** Light on the hills alone: their slopes are so gentle that every eighth pixel says enough. */
function hillLight(relief: NoiseShape, window: PixelWindow, toEast: number, toSouth: number): Float32Array {
  const { leftPx, topPx, widthPx, heightPx } = window;
  const [left, top] = [Math.floor(leftPx / KNOT_PX), Math.floor(topPx / KNOT_PX)];
  const columns = Math.floor((leftPx + widthPx - 1) / KNOT_PX) - left + 2;
  const rows = Math.floor((topPx + heightPx - 1) / KNOT_PX) - top + 2;
  // A knot more on every side, for differences.
  const shape = { ...relief, scalePx: relief.scalePx / KNOT_PX };
  const heights = noiseGrid(shape, columns + 2, rows + 2, left - 1, top - 1);
  const knots = new Float32Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = (row + 1) * (columns + 2) + column + 1;
      const eastward = heights[at - 1] - heights[at + 1];
      const southward = heights[at - columns - 2] - heights[at + columns + 2];
      knots[row * columns + column] = 1 + (HILL_LIGHT / KNOT_PX) * (toEast * eastward + toSouth * southward);
    }
  }
  return interpolateKnots(knots, columns, window);
}

/** 1 in the shadow of something, 0 in the sun. Rays are followed row by row from the south: each row knows how high its shadow is. */
function shadows({ widthPx, heightPx, heightsPx }: Canvas, { eastPerSouth, risePerSouth }: SunPlace): Float32Array {
  const shadow = new Float32Array(widthPx * heightPx);
  // Heights below which the row to the south throws shadow, or stands itself.
  let south = new Float32Array(widthPx + 2);
  let here = new Float32Array(widthPx + 2);
  const whole = Math.floor(eastPerSouth);
  const part = eastPerSouth - whole;
  for (let y = heightPx - 1; y >= 0; y--) {
    for (let x = 0, at = y * widthPx; x < widthPx; x++, at++) {
      const from = Math.min(widthPx, x + whole);
      const ray = south[from] + (south[from + 1] - south[from]) * part - risePerSouth;
      const height = heightsPx[at];
      const above = ray - height;
      shadow[at] = above <= 0 ? 0 : Math.min(above, 1);
      here[x] = above > 0 ? ray : height;
    }
    [south, here] = [here, south];
  }
  return shadow;
}
