import { foldShapes } from "./fold-shapes.js";
import { graphOf, isStandard, type Model } from "./model.js";
import { changed, type TensorProto } from "./proto.js";
import { readsOf } from "./rename.js";

/**
 * A network whose weights and statistics can be told by name: constants and their copies are initializers, and every normalisation has
 * running statistics of its own. It computes the same.
 */
export function namedWeights(network: Model): Model {
  return separateStatistics(foldShapes(network, {}));
}

/**
 * Gives every normalisation running statistics that nothing else reads: exporters store equal tensors once, zeros and ones above all,
 * and these move apart in training.
 */
export function separateStatistics(model: Model): Model {
  const graph = graphOf(model);
  const reads = new Map<string, number>();
  for (const name of [...graph.node.flatMap(readsOf), ...graph.output.map((info) => info.name)]) {
    reads.set(name, (reads.get(name) ?? 0) + 1);
  }
  const constants = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const taken = new Set([
    ...constants.keys(),
    ...graph.input.map(({ name }) => name),
    ...graph.node.flatMap(({ output }) => output),
  ]);
  const copies: TensorProto[] = [];
  const copyOf = (tensor: TensorProto, stem: string): string => {
    let name = stem;
    for (let index = 2; taken.has(name); index++) name = `${stem}_${index}`;
    taken.add(name);
    copies.push(changed(tensor, { name }));
    reads.set(tensor.name, (reads.get(tensor.name) ?? 0) - 1);
    return name;
  };
  const node = graph.node.map((item) => {
    if (item.opType !== "BatchNormalization" || !isStandard(item.domain)) return item;
    const input = item.input.map((name, index) => {
      const statistic = ["", "", "", "running_mean", "running_variance"][index];
      const tensor = statistic ? constants.get(name) : undefined;
      return tensor && (reads.get(name) ?? 0) > 1 ? copyOf(tensor, `${item.output[0]}/${statistic}`) : name;
    });
    return changed(item, { input });
  });
  if (copies.length === 0) return model;
  return changed(model, { graph: changed(graph, { node, initializer: [...graph.initializer, ...copies] }) });
}
