import type { Attributes } from "../attributes.js";
import type { Emitter } from "../emitter.js";
import { ShapeError, type ShapeRule } from "../known.js";
import { type Dim, type Shape, shapeText } from "../types.js";
import type { ForwardNode, GradientRule, Op } from "./op.js";

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

/** Spatial extents after sliding windows (Conv and pooling of the ONNX specification). */
export function windows(extents: Shape, kernel: Shape, attributes: Attributes): Dim[] {
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

/** How windows slide over an image: everything a convolution or a pool says, with no `auto_pad` left. */
export interface Windows {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** top, left, bottom, right; those at the end are what the output needs, which `ceil_mode` may stretch. */
  readonly pads: readonly [number, number, number, number];
}

/** The windows of a Conv or pool over `[N, C, H, W]`, from its attributes and the extents of its input and output. */
export function windowsOf(
  attributes: Attributes,
  kernel: readonly number[],
  input: readonly number[],
  output: readonly number[],
): Windows {
  const pair = (name: string) => {
    const given = attributes.ints(name) ?? [1, 1];
    return [given[0], given[1]] as const;
  };
  const [strides, dilations] = [pair("strides"), pair("dilations")];
  const given = attributes.ints("pads") ?? [0, 0, 0, 0];
  const autoPad = attributes.string("auto_pad", "NOTSET");
  const [vertical, horizontal] = [0, 1].map((axis) => {
    const reach = (output[2 + axis] - 1) * strides[axis] + dilations[axis] * (kernel[axis] - 1) + 1;
    const total = reach - input[2 + axis];
    const before = { SAME_UPPER: Math.floor(Math.max(total, 0) / 2), SAME_LOWER: Math.ceil(Math.max(total, 0) / 2) }[autoPad];
    const start = autoPad === "VALID" ? 0 : (before ?? given[axis]);
    return { start, end: total - start };
  });
  return {
    kernel: [kernel[0], kernel[1]],
    strides,
    dilations,
    pads: [vertical.start, horizontal.start, vertical.end, horizontal.end],
  };
}

/** Windows as attributes. Pads at the end may be negative where windows leave the last pixels out: a forward Conv clamps them. */
export function windowAttributes({ kernel, strides, dilations, pads }: Windows) {
  return { kernel_shape: kernel, strides, dilations, pads };
}

/** One row of pixels is an image of height 1. */
function asImages(node: ForwardNode, emit: Emitter) {
  const [x, w] = node.inputs;
  const [input, weights, output] = [emit.shape(x), emit.shape(w), emit.shape(node.outputs[0])];
  if (input.length === 4)
    return { x, w, input, weights, output, windows: windowsOf(node.attributes, weights.slice(2), input, output) };
  if (input.length !== 3) throw new RangeError(`${input.length - 2}-dimensional convolutions have no gradient here`);
  const tall = (shape: readonly number[]) => [shape[0], shape[1], 1, shape[2]];
  const [stride = 1] = node.attributes.ints("strides") ?? [];
  const [dilation = 1] = node.attributes.ints("dilations") ?? [];
  const [start = 0, end = 0] = node.attributes.ints("pads") ?? [];
  const pads = [0, start, 0, end] as const;
  return {
    x: emit.reshape(x, tall(input)),
    w: emit.reshape(w, tall(weights)),
    input: tall(input),
    weights: tall(weights),
    output: tall(output),
    windows: { kernel: [1, weights[2]], strides: [1, stride], dilations: [1, dilation], pads } as const,
  };
}

/** dX, dW and db; with a factor per output channel the weights take it instead of dY. */
function convGradient(node: ForwardNode, gradient: string, factor: string | undefined, emit: Emitter): ReturnType<GradientRule> {
  const { inputs, attributes, wants } = node;
  const { x, w, input, weights, output, windows } = asImages(node, emit);
  const dy = emit.reshape(gradient, output);
  const group = attributes.int("group", 1);
  const perFilter = factor && emit.reshape(factor, [weights[0], 1, 1, 1]);
  const common = { ...windowAttributes(windows), group };
  const dX = () => {
    const scaled = perFilter ? emit.mul(w, perFilter) : w;
    return emit.reshape(emit.kernel("ConvInputGradient", [dy, scaled], { ...common, shape: input }), emit.shape(inputs[0]));
  };
  const dW = () => {
    const raw = emit.kernel("ConvWeightGradient", [x, dy], common);
    return emit.reshape(perFilter ? emit.mul(raw, perFilter) : raw, emit.shape(inputs[1]));
  };
  const db = () => {
    const sum = emit.kernel("ChannelSum", [dy]);
    return factor ? emit.mul(sum, factor) : sum;
  };
  return [wants(0) ? dX() : undefined, wants(1) ? dW() : undefined, inputs[2] && wants(2) ? db() : undefined];
}

/** Gradients of a convolution, whatever comes after its three inputs. */
export const CONV_GRADIENT: Pick<Op, "gradient" | "scaledGradient"> = {
  gradient: (node, [g], emit) => convGradient(node, g!, undefined, emit),
  scaledGradient: (node, { value, factor }, emit) => convGradient(node, value, factor, emit),
};

/** What a convolution makes of shapes. */
export const convShape = conv;

/** Convolutions. */
export const CONVOLUTIONS: Readonly<Record<string, Op>> = {
  Conv: { shape: conv, ...CONV_GRADIENT, learns: [1, 2] },
  ConvTranspose: {
    shape: ({ inputs: [x] }) => [{ code: x.code }],
    gradient: { refused: "transposed convolutions draw maps and are not part of classifiers here" },
  },
};
