import { float32, type Tensor } from "../tensor.js";
import { attributesOf } from "./attributes.js";
import { constantTensor } from "./constant-node.js";
import { graphOf, isStandard, type Model, opsetOf } from "./model.js";
import { changed, type GraphProto, type NodeProto, type TensorProto } from "./proto.js";
import { readsOf } from "./rename.js";
import { tensorFrom, tensorProto } from "./tensors.js";
import { FLOAT } from "./types.js";

/** What a BatchNormalization does to a channel: y = factor · x + shift. */
interface Affine {
  readonly factor: Float64Array;
  readonly shift: Float64Array;
}

/** Weights and bias of a node with the affine map taken in, and what becomes of the node. */
interface Folded {
  readonly weights: Tensor<"float32">;
  readonly bias: Tensor<"float32">;
  readonly node: NodeProto;
}

/**
 * A model whose BatchNormalizations in inference form are part of the Conv or Gemm before them: nothing but rounding changes, as the
 * new weights are computed in float64. One that cannot be folded stays: its statistics or the weights are not constant float32, the
 * Conv feeds something else too, or something else stands before it. Constants that can be fed as inputs are not constant: see
 * `normalForm`.
 */
export function foldBatchNorm(model: Model): Model {
  const graph = graphOf(model);
  const names = new Names(graph);
  const producer = new Map<string, NodeProto>();
  /** What stands now where a node stood; a BatchNormalization that was folded is gone. */
  const nodes = new Map<NodeProto, NodeProto>();
  const current = (node: NodeProto) => nodes.get(node) ?? node;
  const gone = new Set<string>();
  const removed = new Set<NodeProto>();

  for (const node of graph.node) {
    const origin = isBatchNorm(node) ? producer.get(node.input[0]) : undefined;
    const before = origin && current(origin);
    const affine = before && names.reads(node.input[0]) === 1 ? affineOf(node, names, opsetOf(model)) : undefined;
    const folded = before && affine && foldInto(before, affine, names);
    if (origin && folded) {
      const { weights, bias } = folded;
      const input = [
        folded.node.input[0],
        names.replace(folded.node.input[1], weights, `${folded.node.input[1]}/folded`),
        names.replace(folded.node.input[2] ?? "", bias, `${folded.node.input[1]}/bias`),
      ];
      for (const name of node.input) names.drop(name);
      gone.add(node.input[0]);
      removed.add(node);
      nodes.set(origin, changed(folded.node, { input, output: [node.output[0]] }));
      producer.set(node.output[0], origin);
    } else {
      for (const name of node.output) producer.set(name, node);
    }
  }
  if (removed.size === 0) return model;
  return changed(model, {
    graph: changed(graph, {
      node: graph.node.filter((node) => !removed.has(node) && !names.isUnread(node)).map(current),
      initializer: names.initializers(),
      valueInfo: graph.valueInfo.filter(({ name }) => !gone.has(name)),
      quantizationAnnotation: graph.quantizationAnnotation.filter(({ tensorName }) => !gone.has(tensorName)),
    }),
  });
}

/** The map of a BatchNormalization (opset 1 to 15), or undefined when it is not a constant one per channel. */
function affineOf(node: NodeProto, names: Names, opset: number): Affine | undefined {
  const attributes = attributesOf(node);
  const inference = opset < 7 ? attributes.int("is_test", 0) === 1 : attributes.int("training_mode", 0) === 0;
  // More outputs are the statistics of the batch; without `spatial` every pixel has its own.
  const single = node.output.slice(1).every((name) => name === "");
  if (!inference || !single || (opset < 9 && attributes.int("spatial", 1) !== 1)) return undefined;
  const [scale, offset, mean, variance] = node.input.slice(1).map((name) => names.floats(name)?.data);
  if (!scale || !offset || !mean || !variance) return undefined;
  const epsilon = attributes.float("epsilon", 1e-5);
  // y = γ (x − μ) / √(σ² + ε) + β = s x + (β − s μ) with s = γ / √(σ² + ε)
  const factor = Float64Array.from(scale, (gamma, k) => gamma / Math.sqrt(variance[k] + epsilon));
  const shift = factor.map((s, k) => offset[k] - s * mean[k]);
  return factor.every(Number.isFinite) && shift.every(Number.isFinite) ? { factor, shift } : undefined;
}

/** Takes an affine map of the output channels into a node, or undefined when that cannot be done. */
function foldInto(node: NodeProto, affine: Affine, names: Names): Folded | undefined {
  const fold = isStandard(node.domain) && Object.hasOwn(FOLDS, node.opType) ? FOLDS[node.opType] : undefined;
  const weights = names.floats(node.input[1] ?? "");
  const hasBias = (node.input[2] ?? "") !== "";
  const bias = hasBias ? names.floats(node.input[2]) : undefined;
  if (!fold || !weights || (hasBias && !bias)) return undefined;
  const folded = fold(node, weights, bias, affine);
  // A tiny variance can take a weight out of the range of float32.
  return folded && [folded.weights, folded.bias].every(({ data }) => data.every(Number.isFinite)) ? folded : undefined;
}

