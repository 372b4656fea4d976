import { GraphBuilder, type Model } from "../../onnx/index.js";
import { EMBEDDING, IMAGE } from "../../onnx/surgery.js";
import type { Preprocess } from "../../raster/preprocess.js";
import type { Backbone, BackboneContext } from "../backbone.js";
import { makeBackbone } from "./make-backbone.js";
import { readTrainingImages } from "./training-images.js";

/** Sides of the images that the statistics are taken of. */
const SIZE_PX = 128;
/** Images looked at to learn bands and range. */
const IMAGES = 16;

/** Mean, standard deviation, minimum and maximum of each band: what every report compares with. D = 4·C. */
export async function openStats(context: BackboneContext): Promise<Backbone> {
  const { seen } = await readTrainingImages(context, IMAGES, SIZE_PX);
  const preprocess: Preprocess = {
    widthPx: SIZE_PX,
    heightPx: SIZE_PX,
    fit: "stretch",
    interpolation: "bilinear",
    antialias: true,
    ...seen,
  };
  return makeBackbone("stats", statsModel(preprocess), preprocess);
}

/** `image` `[N, C, H, W]` → `embedding` `[N, 4·C]`: means, standard deviations (over N, not N − 1), minima, maxima. */
export function statsModel({ bands, widthPx, heightPx }: Pick<Preprocess, "bands" | "widthPx" | "heightPx">): Model {
  const graph = new GraphBuilder();
  const image = graph.input(IMAGE, "float32", ["N", bands.length, heightPx, widthPx]);
  const mean = graph.op("GlobalAveragePool", [image]);
  // From centred values: E[x²] − mean² loses digits.
  const centred = graph.op("Sub", [image, mean]);
  const variance = graph.op("GlobalAveragePool", [graph.op("Mul", [centred, centred])]);
  const deviation = graph.op("Sqrt", [variance]);
  const lowest = graph.op("Neg", [graph.op("GlobalMaxPool", [graph.op("Neg", [image])])]);
  const highest = graph.op("GlobalMaxPool", [image]);
  const all = graph.op("Concat", [mean, deviation, lowest, highest], { axis: 1 });
  graph.output(graph.op("Flatten", [all], { axis: 1 }, EMBEDDING));
  return graph.build({ name: "stats" });
}
