import { ACTIVATION_CASES } from "./ops/activation.cases.js";
import { ARITHMETIC_CASES } from "./ops/arithmetic.cases.js";
import { ARRANGEMENT_CASES } from "./ops/arrangement.cases.js";
import { CONVOLUTION_CASES } from "./ops/convolution.cases.js";
import { INDEXING_CASES } from "./ops/indexing.cases.js";
import { NORMALIZATION_CASES } from "./ops/normalization.cases.js";
import type { OpCases } from "./ops/op.cases.js";
import { POOLING_CASES } from "./ops/pooling.cases.js";
import { PRODUCT_CASES } from "./ops/product.cases.js";
import { REDUCTION_CASES } from "./ops/reduction.cases.js";

/** Cases for every operator of `OPS` that has a gradient. */
export const OP_CASES: OpCases = {
  ...ACTIVATION_CASES,
  ...ARITHMETIC_CASES,
  ...ARRANGEMENT_CASES,
  ...CONVOLUTION_CASES,
  ...INDEXING_CASES,
  ...NORMALIZATION_CASES,
  ...POOLING_CASES,
  ...PRODUCT_CASES,
  ...REDUCTION_CASES,
};
