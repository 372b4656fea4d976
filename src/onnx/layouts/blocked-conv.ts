import type { Value } from "../builder.js";
import type { Lowering, Site } from "../lower.js";
import { blockedInputGradient } from "./blocked-input-gradient.js";
import { blockedWeightGradient } from "./blocked-weight-gradient.js";
import { denseWeights, depthwiseWeights } from "./blocked-weights.js";
import { type Blocks, ceilTo, openBlocks } from "./blocks.js";
import { type ConvPlan, convPlan } from "./conv-plan.js";

/** Convolutions and their gradients in blocks. */
export function blockedConvLowerings(block: number): Readonly<Record<string, Lowering>> {
  return {
    Conv: (site) => conv(site, block),
    "sigmax.CentredConv": (site) => centredConv(site, block),
    "sigmax.ConvInputGradient": (site) => blockedInputGradient(site, block),
    "sigmax.ConvWeightGradient": (site) => blockedWeightGradient(site, block),
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
