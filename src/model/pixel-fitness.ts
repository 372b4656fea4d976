import { quantiles as quantilesOf } from "../learn/quantiles.js";
import type { Preprocess } from "../raster/preprocess.js";
import type { Raster } from "../raster/raster.js";
import { scaleClash } from "../raster/scale-clash.js";
import { seenValues } from "../raster/seen-values.js";
import { threeDigits } from "./expected-input.js";
import type { Manifest } from "./manifest.js";

/** Which quantiles of its training pixels a classifier keeps; the outermost bound what it knows. */
export const PIXEL_QUANTILES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const;
/** Share of the training pixels beyond either bound. */
const EXPECTED = PIXEL_QUANTILES[0];
/** Beyond both bounds together, from here on it is worth a warning: five times what is expected. */
const STRANGE = 10 * EXPECTED;
const VALUES_PER_RASTER = 4096;

/** How the values of one band of other pixels lie among those that a classifier was trained on, in its unit. */
export interface BandFitness {
  readonly band: string;
  /** Share of the pixels below the 1 % quantile of the training pixels, and above the 99 % one. */
  readonly below: number;
  readonly above: number;
  /** At 1, 5, 25, 50, 75, 95 and 99 %. */
  readonly quantiles: readonly number[];
  readonly trained: readonly number[];
}

/** How other pixels fit the ones that a classifier was trained on. */
export interface PixelFitness {
  /** Measured pixels that were looked at, a sample. */
  readonly pixels: number;
  /** Share of the training pixels below, and as many above. */
  readonly expected: number;
  readonly bands: readonly BandFitness[];
  /** The bands that are strange, and what may be the cause; null where all fit. */
  readonly warning: string | null;
}

/**
 * Compares the pixels of rasters with those that a classifier was trained on.
 *
 * @param what names the rasters in the warning
 * @returns undefined where the classifier remembers nothing, or no pixel was measured
 * @throws UserError `bad-data` if a raster lacks a band
 */
export async function pixelFitness(
  rasters: AsyncIterable<Raster> | Iterable<Raster>,
  { pixels: known }: Pick<Manifest, "pixels">,
  preprocess: Preprocess,
  { what }: { readonly what: string },
): Promise<PixelFitness | undefined> {
  if (known === undefined) return undefined;
  const samples = preprocess.bands.map(() => [] as number[]);
  for await (const raster of rasters) {
    const seen = seenValues(raster, preprocess, { most: VALUES_PER_RASTER, file: what });
    for (const [band, values] of seen.entries()) for (const value of values) samples[band].push(value);
  }
  const bands = preprocess.bands.flatMap((band, i): readonly BandFitness[] => {
    const trained = known.quantiles.find((one) => one.band === band)?.at;
    const values = Float64Array.from(samples[i]).filter(Number.isFinite).sort();
    if (trained === undefined || values.length === 0) return [];
    const [lowest, highest] = [trained[0], trained[trained.length - 1]];
    const share = (isOutside: (value: number) => boolean) => values.filter(isOutside).length / values.length;
    const [below, above] = [share((value) => value < lowest), share((value) => value > highest)];
    return [{ band, below, above, quantiles: quantilesOf(values, PIXEL_QUANTILES), trained }];
  });
  if (bands.length === 0) return undefined;
  return { pixels: samples[0].length, expected: EXPECTED, bands, warning: warningOf(bands, what) };
}

function warningOf(bands: readonly BandFitness[], what: string): string | null {
  const strange = bands.filter(({ below, above }) => below + above >= STRANGE);
  if (strange.length === 0) return null;
  const told = strange.map(
    ({ band, below, above, trained }) =>
      `${band}: ${percent(below)} below ${threeDigits(trained[0])}, ${percent(above)} above ${threeDigits(trained[trained.length - 1])}`,
  );
  return `${what}: pixels unlike those that the classifier was trained on (${percent(EXPECTED)} below and ${percent(EXPECTED)} above is what to expect): ${told.join("; ")}. ${causeOf(bands)}`;
}

/** What Sentinel-2 adds to its numbers since baseline 04.00, as stored and as reflectance. */
const OFFSETS = [1000, 0.1] as const;
const OFFSET_TOLERANCE = 0.3;
/** Clear land is so many times as bright as the offset at most: what is brighter is of another unit. */
const BRIGHTEST = 10;

/** The likely cause, in a sentence or two. */
function causeOf(bands: readonly BandFitness[]): string {
  const middles = bands.map(({ quantiles, trained }) => ({ here: quantiles[MEDIAN], there: trained[MEDIAN] }));
  const bright = middles.filter(({ here, there }) => here > 0 && there > 0);
  const [here, there] = [geometricMean(bright.map((one) => one.here)), geometricMean(bright.map((one) => one.there))];
  const clash = scaleClash(here, there);
  if (clash !== undefined) {
    return `They look like ${clash.one}, those it was trained on like ${clash.other}: bring them to the same scale`;
  }
  for (const offset of OFFSETS) {
    const isThat = ({ here, there }: (typeof middles)[number]) =>
      Math.abs(Math.abs(here - there) / offset - 1) <= OFFSET_TOLERANCE && Math.max(here, there) < BRIGHTEST * offset;
    const isOneWay = new Set(middles.map(({ here, there }) => Math.sign(here - there))).size === 1;
    if (isOneWay && middles.every(isThat)) {
      return `All bands are shifted by about ${offset}: the offset of Sentinel-2 since baseline 04.00, subtracted from one and not from the other?`;
    }
  }
  return "Likely causes: another scaling of the numbers; another date, haze or season; another sensor; land that no training image shows";
}

const MEDIAN = PIXEL_QUANTILES.indexOf(0.5);

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

function percent(share: number): string {
  return `${threeDigits(share < 0.1 ? Number((100 * share).toFixed(1)) : Math.round(100 * share))} %`;
}
