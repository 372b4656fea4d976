import { broadcast, type Known, knownOf, type NodeView, ShapeError, type ShapeRule } from "./known.js";
import { BOOL, type Dim, FLOAT, INT64, type Shape, shapeText } from "./types.js";

const same: ShapeRule = ({ inputs }) => [{ code: inputs[0]?.code, shape: inputs[0]?.shape }];

/** Broadcasting of every input; `code` overrides the element type of the result. */
const elementwise =
  (code?: number): ShapeRule =>
  ({ inputs }) => {
    const shapes = inputs.map((input) => input.shape);
    const shape = shapes.every((item) => item !== undefined) ? shapes.reduce(broadcast) : undefined;
    return [{ code: code ?? inputs[0]?.code, shape }];
  };

/** Elementwise arithmetic that also computes with extents, as exported `x.view(n, c // g, …)` does. */
const arithmetic =
  (compute: (a: number, b: number) => number): ShapeRule =>
  (node) => {
    const [{ code, shape }] = elementwise()(node);
    const [a, b] = node.inputs.map((input) => input.value);
    if (!a || !b) return [{ code, shape }];
    const value = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => {
      const left = a[a.length === 1 ? 0 : i];
      const right = b[b.length === 1 ? 0 : i];
      return typeof left === "number" && typeof right === "number" ? compute(left, right) : null;
    });
    return [{ code, shape, value }];
  };

const conv: ShapeRule = ({ inputs: [x, weights], attributes }) => {
  const kernel = weights.shape;
  if (!x.shape || !kernel) return [{ code: x.code }];
  const group = attributes.int("group", 1);
  const channels = x.shape[1];
  const expected = kernel[1];
  if (
    kernel.length !== x.shape.length ||
    (typeof channels === "number" && typeof expected === "number" && channels !== expected * group)
  ) {
    throw new ShapeError(`Conv of ${shapeText(x.shape)} with weights ${shapeText(kernel)} and group ${group}`);
  }
  return [{ code: x.code, shape: [x.shape[0], kernel[0], ...windows(x.shape.slice(2), kernel.slice(2), attributes)] }];
};

const pool: ShapeRule = ({ inputs: [x], attributes, outputCount }) => {
  if (!x.shape) return [{ code: x.code }];
  const shape = [...x.shape.slice(0, 2), ...windows(x.shape.slice(2), attributes.ints("kernel_shape") ?? [], attributes)];
  return [{ code: x.code, shape }, ...(outputCount > 1 ? [{ code: INT64, shape }] : [])];
};

const globalPool: ShapeRule = ({ inputs: [x] }) => [
  { code: x.code, shape: x.shape?.map((extent, axis) => (axis < 2 ? extent : 1)) },
];

/** Spatial extents after sliding windows (Conv and pooling of the ONNX specification). */
function windows(extents: Shape, kernel: Shape, attributes: NodeView["attributes"]): Dim[] {
  const strides = attributes.ints("strides") ?? [];
  const dilations = attributes.ints("dilations") ?? [];
  const pads = attributes.ints("pads") ?? [];
  const autoPad = attributes.string("auto_pad", "NOTSET");
  const round = attributes.int("ceil_mode", 0) === 1 ? Math.ceil : Math.floor;
  return extents.map((extent, axis) => {
    const size = kernel[axis];
    if (typeof extent !== "number" || typeof size !== "number") return null;
    const stride = strides[axis] ?? 1;
    if (autoPad.startsWith("SAME")) return Math.ceil(extent / stride);
    const padding = autoPad === "VALID" ? 0 : (pads[axis] ?? 0) + (pads[axis + extents.length] ?? 0);
    const reach = (dilations[axis] ?? 1) * (size - 1) + 1;
    const result = round((extent + padding - reach) / stride) + 1;
    if (result < 1) throw new ShapeError(`a window of ${reach} does not fit into ${extent} pixels`);
    return result;
  });
}

