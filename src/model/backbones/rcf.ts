import { GraphBuilder, type Model, type Value } from "../../onnx/index.js";
import { EMBEDDING, IMAGE } from "../../onnx/surgery.js";
import { throwIfAborted } from "../../progress.js";
import { createRandom } from "../../random.js";
import { type Preprocess, resizedInput } from "../../raster/preprocess.js";
import type { Raster } from "../../raster/raster.js";
import { float32 } from "../../tensor.js";
import type { Backbone, BackboneContext } from "../backbone.js";
import { makeBackbone } from "./make-backbone.js";
import {
  type BandStatistics,
  bandStatistics,
  type FilterBank,
  samplePatches,
  standardizePatches,
  whitenedFilters,
} from "./rcf-filters.js";
import { readTrainingImages } from "./training-images.js";

// All of these were chosen by cross-validation on training data: docs/decisions/0004-random-convolutional-features.md.

/** The input is stretched to a square of this side. Small images gain from being enlarged: filters then see finer structure. */
export const SIDE_PX = 256;
/** Filters are squares of this many pixels. */
export const PATCH_PX = 6;
/** Each bank of filters looks at the image averaged over blocks of `scale` pixels, at every `stride`-th place. */
export const BANKS = [
  { scale: 1, stride: 4 },
  { scale: 3, stride: 1 },
  { scale: 8, stride: 1 },
] as const;
/** Filters of each bank. */
export const FILTERS = 240;
/** Levels at which responses are counted, in their standard deviations; each count is soft over `RAMP`. */
export const LEVELS: readonly number[] = [-1.2, -0.4, 0.4, 1.2];
export const RAMP = 0.7;
/** Training images looked at, and patches taken of them for each bank. */
const IMAGES = 256;
const PATCHES = 10_000;

/** A bank of filters and where it looks. */
export interface PlacedBank extends FilterBank {
  readonly scale: number;
  readonly stride: number;
}

/**
 * Random convolutional features (Rolf et al. 2021, MOSAIKS): filters are whitened patches of the training images, at three
 * scales. Instead of the mean of each rectified response, the embedding holds how much of the image responds above each of a few
 * levels: a soft histogram of textures. D = 3 · 240 · 4 = 2880. The same seed gives the same bytes.
 *
 * @throws UserError `bad-data` when no training image can be read
 */
export async function openRcf(context: BackboneContext): Promise<Backbone> {
  const { rasters, seen } = await readTrainingImages(context, IMAGES, SIDE_PX);
  const preprocess: Preprocess = {
    widthPx: SIDE_PX,
    heightPx: SIDE_PX,
    fit: "stretch",
    interpolation: "bilinear",
    antialias: true,
    ...seen,
  };
  const { statistics, banks } = fitBanks(rasters, preprocess, context);
  return makeBackbone("rcf", rcfModel(preprocess, statistics, banks), preprocess);
}

function fitBanks(
  rasters: readonly Raster[],
  preprocess: Preprocess,
  { seed, signal, onProgress }: BackboneContext,
): { statistics: BandStatistics; banks: PlacedBank[] } {
  const random = createRandom(seed, "rcf");
  const bands = preprocess.bands.length;
  const size = bands * PATCH_PX * PATCH_PX;
  const perImage = Math.ceil(PATCHES / rasters.length);
  const image = { data: new Float32Array(bands * SIDE_PX * SIDE_PX), bands, sidePx: SIDE_PX };
  const places = random.fork("places");
  const patches = BANKS.map(() => [] as Float32Array[]);
  rasters.forEach((raster, index) => {
    throwIfAborted(signal);
    resizedInput(raster, preprocess, image.data, 0);
    BANKS.forEach(({ scale }, i) => {
      patches[i].push(samplePatches(image, { scale, patchPx: PATCH_PX }, perImage, places));
    });
    onProgress?.({ stage: "take patches", done: index + 1, total: rasters.length, unit: "images" });
  });
  const samples = patches.map(concatenate);
  const statistics = bandStatistics(samples[0], bands, PATCH_PX);
  const banks = BANKS.map((place, i) => {
    throwIfAborted(signal);
    standardizePatches(samples[i], statistics, PATCH_PX);
    const bank = whitenedFilters(samples[i], size, FILTERS, random.fork(`filters/${place.scale}`));
    onProgress?.({ stage: "make filters", done: i + 1, total: BANKS.length, unit: "banks" });
    return { ...place, ...bank };
  });
  return { statistics, banks };
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * `image` `[N, C, S, S]` → `embedding` `[N, D]`, ordered by scale, level, filter:
 * mean over places of clip((response − level) / RAMP + ½, 0, 1).
 */
export function rcfModel(
  { bands, widthPx, heightPx }: Pick<Preprocess, "bands" | "widthPx" | "heightPx">,
  { mean, deviation }: BandStatistics,
  banks: readonly PlacedBank[],
): Model {
  const channels = bands.length;
  const graph = new GraphBuilder();
  const image = graph.input(IMAGE, "float32", ["N", channels, heightPx, widthPx]);
  const centred = graph.op("Sub", [image, graph.constant(float32([channels, 1, 1], mean), "mean")]);
  const factor = graph.constant(
    float32(
      [channels, 1, 1],
      deviation.map((value) => 1 / value),
    ),
    "factor",
  );
  const standard = graph.op("Mul", [centred, factor]);
  const pooled: Value[] = [];
  for (const { scale, stride, weights, bias } of banks) {
    const block = { kernel_shape: [scale, scale], strides: [scale, scale] };
    const small = scale === 1 ? standard : graph.op("AveragePool", [standard], block);
    const filters = bias.length;
    const kernel = graph.constant(float32([filters, channels, PATCH_PX, PATCH_PX], weights), `weights/${scale}`);
    const offset = graph.constant(float32([filters], bias), `bias/${scale}`);
    const response = graph.op("Conv", [small, kernel, offset], { strides: [stride, stride] }, `response/${scale}`);
    for (const level of LEVELS) {
      // HardSigmoid: clip(alpha · x + beta, 0, 1)
      const above = graph.op("HardSigmoid", [response], { alpha: 1 / RAMP, beta: 0.5 - level / RAMP });
      pooled.push(graph.op("GlobalAveragePool", [above]));
    }
  }
  graph.output(graph.op("Flatten", [graph.op("Concat", pooled, { axis: 1 })], { axis: 1 }, EMBEDDING));
  return graph.build({ name: "rcf" });
}
