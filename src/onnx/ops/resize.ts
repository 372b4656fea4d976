import { nulls } from "../dims.js";
import type { Emitter } from "../emitter.js";
import type { ShapeRule } from "../known.js";
import type { ForwardNode, GradientRule } from "./op.js";

/** Only explicit sizes are known before the graph runs. */
export const resizeShape: ShapeRule = ({ inputs: [x, , scales, sizes], attributes }) => {
  const target = sizes?.value;
  if (!x.shape || attributes.has("axes") || !target || scales?.value?.length)
    return [{ code: x.code, shape: x.shape && nulls(x.shape.length) }];
  return [{ code: x.code, shape: target }];
};

/** Where output pixel `at` looks in the input (ONNX Resize, `coordinate_transformation_mode`). */
const COORDINATES: Readonly<Record<string, (at: number, scale: number, from: number, to: number) => number>> = {
  half_pixel: (at, scale) => (at + 0.5) / scale - 0.5,
  pytorch_half_pixel: (at, scale, _, to) => (to > 1 ? (at + 0.5) / scale - 0.5 : 0),
  asymmetric: (at, scale) => at / scale,
  align_corners: (at, _, from, to) => (to === 1 ? 0 : (at * (from - 1)) / (to - 1)),
};

const ROUNDINGS: Readonly<Record<string, (place: number) => number>> = {
  round_prefer_floor: (place) => Math.ceil(place - 0.5),
  round_prefer_ceil: (place) => Math.floor(place + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** The matrix `[to, from]` of one axis: y = A x. Every row sums to 1. */
function axisMatrix({ attributes }: ForwardNode, from: number, to: number, scale: number): number[] {
  const mode = attributes.string("mode", "nearest");
  const place = COORDINATES[attributes.string("coordinate_transformation_mode", "half_pixel")];
  const round = ROUNDINGS[attributes.string("nearest_mode", "round_prefer_floor")];
  if (place === undefined || !["nearest", "linear"].includes(mode) || attributes.int("antialias", 0) === 1) {
    throw new RangeError(`resizing by "${mode}" with these options has no gradient here`);
  }
  const matrix = new Array<number>(to * from).fill(0);
  const clamp = (index: number) => Math.min(Math.max(index, 0), from - 1);
  for (let at = 0; at < to; at++) {
    const where = place(at, scale, from, to);
    if (mode === "nearest") {
      matrix[at * from + clamp(round(where))] = 1;
    } else {
      const inside = Math.min(Math.max(where, 0), from - 1);
      const low = Math.floor(inside);
      matrix[at * from + low] += 1 - (inside - low);
      matrix[at * from + clamp(low + 1)] += inside - low;
    }
  }
  return matrix;
}

/** Resizing is linear along each axis, Y = A_h X A_wᵀ: dX = A_hᵀ dY A_w. */
export const resizeGradient: GradientRule = (node, [g], emit) => {
  const [x, , scales] = node.inputs;
  const [input, output] = [emit.shape(x), emit.shape(node.outputs[0])];
  const given = scales ? emit.numbers(scales) : undefined;
  const factor = (axis: number) => (given?.length === input.length ? given[axis] : output[axis] / input[axis]);
  const resized = input.flatMap((extent, axis) => (extent === output[axis] && factor(axis) === 1 ? [] : [axis]));
  return [resized.reduce((value, axis) => alongAxis(node, value, axis, input[axis], factor(axis), emit), g!)];
};

/** Multiplies by Aᵀ along one axis. */
function alongAxis(node: ForwardNode, value: string, axis: number, from: number, scale: number, emit: Emitter): string {
  const shape = emit.shape(value);
  const to = shape[axis];
  const matrix = emit.constant([to, from], axisMatrix(node, from, to, scale));
  const last = shape.length - 1;
  const swap = [...shape.keys()].with(axis, last).with(last, axis);
  return emit.transpose(emit.op("MatMul", [emit.transpose(value, swap), matrix]), swap);
}
