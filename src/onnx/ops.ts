import { KERNEL_DOMAIN } from "./emitter.js";
import { ACTIVATION_OPS } from "./ops/activation.js";
import { ARITHMETIC } from "./ops/arithmetic.js";
import { ARRANGEMENTS } from "./ops/arrangement.js";
import { CONSTANTS } from "./ops/constants.js";
import { CONVOLUTIONS } from "./ops/convolution.js";
import { INDEXING } from "./ops/indexing.js";
import { KERNELS } from "./ops/kernels.js";
import { NORMALIZATIONS } from "./ops/normalization.js";
import type { Op } from "./ops/op.js";
import { POOLS } from "./ops/pooling.js";
import { PRODUCTS } from "./ops/product.js";
import { REDUCTIONS } from "./ops/reduction.js";
import { BLOCKED_OPS, NCHWC_DOMAIN, RUNTIME_OPS } from "./ops/runtime.js";

/** The standard operators: shapes and gradients. One that is missing has outputs of unknown shape, which is not an error. */
export const OPS: Readonly<Record<string, Op>> = {
  ...ARITHMETIC,
  ...ACTIVATION_OPS,
  ...PRODUCTS,
  ...CONVOLUTIONS,
  ...POOLS,
  ...NORMALIZATIONS,
  ...REDUCTIONS,
  ...ARRANGEMENTS,
  ...INDEXING,
  ...CONSTANTS,
};

const DOMAINS: Readonly<Record<string, Readonly<Record<string, Op>>>> = {
  "": OPS,
  "ai.onnx": OPS,
  [KERNEL_DOMAIN]: KERNELS,
  "com.microsoft": RUNTIME_OPS,
  [NCHWC_DOMAIN]: BLOCKED_OPS,
};

/** What is known of a node's operator, if anything. */
export function opOf({ domain, opType }: { readonly domain: string; readonly opType: string }): Op | undefined {
  const table = Object.hasOwn(DOMAINS, domain) ? DOMAINS[domain] : undefined;
  return table && Object.hasOwn(table, opType) ? table[opType] : undefined;
}
