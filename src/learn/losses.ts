import type { Loss } from "./loss.js";
import { asymmetric, sigmoidCrossEntropy, sigmoidFocal } from "./losses-sigmoid.js";
import { softmaxCrossEntropy, softmaxFocal } from "./losses-softmax.js";

/** Every loss by name, in float64, with its gradient with respect to the logits. */
export const LOSSES = {
  "softmax-cross-entropy": softmaxCrossEntropy,
  "softmax-focal": softmaxFocal,
  "sigmoid-cross-entropy": sigmoidCrossEntropy,
  "sigmoid-focal": sigmoidFocal,
  asymmetric,
} as const satisfies Record<string, Loss>;

/** The name of a loss. */
export type LossName = keyof typeof LOSSES;
