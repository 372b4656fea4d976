import { numbers } from "../dims.js";
import type { ShapeRule } from "../known.js";
import { CONV_GRADIENT, convShape } from "./convolution.js";
import { batchGradient, normalizeBatch } from "./normalization.js";
import type { Op } from "./op.js";

/** A gradient of a gradient is not needed to train. */
const LAST = { refused: "second derivatives are not made here" } as const;

const like: ShapeRule = ({ inputs: [x] }) => [{ code: x.code, shape: x.shape }];
const perChannel: ShapeRule = ({ inputs: [x] }) => [{ code: x.code, shape: x.shape && [x.shape[1]] }];
const declared: ShapeRule = ({ inputs: [x], attributes }) => [{ code: x.code, shape: attributes.ints("shape") }];

const weightGradient: ShapeRule = ({ inputs: [x, dy], attributes }) => {
  const [channels] = numbers(x.shape?.slice(1, 2)) ?? [];
  const group = attributes.int("group", 1);
  const kernel = attributes.ints("kernel_shape") ?? [];
  return [{ code: x.code, shape: dy.shape && channels !== undefined ? [dy.shape[1], channels / group, ...kernel] : undefined }];
};

/**
 * The operators of `KERNEL_DOMAIN`: steps of training that each layout writes in its own way.
 *
 * - `ConvInputGradient(dY, W)`, attributes of the Conv and `shape`: dX.
 * - `ConvWeightGradient(X, dY)`, attributes of the Conv: dW `[O, C/group, kh, kw]`.
 * - `ChannelSum(x)`, `ChannelDot(x, y)`: Σ x and Σ x y over all axes but 1, `[C]`.
 * - `ChannelAffine(x, scale, shift?, addend?)`: x · scale + shift + addend, scale and shift `[C]`.
 * - `ClipGradient(g, y)`, `low`, `high`: g where low < y < high, else 0.
 * - `CentredConv(x, W)`, attributes of Conv: the convolution minus its mean over the batch, and that mean `[C]`. The mean comes
 *   first, from the sum of the images: convolution is linear. It is a constant to the gradient, since a batch normalisation follows.
 * - `CentredBatchNormalization(x, scale, bias, mean, variance, batchMean)`: training form, of what CentredConv gives.
 */
export const KERNELS: Readonly<Record<string, Op>> = {
  ConvInputGradient: { shape: declared, gradient: LAST },
  ConvWeightGradient: { shape: weightGradient, gradient: LAST },
  ChannelSum: { shape: perChannel, gradient: LAST },
  ChannelDot: { shape: perChannel, gradient: LAST },
  ChannelAffine: { shape: like, gradient: LAST },
  ClipGradient: { shape: like, gradient: LAST },
  CentredConv: {
    shape: (node) => {
      const [y] = convShape(node);
      return [y, { code: y.code, shape: y.shape && [y.shape[1]] }];
    },
    ...CONV_GRADIENT,
  },
  CentredBatchNormalization: {
    shape: ({ inputs: [x, , , mean, variance] }) => [{ code: x.code, shape: x.shape }, mean ?? {}, variance ?? {}],
    gradient: batchGradient,
    forward: (node, emit) => normalizeBatch(node, node.inputs[0], node.inputs[5], emit),
  },
};
