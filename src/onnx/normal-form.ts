import { attributesOf } from "./attributes.js";
import { IR_VERSION } from "./builder.js";
import { graphOf, type Model } from "./model.js";
import { changed, type GraphProto, type NodeProto, newOpset, newTensor } from "./proto.js";
import { inPlainDomain, readsOf } from "./rename.js";
import { declarationsFor, inferShapes } from "./shapes.js";
import { INT64, tensorTypeOf, valueInfo } from "./types.js";

/**
 * A model in the form the other functions expect: weights are no longer listed among the inputs (IR versions before 4 did
 * that, and ONNX Runtime does not fold what could be fed), nodes stand in order, the domain of the standard operators is "", and the
 * batch is symbolic "N".
 */
export function normalForm(model: Model): Model {
  const graph = graphOf(model);
  const weights = new Set([
    ...graph.initializer.map(({ name }) => name),
    ...graph.sparseInitializer.map(({ values }) => values?.name),
  ]);
  const input = graph.input.filter(({ name }) => !weights.has(name));
  const sorted = changed(graph, { input, node: sortNodes(graph.node).map(inPlainDomain) });
  return changed(model, {
    irVersion: BigInt(Math.max(Number(model.irVersion), IR_VERSION)),
    opsetImport: model.opsetImport.map((item) => (item.domain === "ai.onnx" ? newOpset("", Number(item.version)) : item)),
    graph: symbolicBatch(sorted),
  });
}

/** Nodes in an order in which every tensor is made before it is read; nodes that are in order keep it. */
export function sortNodes(nodes: readonly NodeProto[]): NodeProto[] {
  const producer = new Map(nodes.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const done = new Set<NodeProto>();
  const sorted: NodeProto[] = [];
  // An explicit stack: a deep network would overflow the one of JavaScript.
  for (const root of nodes) {
    const stack = [{ node: root, ready: false }];
    for (let top = stack.pop(); top; top = stack.pop()) {
      const { node, ready } = top;
      if (ready) sorted.push(node);
      if (ready || done.has(node)) continue;
      done.add(node);
      stack.push({ node, ready: true });
      for (const name of readsOf(node)) {
        const before = producer.get(name);
        if (before && !done.has(before)) stack.push({ node: before, ready: false });
      }
    }
  }
  return sorted;
}

/**
 * Frees a fixed batch: in the inputs, and in the Reshape targets that spell it out. What a graph declares of the
 * tensors between its nodes stays where it does not spell out the batch.
 */
function symbolicBatch(graph: GraphProto): GraphProto {
  const types = graph.input.map(tensorTypeOf);
  const batch = types[0]?.shape?.[0];
  const input = graph.input.map((info, index) => {
    const type = types[index];
    return type?.shape && type.shape.length > 0 ? valueInfo(info.name, { ...type, shape: ["N", ...type.shape.slice(1)] }) : info;
  });
  const output = graph.output.map((info) => {
    const type = tensorTypeOf(info);
    return type?.shape && type.shape.length > 0 ? valueInfo(info.name, { ...type, shape: ["N", ...type.shape.slice(1)] }) : info;
  });
  const shapes = new Map(input.map((info) => [info.name, tensorTypeOf(info)?.shape]));
  const freed = changed(graph, { input, output, valueInfo: declarationsFor(graph, (name) => shapes.get(name)) });
  return typeof batch === "number" ? freeReshapes(freed, batch, inferShapes(graph)) : freed;
}

/** Reshape to `[1, …]` of a tensor whose first extent is the batch 1: 0 means "as it comes in". */
function freeReshapes(graph: GraphProto, batch: number, known: ReturnType<typeof inferShapes>): GraphProto {
  const added = new Map<string, GraphProto["initializer"][number]>();
  const node = graph.node.map((item) => {
    const target = known.get(item.input[1] ?? "")?.value;
    const fixed = item.opType === "Reshape" && target && target[0] === batch && known.get(item.input[0])?.shape?.[0] === batch;
    if (!fixed || attributesOf(item).int("allowzero", 0) === 1 || !target.every((extent) => typeof extent === "number"))
      return item;
    const name = `${item.input[1]}/free`;
    const values = BigInt64Array.from([0, ...target.slice(1)], BigInt);
    added.set(name, newTensor({ name, dims: [BigInt(values.length)], dataType: INT64, rawData: new Uint8Array(values.buffer) }));
    return changed(item, { input: [item.input[0], name] });
  });
  return changed(graph, { node, initializer: [...graph.initializer, ...added.values()] });
}
