import type { Value } from "../builder.js";
import type { Lowering, Site } from "../lower.js";
import { NCHWC_DOMAIN } from "../ops/runtime.js";
import { type Blocks, ceilTo, openBlocks } from "./blocks.js";
import { type ConvPlan, convPlan, phasesOf } from "./conv-plan.js";
import { phaseOrder } from "./portable.js";
import { denseWeightGradient, type Image } from "./weight-gradient.js";

/** Convolutions and their gradients in blocks. */
export function blockedConvLowerings(block: number): Readonly<Record<string, Lowering>> {
  return {
    Conv: (site) => conv(site, block),
    "sigmax.CentredConv": (site) => centredConv(site, block),
    "sigmax.ConvInputGradient": (site) => convInputGradient(site, block),
    "sigmax.ConvWeightGradient": (site) => convWeightGradient(site, block),
  };
}

/** What a convolution takes in this layout, or undefined where it cannot run in it. */
interface Operands {
  readonly input: Value;
  readonly weights: Value;
  readonly attributes: Readonly<Record<string, number | readonly number[]>>;
  readonly filters: number;
}

function operands(site: Site, plan: ConvPlan, block: number, blocks: Blocks): Operands | undefined {
  const { node, emit, shape, plain } = site;
  const [x, w] = node.input;
  if (shape(x).length !== 4 || plan.pads.some((pad) => pad < 0)) return undefined;
  const [filters, perGroup] = shape(w);
  const [, channels] = shape(x);
  const { kernel, strides, dilations, pads, group } = plan;
  const taps = kernel[0] * kernel[1];
  const isDepthwise = group > 1 && group === channels && filters === channels;
  if (group > 1 && !isDepthwise) return undefined;
  const outs = ceilTo(filters, block);
  const attributes = { kernel_shape: kernel, strides, dilations, pads, group: isDepthwise ? outs : 1 };
  const filled = emit.pad(plain(w), 0, 0, outs - filters);
  if (isDepthwise) return { input: blocks.get(x), weights: depthwiseWeights(site, filled, taps, block), attributes, filters };
  // An image of few bands is read as it is.
  const few = channels < block;
  const ins = few ? perGroup : ceilTo(perGroup, block);
  const full = emit.pad(filled, 1, 0, ins - perGroup);
  const split = emit.reshape(full, [outs / block, block, few ? 1 : ins / block, few ? ins : block, taps]);
  // OIHW → OIHW in blocks of inputs and outputs
  const ordered = emit.transpose(split, few ? [0, 2, 3, 4, 1] : [0, 2, 4, 3, 1]);
  const weights = emit.reshape(ordered, [outs, ins, ...kernel]);
  return { input: few ? plain(x) : blocks.get(x), weights, attributes, filters };
}

/** `[C, 1, kh, kw]` → `[C/B, kh, kw, B]` */
function depthwiseWeights({ emit }: Site, w: Value, taps: number, block: number): Value {
  const [channels, , ...kernel] = emit.shape(w);
  const split = emit.transpose(emit.reshape(w, [channels / block, block, taps]), [0, 2, 1]);
  return emit.reshape(split, [channels, 1, ...kernel]);
}

function conv(site: Site, block: number): boolean {
  const { node, shape, plain, attributes } = site;
  const bias = node.input[2] ?? "";
  const given = attributes.string("auto_pad", "NOTSET");
  if (given !== "NOTSET" || shape(node.input[0]).length !== 4) return false;
  const blocks = openBlocks(site, block);
  const found = operands(site, { ...convPlan(attributes), kernel: kernelOf(site) }, block, blocks);
  if (found === undefined) return false;
  blocks.conv({ ...found, bias: bias ? blocks.fill(plain(bias), found.filters) : "" });
  return true;
}

function kernelOf({ node, shape }: Site): readonly [number, number] {
  const [, , height, width] = shape(node.input[1]);
  return [height, width];
}

/** The mean over the batch comes from the sum of the images, and goes in as the bias. */
function centredConv(site: Site, block: number): boolean {
  const { node, emit, shape, attributes } = site;
  const blocks = openBlocks(site, block);
  const found = operands(site, convPlan(attributes), block, blocks);
  if (found === undefined) return false;
  const [n] = shape(node.input[0]);
  const ofSum = blocks.op("Conv", [emit.sum(found.input, [0], true), found.weights], found.attributes);
  const outs = ceilTo(found.filters, block);
  const means = emit.mul(emit.reshape(blocks.op("GlobalAveragePool", [ofSum]), [outs]), 1 / n);
  emit.op("Identity", [blocks.cut(means, found.filters)], {}, node.output[1]);
  blocks.conv({ ...found, bias: emit.neg(means) });
  return true;
}

