import type { Tensor } from "../tensor.js";
import { graphOf, type Model } from "./model.js";
import { opOf } from "./ops.js";
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

/** Operators whose weights multiply what went before: a network starts with the first of them. */
const PRODUCT_OPS = new Set(["Conv", "Gemm", "MatMul", "Gather"]);

/**
 * What a network learns, in the order of use: the float32 constants that its operators multiply, add or look up. What stands before
 * the first product (the normalisation of the input) is not learned, nor are single numbers (the halves of a GELU).
 */
export function learnableParameters(model: Model): Parameter[] {
  const { node, initializer } = graphOf(model);
  const constants = new Map(initializer.map((tensor) => [tensor.name, tensor]));
  const depends = new Set<string>();
  const found = new Map<string, Parameter>();
  node.forEach((item, place) => {
    const isProduct = PRODUCT_OPS.has(item.opType);
    const after = item.input.some((name) => depends.has(name));
    if (isProduct || after) for (const name of item.output) depends.add(name);
    if (!isProduct && !after) return;
    for (const index of opOf(item)?.learns ?? []) {
      const tensor = constants.get(item.input[index] ?? "");
      const size = tensor?.dims.reduce((product, extent) => product * Number(extent), 1) ?? 0;
      if (tensor?.dataType !== FLOAT || size < 2 || found.has(tensor.name)) continue;
      const value = tensorFrom(tensor) as Tensor<"float32">; // FLOAT is float32
      found.set(tensor.name, { name: tensor.name, value, decays: isProduct && value.shape.length > 1, node: place });
    }
  });
  return [...found.values()];
}
