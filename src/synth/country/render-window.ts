import { crsOfEpsg } from "../../raster/geo/crs.js";
import { placedTransform } from "../../raster/geo/transform.js";
import type { Raster } from "../../raster/raster.js";
import type { PixelWindow } from "../../raster/resample.js";
import { paintForestFloor, paintRoads, paintTowns, paintWaters } from "./built-land.js";
import { createCanvas } from "./canvas.js";
import { sceneClasses, skyOver } from "./clouds.js";
import type { Country } from "./country.js";
import { decideCover } from "./cover.js";
import { paintOpenLand } from "./open-land.js";
import { LENS_PX, sense, shiftOf } from "./sensing.js";
import { shade } from "./shading.js";
import type { CountryBand } from "./spectra.js";
import { MOST_RADIUS_PX, plantTrees } from "./trees.js";

/** How a country is looked at. */
export interface CountryView {
  /** 0 is the first. */
  readonly date: number;
  /** Anywhere within the country. */
  readonly window: PixelWindow;
  readonly bands: readonly CountryBand[];
  /** Each 0 for nothing, 1 in full. */
  readonly haze?: number;
  readonly shift?: number;
  readonly clouds?: number;
}

/** A painted window. */
export interface CountryWindow {
  /** uint16 `[C, H, W]`, reflectance · 10000, never 0: that is nodata. */
  readonly raster: Raster;
  /** Value of a class of `LAND` for every pixel, `[H, W]`: what is there, whatever the sensor made of it. */
  readonly classes: Uint8Array;
  /** SCL codes `[H, W]`, where there are clouds. */
  readonly clouds?: Uint8Array;
}

/** The longest shadow, by the highest crown and the lowest sun. */
const SHADOW_PX = 8;
const MARGIN_PX = Math.ceil(MOST_RADIUS_PX) + SHADOW_PX + LENS_PX + 2;

/**
 * Paints a window of a country on a date. Every pixel depends on its place alone: a window equals the part of a larger one.
 *
 * @throws RangeError for a date or window outside the country
 */
export function renderWindow(country: Country, view: CountryView): CountryWindow {
  const { date, window, bands, haze = 0, shift = 0, clouds = 0 } = view;
  const { leftPx, topPx, widthPx, heightPx } = window;
  if (!(date >= 0 && date < country.dates)) throw new RangeError(`there is no date ${date} of ${country.dates}`);
  if (Math.min(leftPx, topPx) < 0 || Math.max(leftPx + widthPx, topPx + heightPx) > country.sizePx) {
    throw new RangeError(`${widthPx} × ${heightPx} pixels at ${leftPx}, ${topPx} are not inside ${country.sizePx} pixels`);
  }
  const canvas = createCanvas(country, date, widened(window), bands);
  const survey = decideCover(canvas);
  paintOpenLand(canvas);
  paintForestFloor(canvas);
  paintWaters(canvas, survey);
  paintRoads(canvas, survey);
  paintTowns(canvas, survey);
  plantTrees(canvas);
  shade(canvas, bands);
  const sky = clouds > 0 ? skyOver(country, date, window, clouds) : undefined;
  const data = sense(canvas, window, bands, { haze, shift: shiftOf(country, date, shift), sky });
  const classes = cropped(canvas.cover, window);
  const georeference = { crs: crsOfEpsg(country.epsg), transform: placedTransform(country.transform, { leftPx, topPx }) };
  const scaling = bands.map(() => ({ scale: 0.0001, offset: 0 }));
  return {
    raster: { bands, widthPx, heightPx, dtype: "uint16", data, nodata: 0, georeference, scaling },
    classes,
    ...(sky !== undefined && { clouds: sceneClasses(sky, classes) }),
  };
}

function widened({ leftPx, topPx, widthPx, heightPx }: PixelWindow): PixelWindow {
  return {
    leftPx: leftPx - MARGIN_PX,
    topPx: topPx - MARGIN_PX,
    widthPx: widthPx + 2 * MARGIN_PX,
    heightPx: heightPx + 2 * MARGIN_PX,
  };
}

function cropped(plane: Uint8Array, { widthPx, heightPx }: PixelWindow): Uint8Array {
  const out = new Uint8Array(widthPx * heightPx);
  const stride = widthPx + 2 * MARGIN_PX;
  for (let y = 0; y < heightPx; y++) {
    const from = (y + MARGIN_PX) * stride + MARGIN_PX;
    out.set(plane.subarray(from, from + widthPx), y * widthPx);
  }
  return out;
}
