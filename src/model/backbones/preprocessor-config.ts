import { UserError } from "../../errors.js";
import type { Normalization } from "../../onnx/index.js";
import { INTERPOLATIONS, type Interpolation, type Preprocess } from "../../raster/preprocess.js";

/** What a network was trained on: what happens outside the graph, and what goes into it. */
export interface NetworkInput {
  readonly preprocess: Preprocess;
  readonly normalization: Omit<Normalization, "channelsLast">;
  /** Nothing says so: the network is taken to want mean 0 and deviation 1 in every band. */
  readonly undescribed?: boolean;
  /** What was not said in so many words and how it was read, one sentence each. */
  readonly notes: readonly string[];
}

/** The same by hand; each field wins over the file beside the model. */
export interface InputOptions {
  /** Width and height in pixels. */
  readonly size?: number | readonly [widthPx: number, heightPx: number] | undefined;
  /** Resize the shorter side to this, then cut the centre out. Without it images are stretched to the size. */
  readonly shorterSidePx?: number | undefined;
  readonly interpolation?: Interpolation | undefined;
  /** The network sees (pixel · scale − mean) / std. */
  readonly scale?: number | undefined;
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
  readonly channelOrder?: "rgb" | "bgr" | undefined;
  /** Band names for networks that do not take colour images. */
  readonly bands?: readonly string[] | undefined;
}

/** Pillow's numbers for its filters, which `resample` holds. */
const PILLOW_FILTERS: readonly Interpolation[] = ["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"];

const BANDS: Readonly<Record<number, readonly string[]>> = { 1: ["grey"], 3: ["red", "green", "blue"] };

/** A JSON object of which nothing is known. */
export type Json = Readonly<Record<string, unknown>>;

/**
 * Reads the keys of Hugging Face's `preprocessor_config.json`: size, crop_size, do_resize, do_center_crop, resample,
 * do_rescale, rescale_factor, rescale_offset, do_normalize, image_mean, image_std, do_flip_channel_order. Missing switches mean what they
 * mean there: rescale by 1/255, normalise where there is a mean.
 *
 * @param file names the configuration in messages
 * @throws UserError `bad-data` naming the file and the key
 */
export function parsePreprocessorConfig(config: Json, file: string, options: InputOptions = {}): NetworkInput {
  const read = reader(config, file);
  const notes: string[] = [];
  const placement = placementOf(read, options, notes);
  const interpolation = options.interpolation ?? filterOf(read, notes);

  const rescaled = read.flag("do_rescale") ?? true;
  const scale = options.scale ?? (rescaled ? (read.number("rescale_factor") ?? 1 / 255) : 1);
  const normalized = read.flag("do_normalize") ?? config.image_mean !== undefined;
  const mean = options.mean ?? (normalized ? read.numbers("image_mean") : [0, 0, 0]);
  const std = options.std ?? (normalized ? read.numbers("image_std") : mean.map(() => 1));
  if (std.length !== mean.length || mean.length === 0)
    read.fail(`has ${mean.length} means and ${std.length} standard deviations`);
  if (!std.every((value) => value > 0) || !(scale > 0)) read.fail("has a scale or standard deviation that is not above zero");
  // Some processors subtract 1 after scaling: x · scale − 1 − mean.
  const offset = options.mean === undefined && read.flag("rescale_offset") === true ? 1 : 0;
  const reverseChannels = options.channelOrder ? options.channelOrder === "bgr" : (read.flag("do_flip_channel_order") ?? false);

  const bands = options.bands ?? BANDS[mean.length];
  if (bands?.length !== mean.length) {
    read.fail(
      `describes ${mean.length} channels and ${bands ? `${bands.length} bands are named` : "does not name their bands"}`,
      "Name the bands, one per channel.",
    );
  }
  return {
    preprocess: { ...placement, interpolation, antialias: true, bands, range: [0, 255] },
    normalization: { scale, mean: mean.map((value) => value + offset), std, reverseChannels },
    notes,
  };
}

type Reader = ReturnType<typeof reader>;

