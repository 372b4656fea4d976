import type { Value } from "../builder.js";
import type { Lowering, Site } from "../lower.js";
import { STEP } from "../ops/activation.js";
import { blockedConvLowerings } from "./blocked-conv.js";
import { blockedElementwise } from "./blocked-elementwise.js";
import { ceilTo, openBlocks } from "./blocks.js";

/** The kernels, and what can run between them without leaving the layout, in `[N, C/B, H, W, B]`. */
export function blockedLowerings(block: number): Readonly<Record<string, Lowering>> {
  return {
    ...blockedElementwise(block),
    ...blockedConvLowerings(block),
    "sigmax.ChannelSum": (site) => channelSum(site, block),
    "sigmax.ChannelDot": (site) => channelDot(site, block),
    "sigmax.ChannelAffine": (site) => channelAffine(site, block),
    "sigmax.ClipGradient": (site) => clipGradient(site, block),
    GlobalAveragePool: (site) => globalAveragePool(site, block),
    Expand: (site) => expand(site, block),
    Concat: (site) => concat(site, block),
    Split: (site) => split(site, block),
  };
}

/** The mean of each image and channel, then the sum over the images. */
function channelSum(site: Site, block: number): boolean {
  const { node, emit, shape, inOrder } = site;
  const [x] = node.input;
  if (inOrder(x) === undefined) return false;
  const blocks = openBlocks(site, block);
  const [n, c, h, w] = shape(x);
  const means = emit.reshape(blocks.op("GlobalAveragePool", [blocks.get(x)]), [n, ceilTo(c, block)]);
  emit.op(
    "Mul",
    [blocks.cut(emit.reshape(emit.sumOfBatch(means), [ceilTo(c, block)]), c), emit.scalar(h * w)],
    {},
    node.output[0],
  );
  return true;
}

/** Each image and channel is a window as large as itself: a depthwise convolution of N · C channels with y as the kernel. */
function channelDot(site: Site, block: number): boolean {
  const { node, emit, shape, inOrder } = site;
  const [x, y] = node.input;
  if (inOrder(x) === undefined && inOrder(y) === undefined) return false;
  const blocks = openBlocks(site, block);
  const [n, c, h, w] = shape(x);
  const planes = n * ceilTo(c, block);
  const images = emit.reshape(blocks.get(x), [1, planes, h, w]);
  const kernels = emit.reshape(blocks.get(y), [planes, 1, h, w]);
  const dots = blocks.op("Conv", [images, kernels], { kernel_shape: [h, w], group: planes });
  emit.op(
    "Identity",
    [blocks.cut(emit.reshape(emit.sumOfBatch(emit.reshape(dots, [n, ceilTo(c, block)])), [ceilTo(c, block)]), c)],
    {},
    node.output[0],
  );
  return true;
}

function channelAffine(site: Site, block: number): boolean {
  const { node, emit, shape, plain, inOrder } = site;
  const [x, scale, shift = "", addend = ""] = node.input;
  if (shape(x).length !== 4 || (inOrder(x) === undefined && (addend === "" || inOrder(addend) === undefined))) return false;
  const blocks = openBlocks(site, block);
  const c = shape(x)[1];
  const padded = ceilTo(c, block);
  const weights = emit.reshape(blocks.fill(plain(scale), c), [padded, 1, 1, 1]);
  const bias = shift ? blocks.fill(plain(shift), c) : "";
  blocks.conv({ input: blocks.get(x), weights, bias, addend, attributes: { kernel_shape: [1, 1], group: padded } });
  return true;
}

/**
 * Two steps in convolutions of one tap: P = Q where y > low, else 0; then 1 where high − Q − y + P > 0. Q is a power of two above the
 * range, so that nothing is rounded at the bounds.
 */
