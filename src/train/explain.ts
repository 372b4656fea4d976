import type { EmbeddingOrigin } from "../model/backbone.js";
import { activationMaps } from "../onnx/activation-maps.js";
import { type HeadLayer, readModel, writeModel } from "../onnx/index.js";
import { thumbnail } from "../raster/encode.js";
import { heatOver } from "../raster/heat.js";
import { toInput } from "../raster/preprocess.js";
import type { Raster } from "../raster/raster.js";
import { resize } from "../raster/resample.js";
import { openSession } from "../runtime/open.js";
import type { Head } from "../task.js";
import { float32, type Tensor } from "../tensor.js";

/** Shows which places of an image speak for a class. */
export interface Explainer {
  /** What speaks for class `k` in one image. */
  explain(raster: Raster, k: number, options?: { readonly file?: string }): Promise<Explanation>;
  close(): Promise<void>;
}

/** The places of one image that speak for one class. */
export interface Explanation {
  /** The image as the network gets it, before normalisation: cut and resized, 8 bits. */
  readonly image: Raster;
  /**
   * `[H, W]` of that image, in logits: what the head says of the features of a place alone (for softmax, beyond what it says of
   * the average class). Its mean over the image is the logit itself where no flips are averaged.
   */
  readonly evidence: Float32Array;
}

/** From the logits of one place for all classes to the evidence for one of them: softmax knows no logit but against the others. */
const EVIDENCE: Readonly<Record<Head, (logit: number, mean: number) => number>> = {
  softmax: (logit, mean) => logit - mean,
  sigmoid: (logit) => logit,
};

/**
 * Opens class activation maps for a linear head on a backbone: see `activationMaps`. Close them.
 *
 * @returns undefined where the embedding is not made of averaged feature maps, or not of an image
 */
export async function openExplainer(origin: EmbeddingOrigin, layer: HeadLayer): Promise<Explainer | undefined> {
  if (origin.model === undefined) return undefined;
  const { id, preprocess } = origin;
  const model = activationMaps(readModel(origin.model, { file: id }), layer);
  if (model === undefined) return undefined;
  const session = await openSession(writeModel(model), { file: `the activation maps of ${id}` });
  const { bands, widthPx, heightPx, range } = preprocess;
  const plane = widthPx * heightPx;
  const pixels = new Float32Array(bands.length * plane);
  return {
    async explain(raster, k, { file = "the image" } = {}) {
      toInput(raster, preprocess, pixels, 0, { file });
      const maps = await session.run({ image: float32([1, bands.length, heightPx, widthPx], pixels) });
      const evidence = new Float32Array(plane).fill(biasOf(layer, k));
      for (const map of Object.values(maps)) {
        const enlarged = resize(evidenceOf(map, layer.head, k), { widthPx, heightPx, interpolation: "bilinear" });
        for (let p = 0; p < plane; p++) evidence[p] += enlarged.data[p];
      }
      const [low, high] = range;
      const image: Raster = {
        bands: shownBands(bands),
        widthPx,
        heightPx,
        dtype: "uint8",
        data: Uint8Array.from(pixels.subarray(0, shownBands(bands).length * plane), (value) =>
          Math.min(255, Math.max(0, Math.round((255 * (value - low)) / (high - low)))),
        ),
      };
      return { image, evidence };
    },
    close: () => session.close(),
  };
}

/** The picture of an explanation as a `data:` URI: heat where the evidence is positive, red where it is strongest. */
export async function explanationPicture({ image, evidence }: Explanation, px: number): Promise<string> {
  const strongest = evidence.reduce((top, value) => Math.max(top, value), 0);
  const heat = strongest > 0 ? evidence.map((value) => value / strongest) : evidence;
  return thumbnail(heatOver(image, heat), px);
}

/** The map of one class, as a raster of one band. */
function evidenceOf(map: Tensor, head: Head, k: number): Raster {
  const [, classes, heightPx, widthPx] = map.shape;
  const plane = heightPx * widthPx;
  const values = map.data as Float32Array; // declared as float32 by the graph
  const data = new Float32Array(plane);
  for (let p = 0; p < plane; p++) {
    let sum = 0;
    for (let j = 0; j < classes; j++) sum += values[j * plane + p];
    data[p] = EVIDENCE[head](values[k * plane + p], sum / classes);
  }
  return { bands: ["evidence"], widthPx, heightPx, dtype: "float32", data };
}

function biasOf({ bias, head }: HeadLayer, k: number): number {
  const mean = bias.data.reduce((sum, value) => sum + value, 0) / bias.data.length;
  return EVIDENCE[head](bias.data[k], mean);
}

/** The first three bands, or one. */
function shownBands(bands: readonly string[]): readonly string[] {
  return bands.length >= 3 ? ["red", "green", "blue"] : ["grey"];
}
