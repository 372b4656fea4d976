import type { Model } from "../../onnx/index.js";
import { createRandom } from "../../random.js";
import type { Preprocess } from "../../raster/preprocess.js";
import type { Raster } from "../../raster/raster.js";
import type { Backbone, BackboneContext } from "../backbone.js";
import { buildNetwork, type NetworkName } from "../networks.js";
import { makeBackbone } from "./make-backbone.js";
import { readTrainingImages } from "./training-images.js";

/** Training images looked at for the statistics of their bands. */
const IMAGES = 256;
/** Side of the input where none is given: chips of 64 to 128 px are what the networks are made for. */
export const DEFAULT_SIZE_PX = 64;

/**
 * An untrained network as a backbone: the bands and the range are those of the training images, and each band is standardised by its
 * mean and deviation there. The same seed gives the same bytes.
 *
 * @throws UserError `bad-data` when no training image can be read; `usage` when the images are too small for the network
 */
export async function openNetwork(
  name: NetworkName,
  context: BackboneContext,
  { sizePx = DEFAULT_SIZE_PX }: { readonly sizePx?: number | undefined } = {},
): Promise<Backbone> {
  const { rasters, seen } = await readTrainingImages(context, IMAGES, 4 * sizePx);
  const preprocess: Preprocess = {
    widthPx: sizePx,
    heightPx: sizePx,
    fit: "stretch",
    interpolation: "bilinear",
    antialias: true,
    ...seen,
  };
  const seed = createRandom(context.seed, name).int(2 ** 31);
  const model: Model = buildNetwork(name, {
    bands: seen.bands.length,
    sizePx,
    seed,
    ...bandStatistics(rasters, seen.bands.length),
  });
  return makeBackbone(name, model, preprocess);
}

/** Mean and standard deviation of each band over all pixels that are numbers; a band that never changes keeps its scale. */
function bandStatistics(rasters: readonly Raster[], bands: number): { mean: number[]; std: number[] } {
  const statistics = Array.from({ length: bands }, (_, band) => {
    let [count, mean, squares] = [0, 0, 0];
    for (const { data, widthPx, heightPx, valid } of rasters) {
      const px = widthPx * heightPx;
      for (let i = band * px; i < (band + 1) * px; i++) {
        const value = Number(data[i]);
        if (!Number.isFinite(value) || valid?.[i - band * px] === 0) continue;
        // Welford 1962: no difference of large sums.
        count++;
        const step = value - mean;
        mean += step / count;
        squares += step * (value - mean);
      }
    }
    const deviation = Math.sqrt(squares / Math.max(1, count));
    return { mean, std: deviation > 1e-6 * Math.abs(mean) ? deviation : 1 };
  });
  return { mean: statistics.map(({ mean }) => mean), std: statistics.map(({ std }) => std) };
}
