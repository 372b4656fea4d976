import { float32 } from "../tensor.js";
import { isStandard } from "./model.js";
import type { AttributeProto, NodeProto, TensorProto } from "./proto.js";
import { tensorProto } from "./tensors.js";

/** Attribute of Constant → its tensor, exact for integers that a JavaScript number cannot hold. */
const FORMS: Readonly<Record<string, (item: AttributeProto) => TensorProto | undefined>> = {
  value: ({ t }) => t,
  value_float: ({ f }) => tensorProto("", float32([], [f])),
  value_floats: ({ floats }) => tensorProto("", float32([floats.length], floats)),
  value_int: ({ i }) => tensorProto("", { dtype: "int64", shape: [], data: BigInt64Array.of(i) }),
  value_ints: ({ ints }) => tensorProto("", { dtype: "int64", shape: [ints.length], data: BigInt64Array.from(ints) }),
};

/** The tensor of a Constant node; undefined for other nodes, and for text and sparse tensors. */
export function constantTensor({ domain, opType, attribute: [item] }: NodeProto): TensorProto | undefined {
  if (opType !== "Constant" || !isStandard(domain) || item === undefined) return undefined;
  return Object.hasOwn(FORMS, item.name) ? FORMS[item.name](item) : undefined;
}