function convInputGradient(site: Site, block: number): boolean {
  const { node, emit, shape, plain, attributes } = site;
  const [dy, w] = node.input;
  const plan = convPlan(attributes);
  const to = attributes.ints("shape")!; // written by the rule of Conv
  const [filters, perGroup] = shape(w);
  const channels = to[1];
  const isDepthwise = plan.group > 1 && plan.group === channels && filters === channels;
  if ((plan.group > 1 && !isDepthwise) || channels < block) return false;
  const blocks = openBlocks(site, block);
  const [outs, ins] = [ceilTo(filters, block), ceilTo(channels, block)];
  const taps = plan.kernel[0] * plan.kernel[1];
  const reversed = (value: Value, axis: number) => {
    const order = Array.from({ length: taps }, (_, i) => taps - 1 - i);
    return taps === 1 ? value : emit.op("Gather", [value, emit.ints(order)], { axis });
  };
  const full = emit.pad(emit.pad(plain(w), 0, 0, outs - filters), 1, 0, isDepthwise ? 0 : ins - perGroup);
  const turned = () => {
    if (isDepthwise) {
      const flipped = emit.reshape(reversed(emit.reshape(full, [outs, taps]), 1), [outs, 1, ...plan.kernel]);
      return depthwiseWeights(site, flipped, taps, block);
    }
    const split = emit.reshape(full, [outs / block, block, ins / block, block, taps]);
    const ordered = reversed(
      emit.reshape(emit.transpose(split, [2, 0, 4, 1, 3]), [ins / block, outs / block, taps, block ** 2]),
      2,
    );
    return emit.reshape(ordered, [ins, outs, ...plan.kernel]);
  };
  const group = isDepthwise ? outs : 1;
  const [n, , height, width] = to;
  const from = shape(dy);
  const flat = (input: Value, from: readonly number[], pads: ConvPlan["pads"], size: readonly number[]) => {
    const reach = [0, 1].map((axis) => plan.dilations[axis] * (plan.kernel[axis] - 1));
    const before = [0, 1].map((axis) => reach[axis] - pads[axis]);
    const after = [0, 1].map((axis) => size[axis] - (from[axis] + before[axis] - reach[axis]));
    if ([...before, ...after].some((pad) => pad < 0)) return undefined;
    const all = { kernel_shape: plan.kernel, dilations: plan.dilations, pads: [...before, ...after], group };
    return blocks.op("Conv", [input, turned()], all);
  };
  /** Zeros between pixels, all in one view. */
  const spread = (value: Value) => {
    const [s, across] = plan.strides;
    const rows = n * (emit.shape(value)[1] / block) * from[2];
    const cells = emit.reshape(value, [rows, 1, from[3], block]);
    const wide = emit.op("Pad", [cells, emit.ints([0, 0, 0, 0, 0, s - 1, 0, (across - 1) * block])]);
    return emit.reshape(wide, [n, emit.shape(value)[1], from[2] * s, from[3] * across]);
  };
  const fitted = (value: Value) => cropped(site, value, [height, width], block);
  if (plan.strides.every((stride) => stride === 1)) {
    const result = flat(blocks.get(dy), from.slice(2), plan.pads, [height, width]);
    if (result === undefined) return false;
    blocks.keep(node.output[0], result);
    return true;
  }
  const isPoint = taps === 1 && plan.pads[0] === 0 && plan.pads[1] === 0;
  if (isPoint) {
    const small = flat(blocks.get(dy), from.slice(2), [0, 0, 0, 0], from.slice(2));
    if (small === undefined) return false;
    blocks.keep(node.output[0], fitted(spread(small)));
    return true;
  }
  if (isDepthwise) {
    const wide = [from[2] * plan.strides[0], from[3] * plan.strides[1]];
    const result = flat(spread(blocks.get(dy)), wide, plan.pads, [height, width]);
    if (result === undefined) return false;
    blocks.keep(node.output[0], result);
    return true;
  }
  const [s, across] = plan.strides;
  if (s !== across || plan.dilations.some((dilation) => dilation > 1)) return false;
  const [rows, columns] = [0, 1].map((axis) => phasesOf(plan.kernel[axis], s, plan.pads[axis], from[2 + axis], to[2 + axis]));
  const around = [rows.padBefore, columns.padBefore, rows.padAfter, columns.padAfter];
  if (around.some((pad) => pad < 0)) return false;
  const split = emit.reshape(full, [outs / block, block, ins / block, block, taps]);
  const tapsFirst = emit.reshape(emit.transpose(split, [4, 2, 0, 1, 3]), [taps, ins * outs]);
  const order = phaseOrder(s, [rows, columns], plan.kernel[1], taps);
  const all = emit.op("Concat", [tapsFirst, emit.zeros([1, ins * outs])], { axis: 0 });
  const picked = emit.op("Gather", [all, emit.ints(order)], { axis: 0 });
  const small = rows.taps * columns.taps;
  const cells = emit.reshape(picked, [s * s, small, ins / block, outs / block, block * block]);
  const weights = emit.reshape(emit.transpose(cells, [0, 2, 3, 1, 4]), [s * s * ins, outs, rows.taps, columns.taps]);
  const phases = blocks.op("Conv", [blocks.get(dy), weights], { kernel_shape: [rows.taps, columns.taps], pads: around });
  // [N, s, s, C/B, h, w, B] → [N, C/B, h, s, w, s, B]
  const apart = emit.reshape(phases, [n, s, s, ins / block, rows.cells, columns.cells, block]);
  const woven = emit.reshape(emit.transpose(apart, [0, 3, 4, 1, 5, 2, 6]), [n, ins, rows.cells * s, columns.cells * s]);
  blocks.keep(node.output[0], fitted(woven));
  return true;
}