type Fold = (
  node: NodeProto,
  weights: Tensor<"float32">,
  bias: Tensor<"float32"> | undefined,
  affine: Affine,
) => Folded | undefined;

const FOLDS: Readonly<Record<string, Fold>> = {
  /** W `[O, C / groups, …]`, b `[O]`. */
  Conv(node, { shape, data }, bias, { factor, shift }) {
    const [channels] = shape;
    if (channels !== factor.length) return undefined;
    const size = data.length / channels;
    return {
      node,
      weights: float32(
        shape,
        data.map((value, i) => value * factor[Math.floor(i / size)]),
      ),
      bias: float32(
        [channels],
        Float32Array.from(shift, (offset, k) => factor[k] * (bias?.data[k] ?? 0) + offset),
      ),
    };
  },
  /** Y = α A B + β C with B `[K, N]` or, transposed, `[N, K]`; C is broadcast to `[M, N]`. */
  Gemm(node, { shape, data }, bias, { factor, shift }) {
    const attributes = attributesOf(node);
    const transposed = attributes.int("transB", 0) !== 0;
    const [rows, columns] = shape;
    const channels = factor.length;
    if (shape.length !== 2 || (transposed ? rows : columns) !== channels) return undefined;
    // A bias that differs from row to row is none per channel.
    const perChannel = bias && (bias.data.length === 1 || (bias.data.length === channels && bias.shape.at(-1) === channels));
    if (bias && !perChannel) return undefined;
    const beta = attributes.float("beta", 1);
    const biasOf = (k: number) => (bias ? beta * bias.data[bias.data.length === 1 ? 0 : k] : 0);
    return {
      node: changed(node, { attribute: node.attribute.filter(({ name }) => name !== "beta") }),
      weights: float32(
        shape,
        data.map((value, i) => value * factor[transposed ? Math.floor(i / columns) : i % columns]),
      ),
      bias: float32(
        [channels],
        Float32Array.from(shift, (offset, k) => factor[k] * biasOf(k) + offset),
      ),
    };
  },
};

/** The constants of a graph by name, and who reads what, while it is being changed. */
class Names {
  readonly #initializers: Map<string, TensorProto>;
  readonly #nodes: ReadonlyMap<string, NodeProto>;
  readonly #fed: ReadonlySet<string>;
  readonly #reads = new Map<string, number>();
  /** Constants that have lost a reader here; others without readers were so before, and stay. */
  readonly #dropped = new Set<string>();

  constructor({ initializer, input, output, node }: GraphProto) {
    this.#initializers = new Map(initializer.map((tensor) => [tensor.name, tensor]));
    this.#nodes = new Map(node.filter((item) => isConstant(item)).map((item) => [item.output[0], item]));
    this.#fed = new Set(input.map(({ name }) => name));
    for (const name of [...node.flatMap(readsOf), ...output.map((info) => info.name)]) this.#add(name, 1);
  }

  /** How often a tensor is read, as output of the graph too. */
  reads(name: string): number {
    return this.#reads.get(name) ?? 0;
  }

  /** A constant float32 tensor that nobody can feed. */
  floats(name: string): Tensor<"float32"> | undefined {
    const constant = this.#nodes.get(name);
    const proto = constant ? constantTensor(constant) : this.#initializers.get(name);
    if (proto?.dataType !== FLOAT || proto.externalData.length > 0 || this.#fed.has(name)) return undefined;
    const { shape, data } = tensorFrom(proto);
    return data instanceof Float32Array ? { dtype: "float32", shape, data } : undefined;
  }

  /** Puts a tensor in the place of one that a node reads: under its name where it has no other reader. Returns the name. */
  replace(old: string, tensor: Tensor, otherwise: string): string {
    this.drop(old);
    const name = this.#initializers.has(old) && this.reads(old) === 0 ? old : this.#free(otherwise);
    this.#initializers.set(name, tensorProto(name, tensor));
    this.#dropped.delete(name);
    this.#add(name, 1);
    return name;
  }

  /** A node has ceased to read a tensor. */
  drop(name: string): void {
    this.#add(name, -1);
    this.#dropped.add(name);
  }

  /** Whether a node makes a constant that nobody reads any more. */
  isUnread(node: NodeProto): boolean {
    return isConstant(node) && this.#isUnread(node.output[0]);
  }

  initializers(): TensorProto[] {
    return [...this.#initializers.values()].filter(({ name }) => !this.#isUnread(name));
  }

  #isUnread(name: string): boolean {
    return this.#dropped.has(name) && this.reads(name) === 0;
  }

  #add(name: string, count: number): void {
    this.#reads.set(name, this.reads(name) + count);
  }

  #free(stem: string): string {
    const taken = (name: string) => this.#reads.has(name) || this.#initializers.has(name) || this.#fed.has(name);
    let name = stem;
    for (let index = 2; taken(name); index++) name = `${stem}_${index}`;
    return name;
  }
}

const isBatchNorm = (node: NodeProto) => isStandard(node.domain) && node.opType === "BatchNormalization";
const isConstant = (node: NodeProto) => isStandard(node.domain) && node.opType === "Constant";
