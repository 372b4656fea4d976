import { UserError } from "../errors.js";
import { quantiles } from "../learn/quantiles.js";
import type { Manifest } from "../model/manifest.js";
import { spreadValues } from "../raster/measure.js";
import { pixelSideMeters } from "../raster/pixel-size.js";
import { seenBands } from "../raster/preprocess.js";
import type { Raster } from "../raster/raster.js";
import type { ValuesWanted } from "../raster/values.js";

/** What a classifier remembers of the pixels that it was trained on: a map of others means little. */
export type TrainingPixels = NonNullable<Manifest["pixels"]>;

/** Which quantiles are kept. */
export const PIXEL_QUANTILES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const;
/** Training images looked at. */
export const PIXEL_IMAGES = 256;
const VALUES_PER_IMAGE = 1024;

/**
 * The size of chip that most images have, the metres of a pixel where they say it, and what values each band had.
 *
 * @param wanted what the classifier sees: values are those, in its unit, derived bands among them
 * @returns undefined where no image can be read that has them
 */
export async function trainingPixels(rasters: AsyncIterable<Raster>, wanted: ValuesWanted): Promise<TrainingPixels | undefined> {
  const { bands } = wanted;
  const sides = new Map<number, number>();
  const metres: number[] = [];
  const samples = bands.map(() => [] as number[]);
  for await (const raster of rasters) {
    const shown = seen(raster, wanted);
    if (shown === undefined) continue;
    const side = Math.max(raster.widthPx, raster.heightPx);
    sides.set(side, (sides.get(side) ?? 0) + 1);
    const { georeference, widthPx, heightPx } = raster;
    const size = georeference && pixelSideMeters({ widthPx, heightPx, ...georeference });
    if (size !== undefined) metres.push(size);
    const px = widthPx * heightPx;
    for (const [band, values] of samples.entries()) {
      for (const value of spreadValues(shown.data.subarray(band * px, (band + 1) * px), VALUES_PER_IMAGE)) {
        if (Number.isFinite(value) && value !== shown.nodata) values.push(value);
      }
    }
  }
  if (sides.size === 0) return undefined;
  // A stable sort: among equals the first one met wins.
  const [[chipPx]] = [...sides].sort(([, a], [, b]) => b - a);
  metres.sort((a, b) => a - b);
  return {
    chipPx,
    metersPerPixel: metres.length === 0 ? null : quantiles(metres, [0.5])[0],
    quantiles: bands.map((band, i) => ({ band, at: quantiles(Float64Array.from(samples[i]).sort(), PIXEL_QUANTILES) })),
  };
}

/** Undefined for an image that lacks one: training has left it out, or ends with it. */
function seen(raster: Raster, wanted: ValuesWanted): Raster | undefined {
  try {
    return seenBands(raster, wanted);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
