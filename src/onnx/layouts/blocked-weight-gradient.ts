import type { Value } from "../builder.js";
import type { Site } from "../lower.js";
import { NCHWC_DOMAIN } from "../ops/runtime.js";
import { ceilTo, openBlocks } from "./blocks.js";
import { type ConvPlan, convPlan, padsAtEnd } from "./conv-plan.js";
import { denseWeightGradient, type Image } from "./weight-gradient.js";

/** dW of a convolution whose image or gradient lies in blocks; false for groups that are not depthwise. */
export function blockedWeightGradient(site: Site, block: number): boolean {
  const { node, emit, shape, attributes, inOrder } = site;
  const [x, dy] = node.input;
  if (inOrder(x) === undefined && inOrder(dy) === undefined) return false;
  const plan = convPlan(attributes);
  const channels = shape(x)[1];
  const isDepthwise = plan.group > 1 && plan.group === channels && shape(dy)[1] === channels;
  const result = isDepthwise
    ? depthwise(site, plan, block)
    : plan.group === 1
      ? (pointwise(site, plan, block) ?? denseWeightGradient(image(site, x), image(site, dy), plan, emit))
      : undefined;
  if (result === undefined) return false;
  emit.op("Identity", [result], {}, node.output[0]);
  return true;
}

/** From so many pixels on, each image is multiplied by itself instead of all at once. */
const LEAST_PIXELS_APART = 64;

/**
 * 1 × 1: dW = Σ over pixels of dY ⊗ X as a convolution whose input channels are the pixels. The one of both with more channels lies in
 * memory just as its weights `[O/B, P/B, B, B]` must; only the other is reordered, to `[P/B, C, B]`.
 */
function pointwise(site: Site, { kernel, strides, pads }: ConvPlan, block: number): Value | undefined {
  const { node, emit, shape, inOrder } = site;
  const [x, dy] = node.input;
  const [n, c, h, w] = shape(x);
  const [, o] = shape(dy);
  const isPoint = kernel[0] * kernel[1] === 1 && strides[0] === 1 && strides[1] === 1 && pads.every((pad) => pad === 0);
  const pixels = h * w;
  const together = pixels < LEAST_PIXELS_APART || pixels % block !== 0;
  if (!isPoint || c % block !== 0 || o % block !== 0 || (n * pixels) % block !== 0) return undefined;
  if (inOrder(x) === undefined || inOrder(dy) === undefined) return undefined;
  const [many, few] = o >= c ? [dy, x] : [x, dy];
  const [outs, ins] = [shape(many)[1], shape(few)[1]];
  const groups = together ? 1 : n;
  const perGroup = (n * pixels) / groups;
  const blocks = openBlocks(site, block);
  const chunk = emit.reshape(blocks.get(many), [n, outs / block, pixels * block]);
  const weights = emit.reshape(together ? emit.transpose(chunk, [1, 0, 2]) : chunk, [groups * outs, perGroup, 1, 1]);
  const rows = emit.reshape(image(site, few).channelsLast(), [1, n * pixels, 1, ins]);
  const products = blocks.op("Conv", [blocks.op("ReorderInput", [rows]), weights], { kernel_shape: [1, 1], group: groups });
  // [groups, O/B, C, B] → [O, C]
  const sum = emit.reshape(emit.sumOfBatch(emit.reshape(products, [groups, outs * ins])), [outs / block, ins, block]);
  const result = emit.reshape(emit.transpose(sum, [0, 2, 1]), [outs, ins]);
  return emit.reshape(o >= c ? result : emit.transpose(result, [1, 0]), [o, c, 1, 1]);
}

/** Every image and channel by itself, dY as the kernel, then the sum over the images. */
function depthwise(site: Site, plan: ConvPlan, block: number): Value | undefined {
  const { node, emit, shape } = site;
  const [x, dy] = node.input;
  const [n, channels, h, w] = shape(x);
  const [, , oh, ow] = shape(dy);
  const { kernel, strides, dilations, pads } = plan;
  const end = padsAtEnd(plan, [h, w], [oh, ow]);
  if (end.some((pad) => pad < 0)) return undefined;
  const blocks = openBlocks(site, block);
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
  const sum = emit.sumOfBatch(emit.reshape(each, [n, padded * taps]));
  const ordered = emit.transpose(emit.reshape(sum, [padded / block, taps, block]), [0, 2, 1]);
  return emit.pad(emit.reshape(ordered, [padded, 1, ...kernel]), 0, 0, channels - padded);
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
