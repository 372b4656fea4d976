import { UserError } from "../errors.js";
import type { Manifest } from "../model/manifest.js";
import { type PixelFitness, pixelFitness } from "../model/pixel-fitness.js";
import type { WorkOptions } from "../progress.js";
import { createRandom, DEFAULT_SEED } from "../random.js";
import { GREY, RGB } from "../raster/bands.js";
import { pixelSideMeters } from "../raster/pixel-size.js";
import type { Preprocess } from "../raster/preprocess.js";
import { type BandScaling, isSameScaling, type Raster } from "../raster/raster.js";
import type { RasterInfo, RasterReader } from "../raster/reader.js";
import type { Scene } from "../raster/scene/open.js";
import { NAMING } from "../raster/scene/product.js";
import { requireReflectance, scalingWords } from "../raster/scene/scaling.js";
import { bandsRead } from "../raster/values.js";
import { type CellGrid, cellGrid } from "./cells.js";

/** So much may a pixel of a scene differ in size from those that a classifier knows. */
const SCALE_TOLERANCE = 0.1;

/**
 * The bands of a scene that a classifier reads, as indices.
 *
 * @throws UserError `bad-data` for bands that are not there, numbers of which nobody knows the reflectance that is needed, and stored
 *   numbers that mean something else than those that the classifier was trained on
 */
export function fittingBands(
  { info, scaling }: Scene,
  preprocess: Preprocess,
  { file, manifest }: { readonly file: string; readonly manifest: Pick<Manifest, "pixels"> },
): readonly number[] {
  const bands = bandsFor(info, preprocess, file);
  const names = info.bands.map(({ name }) => name);
  const needed = bandsNeeded(names, preprocess);
  if (preprocess.values === "reflectance") requireReflectance(scaling, info.file, file, needed);
  const own = needs(names, preprocess.bands);
  for (const { band, ...known } of manifest.pixels?.scaling ?? []) {
    const here = needed.includes(band) ? scaling.bands[names.indexOf(band)] : undefined;
    if (here === undefined || isSameScaling(here, known)) continue;
    // Ratios, as most formulas are, do not change with the scale alone.
    if (!own.includes(band) && here.offset === 0 && known.offset === 0) continue;
    throw new UserError(
      "bad-data",
      `${info.file}: a number of ${band} means ${meaning(here)} there; ${file} was trained on numbers that mean ${meaning(known)}`,
      {
        hint: "Train with --values reflectance, which brings both to the same unit. Only if what the scene says of its numbers is wrong, say it by --reflectance.",
      },
    );
  }
  return bands;
}

function meaning(scaling: BandScaling): string {
  return scaling.scale === 1 && scaling.offset === 0 ? "the value itself" : scalingWords(scaling);
}

/**
 * The bands of a scene that a classifier reads, as indices.
 *
 * @throws UserError `bad-data` naming those that are not there
 */
export function bandsFor({ file, bands }: RasterInfo, preprocess: Preprocess, classifier: string): readonly number[] {
  const names = bands.map(({ name }) => name);
  // Formulas name what they need themselves, and whatever lacks it.
  if (preprocess.derived !== undefined) return bands.flatMap(({ colour }, band) => (colour === "alpha" ? [] : [band]));
  const needed = needs(names, preprocess.bands);
  const missing = needed.filter((name) => !names.includes(name));
  if (missing.length === 0) return needed.map((name) => names.indexOf(name));
  throw new UserError(
    "bad-data",
    `${file}: has the bands ${names.join(", ")}; ${missing.join(", ")} of ${classifier} are not among them`,
    {
      hint: NAMING,
    },
  );
}

/**
 * Of the bands that a scene has, those that a classifier reads, the sources of its formulas among them; all where some are missing,
 * so that what is said of it names them all.
 */
export function bandsNeeded(names: readonly string[], { bands, derived = {} }: Preprocess): readonly string[] {
  const sources = needs(names, bands).flatMap((name) => {
    const formula = derived[name];
    return formula === undefined ? [name] : bandsRead(formula, { bands: names, where: name }).map(({ band }) => band);
  });
  return sources.every((name) => names.includes(name)) ? [...new Set(sources)] : names;
}

/** Grey serves for red, green and blue, and is made of them, as everywhere. */
function needs(names: readonly string[], bands: readonly string[]): readonly string[] {
  if (bands.every((band) => names.includes(band))) return bands;
  if (bands.every((band) => RGB.includes(band)) && names.includes("grey")) return GREY;
  if (bands.length === 1 && bands[0] === "grey" && RGB.every((band) => names.includes(band))) return RGB;
  return bands;
}

