import { float32 } from "../../tensor.js";
import type { Value } from "../builder.js";
import type { Emitter } from "../emitter.js";
import type { Lowering, Site } from "../lower.js";
import { step } from "../ops/activation.js";
import { type ConvPlan, convPlan, padsAtEnd, phaseOrder, phasesOf } from "./conv-plan.js";
import { depthwiseProducts } from "./depthwise-products.js";
import { denseWeightGradient, type Image } from "./weight-gradient.js";

/** The extents that let a vector `[C]` be broadcast along axis 1. */
const alongChannels = (emit: Emitter, vector: Value, rank: number): Value =>
  rank === 1 ? vector : emit.reshape(vector, [emit.shape(vector)[0], ...new Array<number>(rank - 2).fill(1)]);

const otherAxes = (shape: readonly number[]) => [...shape.keys()].filter((axis) => axis !== 1);

/** Gives a value the name that the node's output has. */
const named = ({ node, emit }: Site, value: Value, output = 0): boolean => {
  emit.op("Identity", [value], {}, node.output[output]);
  return true;
};

const channelSum: Lowering = (site) => {
  const { node, emit, plain } = site;
  return named(site, sumOfChannels(emit, plain(node.input[0])));
};

/** The images first, which is a product, then what is left of them. */
function sumOfChannels(emit: Emitter, value: Value): Value {
  const sum = emit.sumOfBatch(value);
  return emit.sum(sum, otherAxes(emit.shape(sum)));
}

/** From so many pixels on, a product for each image and channel is faster than one for all of them. */
const MANY_PIXELS = 256;

const channelDot: Lowering = (site) => {
  const { node, emit, plain, shape } = site;
  const [x, y] = node.input.map(plain);
  const [n, c, ...rest] = shape(node.input[0]);
  const pixels = rest.reduce((product, extent) => product * extent, 1);
  if (pixels < MANY_PIXELS) return named(site, sumOfChannels(emit, emit.mul(x, y)));
  const [left, right] = [x, y].map((value) => emit.reshape(value, [n * c, 1, pixels]));
  const dots = emit.graph.op("FusedMatMul", [left, right], { transB: 1 }, undefined, "com.microsoft");
  return named(site, emit.reshape(emit.sumOfBatch(emit.reshape(dots, [n, c])), [c]));
};

/**
 * Multiplies and adds in one pass: a convolution of single taps, which also takes the activation behind it, or where that would be many
 * small ones a normalisation with mean 0 and variance 1.
 */
const channelAffine: Lowering = (site) => {
  const { node, emit, plain, shape } = site;
  const [x, scale, shift = "", addend = ""] = node.input;
  const [channels] = shape(scale);
  const [, , ...plane] = shape(x);
  const affine = () => {
    if (!shift) return emit.mul(plain(x), alongChannels(emit, plain(scale), shape(x).length));
    if (plane.length === 2 && plane[0] * plane[1] >= MANY_PIXELS) {
      const taps = emit.reshape(plain(scale), [channels, 1, 1, 1]);
      return emit.op("Conv", [plain(x), taps, plain(shift)], { kernel_shape: [1, 1], group: channels });
    }
    const [mean, variance] = [emit.filled(0, [channels]), emit.filled(1, [channels])];
    return emit.op("BatchNormalization", [plain(x), plain(scale), plain(shift), mean, variance], { epsilon: 0 });
  };
  return named(site, addend ? emit.add(affine(), plain(addend)) : affine());
};

/** g where low < y < high: a step of the product of both distances. */
const clipGradient: Lowering = (site) => {
  const { node, emit, plain, attributes } = site;
  const [g, y] = node.input.map(plain);
  const [low, high] = [attributes.float("low", Number.NEGATIVE_INFINITY), attributes.float("high", Number.POSITIVE_INFINITY)];
  const above = low === 0 ? y : emit.sub(y, emit.scalar(low));
  const below = () => emit.sub(emit.scalar(high), y);
  const distance =
    low === Number.NEGATIVE_INFINITY ? below() : high === Number.POSITIVE_INFINITY ? above : emit.mul(above, below());
  return named(site, emit.mul(g, step(emit, distance)));
};

