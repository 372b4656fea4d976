import { attributesOf } from "./attributes.js";
import { type Known, knownOf, type NodeView, ShapeError } from "./known.js";
import { opOf } from "./ops.js";
import type { GraphProto, NodeProto } from "./proto.js";
import { tensorTypeOf } from "./types.js";

/** What is known of a node's outputs; unknown operators give outputs of unknown shape. @throws ShapeError on a contradiction */
export function inferNode(node: NodeProto, known: ReadonlyMap<string, Known>): Known[] {
  const view: NodeView = {
    inputs: node.input.map((name) => known.get(name) ?? {}),
    attributes: attributesOf(node),
    outputCount: node.output.length,
  };
  const outputs = opOf(node)?.shape(view) ?? [];
  return node.output.map((_, index) => outputs[index] ?? {});
}

/**
 * What is known of a node's outputs; what contradicts itself counts as unknown: whether a foreign model runs is for ONNX
 * Runtime to say.
 */
export function inferForeignNode(node: NodeProto, known: ReadonlyMap<string, Known>): Known[] {
  try {
    return inferNode(node, known);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return node.output.map(() => ({}));
  }
}

/** Shapes of all tensors of a graph whose nodes stand in order. What contradicts itself counts as unknown. */
export function inferShapes(graph: GraphProto): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const input of graph.input) {
    const type = tensorTypeOf(input);
    if (type) known.set(input.name, type);
  }
  for (const initializer of graph.initializer) known.set(initializer.name, knownOf(initializer));
  for (const node of graph.node) {
    const outputs = inferForeignNode(node, known);
    node.output.forEach((name, index) => {
      if (name !== "") known.set(name, outputs[index]);
    });
  }
  return known;
}
