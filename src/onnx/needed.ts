import { changed, type GraphProto, type NodeProto } from "./proto.js";
import { readsOf } from "./rename.js";

/** A graph without the nodes, weights and declarations that its outputs do not depend on; all its inputs stay. */
export function neededPart(graph: GraphProto): GraphProto {
  const producer = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const needed = new Set<string>();
  const nodes = new Set<NodeProto>();
  const pending = graph.output.map(({ name }) => name);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (needed.has(name)) continue;
    needed.add(name);
    const node = producer.get(name);
    if (node && !nodes.has(node)) {
      nodes.add(node);
      pending.push(...readsOf(node));
    }
  }
  return changed(graph, {
    node: graph.node.filter((node) => nodes.has(node)),
    initializer: graph.initializer.filter(({ name }) => needed.has(name)),
    sparseInitializer: graph.sparseInitializer.filter(({ values }) => values !== undefined && needed.has(values.name)),
    valueInfo: graph.valueInfo.filter(({ name }) => needed.has(name)),
    quantizationAnnotation: graph.quantizationAnnotation.filter((item) => needed.has(item.tensorName)),
  });
}
