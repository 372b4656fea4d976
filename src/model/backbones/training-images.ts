import { UserError } from "../../errors.js";
import { throwIfAborted } from "../../progress.js";
import { GREY, RGB } from "../../raster/bands.js";
import { expandIndex, unscaledIndices } from "../../raster/indices.js";
import { type Preprocess, seenBands } from "../../raster/preprocess.js";
import type { Raster } from "../../raster/raster.js";
import { resize } from "../../raster/resample.js";
import { integerRange } from "../../raster/samples.js";
import { prepareValues, type ValuesWanted } from "../../raster/values.js";
import type { BackboneContext } from "../backbone.js";

/** Some training images, and what a preprocessing has to know of them. */
export interface TrainingImages {
  /** As `seenBands` gives them: the bands below, in their unit. Neither side is longer than was asked for. */
  readonly rasters: readonly Raster[];
  /** The bands asked for, else those that most of the images have; colour where grey and colour are mixed. */
  readonly seen: Pick<Preprocess, "bands" | "range" | "values" | "derived">;
}

/**
 * Reads up to `limit` training images for a backbone that is made of them, each stretched to at most `mostPx` a side, so that
 * large ones do not fill the memory. Those that lack a band are left out.
 *
 * @throws UserError `bad-data` when not one can be read
 */
export async function readTrainingImages(context: BackboneContext, limit: number, mostPx: number): Promise<TrainingImages> {
  const { trainingImages, signal, onProgress } = context;
  const all: Raster[] = [];
  for await (const raster of trainingImages(limit)) {
    throwIfAborted(signal);
    const { widthPx, heightPx } = raster;
    // Before anything is mixed: what was not measured must not be.
    all.push(
      resize(prepareValues(raster, { bands: raster.bands }), {
        widthPx: Math.min(widthPx, mostPx),
        heightPx: Math.min(heightPx, mostPx),
      }),
    );
    onProgress?.({ stage: "read training images", done: all.length, unit: "images" });
  }
  if (all.length === 0) {
    throw new UserError("bad-data", "no training image can be read, and the backbone is made of them", {
      hint: "Check the images and the split: sigmax data inspect <data>.",
    });
  }
  const wanted = valuesWanted(context, all);
  checkUnscaled(wanted, all, context.onWarning);
  const rasters = all.flatMap((raster) => withBands(raster, wanted));
  // Not one can serve: whatever the first lacks is what is to be told.
  if (rasters.length === 0) seenBands(all[0], wanted, { file: "the first training image" });
  return { rasters, seen: { ...wanted, range: commonRange(rasters) } };
}

/** What was asked for; an index that no image has as a band is made of others. */
function valuesWanted({ bands, values, derived }: BackboneContext, rasters: readonly Raster[]): ValuesWanted {
  const names = bands ?? [...commonBands(rasters), ...Object.keys(derived ?? {})];
  const indices = names.flatMap((name) => {
    const formula = rasters.some((raster) => raster.bands.includes(name)) ? undefined : expandIndex(name);
    return formula === undefined ? [] : [[name, formula] as const];
  });
  const made = { ...Object.fromEntries(indices), ...derived };
  return {
    bands: [...new Set(names)],
    ...(values && values !== "stored" && { values }),
    ...(Object.keys(made).length > 0 && { derived: made }),
  };
}

/** @throws UserError `usage` for an index that wants reflectance, of images with other numbers */
function checkUnscaled(
  { bands, values, derived = {} }: ValuesWanted,
  rasters: readonly Raster[],
  onWarning: BackboneContext["onWarning"],
): void {
  if (values === "reflectance") return;
  const made = Object.entries(derived).filter(([name]) => bands.includes(name));
  // An index that was named as a band stands there as its formula, one in a formula of somebody's own by its name.
  const [found] = made.flatMap(([name, formula]) =>
    formula === expandIndex(name) ? unscaledIndices(name) : unscaledIndices(formula),
  );
  const isOther = ({ dtype, scaling }: Raster) =>
    scaling?.some(({ scale, offset }) => scale !== 1 || offset !== 0) ?? integerRange(dtype) !== undefined;
  const index = made.find(([name, formula]) => formula === expandIndex(name))?.[0];
  if (found === undefined && index !== undefined && rasters.some(({ scaling }) => scaling?.some(({ offset }) => offset !== 0))) {
    onWarning?.(`${index} of stored numbers is another than of reflectance, as the images state an offset: --values reflectance`);
  }
  if (found === undefined || !rasters.some(isOther)) return;
  throw new UserError("usage", `${found} is made of reflectance, 0 to 1, and the images hold other numbers`, {
    hint: "Add --values reflectance; images that do not say their scale are cut again: sigmax chip … --reflectance 0.0001,0.",
  });
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
function withBands(raster: Raster, wanted: ValuesWanted): Raster[] {
  try {
    return [seenBands(raster, wanted)];
  } catch (error) {
    if (error instanceof UserError && error.code === "bad-data") return [];
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
  if (lowest > highest) return [0, 1];
  return [lowest, highest > lowest ? highest : lowest + 1];
}
