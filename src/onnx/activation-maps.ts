import { float32 } from "../tensor.js";
import { attributesOf } from "./attributes.js";
import { GraphBuilder, type Value } from "./builder.js";
import type { Known } from "./known.js";
import { graphOf, type Model, opsetOf } from "./model.js";
import type { GraphProto, NodeProto } from "./proto.js";
import { inferShapes } from "./shapes.js";
import { EMBEDDING, type HeadLayer, IMAGE } from "./surgery.js";
import { tensorTypeOf } from "./types.js";

/** Operators that change the shape of pooled features and nothing else. */
const RESHAPES = new Set(["Dropout", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"]);

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

/** The feature maps `[N, C, H, W]` whose averages over H and W make the embedding, in its order. */
function averagedMaps(graph: GraphProto, known: ReadonlyMap<string, Known>): readonly string[] | undefined {
  const producer = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const walk = (name: string): readonly string[] | undefined => {
    const node = producer.get(name);
    if (node === undefined) return undefined;
    if (averagesPlaces(node, known)) return [node.input[0]];
    if (RESHAPES.has(node.opType)) return walk(node.input[0]);
    if (node.opType !== "Concat" || attributesOf(node).int("axis", 0) !== 1) return undefined;
    const parts = node.input.map(walk);
    return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
  };
  return walk(EMBEDDING);
}

function averagesPlaces(node: NodeProto, known: ReadonlyMap<string, Known>): boolean {
  const shape = known.get(node.input[0])?.shape;
  if (shape?.length !== 4) return false;
  const attributes = attributesOf(node);
  if (node.opType === "GlobalAveragePool") return true;
  if (node.opType === "AveragePool") {
    // One window over everything.
    const kernel = attributes.ints("kernel_shape") ?? [];
    return kernel[0] === shape[2] && kernel[1] === shape[3] && !(attributes.ints("pads") ?? []).some((pad) => pad !== 0);
  }
  if (node.opType !== "ReduceMean") return false;
  // An attribute before opset 18, an input from then on.
  const axes = attributes.ints("axes") ?? known.get(node.input[1])?.value ?? [];
  return axes.length === 2 && axes.every((axis) => axis === 2 || axis === 3 || axis === -1 || axis === -2);
}