const gemm: ShapeRule = ({ inputs: [a, b], attributes }) => {
  if (a.shape?.length !== 2 || b.shape?.length !== 2) return [{ code: a.code }];
  const [rows, inner] = attributes.int("transA", 0) === 1 ? [a.shape[1], a.shape[0]] : a.shape;
  const [depth, columns] = attributes.int("transB", 0) === 1 ? [b.shape[1], b.shape[0]] : b.shape;
  return product("Gemm", a, b, [rows, columns], inner, depth);
};

const matMul: ShapeRule = ({ inputs: [a, b] }) => {
  if (!a.shape || !b.shape || a.shape.length < 2 || b.shape.length < 2) return [{ code: a.code }];
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return product("MatMul", a, b, [...batch, a.shape.at(-2)!, b.shape.at(-1)!], a.shape.at(-1)!, b.shape.at(-2)!);
};

function product(op: string, a: Known, b: Known, shape: Shape, inner: Dim, depth: Dim): Known[] {
  if (typeof inner === "number" && typeof depth === "number" && inner !== depth) {
    throw new ShapeError(`${op} of ${shapeText(a.shape)} and ${shapeText(b.shape)}`);
  }
  return [{ code: a.code, shape }];
}

const reduce =
  (code?: number): ShapeRule =>
  ({ inputs: [x, given], attributes }) => {
    const axes = attributes.ints("axes") ?? numbers(given?.value);
    const kept = attributes.int("keepdims", 1) === 1;
    if (!x.shape || (given?.shape && !axes)) return [{ code: code ?? x.code }];
    const all = axes === undefined || axes.length === 0;
    const reduced = new Set(all ? x.shape.keys() : axes.map((axis) => normalAxis(axis, x.shape!.length)));
    const shape = x.shape.flatMap((extent, axis) => (reduced.has(axis) ? (kept ? [1] : []) : [extent]));
    return [{ code: code ?? x.code, shape }];
  };

const arg: ShapeRule = ({ inputs: [x], attributes }) => {
  if (!x.shape) return [{ code: INT64 }];
  const axis = normalAxis(attributes.int("axis", 0), x.shape.length);
  return [{ code: INT64, shape: attributes.int("keepdims", 1) === 1 ? x.shape.with(axis, 1) : x.shape.toSpliced(axis, 1) }];
};

const reshape: ShapeRule = ({ inputs: [x, target], attributes }) => {
  const wanted = attributes.ints("shape") ?? target?.value;
  if (!wanted) return [{ code: x.code, shape: target?.shape?.[0] === undefined ? undefined : nulls(target.shape[0]) }];
  const copies = attributes.int("allowzero", 0) === 0;
  const shape = wanted.map((extent, axis) => (extent === 0 && copies ? (x.shape?.[axis] ?? null) : extent));
  const free = shape.indexOf(-1);
  if (free >= 0) return [{ code: x.code, shape: shape.with(free, rest(x.shape, shape.toSpliced(free, 1))) }];
  const [before, after] = [x.shape, shape].map((item) => item?.reduce<Dim>(times, 1));
  if (typeof before === "number" && typeof after === "number" && before !== after) {
    throw new ShapeError(`Reshape of ${shapeText(x.shape)} to ${shapeText(shape)}`);
  }
  return [{ code: x.code, shape }];
};

/** The extent that is left over when `taken` is divided out of a shape: a number, one symbol, or unknown. */
function rest(shape: Shape | undefined, taken: Shape): Dim {
  if (!shape || shape.includes(null) || taken.includes(null)) return null;
  const symbols = shape.filter((extent) => typeof extent === "string");
  for (const extent of taken) {
    if (typeof extent !== "string") continue;
    const index = symbols.indexOf(extent);
    if (index < 0) return null;
    symbols.splice(index, 1);
  }
  const [total, used] = [shape, taken].map((item) =>
    item.reduce<number>((p, extent) => p * (typeof extent === "number" ? extent : 1), 1),
  );
  const ratio = total / used;
  if (symbols.length === 0) {
    if (!Number.isInteger(ratio)) throw new ShapeError(`Reshape of ${shapeText(shape)} around ${shapeText(taken)}`);
    return ratio;
  }
  return symbols.length === 1 && ratio === 1 ? symbols[0] : null;
}

