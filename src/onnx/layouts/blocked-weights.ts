import type { Value } from "../builder.js";
import type { Emitter } from "../emitter.js";

// ONNX Runtime moves one axis of a tensor fast and several slowly, so every order is made of such moves.

/** Weights `[O, I, kh, kw]` as `[O/B, I/b, kh, kw, b, B]`; `inputBlock` b is 1 where the image is read as it is. */
export function denseWeights(emit: Emitter, w: Value, inputBlock: number, block: number): Value {
  const [outs, ins, ...kernel] = emit.shape(w);
  const taps = kernel[0] * kernel[1];
  const outLast = emit.transpose(emit.reshape(w, [outs / block, block, ins * taps]), [0, 2, 1]);
  if (inputBlock === 1 || taps === 1) return emit.reshape(outLast, [outs, ins, ...kernel]);
  const cells = emit.reshape(outLast, [(outs * ins) / (block * inputBlock), inputBlock, taps, block]);
  return emit.reshape(emit.transpose(cells, [0, 2, 1, 3]), [outs, ins, ...kernel]);
}

/** Weights `[C, 1, kh, kw]` of a depthwise convolution as `[C/B, kh, kw, B]`. */
export function depthwiseWeights(emit: Emitter, w: Value, block: number): Value {
  const [channels, , ...kernel] = emit.shape(w);
  const split = emit.transpose(emit.reshape(w, [channels / block, block, kernel[0] * kernel[1]]), [0, 2, 1]);
  return emit.reshape(split, [channels, 1, ...kernel]);
}

/** The taps of weights `[O, I, kh, kw]` for the way back, inputs for outputs: `[taps, I/B · O/B, B · B]`, or with the taps behind the blocks. */
export function backwardTaps(emit: Emitter, w: Value, block: number): Value {
  const [outs, ins, ...kernel] = emit.shape(w);
  const taps = kernel[0] * kernel[1];
  const insFirst = emit.transpose(emit.reshape(w, [outs, ins / block, block * taps]), [1, 0, 2]);
  return emit.transpose(emit.reshape(insFirst, [(ins * outs) / block ** 2, block ** 2, taps]), [0, 2, 1]);
}

/** The taps in reverse along one axis. */
export function reversedTaps(emit: Emitter, value: Value, axis: number): Value {
  const count = emit.shape(value)[axis];
  const order = Array.from({ length: count }, (_, i) => count - 1 - i);
  return count === 1 ? value : emit.op("Gather", [value, emit.ints(order)], { axis });
}
