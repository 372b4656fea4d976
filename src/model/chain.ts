import type { InputValues } from "../onnx/input-values.js";
import { type Preprocess, placement } from "../raster/preprocess.js";
import type { Raster } from "../raster/raster.js";
import type { Backbone } from "./backbone.js";
import { threeDigits } from "./expected-input.js";

/** An image as far as the words need it. */
export interface ImageKindWords extends Pick<Raster, "widthPx" | "heightPx" | "dtype" | "bands"> {
  readonly format: string;
}

/** What happens to an image from the file to the network, one step each. */
export function preprocessingSteps(
  image: ImageKindWords,
  { id, preprocess, normalize }: Pick<Backbone, "id" | "preprocess" | "normalize">,
  values: InputValues,
): readonly string[] {
  const { widthPx, heightPx, dtype, format, bands } = image;
  return [
    `${widthPx}×${heightPx} ${format}${dtype === "uint8" ? "" : ` (${dtype})`}`,
    ...bandSteps(bands, preprocess.bands),
    ...FIT_STEPS[preprocess.fit](image, preprocess),
    ...rangeSteps(dtype, preprocess.range),
    ...(normalize?.method === "stretch" ? ["each band cut off at its 2 and 98 % in the training images"] : []),
    ...orderSteps(preprocess.bands, values.order),
    ...normalizationSteps(values),
    id,
  ];
}

function bandSteps(from: readonly string[], to: readonly string[]): string[] {
  return from.join() === to.join() ? [] : [`bands ${from.join(", ")} read as ${to.join(", ")}`];
}

/** The size of the resized whole image, and which part of it the network gets. */
export function placed(image: Pick<Raster, "widthPx" | "heightPx">, preprocess: Preprocess) {
  const { widthPx, heightPx, window } = placement(image, preprocess);
  return { widthPx, heightPx, window: window ?? { leftPx: 0, topPx: 0, widthPx, heightPx } };
}

/** The share of the image's area that is cut away, 0 for stretched images. */
export function cutShare(image: Pick<Raster, "widthPx" | "heightPx">, preprocess: Preprocess): number {
  const { widthPx, heightPx, window } = placed(image, preprocess);
  return 1 - (window.widthPx * window.heightPx) / (widthPx * heightPx);
}

/** How many times wider than high an upright square becomes; 1 keeps the shape, and 2 is as bad as 1/2. */
export function distortion(image: Pick<Raster, "widthPx" | "heightPx">, preprocess: Preprocess): number {
  const { widthPx, heightPx } = placed(image, preprocess);
  const ratio = widthPx / image.widthPx / (heightPx / image.heightPx);
  return Math.max(ratio, 1 / ratio);
}

/** How many times longer the sides become, the geometric mean of both. */
export function enlargement(image: Pick<Raster, "widthPx" | "heightPx">, preprocess: Preprocess): number {
  const { widthPx, heightPx } = placed(image, preprocess);
  return Math.sqrt((widthPx * heightPx) / (image.widthPx * image.heightPx));
}

const FIT_STEPS: Readonly<Record<Preprocess["fit"], (image: ImageKindWords, preprocess: Preprocess) => string[]>> = {
  stretch(image, preprocess) {
    const { widthPx, heightPx, interpolation } = preprocess;
    if (widthPx === image.widthPx && heightPx === image.heightPx) return ["kept at its size"];
    const shape = distortion(image, preprocess);
    const off = shape > 1.01 ? `, out of shape by ${shape.toFixed(2)}` : "";
    return [`stretched to ${widthPx}×${heightPx} (${interpolation}, antialiased${timesWords(image, preprocess)}${off})`];
  },
  crop(image, preprocess) {
    const whole = placed(image, preprocess);
    const shorter = Math.min(whole.widthPx, whole.heightPx);
    const same = whole.widthPx === image.widthPx && whole.heightPx === image.heightPx;
    const how = `${preprocess.interpolation}, antialiased${timesWords(image, preprocess)}`;
    const cut = cutShare(image, preprocess);
    return [
      ...(same ? [] : [`shorter side to ${shorter} (${how})`]),
      ...(cut > 0
        ? [`centre crop ${preprocess.widthPx}×${preprocess.heightPx} (cuts ${Math.round(100 * cut)} % of the area)`]
        : []),
    ];
  },
};

function timesWords(image: ImageKindWords, preprocess: Preprocess): string {
  const times = enlargement(image, preprocess);
  if (times > 1.05) return `, enlarged ${times.toFixed(1)}×`;
  return times < 0.95 ? `, shrunk ${(1 / times).toFixed(1)}×` : "";
}

const FULL: Readonly<Partial<Record<Raster["dtype"], number>>> = { uint8: 255, uint16: 65535 };

function rangeSteps(dtype: Raster["dtype"], [lowest, highest]: Preprocess["range"]): string[] {
  const full = FULL[dtype];
  const scaled = full !== undefined && full !== highest && lowest === 0 && Object.values(FULL).includes(highest);
  return scaled ? [`×${highest}/${full}`] : [];
}

function orderSteps(bands: readonly string[], order: readonly number[]): string[] {
  return order.every((from, to) => from === to) ? [] : [`channels in the order ${order.map((from) => bands[from]).join(", ")}`];
}

/** Ways to write x · factor + shift, the plainest that fits. */
function normalizationSteps({ factor, shift }: InputValues): string[] {
  const alike = [factor, shift].every((list) => list.every((value) => Math.abs(value - list[0]) <= 1e-6 * Math.abs(list[0])));
  if (factor.every((value) => value === 1) && shift.every((value) => value === 0)) return [];
  if (alike) return [`${timesOf(factor[0])}${plus(shift[0])}`.trim()];
  if (factor.every((value) => value === 1)) return [`− ${listed(shift.map((value) => -value))}`];
  // x · f + s = (x / 255 − mean) / std with std = 1 / (255 · f), mean = −s · std
  const unit = factor.map((value) => 1 / (255 * value));
  const published = unit.every((value) => value > 0.1 && value < 0.5);
  const by = published ? 255 : 1;
  const deviation = factor.map((value) => 1 / (by * value));
  const mean = shift.map((value, k) => -value * deviation[k]);
  return [`(x${published ? "/255" : ""} − ${listed(mean)}) / ${listed(deviation)}`];
}

function timesOf(factor: number): string {
  if (factor === 1) return "";
  const inverse = 1 / factor;
  const plain = Math.abs(inverse - Number(inverse.toPrecision(4))) < 1e-5 * Math.abs(inverse);
  return Math.abs(factor) < 1 && plain ? `×1/${Number(inverse.toPrecision(4))}` : `×${threeDigits(factor)}`;
}

function plus(shift: number): string {
  if (shift === 0) return "";
  return shift > 0 ? ` + ${threeDigits(shift)}` : ` − ${threeDigits(-shift)}`;
}

function listed(values: readonly number[]): string {
  return `[${values.map(threeDigits).join(", ")}]`;
}