const centredConv: Lowering = (site) => {
  const { node, emit, plain, shape, attributes } = site;
  const [x, w] = node.input.map(plain);
  const windows = attributes.all();
  const [n] = shape(node.input[0]);
  const ofSum = emit.op("Conv", [emit.sumOfBatch(x), w], windows);
  const [, , height, width] = emit.shape(ofSum);
  const mean = emit.op("Mul", [emit.sum(ofSum, [0, 2, 3]), emit.scalar(1 / (n * height * width))], {}, node.output[1]);
  const products = depthwiseProducts(convPlan(attributes), shape(node.input[0]), emit.shape(ofSum), emit);
  if (products) emit.op("Sub", [products.output(x, w), alongChannels(emit, mean, 4)], {}, node.output[0]);
  else emit.op("Conv", [x, w, emit.neg(mean)], windows, node.output[0]);
  return true;
};

const convInputGradient: Lowering = (site) => {
  const { node, emit, plain, attributes } = site;
  const [dy, w] = node.input.map(plain);
  const plan = convPlan(attributes);
  const shape = attributes.ints("shape")!; // written by the rule of Conv
  const ways = [smallPlanes, flippedConv, spreadConv, subPixel];
  const found = ways.reduce<Value | undefined>((value, way) => value ?? way(dy, w, plan, shape, emit), undefined);
  const result = found ?? transposedConv(dy, w, plan, shape, emit);
  return named(site, result);
};

const smallPlanes = (dy: Value, w: Value, plan: ConvPlan, shape: readonly number[], emit: Emitter): Value | undefined =>
  depthwiseProducts(plan, shape, emit.shape(dy), emit)?.inputGradient(dy, w);

/** Without strides dX is the convolution of dY with the weights turned by 180° and channels swapped. */
function flippedConv(dy: Value, w: Value, plan: ConvPlan, shape: readonly number[], emit: Emitter): Value | undefined {
  const { kernel, strides, dilations, pads, group } = plan;
  const [o, , ...taps] = emit.shape(w);
  const c = shape[1];
  const depthwise = group === c && o === c;
  const around = [0, 1].flatMap((axis) => dilations[axis] * (kernel[axis] - 1) - pads[axis]);
  const after = [0, 1].map((axis) => dilations[axis] * (kernel[axis] - 1) - pads[axis + 2]);
  if (strides.some((stride) => stride > 1) || (group > 1 && !depthwise) || [...around, ...after].some((pad) => pad < 0)) {
    return undefined;
  }
  const size = kernel[0] * kernel[1];
  let flipped = emit.reshape(w, [o, c / group, size]);
  if (size > 1)
    flipped = emit.op("Gather", [flipped, emit.ints(Array.from({ length: size }, (_, i) => size - 1 - i))], { axis: 2 });
  const turned = depthwise
    ? emit.reshape(flipped, [c, 1, ...taps])
    : emit.reshape(emit.transpose(flipped, [1, 0, 2]), [c, o, ...taps]);
  return emit.op("Conv", [dy, turned], { kernel_shape: kernel, dilations, pads: [...around, ...after], group });
}

/**
 * With strides and few taps a pixel: zeros between the pixels, then as without strides. A kernel of one tap is multiplied first, while
 * the image is still small.
 */
