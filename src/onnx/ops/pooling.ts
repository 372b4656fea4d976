import type { Emitter } from "../emitter.js";
import type { ShapeRule } from "../known.js";
import { INT64 } from "../types.js";
import { windowAttributes, windows, windowsOf } from "./convolution.js";
import { type ForwardNode, type GradientRule, type Op, rows } from "./op.js";

const pool: ShapeRule = ({ inputs: [x], attributes, outputCount }) => {
  if (!x.shape) return [{ code: x.code }];
  const shape = [...x.shape.slice(0, 2), ...windows(x.shape.slice(2), attributes.ints("kernel_shape") ?? [], attributes)];
  return [{ code: x.code, shape }, ...(outputCount > 1 ? [{ code: INT64, shape }] : [])];
};

const globalPool: ShapeRule = ({ inputs: [x] }) => [
  { code: x.code, shape: x.shape?.map((extent, axis) => (axis < 2 ? extent : 1)) },
];

/** The windows of a pool over images. @throws RangeError for other ranks */
function poolWindows({ inputs: [x], outputs: [y], attributes }: Omit<ForwardNode, "saved" | "wants">, emit: Emitter) {
  const [input, output] = [emit.shape(x), emit.shape(y)];
  if (input.length !== 4) throw new RangeError(`pools over ${input.length - 2} axes have no gradient here`);
  return { input, output, windows: windowsOf(attributes, attributes.ints("kernel_shape") ?? [1, 1], input, output) };
}

/** A mean over windows is a convolution of each channel with equal weights; windows over the border count what lies inside. */
const averagePool: GradientRule = (node, [g], emit) => {
  const { input, output, windows: given } = poolWindows(node, emit);
  const [kh, kw] = given.kernel;
  const includesPads = node.attributes.int("count_include_pad", 0) === 1;
  const [rowCounts, columnCounts] = [0, 1].map((axis) =>
    Array.from({ length: output[2 + axis] }, (_, at) => {
      const first = at * given.strides[axis] - given.pads[axis];
      const places = Array.from({ length: given.kernel[axis] }, (_, k) => first + k * given.dilations[axis]);
      return includesPads ? given.kernel[axis] : places.filter((place) => place >= 0 && place < input[2 + axis]).length;
    }),
  );
  const shares = rowCounts.flatMap((rows) => columnCounts.map((columns) => 1 / (rows * columns)));
  const even = shares.every((share) => share === shares[0]);
  const share = even ? emit.scalar(shares[0]) : emit.constant([1, 1, output[2], output[3]], shares);
  const ones = emit.filled(1, [input[1], 1, kh, kw]);
  const attributes = { ...windowAttributes(given), group: input[1], shape: input };
  return [emit.kernel("ConvInputGradient", [emit.mul(g!, share), ones], attributes)];
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
  const zeros = emit.op("Expand", [emit.scalar(0), emit.ints([from])]);
  const inputs = [zeros, emit.reshape(indices, [to]), emit.reshape(g!, [to])];
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
      emit.op("MaxPool", inputs, attributes.all(), [outputs[0], indices]);
      return [indices];
    },
  },
  GlobalAveragePool: { shape: globalPool, gradient: globalAverage },
  GlobalMaxPool: { shape: globalPool, gradient: globalMax },
  ...rows({ shape: globalPool, gradient: { refused: "its derivative is not written yet" } }, "GlobalLpPool"),
  ...rows({ shape: pool, gradient: { refused: "its derivative is not written yet" } }, "LpPool"),
};
