import { UserError } from "../errors.js";
import { checkTensor, tensorsOf } from "./check-tensors.js";
import { graphOf, isStandard, type Model } from "./model.js";
import type { GraphProto, NodeProto } from "./proto.js";
import { bodiesOf, readsOf } from "./rename.js";
import { dataTypeName, FLOAT, shapeText, tensorTypeOf } from "./types.js";

/** The standard operator versions that ONNX Runtime 1.30 runs. */
export const OPSETS = { lowest: 7, highest: 26 } as const;

/** More than any network has, less than what fills the memory. */
const MOST_NODES = 200_000;

/** What is wrong with a model, or undefined. */
type Check = (model: Model) => string | undefined;

/**
 * Refuses what no image network needs and what damaged or hostile files hold, before any native code sees the model:
 * data outside the file, tensors that disagree with their bytes, cycles, names that clash or lead nowhere, NaN weights.
 *
 * @throws UserError `bad-model` naming the file and the part
 */
export function checkModel(model: Model, { file = "the model" }: { readonly file?: string } = {}): void {
  for (const check of CHECKS) {
    const problem = check(model);
    if (problem !== undefined) {
      throw new UserError("bad-model", `${file}: ${problem}`, {
        hint: "Check the file in Netron, download it again, or export it again.",
      });
    }
  }
}

/** The inputs that an image must be fed to: those that are not weights. */
export function freeInputs(graph: GraphProto): GraphProto["input"] {
  const weights = new Set([
    ...graph.initializer.map(({ name }) => name),
    ...graph.sparseInitializer.map(({ values }) => values?.name),
  ]);
  return graph.input.filter(({ name }) => !weights.has(name));
}

const checkOpset: Check = ({ opsetImport }) => {
  const standard = opsetImport.find(({ domain }) => isStandard(domain));
  if (standard === undefined) return "it does not say which version of the ONNX operators it uses";
  const { lowest, highest } = OPSETS;
  const supported = standard.version >= lowest && standard.version <= highest;
  return supported ? undefined : `it uses opset ${standard.version}; ONNX Runtime 1.30 supports ${lowest} to ${highest}`;
};

const checkInputs: Check = (model) => {
  const inputs = freeInputs(graphOf(model));
  if (inputs.length === 0) return "the graph has no inputs";
  for (const info of inputs) {
    const type = tensorTypeOf(info);
    if (type === undefined) return `input "${info.name}" has no tensor type`;
    const bad = type.shape?.find((extent) => typeof extent === "number" && extent <= 0);
    if (bad !== undefined) return `input "${info.name}" has an impossible shape ${shapeText(type.shape)}`;
  }
  if (inputs.length > 1) return `it has ${inputs.length} inputs (${quoted(inputs)}); an image network has one`;
  const [image] = inputs;
  const type = tensorTypeOf(image);
  if (type?.code !== FLOAT) return `input "${image.name}" is ${dataTypeName(type?.code ?? 0)}; images are float32`;
  const rank = type.shape?.length ?? 4;
  return rank === 4 ? undefined : `input "${image.name}" has the shape ${shapeText(type.shape)}; images are [N, C, H, W]`;
};

const checkOutputs: Check = (model) => {
  const { output } = graphOf(model);
  if (output.length === 0) return "the graph has no outputs";
  const untyped = output.find((info) => tensorTypeOf(info) === undefined);
  return untyped && `output "${untyped.name}" has no tensor type`;
};

const checkTensors: Check = (model) => {
  for (const tensor of tensorsOf(model)) {
    const problem = checkTensor(tensor);
    if (problem !== undefined) return `tensor "${tensor.name}" ${problem}`;
  }
  return undefined;
};

const checkNames: Check = (model) => {
  const graph = graphOf(model);
  if (countNodes(graph.node) > MOST_NODES) return `it has more than ${MOST_NODES} nodes`;
  return checkScope(graph, new Set());
};

/** Every name is written once, before or after it is read; bodies also see what surrounds them. */
function checkScope(graph: GraphProto, outer: ReadonlySet<string>): string | undefined {
  const inside = new Set<string>(graph.input.map(({ name }) => name));
  for (const { name } of graph.initializer) inside.add(name);
  for (const { values } of graph.sparseInitializer) if (values) inside.add(values.name);
  for (const node of graph.node) {
    for (const name of node.output) {
      if (name === "") continue;
      if (inside.has(name)) return `two parts of the graph write "${name}"`;
      inside.add(name);
    }
  }
  const visible = outer.size === 0 ? inside : new Set([...outer, ...inside]);
  for (const node of graph.node) {
    const missing = node.input.find((name) => name !== "" && !visible.has(name));
    if (missing !== undefined) return `node ${nodeName(node)} reads "${missing}", which nothing writes`;
    for (const body of bodiesOf(node)) {
      const problem = checkScope(body, visible);
      if (problem !== undefined) return problem;
    }
  }
  const lost = graph.output.find(({ name }) => !visible.has(name));
  return (lost && `output "${lost.name}" is written by nothing`) ?? checkAcyclic(graph.node);
}

/** Takes away nodes whose inputs are all made, until none is left (Kahn's algorithm). */
function checkAcyclic(nodes: readonly NodeProto[]): string | undefined {
  const producer = new Map(nodes.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const waiting = new Map<NodeProto, number>();
  const readers = new Map<NodeProto, NodeProto[]>();
  for (const node of nodes) {
    const before = new Set(readsOf(node).flatMap((name) => (name === "" ? [] : (producer.get(name) ?? []))));
    waiting.set(node, before.size);
    for (const item of before) {
      const list = readers.get(item);
      if (list) list.push(node);
      else readers.set(item, [node]);
    }
  }
  const ready = nodes.filter((node) => waiting.get(node) === 0);
  let done = 0;
  for (let node = ready.pop(); node; node = ready.pop()) {
    done++;
    for (const reader of readers.get(node) ?? []) {
      const left = waiting.get(reader)! - 1;
      waiting.set(reader, left);
      if (left === 0) ready.push(reader);
    }
  }
  const stuck = done < nodes.length ? nodes.find((node) => waiting.get(node)! > 0) : undefined;
  return stuck && `the graph has a cycle through node ${nodeName(stuck)}`;
}

function countNodes(nodes: readonly NodeProto[]): number {
  return nodes.reduce((sum, node) => sum + 1 + bodiesOf(node).reduce((inner, body) => inner + countNodes(body.node), 0), 0);
}

function nodeName(node: NodeProto): string {
  return `"${node.name || node.output[0] || "?"}" (${node.opType})`;
}

function quoted(items: readonly { readonly name: string }[]): string {
  return items
    .slice(0, 5)
    .map(({ name }) => `"${name}"`)
    .join(", ");
}

/** In this order: the first reason is the one that is told. */
const CHECKS: readonly Check[] = [checkOpset, checkInputs, checkOutputs, checkTensors, checkNames];
