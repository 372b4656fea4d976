import { UserError } from "../errors.js";
import type { Known } from "./known.js";
import { graphOf, type Model } from "./model.js";
import { neededPart } from "./needed.js";
import { changed, type GraphProto, type NodeProto } from "./proto.js";
import { readsOf } from "./rename.js";
import { inferShapes } from "./shapes.js";
import { FLOAT, type Shape, shapeText, valueInfo } from "./types.js";

/** A tensor that can serve as embedding. */
export interface Candidate {
  readonly name: string;
  /** D after global average pooling, or undefined where shape inference does not tell. */
  readonly size: number | undefined;
  readonly shape: Shape | undefined;
  /** Why it is a candidate: "input of the classifier Gemm", "global pool", "output". */
  readonly role: string;
}

/** Operators between the classifier's product and the model's output. */
const AFTER_CLASSIFIER = new Set("Add Cast Dropout Flatten Identity LogSoftmax Reshape Sigmoid Softmax Squeeze".split(" "));
const PRODUCTS = new Set(["Gemm", "MatMul"]);
const POOLS = new Set(["GlobalAveragePool", "GlobalMaxPool", "ReduceMean"]);
const EMBEDDING_NAME = /embed|feature|pooler|pooled/i;

/**
 * Tensors that can serve as embedding, the most likely first: what goes into the classifier, the outputs, then global
 * pools and flattened tensors from the end to the start.
 */
export function findEmbeddings(model: Model): Candidate[] {
  const graph = graphOf(model);
  const known = inferShapes(graph);
  const found = new Map<string, Candidate>();
  const add = (name: string, role: string) => {
    const { shape, code } = known.get(name) ?? {};
    const rank = shape?.length;
    if (found.has(name) || (code !== undefined && code !== FLOAT) || (rank !== undefined && rank !== 2 && rank !== 4)) return;
    found.set(name, { name, shape, role, size: sizeOfEmbedding(shape) });
  };
  for (const { name } of graph.output) {
    const before = EMBEDDING_NAME.test(name) ? undefined : beforeClassifier(graph, name, known);
    if (before) add(before.input[0], `input of the classifier ${before.opType}`);
    else add(name, "output");
  }
  for (const node of graph.node.toReversed()) {
    if (POOLS.has(node.opType)) add(node.output[0], "global pool");
    if (node.opType === "Flatten") add(node.output[0], "flattened");
    if (PRODUCTS.has(node.opType) && isConstant(graph, node.input[1])) add(node.input[0], `input of a ${node.opType}`);
  }
  for (const { name } of graph.output) add(name, "output");
  return [...found.values()];
}

/** D of an embedding `[N, D]` or a feature map `[N, D, H, W]`. */
function sizeOfEmbedding(shape: Shape | undefined): number | undefined {
  const size = shape?.[1];
  return typeof size === "number" ? size : undefined;
}

/** The product that makes the class scores, walking up from an output. */
function beforeClassifier(graph: GraphProto, output: string, known: ReadonlyMap<string, Known>): NodeProto | undefined {
  const producer = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  for (let node = producer.get(output); node; ) {
    const last = node;
    if (PRODUCTS.has(last.opType)) return isConstant(graph, last.input[1]) ? last : undefined;
    // A 1×1 Conv on pooled pixels is a Gemm in other words.
    if (last.opType === "Conv") return isPooled(known.get(last.input[0])?.shape) ? last : undefined;
    if (!AFTER_CLASSIFIER.has(last.opType)) return undefined;
    node = last.input.map((name) => producer.get(name)).find((before) => before !== undefined && before.opType !== "Constant");
    if (node === last) return undefined;
  }
  return undefined;
}

function isPooled(shape: Shape | undefined): boolean {
  return shape?.length === 4 && shape[2] === 1 && shape[3] === 1;
}

function isConstant(graph: GraphProto, name: string | undefined): boolean {
  if (graph.initializer.some((tensor) => tensor.name === name)) return true;
  const node = graph.node.find(({ output }) => output.includes(name ?? ""));
  return node !== undefined && ["Constant", "DequantizeLinear", "Identity", "Transpose"].includes(node.opType);
}

/**
 * The part of a model that computes one tensor, which becomes its only output. Nodes and weights that are no longer needed
 * are gone.
 *
 * @throws UserError `bad-model` listing the candidates when there is no such tensor
 */
export function cutAt(model: Model, tensorName: string): Model {
  const graph = graphOf(model);
  const producer = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  if (tensorName === "" || !producer.has(tensorName)) {
    const names = findEmbeddings(model).map(({ name, shape }) => `"${name}" ${shapeText(shape)}`);
    throw new UserError("bad-model", `the model computes no tensor "${tensorName}"`, {
      hint: names.length > 0 ? `Candidates: ${names.slice(0, 8).join(", ")}.` : "Open the model in Netron to see its tensors.",
    });
  }
  const type = inferShapes(graph).get(tensorName);
  const output = [valueInfo(tensorName, { code: type?.code ?? FLOAT, shape: type?.shape })];
  const part = neededPart(changed(graph, { output }));
  const read = new Set(part.node.flatMap(readsOf));
  return changed(model, { graph: changed(part, { input: part.input.filter(({ name }) => read.has(name)) }) });
}
