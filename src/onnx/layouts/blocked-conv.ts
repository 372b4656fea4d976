import type { Value } from "../builder.js";
import type { Lowering, Site } from "../lower.js";
import { NCHWC_DOMAIN } from "../ops/runtime.js";
import { blockedInputGradient } from "./blocked-input-gradient.js";
import { denseWeights, depthwiseWeights } from "./blocked-weights.js";
import { type Blocks, ceilTo, openBlocks } from "./blocks.js";
import { type ConvPlan, convPlan } from "./conv-plan.js";
import { denseWeightGradient, type Image } from "./weight-gradient.js";

/** Convolutions and their gradients in blocks. */
export function blockedConvLowerings(block: number): Readonly<Record<string, Lowering>> {
  return {
    Conv: (site) => conv(site, block),
    "sigmax.CentredConv": (site) => centredConv(site, block),
    "sigmax.ConvInputGradient": (site) => blockedInputGradient(site, block),
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
  const isDepthwise = group > 1 && group === channels && filters === channels;
  if (group > 1 && !isDepthwise) return undefined;
  const outs = ceilTo(filters, block);
  const attributes = { kernel_shape: kernel, strides, dilations, pads, group: isDepthwise ? outs : 1 };
  const filled = emit.pad(plain(w), 0, 0, outs - filters);
  if (isDepthwise) return { input: blocks.get(x), weights: depthwiseWeights(emit, filled, block), attributes, filters };
  // An image of few bands is read as it is.
  const few = channels < block;
  const ins = few ? perGroup : ceilTo(perGroup, block);
  const full = emit.pad(filled, 1, 0, ins - perGroup);
  const weights = denseWeights(emit, full, few ? 1 : block, block);
  return { input: few ? plain(x) : blocks.get(x), weights, attributes, filters };
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
