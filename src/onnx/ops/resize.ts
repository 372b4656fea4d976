import { normalAxis, numbers } from "../dims.js";
import type { Emitter } from "../emitter.js";
import type { ShapeRule } from "../known.js";
import { type ForwardNode, type GradientRule, NoGradient } from "./op.js";

/** To float32, in which ONNX Runtime reckons extents and places: in float64 0.7 · 70 is 48.999…, and 1 / 0.1 lies before pixel 10. */
const round = Math.fround;

/** Sizes are given, or scales, for all axes or some. */
export const resizeShape: ShapeRule = ({ inputs: [x, , scales, sizes], attributes }) => {
  if (!x.shape) return [{ code: x.code }];
  const axes = attributes.ints("axes") ?? [...x.shape.keys()];
  const isStretched = attributes.string("keep_aspect_ratio_policy", "stretch") === "stretch";
  const [targets, factors] = [numbers(sizes?.value), scales?.floats];
  const shape = [...x.shape];
  axes.forEach((signed, i) => {
    const axis = normalAxis(signed, shape.length);
    const [extent, factor] = [shape[axis], factors?.[i]];
    // A factor of 1 keeps an extent that is not known.
    const scaled = typeof extent === "number" ? Math.floor(round(extent * (factor ?? Number.NaN))) : factor === 1 ? extent : null;
    shape[axis] = targets?.length ? (isStretched ? targets[i] : null) : Number.isNaN(scaled) ? null : scaled;
  });
  return [{ code: x.code, shape }];
};

const halfPixel = (at: number, scale: number) => round(round((at + 0.5) / scale) - 0.5);

/** Where output pixel `at` looks in the input (ONNX Resize, `coordinate_transformation_mode`), rounded where ONNX Runtime rounds. */
const COORDINATES: Readonly<Record<string, (at: number, scale: number, from: number, to: number) => number>> = {
  half_pixel: halfPixel,
  // The centre stays the centre where the extent was rounded.
  half_pixel_symmetric(at, scale, from, to) {
    const offset = round((from / 2) * round(1 - round(to / round(scale * from))));
    return round(offset + (at + 0.5) / scale - 0.5);
  },
  pytorch_half_pixel: (at, scale, _, to) => (to > 1 ? halfPixel(at, scale) : 0),
  asymmetric: (at, scale) => round(at / scale),
  align_corners: (at, _, from, to) => (to === 1 ? 0 : round(round(at * (from - 1)) / (to - 1))),
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
  const nearest = ROUNDINGS[attributes.string("nearest_mode", "round_prefer_floor")];
  if (place === undefined || !["nearest", "linear"].includes(mode) || attributes.int("antialias", 0) === 1) {
    throw new NoGradient(`its derivative is written for modes "nearest" and "linear", without antialias or crop`);
  }
  const matrix = new Array<number>(to * from).fill(0);
  const clamp = (index: number) => Math.min(Math.max(index, 0), from - 1);
  for (let at = 0; at < to; at++) {
    const where = place(at, scale, from, to);
    if (mode === "nearest") {
      matrix[at * from + clamp(nearest(where))] = 1;
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
  const given = scales ? emit.numbers(scales) : [];
  if (given === undefined) throw new NoGradient("its scales are not constants");
  const axes = (node.attributes.ints("axes") ?? [...input.keys()]).map((axis) => normalAxis(axis, input.length));
  return [
    axes.reduce((value, axis, i) => {
      const [from, to] = [input[axis], output[axis]];
      const factor = given.length > 0 ? given[i] : round(to / from);
      return from === to && factor === 1 ? value : alongAxis(node, value, axis, from, factor, emit);
    }, g!),
  ];
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