const flatten: ShapeRule = ({ inputs: [x], attributes }) => {
  if (!x.shape) return [{ code: x.code, shape: [null, null] }];
  const given = attributes.int("axis", 1);
  const axis = given < 0 ? given + x.shape.length : given;
  return [{ code: x.code, shape: [x.shape.slice(0, axis).reduce<Dim>(times, 1), x.shape.slice(axis).reduce<Dim>(times, 1)] }];
};

const transpose: ShapeRule = ({ inputs: [x], attributes }) => {
  const order = attributes.ints("perm") ?? x.shape?.map((_, axis, { length }) => length - 1 - axis);
  if (order && x.shape && order.length !== x.shape.length)
    throw new ShapeError(`Transpose of ${shapeText(x.shape)} by [${order}]`);
  return [{ code: x.code, shape: x.shape && order?.map((axis) => x.shape![axis]) }];
};

const concat: ShapeRule = ({ inputs, attributes }) => {
  const [first] = inputs;
  const values = inputs.map((input) => input.value);
  const value = values.every((item) => item !== undefined) ? values.flat() : undefined;
  if (inputs.some((input) => !input.shape)) return [{ code: first.code, value }];
  const shapes = inputs.map((input) => input.shape!);
  const axis = normalAxis(attributes.int("axis", 1), shapes[0].length);
  const shape = shapes.reduce((left, right) => {
    if (left.length !== right.length) throw new ShapeError(`Concat of ${shapeText(left)} and ${shapeText(right)}`);
    return left.map((extent, i) => (i === axis ? plus(extent, right[i]) : agree(extent, right[i], left, right)));
  });
  return [{ code: first.code, shape, value }];
};

const split: ShapeRule = ({ inputs: [x, given], attributes, outputCount }) => {
  const sizes = attributes.ints("split") ?? numbers(given?.value);
  if (!x.shape) return Array.from({ length: outputCount }, () => ({ code: x.code }));
  const axis = normalAxis(attributes.int("axis", 0), x.shape.length);
  const total = x.shape[axis];
  const even = typeof total === "number" ? Math.ceil(total / outputCount) : null;
  return Array.from({ length: outputCount }, (_, i) => {
    const last = typeof total === "number" && even !== null && i === outputCount - 1 ? total - even * i : even;
    return { code: x.code, shape: x.shape!.with(axis, sizes ? (sizes[i] ?? null) : last) };
  });
};

const slice: ShapeRule = ({ inputs: [x, ...given], attributes }) => {
  const parameter = (name: string, position: number) => attributes.ints(name) ?? numbers(given[position]?.value);
  const starts = parameter("starts", 0);
  const ends = parameter("ends", 1);
  if (!x.shape || !starts || !ends) return [{ code: x.code, shape: x.shape && nulls(x.shape.length) }];
  const axes = parameter("axes", 2) ?? starts.map((_, i) => i);
  const steps = parameter("steps", 3) ?? starts.map(() => 1);
  const shape = [...x.shape];
  let value = x.value;
  axes.forEach((given, i) => {
    const axis = normalAxis(given, shape.length);
    const extent = shape[axis];
    if (typeof extent !== "number") {
      if (!(starts[i] === 0 && ends[i] >= 2 ** 31 - 1 && steps[i] === 1)) shape[axis] = null;
      return;
    }
    const clamp = (position: number) => {
      const [low, high] = steps[i] < 0 ? [-1, extent - 1] : [0, extent];
      return Math.min(Math.max(position < 0 ? Math.max(position + extent, low) : position, low), high);
    };
    const [start, end] = [clamp(starts[i]), clamp(ends[i])];
    shape[axis] = Math.max(0, Math.ceil((end - start) / steps[i]));
    value = steps[i] === 1 ? value?.slice(start, end) : undefined;
  });
  return [{ code: x.code, shape, value }];
};

