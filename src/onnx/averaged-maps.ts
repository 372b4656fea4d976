import { attributesOf } from "./attributes.js";
import type { Known } from "./known.js";
import type { GraphProto, NodeProto } from "./proto.js";
import { EMBEDDING } from "./surgery.js";

/** Operators that change the shape of pooled features and nothing else. */
const RESHAPES = new Set(["Dropout", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"]);

/** The feature maps `[N, C, H, W]` whose averages over H and W make the embedding, in its order. */
export function averagedMaps(graph: GraphProto, known: ReadonlyMap<string, Known>): readonly string[] | undefined {
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

/** Whether a node averages each of its feature maps `[N, C, H, W]` over all places. */
export function averagesPlaces(node: NodeProto, known: ReadonlyMap<string, Known>): boolean {
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
