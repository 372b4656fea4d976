import type { Tensor } from "../tensor.js";
import { graphOf, isStandard, type Model } from "./model.js";
import { opOf } from "./ops.js";
import type { GraphProto, NodeProto, TensorProto } from "./proto.js";
import { tensorFrom } from "./tensors.js";
import { FLOAT } from "./types.js";

/** A tensor that a network learns. */
export interface Parameter {
  /** Of the initializer. */
  readonly name: string;
  readonly value: Tensor<"float32">;
  /** Whether weight decay applies: to the weights of products, not to biases and normalisations. */
  readonly decays: boolean;
  /** Where in the order of the nodes it is first used. */
  readonly node: number;
}

/** Operators whose weights multiply what went before, by the inputs that are weights and no biases. */
const PRODUCT_WEIGHTS: Readonly<Record<string, readonly number[]>> = { Conv: [1], Gemm: [0, 1], MatMul: [0, 1], Gather: [0] };

/** What a single number stands for that is added or multiplied: the halves of a GELU, an epsilon, a temperature. */
const FORMULAS = new Set(["Add", "Sub", "Mul", "Div"]);

/** Operators that show a weight in another shape or order: it learns through them. */
const VIEWS = new Set(["Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"]);

/**
 * What a network learns, in the order of use: the float32 constants that its operators multiply, add or look up, also as seen through
 * Transpose, Reshape and the like. What stands before the first product (the normalisation of the input) is not learned, nor are
 * single numbers that are added or multiplied (the halves of a GELU). The constants are initializers: see `foldShapes`.
 */
export function learnableParameters(model: Model): Parameter[] {
  const { node } = graphOf(model);
  const { originOf, isFixed } = constantsOf(graphOf(model));
  const depends = new Set<string>();
  const found = new Map<string, Parameter>();
  node.forEach((item, place) => {
    const weights = productWeights(item);
    const isProduct = weights.some((index) => isFixed(item.input[index]));
    const after = item.input.some((name) => depends.has(name));
    if (!isProduct && !after) return;
    for (const name of item.output) depends.add(name);
    for (const index of opOf(item)?.learns ?? []) {
      const tensor = originOf(item.input[index] ?? "");
      if (tensor?.dataType !== FLOAT || found.has(tensor.name)) continue;
      const size = tensor.dims.reduce((product, extent) => product * Number(extent), 1);
      if (size < (FORMULAS.has(item.opType) ? 2 : 1)) continue;
      const value = tensorFrom(tensor) as Tensor<"float32">; // FLOAT is float32
      found.set(tensor.name, { name: tensor.name, value, decays: weights.includes(index), node: place });
    }
  });
  return [...found.values()];
}

/**
 * Products whose weights cannot be learned, by their place in the order of the nodes: the weights are computed from constants (cast from
 * float16, concatenated), or constants of another type than float32.
 */
export function unlearnableProducts(model: Model): number[] {
  const { node } = graphOf(model);
  const { originOf, isFixed } = constantsOf(graphOf(model));
  return node.flatMap((item, place) => {
    const given = item.opType === "Gather" ? [] : productWeights(item).filter((index) => isFixed(item.input[index]));
    return given.some((index) => originOf(item.input[index])?.dataType !== FLOAT) ? [place] : [];
  });
}

function productWeights({ domain, opType }: NodeProto): readonly number[] {
  return isStandard(domain) && Object.hasOwn(PRODUCT_WEIGHTS, opType) ? PRODUCT_WEIGHTS[opType] : [];
}

/** Which tensors of a graph are computed from constants by no product, and which of them only show a constant. */
function constantsOf({ node, initializer }: GraphProto) {
  const origins = new Map<string, TensorProto | undefined>(initializer.map((tensor) => [tensor.name, tensor]));
  for (const item of node) {
    const { domain, opType, input, output } = item;
    if (productWeights(item).length > 0 || !input.every((name) => name === "" || origins.has(name))) continue;
    const isView = isStandard(domain) && VIEWS.has(opType);
    for (const name of output) if (name !== "") origins.set(name, isView ? origins.get(input[0]) : undefined);
  }
  return { originOf: (name: string) => origins.get(name), isFixed: (name: string) => origins.has(name) };
}
