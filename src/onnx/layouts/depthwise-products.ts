import { float32 } from "../../tensor.js";
import type { Value } from "../builder.js";
import type { Emitter } from "../emitter.js";
import type { ConvPlan } from "./conv-plan.js";

/**
 * A depthwise convolution of small images as a product for each channel: `[N, P]` pixels times a matrix `[P, Q]` of taps, most of them
 * zeros. ONNX Runtime runs a convolution of images and channels one by one, and for a plane of 4 × 4 the call takes longer than the sum.
 */
export interface DepthwiseProducts {
  /** Y of X, without a bias. */
  output(x: Value, w: Value): Value;
  /** dX of dY. */
  inputGradient(dy: Value, w: Value): Value;
  /** dW of X and dY, `[C, 1, kh, kw]`. */
  weightGradient(x: Value, dy: Value): Value;
}

/** Pixels in × pixels out of a plane, at most: beyond, the zeros cost more than the calls. */
const LARGEST_MATRIX = 64 * 64;

/** Of images `[N, C, H, W]` before and after; undefined for other groups, and where planes are too large to gain by it. */
export function depthwiseProducts(
  plan: ConvPlan,
  [, channels, ...from]: readonly number[],
  [, filters, ...to]: readonly number[],
  emit: Emitter,
): DepthwiseProducts | undefined {
  const [pixels, places] = [from[0] * from[1], to[0] * to[1]];
  if (plan.group !== channels || channels !== filters || channels === 1 || pixels * places > LARGEST_MATRIX) return undefined;
  const taps = plan.kernel[0] * plan.kernel[1];
  const placing = emit.graph.constant(float32([taps, pixels * places], placesOfTaps(plan, from, to)));
  const matrices = (w: Value) =>
    emit.reshape(emit.op("MatMul", [emit.reshape(w, [channels, taps]), placing]), [channels, pixels, places]);
  const product = (a: Value, b: Value, attributes: Readonly<Record<string, number>> = {}) =>
    emit.graph.op("FusedMatMul", [a, b], attributes, undefined, "com.microsoft");
  return {
    output: (x, w) => imagesFirst(emit, product(channelsFirst(emit, x), matrices(w)), to),
    inputGradient: (dy, w) => imagesFirst(emit, product(channelsFirst(emit, dy), matrices(w), { transB: 1 }), from),
    weightGradient(x, dy) {
      const slopes = product(channelsFirst(emit, x), channelsFirst(emit, dy), { transA: 1 });
      const ofTaps = product(emit.reshape(slopes, [channels, pixels * places]), placing, { transB: 1 });
      return emit.reshape(ofTaps, [channels, 1, ...plan.kernel]);
    },
  };
}

/** `[N, C, H, W]` → `[C, N, H · W]` */
function channelsFirst(emit: Emitter, value: Value): Value {
  const [n, channels, height, width] = emit.shape(value);
  return emit.transpose(emit.reshape(value, [n, channels, height * width]), [1, 0, 2]);
}

/** `[C, N, H · W]` → `[N, C, H, W]` */
function imagesFirst(emit: Emitter, value: Value, [height, width]: readonly number[]): Value {
  const [channels, n] = emit.shape(value);
  return emit.reshape(emit.transpose(value, [1, 0, 2]), [n, channels, height, width]);
}

/** `[taps, P · Q]`: 1 where a tap takes this pixel to that place. */
function placesOfTaps(
  { kernel, strides, dilations, pads }: ConvPlan,
  from: readonly number[],
  to: readonly number[],
): Float32Array {
  const size = from[0] * from[1] * to[0] * to[1];
  const placing = new Float32Array(kernel[0] * kernel[1] * size);
  for (let tap = 0; tap < kernel[0] * kernel[1]; tap++) {
    const [down, across] = [Math.floor(tap / kernel[1]), tap % kernel[1]];
    for (let place = 0; place < to[0] * to[1]; place++) {
      const row = Math.floor(place / to[1]) * strides[0] + down * dilations[0] - pads[0];
      const column = (place % to[1]) * strides[1] + across * dilations[1] - pads[1];
      if (row < 0 || row >= from[0] || column < 0 || column >= from[1]) continue;
      placing[tap * size + (row * from[1] + column) * to[0] * to[1] + place] = 1;
    }
  }
  return placing;
}
