import { UserError } from "../errors.js";
import { quantiles } from "../learn/quantiles.js";
import type { Manifest } from "../model/manifest.js";
import { PIXEL_QUANTILES } from "../model/pixel-fitness.js";
import { pixelSideMeters } from "../raster/pixel-size.js";
import type { Preprocess } from "../raster/preprocess.js";
import { isSameScaling, type Raster } from "../raster/raster.js";
import { seenValues } from "../raster/seen-values.js";

/** What a classifier remembers of the pixels that it was trained on: a map of others means little. */
export type TrainingPixels = NonNullable<Manifest["pixels"]>;

/** What decides which values a classifier sees. */
type Seen = Pick<Preprocess, "bands" | "values" | "derived" | "range">;

/** Training images looked at. */
export const PIXEL_IMAGES = 256;
const VALUES_PER_IMAGE = 1024;

/**
 * The size of chip that most images have, the metres of a pixel where they say it, and what values each band had.
 *
 * @param wanted what the classifier sees: values are those, in its unit, derived bands among them
 * @returns undefined where no image can be read that has them, or a band was measured nowhere
 */
export async function trainingPixels(rasters: AsyncIterable<Raster>, wanted: Seen): Promise<TrainingPixels | undefined> {
  const { bands } = wanted;
  const sides = new Map<number, number>();
  const metres: number[] = [];
  const samples = bands.map(() => [] as number[]);
  const scalings: (readonly NamedScaling[])[] = [];
  for await (const raster of rasters) {
    const shown = seen(raster, wanted);
    if (shown === undefined) continue;
    scalings.push(saidOf(raster));
    const side = Math.max(raster.widthPx, raster.heightPx);
    sides.set(side, (sides.get(side) ?? 0) + 1);
    const { georeference, widthPx, heightPx } = raster;
    const size = georeference && pixelSideMeters({ widthPx, heightPx, ...georeference });
    if (size !== undefined) metres.push(size);
    for (const [band, values] of samples.entries()) {
      for (const value of shown[band]) if (Number.isFinite(value)) values.push(value);
    }
  }
  if (sides.size === 0 || samples.some(({ length }) => length === 0)) return undefined;
  // A stable sort: among equals the first one met wins.
  const [[chipPx]] = [...sides].sort(([, a], [, b]) => b - a);
  metres.sort((a, b) => a - b);
  const scaling = wanted.values === "reflectance" ? [] : saidByAll(scalings);
  return {
    chipPx,
    metersPerPixel: metres.length === 0 ? null : quantiles(metres, [0.5])[0],
    quantiles: bands.map((band, i) => ({ band, at: quantiles(Float64Array.from(samples[i]).sort(), PIXEL_QUANTILES) })),
    ...(scaling.length > 0 && { scaling }),
  };
}

type NamedScaling = NonNullable<TrainingPixels["scaling"]>[number];

/** A scale of 1 without an offset stands for bands of which nothing is said, too. */
function saidOf({ bands, scaling = [] }: Raster): readonly NamedScaling[] {
  const named = scaling.map(({ scale, offset }, i) => ({ band: bands[i], scale, offset }));
  return named.filter(({ scale, offset }) => scale !== 1 || offset !== 0);
}

/** What the first image says of its bands and no other contradicts, or leaves out. */
function saidByAll([first, ...others]: readonly (readonly NamedScaling[])[]): NamedScaling[] {
  return first.filter((one) =>
    others.every((said) => said.some(({ band, ...other }) => band === one.band && isSameScaling(other, one))),
  );
}

/** Undefined for an image that lacks one: training has left it out, or ends with it. */
function seen(raster: Raster, wanted: Seen): readonly Float32Array[] | undefined {
  try {
    return seenValues(raster, wanted, { most: VALUES_PER_IMAGE });
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