const gather: ShapeRule = ({ inputs: [x, indices], attributes }) => {
  if (!x.shape || !indices.shape) return [{ code: x.code }];
  const axis = normalAxis(attributes.int("axis", 0), x.shape.length);
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const value = x.value && numbers(indices.value)?.map((index) => x.value!.at(index) ?? null);
  return [{ code: x.code, shape, value }];
};

const squeeze: ShapeRule = ({ inputs: [x, given], attributes }) => {
  if (!x.shape) return [{ code: x.code, value: x.value }];
  const axes = attributes.ints("axes") ?? numbers(given?.value);
  if (given?.shape && !axes) return [{ code: x.code }];
  const gone = new Set(axes?.map((axis) => normalAxis(axis, x.shape!.length)) ?? x.shape.flatMap((d, i) => (d === 1 ? [i] : [])));
  return [{ code: x.code, shape: x.shape.filter((_, axis) => !gone.has(axis)), value: x.value }];
};

const unsqueeze: ShapeRule = ({ inputs: [x, given], attributes }) => {
  const axes = attributes.ints("axes") ?? numbers(given?.value);
  if (!x.shape || !axes) return [{ code: x.code, value: x.value }];
  const rank = x.shape.length + axes.length;
  const added = new Set(axes.map((axis) => normalAxis(axis, rank)));
  const remaining = [...x.shape];
  const shape = Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : remaining.shift()!));
  return [{ code: x.code, shape, value: x.value }];
};

const pad: ShapeRule = ({ inputs: [x, given, , chosen], attributes }) => {
  const pads = attributes.ints("pads") ?? attributes.ints("paddings") ?? numbers(given?.value);
  if (!x.shape || !pads || chosen) return [{ code: x.code, shape: x.shape && nulls(x.shape.length) }];
  const rank = x.shape.length;
  return [{ code: x.code, shape: x.shape.map((extent, i) => plus(extent, pads[i] + pads[i + rank])) }];
};

const expand: ShapeRule = ({ inputs: [x, target] }) => [
  { code: x.code, shape: x.shape && target?.value ? broadcast(x.shape, target.value) : undefined },
];

const resize: ShapeRule = ({ inputs: [x, , scales, sizes], attributes }) => {
  const target = sizes?.value;
  if (!x.shape || attributes.has("axes") || !target || scales?.value?.length)
    return [{ code: x.code, shape: x.shape && nulls(x.shape.length) }];
  return [{ code: x.code, shape: target }];
};

const constant: ShapeRule = ({ attributes }) => {
  const tensor = attributes.tensor("value");
  if (tensor) return [knownOf(tensor)];
  if (attributes.has("value_int")) return [{ code: INT64, shape: [], value: [attributes.int("value_int", 0)] }];
  const integers = attributes.ints("value_ints");
  if (attributes.has("value_ints") && integers) return [{ code: INT64, shape: [integers.length], value: integers }];
  return attributes.has("value_float") ? [{ code: FLOAT, shape: [] }] : [];
};

const constantOfShape: ShapeRule = ({ inputs: [shape], attributes }) => [
  { code: attributes.tensor("value")?.dataType ?? FLOAT, shape: shape.value },
];

const shapeOf: ShapeRule = ({ inputs: [x], attributes }) => {
  const value = x.shape?.slice(attributes.int("start", 0), attributes.has("end") ? attributes.int("end", 0) : undefined);
  return [{ code: INT64, shape: [value?.length ?? null], value }];
};

const cast: ShapeRule = ({ inputs: [x], attributes }) => [{ code: attributes.int("to", 0), shape: x.shape, value: x.value }];

