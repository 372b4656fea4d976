import { attributesOf } from "./attributes.js";
import { type Known, knownOf, type NodeView, ShapeError } from "./known.js";
import { opOf } from "./ops.js";
import type { GraphProto, NodeProto, ValueInfoProto } from "./proto.js";
import { type Dim, type Shape, tensorTypeOf, valueInfo } from "./types.js";

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

/** What is known of an output of a node: what its graph declares of it counts where no rule tells the shape. */
export function withDeclared(known: Known, declared: ValueInfoProto | undefined): Known {
  const type = known.shape === undefined && declared ? tensorTypeOf(declared) : undefined;
  return type?.shape ? { ...known, code: known.code ?? type.code, shape: type.shape } : known;
}

/**
 * What a graph declares of the tensors between its nodes, with the symbols of its inputs replaced by what these are now. Other symbols
 * are unknown, and so is what is less than 1; nothing is left where an input is not what the graph declares.
 */
export function declarationsFor(
  { input, valueInfo: infos }: Pick<GraphProto, "input" | "valueInfo">,
  shapeOf: (input: string) => Shape | undefined,
): ValueInfoProto[] {
  const symbols = new Map<string, Dim>();
  for (const info of input) {
    const shape = shapeOf(info.name);
    for (const [axis, extent] of (tensorTypeOf(info)?.shape ?? []).entries()) {
      const now = shape?.[axis] ?? null;
      if (typeof extent === "number" && now !== extent) return [];
      if (typeof extent === "string") symbols.set(extent, symbols.has(extent) && symbols.get(extent) !== now ? null : now);
    }
  }
  return infos.flatMap((info) => {
    const type = tensorTypeOf(info);
    if (!type?.shape) return [];
    const shape = type.shape.map((extent) => {
      const now = typeof extent === "string" ? (symbols.get(extent) ?? null) : extent;
      return typeof now === "number" && !(now >= 1) ? null : now;
    });
    return [valueInfo(info.name, { ...type, shape })];
  });
}

/** Shapes of all tensors of a graph whose nodes stand in order. What contradicts itself counts as unknown. */
export function inferShapes(graph: GraphProto): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const input of graph.input) {
    const type = tensorTypeOf(input);
    if (type) known.set(input.name, type);
  }
  for (const initializer of graph.initializer) known.set(initializer.name, knownOf(initializer));
  const declared = new Map(graph.valueInfo.map((info) => [info.name, info]));
  for (const node of graph.node) {
    const outputs = inferForeignNode(node, known);
    node.output.forEach((name, index) => {
      if (name !== "") known.set(name, withDeclared(outputs[index], declared.get(name)));
    });
  }
  return known;
}