/** Typed access to the keys, with errors that name file and key. */
function reader(config: Json, file: string) {
  const fail = (problem: string, hint = "Correct the file, or give the values by hand."): never => {
    throw new UserError("bad-data", `${file}: ${problem}`, { hint });
  };
  const wrong = (key: string, wanted: string): never => fail(`"${key}" is ${JSON.stringify(config[key])}, not ${wanted}`);
  const extent = (key: string, value: unknown): number =>
    typeof value === "number" && Number.isInteger(value) && value > 0 && value <= 8192
      ? value
      : wrong(key, "a number of pixels from 1 to 8192");
  return {
    file,
    fail,
    flag(key: string): boolean | undefined {
      const value = config[key] ?? undefined;
      return value === undefined || typeof value === "boolean" ? value : wrong(key, "true or false");
    },
    number(key: string): number | undefined {
      const value = config[key] ?? undefined;
      return value === undefined || (typeof value === "number" && Number.isFinite(value)) ? value : wrong(key, "a number");
    },
    numbers(key: string): readonly number[] {
      const value = config[key];
      const list: readonly unknown[] = Array.isArray(value) ? value : wrong(key, "a list of numbers, one per channel");
      return list.every((item) => typeof item === "number" && Number.isFinite(item))
        ? (list as number[])
        : wrong(key, "a list of numbers"); // checked on this line
    },
    /** A size in any of the forms that Hugging Face writes, or undefined. */
    size(key: string): Size | undefined {
      const value = config[key] ?? undefined;
      if (value === undefined) return undefined;
      if (typeof value === "number") return { number: extent(key, value) };
      if (typeof value !== "object" || value === null) return wrong(key, "a size");
      const { height, width, shortest_edge: shorter } = value as Json; // an object, by the line above
      if (shorter !== undefined) return { shorter: extent(key, shorter) };
      return { width: extent(key, width), height: extent(key, height) };
    },
  };
}

type Size = { readonly number: number } | { readonly shorter: number } | { readonly width: number; readonly height: number };
type Placement = Pick<Preprocess, "widthPx" | "heightPx" | "fit" | "shorterSidePx">;

function placementOf(read: Reader, options: InputOptions, notes: string[]): Placement {
  if (options.size !== undefined) {
    const [widthPx, heightPx] = typeof options.size === "number" ? [options.size, options.size] : options.size;
    const { shorterSidePx } = options;
    return shorterSidePx === undefined
      ? { widthPx, heightPx, fit: "stretch" }
      : { widthPx, heightPx, fit: "crop", shorterSidePx };
  }
  const size = read.size("size");
  const crop = read.flag("do_center_crop") === true ? read.size("crop_size") : undefined;
  const target = size ?? crop;
  if (target === undefined) return read.fail('does not say the size of the images ("size")');
  if (read.flag("do_resize") === false)
    notes.push(`${read.file} says do_resize: false; images are resized all the same, to the size given there.`);
  if (crop !== undefined) {
    const [widthPx, heightPx] = square(crop);
    const shorterSidePx = options.shorterSidePx ?? Math.min(...square(target));
    if ("width" in target) notes.push(`${read.file} stretches, then crops; images that are not square keep their shape here.`);
    return { widthPx, heightPx, fit: "crop", shorterSidePx };
  }
  const [widthPx, heightPx] = square(target);
  if (!("shorter" in target)) return { widthPx, heightPx, fit: "stretch" };
  // ConvNeXt's convention: below 384 px a border is resized away first, by default 224 of 256.
  const kept = read.number("crop_pct");
  if (kept !== undefined && widthPx >= 384) return { widthPx, heightPx, fit: "stretch" };
  const shorterSidePx = kept === undefined ? widthPx : Math.floor(widthPx / kept);
  if (kept === undefined) notes.push(`${read.file} gives the shorter side only; the centre square is cut out.`);
  return { widthPx, heightPx, fit: "crop", shorterSidePx };
}

function square(size: Size): [width: number, height: number] {
  if ("number" in size) return [size.number, size.number];
  return "shorter" in size ? [size.shorter, size.shorter] : [size.width, size.height];
}

function filterOf(read: Reader, notes: string[]): Interpolation {
  const value = read.number("resample");
  if (value === undefined) {
    notes.push(`${read.file} does not say how to resize ("resample"); bilinear is used.`);
    return "bilinear";
  }
  return (
    PILLOW_FILTERS[value] ??
    read.fail(`"resample" is ${value}; Pillow's filters are 0 to 5`, `In words: ${INTERPOLATIONS.join(", ")}.`)
  );
}
