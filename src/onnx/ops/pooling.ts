import type { ShapeRule } from "../known.js";
import { INT64 } from "../types.js";
import { imageExtents, windowAttributes, windows, windowsOf } from "./convolution.js";
import { type GradientRule, type Op, rows } from "./op.js";

const pool: ShapeRule = ({ inputs: [x], attributes, outputCount }) => {
  if (!x.shape) return [{ code: x.code }];
  const shape = [...x.shape.slice(0, 2), ...windows(x.shape.slice(2), attributes.ints("kernel_shape") ?? [], attributes)];
  return [{ code: x.code, shape }, ...(outputCount > 1 ? [{ code: INT64, shape }] : [])];
};

const globalPool: ShapeRule = ({ inputs: [x] }) => [
  { code: x.code, shape: x.shape?.map((extent, axis) => (axis < 2 ? extent : 1)) },
];

/**
 * A mean over windows is a convolution of each channel with equal weights. Windows over the border count what lies inside, or the pads as
 * well; what ceil_mode adds behind the pads never counts.
 */
const averagePool: GradientRule = ({ inputs: [x], outputs: [y], attributes }, [g], emit) => {
  const [input, output] = [imageExtents(emit.shape(x)), imageExtents(emit.shape(y))];
  const kernel = attributes.ints("kernel_shape") ?? [];
  const given = windowsOf(attributes, kernel, input, output);
  const includesPads = attributes.int("count_include_pad", 0) === 1;
  const pads = attributes.ints("pads") ?? [];
  const ends =
    attributes.string("auto_pad", "NOTSET") === "NOTSET" ? [0, 0, ...pads.slice(kernel.length)].slice(-2) : given.pads.slice(2);
  const [rowCounts, columnCounts] = [0, 1].map((axis) =>
    Array.from({ length: output[2 + axis] }, (_, at) => {
      const first = at * given.strides[axis] - given.pads[axis];
      const places = Array.from({ length: given.kernel[axis] }, (_, k) => first + k * given.dilations[axis]);
      const [from, to] = includesPads ? [first, input[2 + axis] + Math.max(ends[axis], 0)] : [0, input[2 + axis]];
      return places.filter((place) => place >= from && place < to).length;
    }),
  );
  const shares = rowCounts.flatMap((rows) => columnCounts.map((columns) => 1 / (rows * columns)));
  const even = shares.every((share) => share === shares[0]);
  const share = even ? emit.scalar(shares[0]) : emit.constant([1, 1, output[2], output[3]], shares);
  const ones = emit.filled(1, [input[1], 1, ...given.kernel]);
  const spread = { ...windowAttributes(given), group: input[1], shape: input };
  const dx = emit.kernel("ConvInputGradient", [emit.mul(emit.reshape(g!, output), share), ones], spread);
  return [emit.reshape(dx, emit.shape(x))];
};

const globalAverage: GradientRule = ({ inputs: [x] }, [g], emit) => {
  const shape = emit.shape(x);
  const pixels = shape.slice(2).reduce((product, extent) => product * extent, 1);
  return [emit.op("Expand", [emit.mul(g!, 1 / pixels), emit.ints(shape)])];
};

const globalMax: GradientRule = ({ inputs: [x], outputs: [y] }, [g], emit) => {
  const hits = emit.op("Cast", [emit.op("Equal", [x, y])], { to: 1 });
  const axes = [...emit.shape(x).keys()].slice(2);
  return [emit.mul(hits, emit.div(g!, emit.sum(hits, axes, true)))];
};

/** Each output's gradient goes to the pixel it was taken from; windows that overlap may take the same one. */
const maxPool: GradientRule = ({ inputs: [x], outputs: [y], saved: [indices] }, [g], emit) => {
  const [input, output] = [emit.shape(x), emit.shape(y)];
  const [from, to] = [input, output].map((shape) => shape.reduce((product, extent) => product * extent, 1));
  const inputs = [emit.zeros([from]), emit.reshape(indices, [to]), emit.reshape(g!, [to])];
  return [emit.reshape(emit.op("ScatterElements", inputs, { axis: 0, reduction: "add" }), input)];
};

/** Pools. */
export const POOLS: Readonly<Record<string, Op>> = {
  AveragePool: { shape: pool, gradient: averagePool },
  MaxPool: {
    shape: pool,
    gradient: maxPool,
    forward({ attributes, inputs, outputs }, emit) {
      const indices = outputs[1] || `${outputs[0]}/indices`;
      // Indices that count column by column would be those of other pixels below.
      const { storage_order: _, ...rest } = attributes.all();
      emit.op("MaxPool", inputs, rest, [outputs[0], indices]);
      return [indices];
    },
  },
  GlobalAveragePool: { shape: globalPool, gradient: globalAverage },
  GlobalMaxPool: { shape: globalPool, gradient: globalMax },
  ...rows({ shape: globalPool, gradient: { refused: "its derivative is not written yet" } }, "GlobalLpPool"),
  ...rows({ shape: pool, gradient: { refused: "its derivative is not written yet" } }, "LpPool"),
};