function spreadConv(dy: Value, w: Value, plan: ConvPlan, shape: readonly number[], emit: Emitter): Value | undefined {
  const { kernel, strides, pads, group } = plan;
  const [n, c, height, width] = shape;
  const [o] = emit.shape(w);
  const [, , oh, ow] = emit.shape(dy);
  const spread = (value: Value, channels: number) =>
    emit.reshape(spreadPixels(emit.reshape(value, [n * channels * oh, ow]), strides, emit), [
      n,
      channels,
      oh * strides[0],
      ow * strides[1],
    ]);
  const still = { ...plan, strides: [1, 1] as const };
  const isPoint = kernel[0] === 1 && kernel[1] === 1 && pads[0] === 0 && pads[1] === 0;
  if (isPoint) {
    const small = flippedConv(dy, w, { ...still, pads: [0, 0, 0, 0] }, [n, c, oh, ow], emit);
    return small && emit.pad(emit.pad(spread(small, c), 2, 0, height - oh * strides[0]), 3, 0, width - ow * strides[1]);
  }
  if (group !== c || o !== c) return undefined;
  // What is spread is as long as oh · s; the pads at the end make up for the rest.
  const end = [0, 1].map(
    (axis) => pads[axis + 2] + ([oh, ow][axis] * strides[axis] - (([oh, ow][axis] - 1) * strides[axis] + 1)),
  );
  return flippedConv(spread(dy, c), w, { ...still, pads: [pads[0], pads[1], end[0], end[1]] }, shape, emit);
}

/** As many columns are spread by one product, at most: the more, the more of its factors are zeros. */
const COLUMNS = 16;

/** Rows `[M, W]` with zeros after every pixel and rows of zeros after every row: a product, where Pad would copy single numbers. */
function spreadPixels(rows: Value, [down, across]: readonly [number, number], emit: Emitter): Value {
  const [count, width] = emit.shape(rows);
  const columns = Array.from({ length: Math.min(width, COLUMNS) }, (_, i) => i + 1).findLast((n) => width % n === 0)!;
  const places = new Float32Array(columns * columns * across);
  for (let i = 0; i < columns; i++) places[i * columns * across + i * across] = 1;
  const pieces = emit.reshape(rows, [(count * width) / columns, columns]);
  const wide = emit.op("MatMul", [pieces, emit.graph.constant(float32([columns, columns * across], places))]);
  return emit.pad(emit.reshape(wide, [count, width * across]), 1, 0, (down - 1) * width * across);
}

/** With strides: a small convolution that makes all phases, then the phases between each other. */
function subPixel(dy: Value, w: Value, plan: ConvPlan, shape: readonly number[], emit: Emitter): Value | undefined {
  const { kernel, strides, dilations, pads, group } = plan;
  const [s, across] = strides;
  if (s !== across || s === 1 || group > 1 || dilations.some((d) => d > 1)) return undefined;
  const [o, c] = emit.shape(w);
  const from = emit.shape(dy);
  const [rows, columns] = [0, 1].map((axis) => phasesOf(kernel[axis], s, pads[axis], from[2 + axis], shape[2 + axis]));
  const around = [rows.padBefore, columns.padBefore, rows.padAfter, columns.padAfter];
  if (around.some((pad) => pad < 0)) return undefined;
  const none = kernel[0] * kernel[1];
  const order = phaseOrder(s, [rows, columns], kernel[1], none);
  const taps = emit.transpose(emit.reshape(w, [o, c, none]), [2, 1, 0]);
  const picked = emit.op("Gather", [emit.op("Concat", [taps, emit.zeros([1, c, o])], { axis: 0 }), emit.ints(order)], {
    axis: 0,
  });
  const small = emit.reshape(picked, [s * s, rows.taps * columns.taps, c, o]);
  const weights = emit.reshape(emit.transpose(small, [0, 2, 3, 1]), [s * s * c, o, rows.taps, columns.taps]);
  const phases = emit.op("Conv", [dy, weights], { kernel_shape: [rows.taps, columns.taps], pads: around });
  const whole = emit.op("DepthToSpace", [phases], { blocksize: s, mode: "DCR" });
  return emit.pad(emit.pad(whole, 2, 0, shape[2] - rows.cells * s), 3, 0, shape[3] - columns.cells * s);
}

