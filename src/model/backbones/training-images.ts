import { UserError } from "../../errors.js";
import { throwIfAborted } from "../../progress.js";
import { GREY, RGB, toBands } from "../../raster/bands.js";
import type { Preprocess } from "../../raster/preprocess.js";
import type { Raster } from "../../raster/raster.js";
import { resize } from "../../raster/resample.js";
import type { BackboneContext } from "../backbone.js";

/** Some training images, and what a preprocessing has to know of them. */
export interface TrainingImages {
  /** Neither side is longer than was asked for. */
  readonly rasters: readonly Raster[];
  /** The bands that most of the images have; colour where grey and colour are mixed. */
  readonly bands: Preprocess["bands"];
  readonly range: Preprocess["range"];
}

/**
 * Reads up to `limit` training images for a backbone that is made of them, each stretched to at most `mostPx` a side, so that
 * large ones do not fill the memory. Those that lack a band are left out.
 *
 * @throws UserError `bad-data` when not one can be read
 */
export async function readTrainingImages(
  { trainingImages, signal, onProgress }: BackboneContext,
  limit: number,
  mostPx: number,
): Promise<TrainingImages> {
  const all: Raster[] = [];
  for await (const raster of trainingImages(limit)) {
    throwIfAborted(signal);
    const { widthPx, heightPx } = raster;
    all.push(resize(raster, { widthPx: Math.min(widthPx, mostPx), heightPx: Math.min(heightPx, mostPx) }));
    onProgress?.({ stage: "read training images", done: all.length, unit: "images" });
  }
  if (all.length === 0) {
    throw new UserError("bad-data", "no training image can be read, and the backbone is made of them", {
      hint: "Check the images and the split: sigmax data inspect <data>.",
    });
  }
  const bands = commonBands(all);
  const rasters = all.flatMap((raster) => withBands(raster, bands));
  return { rasters, bands, range: commonRange(rasters) };
}

function commonBands(rasters: readonly Raster[]): readonly string[] {
  const votes = new Map<string, { bands: readonly string[]; count: number }>();
  for (const { bands } of rasters) {
    const key = JSON.stringify(bands);
    votes.set(key, { bands, count: (votes.get(key)?.count ?? 0) + 1 });
  }
  // A stable sort: among equals the first one met wins.
  const [{ bands }] = [...votes.values()].sort((a, b) => b.count - a.count);
  // Colour images lose more by becoming grey than grey ones by becoming colour.
  return sameNames(bands, GREY) && votes.has(JSON.stringify(RGB)) ? RGB : bands;
}

/** The raster with these bands, or nothing where it lacks one. */
function withBands(raster: Raster, bands: readonly string[]): Raster[] {
  try {
    return [toBands(raster, bands)];
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

const FULL_RANGE: Readonly<Partial<Record<Raster["dtype"], Preprocess["range"]>>> = { uint8: [0, 255], uint16: [0, 65535] };

/** The full range of cameras' types, 8-bit where both occur; what was seen for reflectances and other measurements. */
function commonRange(rasters: readonly Raster[]): Preprocess["range"] {
  const dtypes = new Set(rasters.map(({ dtype }) => dtype));
  const known = (["uint8", "uint16"] as const).find((dtype) => dtypes.has(dtype));
  if (known !== undefined) return FULL_RANGE[known]!;
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { data } of rasters) {
    for (let i = 0; i < data.length; i++) {
      const value = Number(data[i]);
      if (!Number.isFinite(value)) continue;
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
    }
  }
  return lowest <= highest ? [lowest, highest] : [0, 1];
}
