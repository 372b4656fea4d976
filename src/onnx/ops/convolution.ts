import type { Attributes } from "../attributes.js";
import type { Emitter } from "../emitter.js";
import { ShapeError, type ShapeRule } from "../known.js";
import { type Dim, type Shape, shapeText } from "../types.js";
import { type ForwardNode, type GradientRule, NoGradient, type Op } from "./op.js";

/** What a convolution makes of shapes, whatever comes after its three inputs. */
export const convShape: ShapeRule = ({ inputs: [x, weights], attributes }) => {
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
    const count = round((extent + padding - reach) / stride) + 1;
    // A window that ceil_mode would start behind the last pixel is left out.
    const isOutside = round === Math.ceil && (count - 1) * stride >= extent + (autoPad === "VALID" ? 0 : (pads[axis] ?? 0));
    const result = isOutside ? count - 1 : count;
    if (result < 1) throw new ShapeError(`a window of ${reach} does not fit into ${extent} pixels`);
    return result;
  });
}

const convTranspose: ShapeRule = ({ inputs: [x, weights], attributes }) => {
  const kernel = weights?.shape;
  const explicit = !attributes.has("output_shape") && attributes.string("auto_pad", "NOTSET") === "NOTSET";
  if (!x.shape || !kernel || !explicit) return [{ code: x.code }];
  const [batch, , ...extents] = x.shape;
  const at = (name: string, axis: number, otherwise: number) => attributes.ints(name)?.[axis] ?? otherwise;
  const filters = kernel[1];
  const spatial = extents.map((extent, axis) => {
    const size = kernel[2 + axis];
    if (typeof extent !== "number" || typeof size !== "number") return null;
    const reach = at("dilations", axis, 1) * (size - 1) + 1 + at("output_padding", axis, 0);
    return at("strides", axis, 1) * (extent - 1) + reach - at("pads", axis, 0) - at("pads", axis + extents.length, 0);
  });
  return [
    { code: x.code, shape: [batch, typeof filters === "number" ? filters * attributes.int("group", 1) : null, ...spatial] },
  ];
};

/** How windows slide over an image: everything a convolution or a pool says, with no `auto_pad` left. */
export interface Windows {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** top, left, bottom, right; those at the end are what the output needs, which `ceil_mode` may stretch. */
  readonly pads: readonly [number, number, number, number];
}

/** An image `[N, C, 1, W]` instead of a row of pixels `[N, C, W]`. @throws NoGradient for other ranks */
export function imageExtents(shape: readonly number[]): readonly number[] {
  if (shape.length === 4) return shape;
  if (shape.length === 3) return [shape[0], shape[1], 1, shape[2]];
  throw new NoGradient(`its windows move over ${shape.length - 2} axes; known are one and two`);
}

/**
 * The windows of a Conv or pool, from its attributes and the extents of its kernel, input and output. A row of pixels is an image of
 * height 1.
 */
export function windowsOf(
  attributes: Attributes,
  kernel: readonly number[],
  input: readonly number[],
  output: readonly number[],
): Windows {
  const pair = (given: readonly number[], otherwise: number) => {
    const [first = otherwise, second = otherwise] = given;
    return kernel.length === 1 ? ([otherwise, first] as const) : ([first, second] as const);
  };
  const [size, strides, dilations] = [kernel, attributes.ints("strides") ?? [], attributes.ints("dilations") ?? []].map((given) =>
    pair(given, 1),
  );
  const starts = pair(attributes.ints("pads")?.slice(0, kernel.length) ?? [], 0);
  const autoPad = attributes.string("auto_pad", "NOTSET");
  const [from, to] = [imageExtents(input), imageExtents(output)];
  const [vertical, horizontal] = [0, 1].map((axis) => {
    const reach = (to[2 + axis] - 1) * strides[axis] + dilations[axis] * (size[axis] - 1) + 1;
    const total = reach - from[2 + axis];
    const before = { SAME_UPPER: Math.floor(Math.max(total, 0) / 2), SAME_LOWER: Math.ceil(Math.max(total, 0) / 2) }[autoPad];
    const start = autoPad === "VALID" ? 0 : (before ?? starts[axis]);
    return { start, end: total - start };
  });
  return { kernel: size, strides, dilations, pads: [vertical.start, horizontal.start, vertical.end, horizontal.end] };
}

/** Windows as attributes. Pads at the end may be negative where windows leave the last pixels out: a forward Conv clamps them. */
export function windowAttributes({ kernel, strides, dilations, pads }: Windows) {
  return { kernel_shape: kernel, strides, dilations, pads };
}

/** One row of pixels is an image of height 1. */
function asImages(node: ForwardNode, emit: Emitter) {
  const [x, w] = node.inputs;
  const [given, kernel, output] = [emit.shape(x), emit.shape(w), imageExtents(emit.shape(node.outputs[0]))];
  const [input, weights] = [imageExtents(given), imageExtents(kernel)];
  const windows = windowsOf(node.attributes, kernel.slice(2), input, output);
  return { x: emit.reshape(x, input), w: emit.reshape(w, weights), input, weights, output, windows };
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

/** Convolutions. */
export const CONVOLUTIONS: Readonly<Record<string, Op>> = {
  Conv: { shape: convShape, ...CONV_GRADIENT, learns: [1, 2] },
  ConvTranspose: {
    shape: convTranspose,
    gradient: { refused: "transposed convolutions draw maps and are not part of classifiers here" },
  },
};
