import { UserError } from "../errors.js";
import { evaluateFormula, type Formula, parseFormula } from "./formula.js";
import { expandIndex } from "./indices.js";
import type { BandScaling, Raster } from "./raster.js";
import { integerRange, newSamples } from "./samples.js";

/** What the numbers of a band mean: as the file stores them, or the share of light that the ground sends back, 0 to 1. */
export const PIXEL_VALUES = ["stored", "reflectance"] as const;
export type PixelValues = (typeof PIXEL_VALUES)[number];

/** The part of a preprocessing that says which numbers a network sees, before any of them is resized. */
export interface ValuesWanted {
  /** Band names in input order; those of `derived` among them. */
  readonly bands: readonly string[];
  /** Default "stored". */
  readonly values?: PixelValues | undefined;
  /** Formulas of bands that no file has, by name. They see the image's bands in the unit of `values`, and not each other. */
  readonly derived?: Readonly<Record<string, string>> | undefined;
}

/**
 * Makes of what a file stores what a network sees, the only place that does: stored numbers become reflectance by the raster's
 * scaling; derived bands that are wanted come after the others (in place of a band of the same name), as float32; samples that were
 * not measured become the band's mean over this image, 0 where there is none. A sample was not measured where `valid` is 0, where it
 * is nodata and where it is not finite; but a nodata of 0 in an unsigned type only counts where all bands are 0: water is as dark.
 *
 * Float32 with anything scaled or derived, else the type stays; with nothing to do, the raster itself. The result has no nodata
 * left; its `valid` still says which pixels were measured; reflectance has the scaling 1, 0.
 *
 * @throws UserError `bad-data` if nothing says how numbers become reflectance, or a band that a formula reads is not there
 * @throws UserError `usage` for a formula that cannot be read
 */
export function prepareValues(
  raster: Raster,
  { bands, values = "stored", derived = {} }: ValuesWanted,
  { file = "the image" }: { readonly file?: string } = {},
): Raster {
  const scaling = values === "reflectance" ? scalingOf(raster, file) : undefined;
  const formulas = Object.entries(derived)
    .filter(([name]) => bands.includes(name))
    .map(([name, text]) => ({ name, formula: formulaFor(raster, name, text, file) }));
  const missing = missingSamples(raster);
  if (scaling === undefined && formulas.length === 0 && missing === undefined) return raster;

  const { nodata: _, ...rest } = raster;
  const planePx = raster.widthPx * raster.heightPx;
  const names = [...raster.bands, ...formulas.map(({ name }) => name)];
  const dtype = scaling === undefined && formulas.length === 0 ? raster.dtype : "float32";
  const data = newSamples(dtype, names.length * planePx);
  const planeAt = (band: number) => data.subarray(band * planePx, (band + 1) * planePx);
  if (scaling === undefined) data.set(raster.data);
  else for (const [index, band] of scaling.entries()) scalePlane(raster.data.subarray(index * planePx), band, planeAt(index));

  // Types that have NaN carry it from here into what is derived; in the others, the mask alone says what is missing.
  if (missing !== undefined && integerRange(dtype) === undefined) {
    for (let i = 0; i < missing.length; i++) if (missing[i] === 1) data[i] = Number.NaN;
  }
  formulas.forEach(({ formula }, index) => {
    const sources = formula.bands.map((name) => planeAt(raster.bands.indexOf(name)));
    // Anything derived makes the type float32.
    evaluateFormula(formula, sources, planeAt(raster.bands.length + index) as Float32Array);
  });
  for (const band of names.keys()) fillWithMean(planeAt(band), missing?.subarray(band * planePx, (band + 1) * planePx));

  const valid = raster.valid ?? (missing && measuredPixels(missing, planePx));
  const derivedScaling = formulas.map(() => AS_IT_IS);
  const result: Raster = {
    ...rest,
    bands: names,
    dtype,
    data,
    ...(valid && { valid }),
    ...(raster.scaling && {
      scaling: [...(scaling === undefined ? raster.scaling : raster.bands.map(() => AS_IT_IS)), ...derivedScaling],
    }),
  };
  return withoutReplaced(result, raster.bands.length);
}

const AS_IT_IS: BandScaling = { scale: 1, offset: 0 };

/** Undefined where the numbers are reflectance as they are. */
function scalingOf({ bands, scaling }: Raster, file: string): readonly BandScaling[] | undefined {
  if (scaling === undefined) {
    throw new UserError("bad-data", `${file}: nothing says how its numbers become reflectance`, {
      hint: "Say it: --reflectance 0.0001,-0.1 for number · 0.0001 - 0.1, or --reflectance applied if they are reflectance already.",
    });
  }
  if (scaling.length !== bands.length) {
    throw new RangeError(`${file}: ${scaling.length} scalings of ${bands.length} bands`);
  }
  scaling.forEach(({ scale, offset }, band) => {
    if (Number.isFinite(scale) && scale !== 0 && Number.isFinite(offset)) return;
    throw new UserError("bad-data", `${file}: band ${bands[band]} has the scale ${scale} and the offset ${offset}`, {
      hint: "Say what is right: --reflectance 0.0001,-0.1 for number · 0.0001 - 0.1.",
    });
  });
  return scaling.every(({ scale, offset }) => scale === 1 && offset === 0) ? undefined : scaling;
}

function scalePlane(stored: Raster["data"], { scale, offset }: BandScaling, out: Raster["data"]): void {
  for (let i = 0; i < out.length; i++) out[i] = stored[i] * scale + offset;
}

