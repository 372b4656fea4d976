import { UserError } from "../errors.js";
import { GraphBuilder } from "../onnx/builder.js";
import { writeModel } from "../onnx/model.js";
import type { Head, HeadLoss } from "../task.js";
import { int64 } from "../tensor.js";
import { type LossGraph, SIGMOID_LOSSES, SOFTMAX_LOSSES } from "./head-losses.js";

/** What a head is, in ONNX. */
export interface HeadRow {
  /** From logits `[N, K]` to probabilities. */
  readonly activation: { readonly op: "Softmax" | "Sigmoid"; readonly attributes: Readonly<Record<string, number>> };
  /** Whether a label that is not said also costs: ℓ₀ exists. */
  readonly negatives: boolean;
  /**
   * The penalty on the bias as a share of that on the weights of standardised features. Independent labels are mostly absent, and a
   * free bias then settles the matter for all images alike: penalising it a little gave MobileNetV2 on 2×2 mosaics of RSSCN7, 8 views,
   * the least validation loss (1.42 against 1.47 without) and a mean average precision of 0.896 against 0.888 on the test part.
   */
  readonly biasPenalty: number;
  /** The losses it can be trained with. */
  readonly losses: Readonly<Partial<Record<HeadLoss, LossGraph>>>;
}

/** Every head by name. */
export const HEAD_ROWS: Readonly<Record<Head, HeadRow>> = {
  softmax: {
    activation: { op: "Softmax", attributes: { axis: 1 } },
    negatives: false,
    biasPenalty: 0,
    losses: SOFTMAX_LOSSES,
  },
  sigmoid: {
    activation: { op: "Sigmoid", attributes: {} },
    negatives: true,
    biasPenalty: 0.3,
    losses: SIGMOID_LOSSES,
  },
};

/** The graph of a loss that the head can be trained with. @throws UserError `usage` where the head has no such loss */
export function lossGraph(head: Head, loss: HeadLoss = "cross-entropy"): LossGraph {
  const graph = HEAD_ROWS[head].losses[loss];
  if (graph !== undefined) return graph;
  throw new UserError("usage", `the ${loss} loss is made for labels that are independent of each other: head ${head} has none`, {
    hint: `Take --loss ${Object.keys(HEAD_ROWS[head].losses).join(" or ")}, --class-weights balanced, or another --head.`,
  });
}

/**
 * The forward pass of a linear head as an ONNX model whose weights are inputs: `features` `[N, D]`, `weights` `[K, D]`, `bias` `[K]`.
 * Outputs: `logits` `[N, K]` and, of a head, `probabilities` `[N, K]`.
 */
export function forwardModel(head: Head | undefined, width: number, classes: number): Uint8Array {
  const graph = new GraphBuilder();
  const features = graph.input("features", "float32", ["N", width]);
  const weights = graph.input("weights", "float32", [classes, width]);
  const bias = graph.input("bias", "float32", [classes]);
  // Z = X Wᵀ + b
  const logits = graph.op("Gemm", [features, weights, bias], { transB: 1 }, "logits");
  graph.output(logits, "float32");
  if (head !== undefined) {
    const { op, attributes } = HEAD_ROWS[head].activation;
    graph.output(graph.op(op, [logits], attributes, "probabilities"), "float32");
  }
  return writeModel(graph.build({ name: `${head ?? "linear"}-head` }));
}

/**
 * The forward and backward pass of a linear head as one ONNX model.
 * Inputs: `features` `[N, D]`, `weights` `[K, D]`, `bias` `[K]`, `positive` and (where the head has negatives) `negative` `[N, K]`.
 * Outputs: `losses` `[N]` per row, `weightsGradient` `[K, D]`, `biasGradient` `[K]`, `slopes` `[N, K]`.
 *
 * @throws UserError `usage` where the head has no such loss
 */
export function headModel(head: Head, width: number, classes: number, loss: HeadLoss = "cross-entropy"): Uint8Array {
  const graph = new GraphBuilder();
  const features = graph.input("features", "float32", ["N", width]);
  const weights = graph.input("weights", "float32", [classes, width]);
  const bias = graph.input("bias", "float32", [classes]);
  const positive = graph.input("positive", "float32", ["N", classes]);
  const negative = HEAD_ROWS[head].negatives ? graph.input("negative", "float32", ["N", classes]) : positive;

  // Z = X Wᵀ + b
  const logits = graph.op("Gemm", [features, weights, bias], { transB: 1 });
  const { losses, slopes } = lossGraph(head, loss).build(graph, logits, { positive, negative });
  const perRow = graph.op("ReduceSum", [losses, graph.constant(int64([1], [1]))], { keepdims: 0 }, "losses");
  // dW = dZᵀ X, db = Σ dZ
  const weightsGradient = graph.op("Gemm", [slopes, features], { transA: 1 }, "weightsGradient");
  const biasGradient = graph.op("ReduceSum", [slopes, graph.constant(int64([1], [0]))], { keepdims: 0 }, "biasGradient");
  const slopesOut = graph.op("Identity", [slopes], {}, "slopes");
  for (const value of [perRow, weightsGradient, biasGradient, slopesOut]) graph.output(value, "float32");
  return writeModel(graph.build({ name: `${head}-head-training` }));
}
