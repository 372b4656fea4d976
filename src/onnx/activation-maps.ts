import { float32 } from "../tensor.js";
import { averagedMaps } from "./averaged-maps.js";
import { GraphBuilder, type Value } from "./builder.js";
import { graphOf, type Model, opsetOf } from "./model.js";
import { inferShapes } from "./shapes.js";
import { type HeadLayer, IMAGE } from "./surgery.js";
import { tensorTypeOf } from "./types.js";

/**
 * Class activation maps (Zhou et al. 2016) of an embedding model with a linear head: input `image`, outputs `maps/0`, `maps/1`, …
 * `[N, K, Hᵢ, Wᵢ]`, one for each set of feature maps that is averaged into the embedding. The means of a class over all places,
 * summed over the outputs, plus its bias are its logit.
 *
 * @returns undefined when the embedding is not made of averaged feature maps alone
 */
export function activationMaps(model: Model, { weights }: Pick<HeadLayer, "weights">): Model | undefined {
  const network = graphOf(model);
  const known = inferShapes(network);
  const sources = averagedMaps(network, known);
  const [classes, width] = weights.shape;
  const channels = sources?.map((name) => known.get(name)?.shape?.[1]);
  if (sources === undefined || !channels?.every((count) => typeof count === "number")) return undefined;
  if (channels.reduce((sum, count) => sum + count, 0) !== width) return undefined;

  const graph = new GraphBuilder();
  const shape = tensorTypeOf(network.input.find(({ name }) => name === IMAGE) ?? network.input[0])?.shape ?? [];
  graph.inline(model, { [IMAGE]: graph.input(IMAGE, "float32", shape) }, "network/");
  let first = 0;
  sources.forEach((source, i) => {
    const slice = new Float32Array(classes * channels[i]);
    for (let k = 0; k < classes; k++) {
      slice.set(weights.data.subarray(k * width + first, k * width + first + channels[i]), k * channels[i]);
    }
    first += channels[i];
    // Mₖ(x, y) = Σ_d W_kd F_d(x, y): a convolution of 1 × 1
    const kernel: Value = graph.constant(float32([classes, channels[i], 1, 1], slice), `weights/${i}`);
    graph.output(graph.op("Conv", [`network/${source}`, kernel], {}, `maps/${i}`));
  });
  return graph.build({ name: "activation-maps", opset: opsetOf(model) });
}