/** Cuts rows and columns at the end, or adds zeros there. */
function cropped({ emit }: Site, value: Value, [height, width]: readonly number[], block: number): Value {
  const [n, c, h, w] = emit.shape(value);
  if (h === height && w === width) return value;
  const cells = emit.reshape(value, [(n * c) / block, h, w, block]);
  return emit.reshape(emit.pad(emit.pad(cells, 1, 0, height - h), 2, 0, width - w), [n, c, height, width]);
}

function convWeightGradient(site: Site, block: number): boolean {
  const { node, emit, shape, attributes, inOrder } = site;
  const [x, dy] = node.input;
  if (inOrder(x) === undefined && inOrder(dy) === undefined) return false;
  const plan = convPlan(attributes);
  const [n, channels, h, w] = shape(x);
  if (plan.group === 1) {
    emit.op("Identity", [denseWeightGradient(image(site, x), image(site, dy), plan, emit)], {}, node.output[0]);
    return true;
  }
  if (plan.group !== channels || shape(dy)[1] !== channels) return false;
  const blocks = openBlocks(site, block);
  const [, , oh, ow] = shape(dy);
  const { kernel, strides, dilations, pads } = plan;
  const end = [0, 1].map(
    (axis) => dilations[axis] * (kernel[axis] - 1) + strides[axis] * ([oh, ow][axis] - 1) + 1 - [h, w][axis] - pads[axis],
  );
  if (end.some((pad) => pad < 0)) return false;
  const padded = ceilTo(channels, block);
  const planes = n * padded;
  const inputs = [emit.reshape(blocks.get(x), [1, planes, h, w]), emit.reshape(blocks.get(dy), [planes, 1, oh, ow])];
  const each = blocks.op("Conv", inputs, {
    kernel_shape: [oh, ow],
    dilations: strides,
    strides: dilations,
    pads: [pads[0], pads[1], end[0], end[1]],
    group: planes,
  });
  const taps = kernel[0] * kernel[1];
  const sum = emit.sum(emit.reshape(each, [n, padded * taps]), [0]);
  const ordered = emit.transpose(emit.reshape(sum, [padded / block, taps, block]), [0, 2, 1]);
  emit.op("Identity", [emit.pad(emit.reshape(ordered, [padded, 1, ...kernel]), 0, 0, channels - padded)], {}, node.output[0]);
  return true;
}

/** Both row-major orders of an image, straight from its blocks where it lies in them. */
function image({ emit, shape, plain, inOrder }: Site, value: Value): Image {
  const channels = shape(value)[1];
  return {
    shape: shape(value),
    channelsFirst: () => plain(value),
    channelsLast() {
      const stored = inOrder(value);
      if (stored === undefined || emit.graph.has(value)) return emit.transpose(plain(value), [0, 2, 3, 1]);
      const name = `${value}/channels_last`;
      if (emit.graph.has(name)) return name;
      return emit.graph.op("ReorderOutput", [stored], { channels, channels_last: 1 }, name, NCHWC_DOMAIN);
    },
  };
}
