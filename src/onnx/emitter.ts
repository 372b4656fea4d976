import { float32, int64 } from "../tensor.js";
import type { AttributeValue } from "./attributes.js";
import type { GraphBuilder, Value } from "./builder.js";
import { UnknownExtents } from "./known.js";

/** The domain of operators that exist only while a graph is being made: a layout turns each into what a runtime has. */
export const KERNEL_DOMAIN = "sigmax";

/** Writes nodes into a graph whose shapes are all known, and keeps one of each constant. */
export interface Emitter {
  readonly graph: GraphBuilder;
  op(
    opType: string,
    inputs: readonly Value[],
    attributes?: Readonly<Record<string, AttributeValue>>,
    outputs?: Value | readonly Value[],
  ): Value;
  /** A node of `KERNEL_DOMAIN`. */
  kernel(
    opType: string,
    inputs: readonly Value[],
    attributes?: Readonly<Record<string, AttributeValue>>,
    outputs?: Value | readonly Value[],
  ): Value;
  /** The extents of a tensor. @throws RangeError where they are not all known */
  shape(value: Value): readonly number[];
  /** A float32 constant without axes. */
  scalar(value: number): Value;
  /** An int64 constant `[n]`. */
  ints(values: readonly number[]): Value;
  /** The numbers of a small constant; undefined for what is computed or fed. */
  numbers(value: Value): readonly number[] | undefined;
  /** A float32 constant. */
  constant(shape: readonly number[], values: readonly number[]): Value;
  /** Zeros that take no room in the model. */
  zeros(shape: readonly number[]): Value;
  /** Puts zeros before and after along one axis; negative numbers cut off. */
  pad(value: Value, axis: number, before: number, after: number): Value;
  /** A float32 constant of one number. */
  filled(value: number, shape: readonly number[]): Value;
  reshape(value: Value, shape: readonly number[]): Value;
  transpose(value: Value, perm: readonly number[]): Value;
  /** Sums over these axes, which go away unless `keepdims`. */
  sum(value: Value, axes: readonly number[], keepdims?: boolean): Value;
  /** The sum of a batch, `[N, …]` → `[1, …]`, as a product with a row of ones: many times as fast as ReduceSum along the first axis. */
  sumOfBatch(value: Value): Value;
  add(a: Value, b: Value): Value;
  sub(a: Value, b: Value): Value;
  mul(a: Value, b: Value | number): Value;
  div(a: Value, b: Value): Value;
  neg(value: Value): Value;
}

/** An emitter into a graph that is being built. */
export function emitterOf(graph: GraphBuilder): Emitter {
  const kept = new Map<string, Value>();
  const once = (key: string, make: () => Value) => {
    const found = kept.get(key) ?? make();
    kept.set(key, found);
    return found;
  };
  const op: Emitter["op"] = (opType, inputs, attributes, outputs) => graph.op(opType, inputs, attributes, outputs);
  const emit: Emitter = {
    graph,
    op,
    kernel: (opType, inputs, attributes, outputs) => graph.op(opType, inputs, attributes, outputs, KERNEL_DOMAIN),
    shape(value) {
      const shape = graph.shapeOf(value);
      if (!shape?.every((extent) => typeof extent === "number")) throw new UnknownExtents(value, shape);
      return shape;
    },
    scalar: (value) => once(`f ${value}`, () => graph.constant(float32([], [value]))),
    ints: (values) => once(`i ${values.join()}`, () => graph.constant(int64([values.length], values))),
    numbers: (value) => graph.numbersOf(value),
    constant: (shape, values) => graph.constant(float32(shape, values)),
    zeros: (shape) => op("Expand", [emit.scalar(0), emit.ints(shape)]),
    pad(value, axis, before, after) {
      if (before === 0 && after === 0) return value;
      return op("Pad", [value, emit.ints([before, after]), "", emit.ints([axis])]);
    },
    filled(value, shape) {
      const size = shape.reduce((product, extent) => product * extent, 1);
      return once(`f ${value} ${shape.join()}`, () => graph.constant(float32(shape, new Float32Array(size).fill(value))));
    },
    reshape(value, shape) {
      const now = graph.shapeOf(value);
      const same = now?.length === shape.length && shape.every((extent, axis) => extent === now[axis]);
      return same ? value : op("Reshape", [value, emit.ints(shape)]);
    },
    transpose: (value, perm) => (perm.every((axis, i) => axis === i) ? value : op("Transpose", [value], { perm })),
    sum(value, axes, keepdims = false) {
      return axes.length === 0 ? value : op("ReduceSum", [value, emit.ints(axes)], { keepdims: keepdims ? 1 : 0 });
    },
    sumOfBatch(value) {
      const [n, ...rest] = emit.shape(value);
      const rows = emit.reshape(value, [n, rest.reduce((product, extent) => product * extent, 1)]);
      return emit.reshape(op("MatMul", [emit.filled(1, [1, n]), rows]), [1, ...rest]);
    },
    add: (a, b) => op("Add", [a, b]),
    sub: (a, b) => op("Sub", [a, b]),
    mul: (a, b) => op("Mul", [a, typeof b === "number" ? emit.scalar(b) : b]),
    div: (a, b) => op("Div", [a, b]),
    neg: (value) => op("Neg", [value]),
  };
  return emit;
}