/** Everything else: the operator made for it, slower. */
function transposedConv(dy: Value, w: Value, plan: ConvPlan, shape: readonly number[], emit: Emitter): Value {
  const { kernel, strides, dilations, pads, group } = plan;
  const from = emit.shape(dy);
  const reach = [0, 1].map((axis) => (from[2 + axis] - 1) * strides[axis] + dilations[axis] * (kernel[axis] - 1) + 1);
  // What no window reached gets zeros; what reaches over the border is cut off.
  const whole = emit.op("ConvTranspose", [dy, w], { kernel_shape: kernel, strides, dilations, group });
  return [0, 1].reduce(
    (value, axis) => emit.pad(value, 2 + axis, -pads[axis], shape[2 + axis] + pads[axis] - reach[axis]),
    whole,
  );
}

const convWeightGradient: Lowering = (site) => {
  const { node, emit, plain, attributes } = site;
  const [x, dy] = node.input.map(plain);
  const plan = convPlan(attributes);
  const channels = emit.shape(x)[1];
  if (plan.group === 1) return named(site, denseWeightGradient(plainImage(emit, x), plainImage(emit, dy), plan, emit));
  if (plan.group === channels && emit.shape(dy)[1] === channels) return named(site, depthwise(x, dy, plan, emit));
  const inputs = parts(emit, x, plan.group);
  const gradients = parts(emit, dy, plan.group);
  const each = inputs.map((part, i) =>
    denseWeightGradient(plainImage(emit, part), plainImage(emit, gradients[i]), { ...plan, group: 1 }, emit),
  );
  return named(site, emit.op("Concat", each, { axis: 0 }));
};

function parts(emit: Emitter, value: Value, count: number): readonly Value[] {
  const names = Array.from({ length: count }, (_, i) => `${value}/group${i}/of${count}`);
  if (!emit.graph.has(names[0])) {
    const size = emit.shape(value)[1] / count;
    emit.op("Split", [value, emit.ints(new Array<number>(count).fill(size))], { axis: 1 }, names);
  }
  return names;
}

/** Every image and channel by itself: a depthwise convolution of N · C channels with dY as the kernel, then the sum over N. */
function depthwise(x: Value, dy: Value, plan: ConvPlan, emit: Emitter): Value {
  const products = depthwiseProducts(plan, emit.shape(x), emit.shape(dy), emit);
  if (products) return products.weightGradient(x, dy);
  const [n, c, h, w] = emit.shape(x);
  const [, , oh, ow] = emit.shape(dy);
  const { kernel, strides, dilations, pads } = plan;
  const end = padsAtEnd(plan, [h, w], [oh, ow]);
  const images = emit.pad(emit.pad(x, 2, 0, Math.min(end[0], 0)), 3, 0, Math.min(end[1], 0));
  const [, , height, width] = emit.shape(images);
  const each = emit.op("Conv", [emit.reshape(images, [1, n * c, height, width]), emit.reshape(dy, [n * c, 1, oh, ow])], {
    kernel_shape: [oh, ow],
    dilations: strides,
    strides: dilations,
    pads: [pads[0], pads[1], Math.max(end[0], 0), Math.max(end[1], 0)],
    group: n * c,
  });
  return emit.reshape(emit.sumOfBatch(emit.reshape(each, [n, c * kernel[0] * kernel[1]])), [c, 1, ...kernel]);
}

const plainImage = (emit: Emitter, value: Value): Image => ({
  shape: emit.shape(value),
  channelsFirst: () => value,
  channelsLast: () => emit.transpose(value, [0, 2, 3, 1]),
});

/** The kernels in standard operators, images `[N, C, H, W]`. */
export const PORTABLE_LOWERINGS: Readonly<Record<string, Lowering>> = {
  "sigmax.ChannelSum": channelSum,
  "sigmax.ChannelDot": channelDot,
  "sigmax.ChannelAffine": channelAffine,
  "sigmax.ClipGradient": clipGradient,
  "sigmax.CentredConv": centredConv,
  "sigmax.ConvInputGradient": convInputGradient,
  "sigmax.ConvWeightGradient": convWeightGradient,
};