function formulaFor({ bands }: Raster, name: string, text: string, file: string): Formula {
  const where = `the derived band ${name}`;
  // Names as they are written first: a band that one image lacks is no mistake of the formula.
  const lacking = bandsRead(text, { bands, where }).find(({ band }) => !bands.includes(band));
  if (lacking === undefined) return parseFormula(text, { known: bands, kind: "number", where });
  throw new UserError("bad-data", `${file}: has the bands ${bands.join(", ")}; ${lacking.band} is not among them`, {
    hint: `The classifier makes ${name} of it: ${lacking.by}. Give images that have these bands.`,
  });
}

/**
 * The bands that a formula reads, those of indices among them, each with the formula that reads it.
 *
 * @param options.bands names of the bands that are there: a name that is both a band and an index is the band
 * @throws UserError `usage` for a formula that cannot be read
 */
export function bandsRead(
  text: string,
  { bands, where }: { readonly bands: readonly string[]; readonly where: string },
): readonly { readonly band: string; readonly by: string }[] {
  return parseFormula(text, { kind: "number", where }).bands.flatMap((written) => {
    const index = expandIndex(written, { bands });
    if (index === undefined) return [{ band: written, by: text }];
    return parseFormula(index, { kind: "number", where }).bands.map((band) => ({ band, by: index }));
  });
}

/** 1 where some band of a pixel was not measured, `[H, W]`; undefined where all were everywhere. */
export function incompletePixels(raster: Raster): Uint8Array | undefined {
  const missing = missingSamples(raster);
  if (missing === undefined) return undefined;
  const incomplete = new Uint8Array(raster.widthPx * raster.heightPx);
  for (let start = 0; start < missing.length; start += incomplete.length) {
    for (let i = 0; i < incomplete.length; i++) incomplete[i] |= missing[start + i];
  }
  return incomplete;
}

/** 1 where a sample of `[C, H, W]` was not measured, by the rule of `prepareValues`; undefined where all were. */
export function missingSamples({ data, dtype, nodata, valid, widthPx, heightPx }: Raster): Uint8Array | undefined {
  const whole = integerRange(dtype) !== undefined;
  if (whole && nodata === undefined && valid === undefined) return undefined;
  const planePx = widthPx * heightPx;
  const never = dtype === "float32" && nodata !== undefined ? Math.fround(nodata) : nodata;
  const missing = new Uint8Array(data.length);
  if (never !== undefined || !whole) markNever(data, never, missing);
  if (valid?.includes(0)) {
    for (let start = 0; start < data.length; start += planePx) {
      for (let i = 0; i < planePx; i++) if (valid[i] === 0) missing[start + i] = 1;
    }
  }
  if (!missing.includes(1)) return undefined;
  return nodata === 0 && integerRange(dtype)?.[0] === 0 ? ofWholePixels(missing, planePx) : missing;
}

function markNever(data: Raster["data"], never: number | undefined, missing: Uint8Array): void {
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    // The difference of a number to itself is 0, except of NaN and the infinite ones.
    if (value === never || value - value !== 0) missing[i] = 1;
  }
}

/** What is missing in pixels that no band measured; undefined where some band measured every pixel. */
function ofWholePixels(missing: Uint8Array, planePx: number): Uint8Array | undefined {
  const measured = measuredPixels(missing, planePx);
  if (measured === undefined) return undefined;
  const unmeasured = measured.map((pixel) => 1 - pixel);
  for (let start = 0; start < missing.length; start += planePx) missing.set(unmeasured, start);
  return missing;
}

/** 1 where some band measured a pixel; undefined where one did everywhere. */
function measuredPixels(missing: Uint8Array, planePx: number): Uint8Array | undefined {
  const measured = new Uint8Array(planePx);
  for (let start = 0; start < missing.length; start += planePx) {
    for (let i = 0; i < planePx; i++) if (missing[start + i] === 0) measured[i] = 1;
  }
  return measured.includes(0) ? measured : undefined;
}

/** Puts the mean of the measured samples of a band in place of the others, 0 where none was. */
function fillWithMean(plane: Raster["data"], missing: Uint8Array | undefined): void {
  const lacking = new Uint8Array(plane.length);
  if (missing !== undefined && missing.length > 0) lacking.set(missing);
  let sum = 0;
  let count = 0;
  for (let i = 0; i < plane.length; i++) {
    const value = plane[i];
    if (value - value !== 0) lacking[i] = 1;
    if (lacking[i] === 1) continue;
    sum += value;
    count++;
  }
  if (count === plane.length) return;
  const mean = count === 0 ? 0 : sum / count;
  const whole = !(plane instanceof Float32Array || plane instanceof Float64Array);
  const fill = whole ? Math.round(mean) : mean;
  for (let i = 0; i < plane.length; i++) if (lacking[i] === 1) plane[i] = fill;
}

/** Leaves out the first `count` bands where there is a later one of the same name. */
function withoutReplaced(raster: Raster, count: number): Raster {
  const { bands, data, scaling, widthPx, heightPx } = raster;
  const kept = [...bands.keys()].filter((band) => band >= count || !bands.includes(bands[band], count));
  if (kept.length === bands.length) return raster;
  const planePx = widthPx * heightPx;
  for (const [place, band] of kept.entries()) data.copyWithin(place * planePx, band * planePx, (band + 1) * planePx);
  return {
    ...raster,
    bands: kept.map((band) => bands[band]),
    data: data.subarray(0, kept.length * planePx),
    ...(scaling && { scaling: kept.map((band) => scaling[band]) }),
  };
}
