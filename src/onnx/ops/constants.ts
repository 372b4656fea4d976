import { knownOf, LONGEST_VALUE, type ShapeRule } from "../known.js";
import { type Dim, FLOAT, INT64 } from "../types.js";
import { type Op, rows } from "./op.js";

const constant: ShapeRule = ({ attributes }) => {
  const tensor = attributes.tensor("value");
  if (tensor) return [knownOf(tensor)];
  if (attributes.has("value_int")) return [{ code: INT64, shape: [], value: [attributes.int("value_int", 0)] }];
  const integers = attributes.ints("value_ints");
  if (attributes.has("value_ints") && integers) return [{ code: INT64, shape: [integers.length], value: integers }];
  return attributes.has("value_float") ? [{ code: FLOAT, shape: [] }] : [];
};

const constantOfShape: ShapeRule = ({ inputs: [shape], attributes }) => {
  const filling = attributes.tensor("value");
  const item = filling && knownOf(filling).value?.[0];
  const [length = 1, ...more] = shape.value ?? [null];
  const isShort = more.length === 0 && typeof length === "number" && length <= LONGEST_VALUE;
  const value = item !== undefined && isShort ? new Array<Dim>(length).fill(item) : undefined;
  return [{ code: filling?.dataType ?? FLOAT, shape: shape.value, value }];
};

const shapeOf: ShapeRule = ({ inputs: [x], attributes }) => {
  const value = x.shape?.slice(attributes.int("start", 0), attributes.has("end") ? attributes.int("end", 0) : undefined);
  return [{ code: INT64, shape: [value?.length ?? null], value }];
};

/** What does not depend on numbers that are learned. */
export const CONSTANTS: Readonly<Record<string, Op>> = {
  Constant: { shape: constant, gradient: "zero" },
  ConstantOfShape: { shape: constantOfShape, gradient: "zero" },
  Shape: { shape: shapeOf, gradient: "zero" },
  ...rows({ shape: () => [], gradient: "zero" }, "EyeLike IsInf IsNaN NonZero OneHot Range Size"),
};
