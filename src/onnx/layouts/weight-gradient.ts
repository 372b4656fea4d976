import type { Value } from "../builder.js";
import type { Emitter } from "../emitter.js";
import { type ConvPlan, padsAtEnd } from "./conv-plan.js";

/** Up to so many pixels an image, one product over all images is faster than one per image. */
const MOST_PIXELS_TOGETHER = 300;

/** An image tensor in whatever order a layout has it, ready to be brought into the two that products want. */
export interface Image {
  /** `[N, C, H, W]`. */
  readonly shape: readonly number[];
  /** Row-major `[N, C, H, W]`. */
  readonly channelsFirst: () => Value;
  /** `[N, H, W, C]`. */
  readonly channelsLast: () => Value;
}

/** The weight gradient `[O, C, kh, kw]` of a convolution without groups. */
export function denseWeightGradient(x: Image, dy: Image, plan: ConvPlan, emit: Emitter): Value {
  const [kh, kw] = plan.kernel;
  return kh === 1 && kw === 1 && plan.pads.every((pad) => pad <= 0)
    ? pointwise(x, dy, plan, emit)
    : implicitProduct(x, dy, plan, emit);
}

/** 1 × 1: dW = Σ over pixels of dY ⊗ X, one product of matrices. Strides skip pixels of X. */
function pointwise(x: Image, dy: Image, { strides }: ConvPlan, emit: Emitter): Value {
  const [n, o, oh, ow] = dy.shape;
  const [, c, h, w] = x.shape;
  const skips = strides[0] > 1 || strides[1] > 1;
  const subsampled = (value: Value, axis: number) =>
    !skips && oh === h && ow === w
      ? value
      : emit.op("Slice", [
          value,
          emit.ints([0, 0]),
          emit.ints([(oh - 1) * strides[0] + 1, (ow - 1) * strides[1] + 1]),
          emit.ints([axis, axis + 1]),
          emit.ints(strides),
        ]);
  if (oh * ow <= MOST_PIXELS_TOGETHER) {
    const left = emit.reshape(dy.channelsLast(), [n * oh * ow, o]);
    const right = emit.reshape(subsampled(x.channelsLast(), 1), [n * oh * ow, c]);
    return emit.reshape(emit.op("Gemm", [left, right], { transA: 1 }), [o, c, 1, 1]);
  }
  const left = emit.reshape(dy.channelsFirst(), [n, o, oh * ow]);
  const right = emit.reshape(subsampled(x.channelsFirst(), 2), [n, c, oh * ow]);
  const products = emit.graph.op("FusedMatMul", [left, right], { transB: 1 }, undefined, "com.microsoft");
  return emit.reshape(emit.sumOfBatch(products), [o, c, 1, 1]);
}

/**
 * dW as ONE convolution, an implicit product of matrices: the images, channels last, are N channels of one image `[1, N, H, W·C]`;
 * dYᵀ `[O, N, OH, OW]` is the kernel, dilated by the stride along H and by stride · C along W·C. The result is `[1, O, kh, kw·C]`.
 */
function implicitProduct(x: Image, dy: Image, plan: ConvPlan, emit: Emitter): Value {
  const { kernel, strides, dilations, pads } = plan;
  const [n, o, oh, ow] = dy.shape;
  const [, c, h, w] = x.shape;
  const [kh, kw] = kernel;
  // A stride takes the rows of a dilated kernel; along W · C it would tear channels apart, so there every tap is made.
  const span = dilations[1] * (kw - 1) + 1;
  const end = padsAtEnd(plan, [h, w], [oh, ow]);
  let images = x.channelsLast();
  // A window that never reaches the last pixels leaves them out.
  if (end[0] < 0) images = emit.pad(images, 1, 0, end[0]);
  if (end[1] < 0) images = emit.pad(images, 2, 0, end[1]);
  const [height, width] = [h + Math.min(end[0], 0), w + Math.min(end[1], 0)];
  const result = emit.op(
    "Conv",
    [emit.reshape(images, [1, n, height, width * c]), emit.transpose(dy.channelsFirst(), [1, 0, 2, 3])],
    {
      kernel_shape: [oh, ow],
      dilations: [strides[0], strides[1] * c],
      strides: [dilations[0], 1],
      pads: [pads[0], pads[1] * c, Math.max(end[0], 0), Math.max(end[1], 0) * c],
    },
  );
  let taps = emit.reshape(result, [o, kh, span, c]);
  if (dilations[1] > 1) taps = emit.op("Slice", [taps, ...[0, span, 2, dilations[1]].map((number) => emit.ints([number]))]);
  return emit.transpose(taps, [0, 3, 1, 2]);
}
