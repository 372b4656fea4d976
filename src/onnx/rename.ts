import { type AttributeProto, changed, type GraphProto, type NodeProto } from "./proto.js";

/** All tensor names that a node reads, also inside the bodies of If, Loop and Scan. */
export function readsOf(node: NodeProto): string[] {
  return [
    ...node.input,
    ...bodiesOf(node).flatMap((body) => [...body.node.flatMap(readsOf), ...body.output.map(({ name }) => name)]),
  ];
}

/** The graphs inside a node: the branches of If, the bodies of Loop and Scan. */
export function bodiesOf(node: NodeProto): GraphProto[] {
  return node.attribute.flatMap(({ g, graphs }) => (g ? [g, ...graphs] : graphs));
}

/** A node of the standard operators under the one name of their domain, "", also inside its bodies: it has another, "ai.onnx". */
export function inPlainDomain(node: NodeProto): NodeProto {
  if (node.domain !== "ai.onnx" && bodiesOf(node).length === 0) return node;
  const body = (graph: GraphProto) => changed(graph, { node: graph.node.map(inPlainDomain) });
  return changed(node, {
    domain: node.domain === "ai.onnx" ? "" : node.domain,
    attribute: node.attribute.map((item) => changed(item, { ...(item.g && { g: body(item.g) }), graphs: item.graphs.map(body) })),
  });
}

/** A node whose tensors have other names, also inside its bodies. "" (an input left out) stays. */
export function renameNode(node: NodeProto, rename: (name: string) => string): NodeProto {
  const tensor = (name: string) => (name === "" ? "" : rename(name));
  return changed(node, {
    name: tensor(node.name),
    input: node.input.map(tensor),
    output: node.output.map(tensor),
    attribute: node.attribute.map((item) => renameBodies(item, rename)),
  });
}

/** A graph whose tensors have other names. Annotations of quantised tensors are dropped: they are hints, not semantics. */
export function renameGraph(graph: GraphProto, rename: (name: string) => string): GraphProto {
  const named = <T extends { name: string }>(items: readonly T[]) =>
    items.map((item) => changed(item, { name: rename(item.name) } as Partial<T>)); // T has a name
  return changed(graph, {
    node: graph.node.map((node) => renameNode(node, rename)),
    initializer: named(graph.initializer),
    sparseInitializer: graph.sparseInitializer.map((sparse) =>
      sparse.values ? changed(sparse, { values: changed(sparse.values, { name: rename(sparse.values.name) }) }) : sparse,
    ),
    input: named(graph.input),
    output: named(graph.output),
    valueInfo: named(graph.valueInfo),
    quantizationAnnotation: [],
  });
}

function renameBodies(item: AttributeProto, rename: (name: string) => string): AttributeProto {
  if (!item.g && item.graphs.length === 0) return item;
  return changed(item, {
    ...(item.g && { g: renameGraph(item.g, rename) }),
    graphs: item.graphs.map((graph) => renameGraph(graph, rename)),
  });
}