function clipGradient(site: Site, block: number): boolean {
  const { node, emit, shape, attributes, inOrder } = site;
  const [g, y] = node.input;
  const [low, high] = [attributes.float("low", Number.NEGATIVE_INFINITY), attributes.float("high", Number.POSITIVE_INFINITY)];
  if (inOrder(y) === undefined || !Number.isFinite(low) || !Number.isFinite(high)) return false;
  const blocks = openBlocks(site, block);
  const padded = ceilTo(shape(y)[1], block);
  const roof = 2 ** Math.ceil(Math.log2(high - low) + 1e-9);
  const steep = 2 ** 100;
  const weights = (value: number) => emit.filled(value, [padded, 1, 1, 1]);
  const attributesOfOne = { kernel_shape: [1, 1], group: padded };
  const above = blocks.op("Conv", [blocks.get(y), weights(steep), emit.filled(-low * steep, [padded])], {
    ...attributesOfOne,
    activation: "Clip",
    activation_params: [0, roof],
  });
  const mask = blocks.op("Conv", [blocks.get(y), weights(-1), emit.filled(high - roof, [padded]), above], {
    ...attributesOfOne,
    activation: "HardSigmoid",
    activation_params: [STEP.alpha, STEP.beta],
  });
  blocks.keep(node.output[0], emit.mul(blocks.get(g), mask));
  return true;
}

function globalAveragePool(site: Site, block: number): boolean {
  const { node, emit, shape, inOrder } = site;
  const [x] = node.input;
  if (inOrder(x) === undefined) return false;
  const blocks = openBlocks(site, block);
  const [n, c] = shape(x);
  const pooled = blocks.op("GlobalAveragePool", [blocks.get(x)]);
  // With one pixel both orders are the same.
  const cut = emit.pad(emit.reshape(pooled, [n, ceilTo(c, block)]), 1, 0, c - ceilTo(c, block));
  emit.op("Reshape", [cut, emit.ints([n, c, 1, 1])], {}, node.output[0]);
  return true;
}

/** One number a channel is spread over its pixels: the gradient of a mean. */
function expand(site: Site, block: number): boolean {
  const { node, emit, shape, plain } = site;
  const [from, to] = [shape(node.input[0]), shape(node.output[0])];
  const isPooled = from.length === 4 && from[1] === to[1] && from[2] === 1 && from[3] === 1;
  if (to.length !== 4 || !isPooled || to[1] % block !== 0 || to[2] * to[3] === 1) return false;
  const [n, c, h, w] = to;
  const cells = emit.reshape(plain(node.input[0]), [from[0], c / block, 1, block]);
  const spread = emit.op("Expand", [cells, emit.ints([n, c / block, h * w, block])]);
  openBlocks(site, block).keep(node.output[0], emit.reshape(spread, to));
  return true;
}

const isAlongChannels = ({ attributes }: Site, otherwise: number) => attributes.int("axis", otherwise) === 1;

function concat(site: Site, block: number): boolean {
  const { node, emit, shape, inOrder } = site;
  const whole = node.input.every((x) => shape(x).length === 4 && shape(x)[1] % block === 0);
  if (!whole || !isAlongChannels(site, 1) || node.input.every((x) => inOrder(x) === undefined)) return false;
  const blocks = openBlocks(site, block);
  blocks.keep(node.output[0], emit.op("Concat", node.input.map(blocks.get), { axis: 1 }));
  return true;
}

function split(site: Site, block: number): boolean {
  const { node, emit, shape, inOrder, plain } = site;
  const [x, sizes] = node.input;
  const whole = node.output.every((part) => shape(part).length === 4 && shape(part)[1] % block === 0);
  if (!whole || !isAlongChannels(site, 0) || inOrder(x) === undefined) return false;
  const blocks = openBlocks(site, block);
  const names: Value[] = node.output.map((part) => `${part}/blocked`);
  emit.op("Split", [blocks.get(x), plain(sizes)], { axis: 1 }, names);
  node.output.forEach((part, i) => {
    blocks.keep(part, names[i]);
  });
  return true;
}
