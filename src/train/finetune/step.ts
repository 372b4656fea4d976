import { HEAD_ROWS, lossGraph } from "../../model/head.js";
import type { Layout } from "../../onnx/layouts.js";
import type { Model } from "../../onnx/model.js";
import { IMAGE, LOGITS } from "../../onnx/surgery.js";
import { type TrainingStep, trainingStep } from "../../onnx/training-step.js";
import type { Head, HeadLoss } from "../../task.js";
import { int64 } from "../../tensor.js";

/** The weights of the cells, inputs of a step beside the images: `[N, K]`, of saying a label and of not saying it. */
export const POSITIVE = "positive";
export const NEGATIVE = "negative";

export interface ClassifierStepOptions {
  /** From `image` to `logits`: see `appendLogits`. */
  readonly network: Model;
  /** `[N, C, H, W]` of one run. */
  readonly inputShape: readonly number[];
  /** K. */
  readonly classes: number;
  readonly head: Head;
  /** Default cross-entropy. */
  readonly loss?: HeadLoss | undefined;
  /** Names of the tensors that are learned. */
  readonly parameters?: readonly string[] | undefined;
  readonly batchNorm?: "batch" | "frozen" | undefined;
  readonly batchNormMomentum?: number | undefined;
  readonly layout?: Layout | undefined;
}

/**
 * One step of training a classifier: inputs `image` `[N, C, H, W]`, `positive` and, where the head has it, `negative` `[N, K]`;
 * outputs `loss`, `logits` `[N, K]`, gradients and states.
 *
 * @throws UserError `bad-model` when a gradient would have to cross an operator that has none, `usage` where the head has no such loss
 */
export function classifierStep(options: ClassifierStepOptions): TrainingStep {
  const { network, inputShape, classes, head, loss, ...rest } = options;
  const { build } = lossGraph(head, loss);
  return trainingStep(network, {
    ...rest,
    inputs: { [IMAGE]: inputShape },
    outputs: [LOGITS],
    loss(graph) {
      const cells = [inputShape[0], classes];
      const positive = graph.input(POSITIVE, "float32", cells);
      const negative = HEAD_ROWS[head].negatives ? graph.input(NEGATIVE, "float32", cells) : positive;
      const { losses, slopes } = build(graph, LOGITS, { positive, negative });
      const total = graph.op("ReduceSum", [losses, graph.constant(int64([2], [0, 1]))], { keepdims: 0 });
      return { loss: total, slopes: { [LOGITS]: slopes } };
    },
  });
}
