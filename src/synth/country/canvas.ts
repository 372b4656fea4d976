import type { PixelWindow } from "../../raster/resample.js";
import { noiseGrid, smoothGrid } from "../noise.js";
import type { Country } from "./country.js";
import { type CountryBand, type Palette, paletteOf, type Spectrum } from "./spectra.js";

/** A window being painted, `[H, W]` each: what covers it, how high it stands, what it reflects before light falls on it. */
export interface Canvas extends PixelWindow {
  readonly country: Country;
  readonly date: number;
  readonly palette: Palette;
  /** Value of a class of `LAND`. */
  readonly cover: Uint8Array;
  readonly heightsPx: Float32Array;
  /** Reflectance, per band. */
  readonly planes: readonly Float32Array[];
  /** Noise of the ground: patches some 10 m wide, and stones. */
  readonly mottle: Float32Array;
  readonly grain: Float32Array;
  readonly moisture: Float32Array;
  /** One number a band, to mix colours in. */
  readonly scratch: Spectrum;
}

const MOTTLE_PX = 15;
const GRAIN_PX = 3.4;

export function createCanvas(country: Country, date: number, window: PixelWindow, bands: readonly CountryBand[]): Canvas {
  const { leftPx, topPx, widthPx, heightPx } = window;
  const area = widthPx * heightPx;
  const noise = (seed: number, scalePx: number, octaves: number) => {
    return noiseGrid({ seed, scalePx, octaves }, widthPx, heightPx, leftPx, topPx);
  };
  const { seed, scalePx, octaves } = country.moisture;
  return {
    ...{ country, date, leftPx, topPx, widthPx, heightPx },
    palette: paletteOf(bands),
    cover: new Uint8Array(area),
    heightsPx: new Float32Array(area),
    planes: bands.map(() => new Float32Array(area)),
    mottle: noise(seed + 1, MOTTLE_PX, 2),
    grain: noise(seed + 2, GRAIN_PX, 2),
    moisture: smoothGrid({ seed, scalePx, octaves }, widthPx, heightPx, leftPx, topPx),
    scratch: new Float64Array(bands.length),
  };
}
