import type { PixelWindow } from "../../raster/resample.js";
import { latticeValue, smoothGrid } from "../noise.js";
import type { Canvas } from "./canvas.js";
import type { Sky } from "./clouds.js";
import type { Country } from "./country.js";
import { COUNTRY_BANDS, type CountryBand } from "./spectra.js";

/** By how much the numbers of a date differ from the first one's. */
export interface Shift {
  /** The picture at pixel (x, y) shows the place (x + eastPx, y + southPx): its grid is wrong by so much. */
  readonly eastPx: number;
  readonly southPx: number;
  /** Reflectance · gain + offset, in the order of COUNTRY_BANDS. */
  readonly gains: readonly number[];
  readonly offsets: readonly number[];
}

const MOST_SHIFT_PX = 1.6;
const GAIN = 0.14;
const OFFSET = 0.012;

/** What the air does to a band at full haze: light it sends by itself, share of the contrast it takes. */
const AIR: Readonly<Record<CountryBand, { readonly light: number; readonly veil: number }>> = {
  red: { light: 0.12, veil: 0.19 },
  green: { light: 0.135, veil: 0.22 },
  blue: { light: 0.155, veil: 0.26 },
  nir: { light: 0.11, veil: 0.14 },
  swir16: { light: 0.06, veil: 0.1 },
  swir22: { light: 0.05, veil: 0.08 },
};
const CLOUD_REFLECTANCE = 0.56;
const CLOUD_SHADE = 0.62;
/** Noise in stored numbers, for each step of a byte: its deviation is 74 steps. */
const NOISE = 0.3;
/** A hash gives a byte of noise to so many bands. */
const BANDS_PER_HASH = 4;
/** The lens: a Gaussian of this deviation, in pixels. */
const BLUR_PX = 0.52;
/** Pixels beyond a window that its pixels are made of. */
export const LENS_PX = 2 + Math.ceil(MOST_SHIFT_PX);

/** What `--shift` does to a date: nothing to the first, which is the reference. @param amount 0 for nothing, 1 in full */
export function shiftOf({ moisture: { seed } }: Country, date: number, amount: number): Shift {
  const strength = date === 0 ? 0 : amount;
  const own = (k: number) => (strength === 0 ? 0 : strength * latticeValue(date, k, seed + 31));
  const common = own(0);
  return {
    eastPx: MOST_SHIFT_PX * own(1),
    southPx: MOST_SHIFT_PX * own(2),
    gains: COUNTRY_BANDS.map((_, band) => 1 + GAIN * (0.5 * common + 0.5 * own(10 + band))),
    offsets: COUNTRY_BANDS.map((_, band) => OFFSET * own(20 + band)),
  };
}

/** Turns the light of a canvas into stored numbers of the window within: reflectance · 10000 from 1 to 65535, `[C, H, W]`. */
export function sense(
  canvas: Canvas,
  window: PixelWindow,
  bands: readonly CountryBand[],
  { haze, shift, sky }: { readonly haze: number; readonly shift: Shift; readonly sky: Sky | undefined },
): Uint16Array {
  const { widthPx, heightPx } = window;
  const area = widthPx * heightPx;
  const dice = new Int32Array(area);
  let rolled = -1;
  const { seed } = canvas.country.moisture;
  const out = new Uint16Array(bands.length * area);
  const veils = haze > 0 ? veilOver(seed + 41 + canvas.date, window, haze) : undefined;
  const lens = { across: kernel(shift.eastPx), down: kernel(shift.southPx) };
  bands.forEach((band, index) => {
    const light = throughLens(canvas, canvas.planes[index], window, lens);
    const { light: airlight, veil } = AIR[band];
    const column = COUNTRY_BANDS.indexOf(band);
    const [gain, offset] = [shift.gains[column], shift.offsets[column]];
    if (sky !== undefined) overcast(light, sky);
    if (veils !== undefined) for (let at = 0; at < area; at++) light[at] += (airlight - light[at]) * veil * veils[at];
    const group = Math.floor(column / BANDS_PER_HASH);
    if (group !== rolled) rollNoise(dice, window, seed + 900 + 17 * canvas.date + group);
    rolled = group;
    const byte = 8 * (column % BANDS_PER_HASH);
    const target = out.subarray(index * area, (index + 1) * area);
    for (let at = 0; at < area; at++) {
      const noise = NOISE * (((dice[at] >>> byte) & 255) - 127.5);
      const stored = 10000 * (gain * light[at] + offset) + noise + 0.5;
      target[at] = Math.min(65535, Math.max(1, stored));
    }
  });
  return out;
}

/** 32 bits for every place. */
function rollNoise(dice: Int32Array, { leftPx, topPx, widthPx, heightPx }: PixelWindow, seed: number): void {
  for (let y = 0, at = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, at++) dice[at] = latticeValue(leftPx + x, topPx + y, seed) * 2147483648;
  }
}

function overcast(light: Float32Array, { cloud, shadow, relief }: Sky): void {
  for (let at = 0; at < light.length; at++) {
    const dimmed = light[at] * (1 - CLOUD_SHADE * shadow[at]);
    light[at] = dimmed + (CLOUD_REFLECTANCE * (1 + 0.15 * relief[at]) - dimmed) * cloud[at];
  }
}

/** How thick the haze is: thin and thick places some kilometres wide. */
function veilOver(seed: number, { leftPx, topPx, widthPx, heightPx }: PixelWindow, haze: number): Float32Array {
  const veil = smoothGrid({ seed, scalePx: 1300, octaves: 3 }, widthPx, heightPx, leftPx, topPx);
  for (let at = 0; at < veil.length; at++) veil[at] = haze * (0.68 + 0.4 * veil[at]);
  return veil;
}

interface Kernel {
  readonly first: number;
  readonly taps: Float64Array;
}

/** A Gaussian around a shifted place: five taps that add up to 1. */
function kernel(shiftPx: number): Kernel {
  const first = Math.round(shiftPx) - 2;
  const taps = Float64Array.from({ length: 5 }, (_, k) => Math.exp(-((first + k - shiftPx) ** 2) / (2 * BLUR_PX ** 2)));
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return { first, taps: taps.map((tap) => tap / sum) };
}

function throughLens(
  canvas: Canvas,
  plane: Float32Array,
  { leftPx, topPx, widthPx, heightPx }: PixelWindow,
  { across, down }: { readonly across: Kernel; readonly down: Kernel },
): Float32Array {
  const stride = canvas.widthPx;
  const [left, top] = [leftPx - canvas.leftPx, topPx - canvas.topPx];
  // Rows first, for as many as the columns need.
  const rows = new Float32Array(widthPx * (heightPx + 4));
  const [a, b, c, d, e] = across.taps;
  for (let y = 0, at = 0; y < heightPx + 4; y++) {
    let from = (top + y + down.first) * stride + left + across.first;
    for (let x = 0; x < widthPx; x++, at++, from++) {
      rows[at] = a * plane[from] + b * plane[from + 1] + c * plane[from + 2] + d * plane[from + 3] + e * plane[from + 4];
    }
  }
  const out = new Float32Array(widthPx * heightPx);
  const [f, g, h, i, j] = down.taps;
  for (let at = 0, end = out.length; at < end; at++) {
    const below = at + 2 * widthPx;
    out[at] = f * rows[at] + g * rows[at + widthPx] + h * rows[below] + i * rows[below + widthPx] + j * rows[below + 2 * widthPx];
  }
  return out;
}
