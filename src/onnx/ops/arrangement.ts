import { normalAxis, nulls, numbers, plus, times } from "../dims.js";
import { broadcast, ShapeError, type ShapeRule } from "../known.js";
import { type Dim, type Shape, shapeText } from "../types.js";
import type { GradientRule, Op } from "./op.js";

const reshape: ShapeRule = ({ inputs: [x, target], attributes }) => {
  const wanted = attributes.ints("shape") ?? target?.value;
  const value = wanted && wanted.length < 2 ? x.value : undefined;
  if (!wanted) return [{ code: x.code, shape: target?.shape?.[0] === undefined ? undefined : nulls(target.shape[0]) }];
  const copies = attributes.int("allowzero", 0) === 0;
  const shape = wanted.map((extent, axis) => (extent === 0 && copies ? (x.shape?.[axis] ?? null) : extent));
  const free = shape.indexOf(-1);
  if (free >= 0) return [{ code: x.code, shape: shape.with(free, rest(x.shape, shape.toSpliced(free, 1))), value }];
  const [before, after] = [x.shape, shape].map((item) => item?.reduce<Dim>(times, 1));
  if (typeof before === "number" && typeof after === "number" && before !== after) {
    throw new ShapeError(`Reshape of ${shapeText(x.shape)} to ${shapeText(shape)}`);
  }
  return [{ code: x.code, shape, value }];
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

function agree(a: Dim, b: Dim, left: Shape, right: Shape): Dim {
  if (typeof a === "number" && typeof b === "number" && a !== b)
    throw new ShapeError(`Concat of ${shapeText(left)} and ${shapeText(right)}`);
  return a ?? b;
}

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

const squeeze: ShapeRule = ({ inputs: [x, given], attributes }) => {
  if (!x.shape) return [{ code: x.code, value: x.value }];
  const axes = attributes.ints("axes") ?? numbers(given?.value);
  if (given?.shape && !axes) return [{ code: x.code }];
  const gone = new Set(axes?.map((axis) => normalAxis(axis, x.shape!.length)) ?? x.shape.flatMap((d, i) => (d === 1 ? [i] : [])));
  return [{ code: x.code, shape: x.shape.filter((_, axis) => !gone.has(axis)), value: x.value }];
};

const unsqueeze: ShapeRule = ({ inputs: [x, given], attributes }) => {
  const axes = attributes.ints("axes") ?? numbers(given?.value);
  if (!x.shape || !axes) return [{ code: x.code }];
  const rank = x.shape.length + axes.length;
  const added = new Set(axes.map((axis) => normalAxis(axis, rank)));
  const remaining = [...x.shape];
  const shape = Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : remaining.shift()!));
  // Values are those of scalars and vectors: the rules that pick from them need not think of axes.
  return [{ code: x.code, shape, value: rank < 2 ? x.value : undefined }];
};

const expand: ShapeRule = ({ inputs: [x, target] }) => [
  { code: x.code, shape: x.shape && target?.value ? broadcast(x.shape, target.value) : undefined },
];

const depthToSpace: ShapeRule = ({ inputs: [x], attributes }) => {
  const block = attributes.int("blocksize", 1);
  if (x.shape?.length !== 4) return [{ code: x.code }];
  const [n, c, h, w] = x.shape;
  return [{ code: x.code, shape: [n, typeof c === "number" ? c / block ** 2 : null, times(h, block), times(w, block)] }];
};

const spaceToDepth: ShapeRule = ({ inputs: [x], attributes }) => {
  const block = attributes.int("blocksize", 1);
  if (x.shape?.length !== 4) return [{ code: x.code }];
  const [n, c, h, w] = x.shape;
  const over = (extent: Dim) => (typeof extent === "number" ? extent / block : null);
  return [{ code: x.code, shape: [n, times(c, block ** 2), over(h), over(w)] }];
};

/** The same numbers under the extents of the input. */
const reshaped: GradientRule = ({ inputs: [x] }, [g], emit) => [emit.reshape(g!, emit.shape(x))];

const transposed: GradientRule = ({ attributes, inputs: [x] }, [g], emit) => {
  const { length } = emit.shape(x);
  const perm = attributes.ints("perm") ?? Array.from({ length }, (_, axis) => length - 1 - axis);
  return [
    emit.transpose(
      g!,
      Array.from(perm.keys(), (axis) => perm.indexOf(axis)),
    ),
  ];
};

const concatenated: GradientRule = ({ attributes, inputs, outputs: [y] }, [g], emit) => {
  const axis = normalAxis(attributes.int("axis", 1), emit.shape(inputs[0]).length);
  const sizes = inputs.map((x) => emit.shape(x)[axis]);
  if (inputs.length === 1) return [g];
  // Named after the node: two that are added get the same gradient.
  const parts = inputs.map((_, i) => `gradient/${y}/part${i}`);
  emit.op("Split", [g!, emit.ints(sizes)], { axis }, parts);
  return parts;
};

const divided: GradientRule = ({ attributes, outputs }, gradients, emit) => {
  const parts = gradients.map((g, i) => g ?? emit.zeros(emit.shape(outputs[i])));
  return [emit.op("Concat", parts, { axis: attributes.int("axis", 0) })];
};

const spacedOut: GradientRule = ({ attributes }, [g], emit) => {
  const block = attributes.int("blocksize", 1);
  if (attributes.string("mode", "DCR") === "DCR") return [emit.op("SpaceToDepth", [g!], { blocksize: block })];
  const [n, c, h, w] = emit.shape(g!);
  const cells = emit.reshape(g!, [n, c, h / block, block, w / block, block]);
  return [emit.reshape(emit.transpose(cells, [0, 1, 3, 5, 2, 4]), [n, c * block ** 2, h / block, w / block])];
};

/** Other orders and shapes of the same numbers. */
export const ARRANGEMENTS: Readonly<Record<string, Op>> = {
  Reshape: { shape: reshape, gradient: reshaped },
  Flatten: { shape: flatten, gradient: reshaped },
  Squeeze: { shape: squeeze, gradient: reshaped },
  Unsqueeze: { shape: unsqueeze, gradient: reshaped },
  Transpose: { shape: transpose, gradient: transposed },
  // Undone in the sweep, like every broadcast.
  Expand: { shape: expand, gradient: (_, [g]) => [g] },
  Concat: { shape: concat, gradient: concatenated },
  Split: { shape: split, gradient: divided },
  DepthToSpace: { shape: depthToSpace, gradient: spacedOut },
  SpaceToDepth: {
    shape: spaceToDepth,
    gradient: ({ attributes }, [g], emit) => [
      emit.op("DepthToSpace", [g!], { blocksize: attributes.int("blocksize", 1), mode: "DCR" }),
    ],
  },
};