const where: ShapeRule = ({ inputs: [condition, a, b] }) => {
  const shapes = [condition.shape, a.shape, b.shape];
  return [{ code: a.code, shape: shapes.every((s) => s !== undefined) ? shapes.reduce(broadcast) : undefined }];
};

const depthToSpace: ShapeRule = ({ inputs: [x], attributes }) => {
  const block = attributes.int("blocksize", 1);
  if (x.shape?.length !== 4) return [{ code: x.code }];
  const [n, c, h, w] = x.shape;
  return [{ code: x.code, shape: [n, typeof c === "number" ? c / block ** 2 : null, times(h, block), times(w, block)] }];
};

function normalAxis(axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (normal < 0 || normal >= rank) throw new ShapeError(`there is no axis ${axis} among ${rank}`);
  return normal;
}

function times(a: Dim, b: Dim): Dim {
  if (a === 1) return b;
  if (b === 1) return a;
  return typeof a === "number" && typeof b === "number" ? a * b : null;
}

function plus(a: Dim, b: Dim): Dim {
  if (b === 0) return a;
  return typeof a === "number" && typeof b === "number" ? a + b : null;
}

function agree(a: Dim, b: Dim, left: Shape, right: Shape): Dim {
  if (typeof a === "number" && typeof b === "number" && a !== b)
    throw new ShapeError(`Concat of ${shapeText(left)} and ${shapeText(right)}`);
  return a ?? b;
}

function numbers(value: readonly Dim[] | undefined): readonly number[] | undefined {
  return value?.every((item) => typeof item === "number") ? value : undefined;
}

function nulls(rank: Dim): Shape | undefined {
  return typeof rank === "number" ? new Array<null>(rank).fill(null) : undefined;
}

const row = (rule: ShapeRule, names: string) => Object.fromEntries(names.split(" ").map((name) => [name, rule]));

/** Operator → shape rule. An operator that is missing here has outputs of unknown shape, which is not an error. */
export const SHAPE_RULES: Readonly<Record<string, ShapeRule>> = {
  ...row(same, "Abs Acos Asin Atan BatchNormalization Ceil Celu Clip Cos CumSum Dropout Elu Erf Exp Floor Gelu HardSigmoid"),
  ...row(same, "HardSwish Hardmax InstanceNormalization LRN LayerNormalization LeakyRelu Log LogSoftmax LpNormalization"),
  ...row(same, "MeanVarianceNormalization Mish Neg PRelu Reciprocal Relu Round Selu Sigmoid Sign Sin Softmax Softplus"),
  ...row(same, "Softsign Sqrt Swish Tan Tanh ThresholdedRelu Identity"),
  ...row(elementwise(), "Max Mean Min Mod Pow Sum And Or Xor"),
  ...row(elementwise(BOOL), "Equal Greater GreaterOrEqual Less LessOrEqual"),
  ...row(same, "Not"),
  Add: arithmetic((a, b) => a + b),
  Sub: arithmetic((a, b) => a - b),
  Mul: arithmetic((a, b) => a * b),
  // Extents are integers, and ONNX divides integers towards zero.
  Div: arithmetic((a, b) => Math.trunc(a / b)),
  ...row(pool, "AveragePool MaxPool LpPool"),
  ...row(globalPool, "GlobalAveragePool GlobalMaxPool GlobalLpPool"),
  ...row(
    reduce(),
    "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare",
  ),
  ...row(arg, "ArgMax ArgMin"),
  Cast: cast,
  Concat: concat,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Conv: conv,
  DepthToSpace: depthToSpace,
  Expand: expand,
  Flatten: flatten,
  Gather: gather,
  Gemm: gemm,
  MatMul: matMul,
  Pad: pad,
  Reshape: reshape,
  Resize: resize,
  Shape: shapeOf,
  Slice: slice,
  Split: split,
  Squeeze: squeeze,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
  Where: where,
};
