import { UserError } from "../errors.js";
import { toBands } from "./bands.js";
import type { Raster } from "./raster.js";
import { type ResizeOptions, resize } from "./resample.js";
import { prepareValues, type ValuesWanted } from "./values.js";

/** Resampling filters, named as in Pillow. */
export const INTERPOLATIONS = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"] as const;
export type Interpolation = (typeof INTERPOLATIONS)[number];

/**
 * How a raster becomes the network's input: everything that happens OUTSIDE the graph. Normalisation lives inside.
 * The result is float32 `[C, H, W]` in the range of the source pixels.
 */
export interface Preprocess extends ValuesWanted {
  readonly widthPx: number;
  readonly heightPx: number;
  /** `stretch`: resize to the size. `crop`: resize the shorter side to `shorterSidePx`, then cut the centre out. */
  readonly fit: "stretch" | "crop";
  /** Only with `crop`. */
  readonly shorterSidePx?: number | undefined;
  readonly interpolation: Interpolation;
  /** Always true: the filter widens when it shrinks, as in Pillow. Stored so that other programs can obey it. */
  readonly antialias: true;
  /** Band names in input order; the classifier's channel order. */
  readonly bands: readonly string[];
  /** Lowest and highest value of the source pixels, in the unit of `values`: [0, 255] for 8-bit. */
  readonly range: readonly [number, number];
}

/**
 * Writes the network's input for one raster: float32 `[C, H, W]` at `offset` of `out`, in the range of the source pixels.
 * 16-bit images are brought to the range of 8-bit ones, and the reverse, where that is the range asked for.
 *
 * @throws UserError `bad-data` if the raster lacks a band
 * @throws RangeError if `out` is too short
 */
export function toInput(
  raster: Raster,
  preprocess: Preprocess,
  out: Float32Array,
  offset: number,
  { file = "the image" }: { file?: string } = {},
): void {
  resizedInput(seenBands(raster, preprocess, { file }), preprocess, out, offset);
}

/** The bands that a network sees, in its order and unit, at the size of the raster. @throws UserError `bad-data` if one is lacking */
export function seenBands(raster: Raster, wanted: ValuesWanted, { file = "the image" }: { file?: string } = {}): Raster {
  return toBands(prepareValues(raster, wanted, { file }), wanted.bands, { file });
}

/** As `toInput`, of what `seenBands` gave; `size` where it is another than the input's. @throws RangeError if `out` is too short */
export function resizedInput(
  seen: Raster,
  preprocess: Preprocess,
  out: Float32Array,
  offset: number,
  size: ResizeOptions = placement(seen, preprocess),
): void {
  const resized = resize(seen, size);
  out.set(resized.data, offset);
  const scale = rangeScale(seen, preprocess);
  if (scale !== 1) for (let i = offset; i < offset + resized.data.length; i++) out[i] *= scale;
}

/** What a preprocessing does, in plain words, for reports and `--help`. */
export function describePreprocess(preprocess: Preprocess): string {
  const { widthPx, heightPx, bands, range, interpolation, values = "stored", derived = {} } = preprocess;
  const size = `${widthPx} × ${heightPx} px`;
  const fit = {
    stretch: `stretched to ${size}`,
    crop: `resized to a shorter side of ${shorterSide(preprocess)} px, then the centre ${size} cut out`,
  }[preprocess.fit];
  const unit = values === "stored" ? "values" : values;
  const made = Object.entries(derived).map(([name, formula]) => `; ${name} = ${formula}`);
  return `bands ${bands.join(", ")} with ${unit} ${range[0]} to ${range[1]}${made.join("")}, ${fit} (${interpolation}, antialiased)`;
}

/** Where the input lies in the resized raster. @throws UserError `bad-model` if the crop is larger than what it is cut from */
export function placement(raster: { widthPx: number; heightPx: number }, preprocess: Preprocess): ResizeOptions {
  const { widthPx, heightPx, interpolation } = preprocess;
  if (preprocess.fit === "stretch") return { widthPx, heightPx, interpolation };
  const whole = shorterSideSize(raster.widthPx, raster.heightPx, shorterSide(preprocess));
  if (whole.widthPx < widthPx || whole.heightPx < heightPx) {
    throw new UserError(
      "bad-model",
      `the preprocessing cuts ${widthPx} × ${heightPx} px out of a shorter side of ${shorterSide(preprocess)} px`,
      {
        hint: "The shorter side must be at least as long as the sides of the cut.",
      },
    );
  }
  const window = { leftPx: cropOffset(whole.widthPx, widthPx), topPx: cropOffset(whole.heightPx, heightPx), widthPx, heightPx };
  return { ...whole, interpolation, window };
}

/** The size after torchvision's `Resize(shorterSidePx)`: the longer side is cut down to an integer. */
export function shorterSideSize(widthPx: number, heightPx: number, shorterSidePx: number): { widthPx: number; heightPx: number } {
  const longer = (long: number, short: number) => Math.floor((shorterSidePx * long) / short);
  return widthPx <= heightPx
    ? { widthPx: shorterSidePx, heightPx: longer(heightPx, widthPx) }
    : { widthPx: longer(widthPx, heightPx), heightPx: shorterSidePx };
}

/** The first pixel of torchvision's `CenterCrop`: half of what is left over, halves to the even side as Python rounds. */
export function cropOffset(wholePx: number, cropPx: number): number {
  const half = (wholePx - cropPx) / 2;
  const below = Math.floor(half);
  return half - below === 0.5 ? below + (below % 2) : Math.round(half);
}

function shorterSide({ shorterSidePx, widthPx, heightPx }: Preprocess): number {
  return shorterSidePx ?? Math.max(widthPx, heightPx);
}

/** Highest value of the types that cameras and PNG write in full range. */
const FULL_RANGE: Readonly<Partial<Record<Raster["dtype"], number>>> = { uint8: 255, uint16: 65535 };

/**
 * What the values of a raster are multiplied by to come into the range asked for. Reflectances and other ranges are nobody's full
 * range: they go through as they are.
 */
export function rangeScale({ dtype }: Pick<Raster, "dtype">, { range: [lowest, highest] }: Pick<Preprocess, "range">): number {
  const full = FULL_RANGE[dtype];
  const asked = lowest === 0 && Object.values(FULL_RANGE).includes(highest);
  return full === undefined || !asked ? 1 : highest / full;
}
