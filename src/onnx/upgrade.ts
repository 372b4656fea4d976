import { UserError } from "../errors.js";
import { constantTensor } from "./constant-node.js";
import { knownOf } from "./known.js";
import { graphOf, isStandard, type Model, opsetOf } from "./model.js";
import { type AttributeProto, changed, type GraphProto, type NodeProto, newOpset, type TensorProto } from "./proto.js";
import { bodiesOf, readsOf } from "./rename.js";
import { inferShapes } from "./shapes.js";
import { tensorFrom, tensorProto } from "./tensors.js";
import { FLOAT } from "./types.js";
import { LAST_UPGRADE, UPGRADES, type UpgradeContext } from "./upgrade-rules.js";

/** The version of the standard operators that networks are trained in: the first one with Gelu. */
export const TRAINING_OPSET = 20;

/**
 * The same network in a newer version of the standard operators; one that is in `target` or newer comes back as it is. The
 * model is in normal form. Operators of other domains, unknown ones and local functions stay as they are.
 *
 * @throws UserError `bad-model` naming a node that cannot be said in `target`
 * @throws RangeError when `target` is newer than the last version whose changes are known
 */
export function upgradeOpset(model: Model, target = TRAINING_OPSET): Model {
  const from = opsetOf(model);
  if (from >= target) return model;
  if (target > LAST_UPGRADE) throw new RangeError(`changes of operators are known up to opset ${LAST_UPGRADE}, not ${target}`);
  const graph = graphOf(model);
  const added: TensorProto[] = [];
  const node = upgradedNodes(graph.node, { from, target }, contextOf(graph, added));
  // What one version added, a later one may have dropped again.
  const reads = new Set(node.flatMap(readsOf));
  const initializer = [...graph.initializer, ...added.filter(({ name }) => reads.has(name))];
  return changed(model, {
    graph: changed(graph, { node, initializer }),
    opsetImport: model.opsetImport.map((item) => (isStandard(item.domain) ? newOpset(item.domain, target) : item)),
  });
}

interface Versions {
  readonly from: number;
  readonly target: number;
}

function upgradedNodes(nodes: readonly NodeProto[], versions: Versions, context: UpgradeContext): NodeProto[] {
  return nodes.flatMap((node) => upgraded(withUpgradedBodies(node, versions, context), versions, context));
}

/** One version after the other: what a row writes, a later row may change again. */
function upgraded(node: NodeProto, { from, target }: Versions, context: UpgradeContext): readonly NodeProto[] {
  let nodes: readonly NodeProto[] = [node];
  for (let version = from + 1; version <= target; version++) {
    nodes = nodes.flatMap((item) => {
      const row = isStandard(item.domain) ? UPGRADES[item.opType]?.find(({ since }) => since === version) : undefined;
      if (row === undefined) return item;
      const result = row.upgrade(item, context);
      if (result !== undefined) return result;
      throw new UserError("bad-model", `node "${item.name}" (${item.opType}, opset ${from}) cannot be said in opset ${target}`, {
        hint: `Export the network again with opset ${target}.`,
      });
    });
  }
  return nodes;
}

function withUpgradedBodies(node: NodeProto, versions: Versions, context: UpgradeContext): NodeProto {
  if (bodiesOf(node).length === 0) return node;
  const body = (graph: GraphProto) => changed(graph, { node: upgradedNodes(graph.node, versions, context) });
  const attribute = node.attribute.map(
    (item): AttributeProto => changed(item, { ...(item.g && { g: body(item.g) }), graphs: item.graphs.map(body) }),
  );
  return changed(node, { attribute });
}

/** What upgrades see of a graph. What they add goes to `added`: bodies see the initializers of the outermost graph. */
function contextOf(graph: GraphProto, added: TensorProto[]): UpgradeContext {
  const graphs = allGraphs(graph);
  const known = new Map(graphs.flatMap((item) => [...inferShapes(item)]));
  const reads = new Set([...graph.node.flatMap(readsOf), ...graphs.flatMap(({ output }) => output.map(({ name }) => name))]);
  const constants = new Map(graphs.flatMap(constantsOf));
  const taken = new Set([...known.keys(), ...reads]);
  const fresh = (stem: string) => {
    let name = stem;
    for (let index = 1; taken.has(name); index++) name = `${stem}_${index}`;
    taken.add(name);
    return name;
  };
  return {
    known: (name) => known.get(name) ?? {},
    isRead: (name) => reads.has(name),
    floats(name) {
      const tensor = constants.get(name);
      return tensor?.dataType === FLOAT ? Array.from(tensorFrom(tensor).data, Number) : undefined;
    },
    fresh,
    constant(stem, tensor) {
      const proto = tensorProto(fresh(stem), tensor);
      added.push(proto);
      known.set(proto.name, knownOf(proto));
      constants.set(proto.name, proto);
      return proto.name;
    },
  };
}

/** A graph and all bodies inside it. */
function allGraphs(graph: GraphProto): GraphProto[] {
  return [graph, ...graph.node.flatMap(bodiesOf).flatMap(allGraphs)];
}

function constantsOf(graph: GraphProto): (readonly [string, TensorProto])[] {
  return [
    ...graph.initializer.map((tensor) => [tensor.name, tensor] as const),
    ...graph.node.flatMap((node) => {
      const tensor = constantTensor(node);
      return tensor ? [[node.output[0], tensor] as const] : [];
    }),
  ];
}