/** @throws UserError `bad-data` where the pixels of a scene are larger or smaller than those that the classifier was trained on */
export function checkScale(
  info: RasterInfo,
  { pixels }: Pick<Manifest, "pixels">,
  classifier: string,
  onWarning?: (message: string) => void,
): void {
  const { georeference, file, widthPx, heightPx } = info;
  const known = pixels?.metersPerPixel ?? undefined;
  const here = georeference && pixelSideMeters({ widthPx, heightPx, ...georeference });
  if (known === undefined || here === undefined) {
    onWarning?.(
      `nobody knows whether a pixel of ${file} is as large as those that ${classifier} was trained on: ${known === undefined ? "its training images did not say" : "the scene does not say"}`,
    );
    return;
  }
  if (fitsScale(here, known)) return;
  throw new UserError(
    "bad-data",
    `${file}: a pixel is ${metres(here)} on the ground; ${classifier} was trained on pixels of ${metres(known)}`,
    {
      hint: `Bring it to pixels of ${metres(known)} first: gdalwarp -r average -tr <width> <height>, in the units of its reference system.`,
    },
  );
}

/** Whether pixels of one side, in metres, pass for pixels of another. */
export function fitsScale(here: number, known: number): boolean {
  return Math.abs(here / known - 1) <= SCALE_TOLERANCE;
}

export function metres(value: number): string {
  return `${Number(value.toPrecision(3))} m`;
}

/** In pixels of the scene. */
export interface CellSizes {
  /** Side of a cell. Default that of a chip. */
  readonly stridePx?: number | undefined;
  /** Side of a chip. Default that of the chips which the classifier was trained on. */
  readonly chipPx?: number | undefined;
}

/**
 * The cells that a classifier decides of a scene: as large as the chips that it was trained on, unless told otherwise.
 *
 * @throws UserError `usage` where nobody says how large chips are; `bad-data` for a scene smaller than one
 */
export function cellsFor(
  { chipPx, stridePx, onWarning }: CellSizes & Pick<WorkOptions, "onWarning">,
  info: Pick<RasterInfo, "file" | "widthPx" | "heightPx">,
  { pixels }: Pick<Manifest, "pixels">,
  file: string,
): CellGrid {
  const size = chipPx ?? pixels?.chipPx;
  if (size === undefined) {
    throw new UserError("usage", `${file}: does not say how large the chips were that it was trained on`, {
      hint: "Give --chip <pixels of the scene>.",
    });
  }
  if (size > info.widthPx || size > info.heightPx) {
    throw new UserError("bad-data", `${info.file}: ${info.widthPx} × ${info.heightPx} pixels hold no chip of ${size} px`, {
      hint: "Give a larger scene, or --chip.",
    });
  }
  if (pixels?.chipPx !== undefined && size !== pixels.chipPx) {
    onWarning?.(
      `--chip ${size}: ${file} was trained on chips of ${pixels.chipPx} pixels; larger or smaller ones show other things`,
    );
  }
  return cellGrid(info, { chipPx: size, stridePx: stridePx ?? size });
}

/** Windows of a scene that are looked at: so many a side, one in each cell of a grid. */
const WINDOWS = 6;
const WINDOW_PX = 64;

/**
 * How the pixels of a scene fit those that the classifier was trained on, by a sample of windows that is the same every time;
 * warns where they do not. Undefined where the classifier remembers nothing of its pixels.
 *
 * @throws UserError what reading the scene throws; `bad-data` if a formula lacks a band
 */
export async function checkPixels(
  scene: RasterReader,
  { bands, manifest, preprocess, signal, onWarning }: CheckedPixels,
): Promise<PixelFitness | undefined> {
  const fitness = await pixelFitness(windowsOf(scene, { bands, signal }), manifest, preprocess, { what: scene.info.file });
  if (fitness?.warning) onWarning?.(fitness.warning);
  return fitness;
}

export interface CheckedPixels {
  /** Those to read, as indices into the scene's. */
  readonly bands: readonly number[];
  readonly manifest: Pick<Manifest, "pixels">;
  readonly preprocess: Preprocess;
  readonly signal?: AbortSignal | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

async function* windowsOf(
  scene: RasterReader,
  { bands, signal }: Pick<CheckedPixels, "bands" | "signal">,
): AsyncGenerator<Raster> {
  const random = createRandom(DEFAULT_SEED, "pixels of a scene");
  const { widthPx, heightPx } = scene.info;
  const size = { widthPx: Math.min(WINDOW_PX, widthPx), heightPx: Math.min(WINDOW_PX, heightPx) };
  const place = (cell: number, freePx: number) => Math.floor(((cell + random.next()) * (freePx + 1)) / WINDOWS);
  for (let row = 0; row < WINDOWS; row++) {
    for (let column = 0; column < WINDOWS; column++) {
      const [leftPx, topPx] = [place(column, widthPx - size.widthPx), place(row, heightPx - size.heightPx)];
      yield await scene.read({ window: { leftPx, topPx, ...size }, bands, signal });
    }
  }
}
