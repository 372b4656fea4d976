import type { Loss } from "../learn/loss.js";
import { LOSSES } from "../learn/losses.js";
import type { GraphBuilder, Value } from "../onnx/builder.js";
import type { HeadLoss } from "../task.js";
import { float32, int64 } from "../tensor.js";

/**
 * A loss over rows and classes, Σ positive·ℓ₁ + negative·ℓ₀, as ONNX: class weights, smoothing, soft targets and denominators are
 * folded into the two weights of a cell, and a weight of zero selects nothing, not 0 × NaN.
 */
export interface LossGraph {
  /** Of the weights of a linear head: one minimum, whatever the start. */
  readonly convex: boolean;
  /** The same in float64. With soft targets a focal loss of the head is the mix of both answers' losses. */
  readonly reference: Loss;
  /** From logits and weights `[N, K]` to losses and their slopes by the logits, both `[N, K]`. */
  readonly build: (
    graph: GraphBuilder,
    logits: Value,
    weights: { positive: Value; negative: Value },
  ) => { losses: Value; slopes: Value };
}

/** γ = 2, the best in the paper (Lin et al. 2017, table 1b). Its α is left to class weights, which are taken from the counts. */
const FOCAL = { alpha: -1, gamma: 2 } as const;

/**
 * γ⁺ = 0, γ⁻ = 4 and m = 0.05, as Ridnik et al. 2021 propose for multi-label data (section 2.4 and table 2): positives cost their
 * cross-entropy. The authors' program takes γ⁺ = 1.
 */
const ASYMMETRIC = { gammaPositive: 0, gammaNegative: 4, margin: 0.05 } as const;

/** Losses of a row of logits whose probabilities sum to 1. */
export const SOFTMAX_LOSSES: Readonly<Partial<Record<HeadLoss, LossGraph>>> = {
  "cross-entropy": {
    convex: true,
    reference: LOSSES["softmax-cross-entropy"],
    build(graph, logits, { positive }) {
      const logP = graph.op("LogSoftmax", [logits], { axis: 1 });
      const cost = graph.op("Neg", [graph.op("Mul", [positive, logP])]);
      const total = sumOfRow(graph, positive);
      // dz = p Σ w − w
      const slopes = graph.op("Sub", [graph.op("Mul", [graph.op("Exp", [logP]), total]), positive]);
      return { losses: where(graph, positive, cost), slopes: where(graph, total, slopes) };
    },
  },
  focal: {
    convex: false,
    reference: (batch, options) => LOSSES["softmax-focal"](batch, { ...options, ...FOCAL }),
    build(graph, logits, { positive }) {
      const logP = graph.op("LogSoftmax", [logits], { axis: 1 });
      const p = graph.op("Exp", [logP]);
      const miss = graph.op("Sub", [scalar(graph, 1), p]);
      const square = graph.op("Mul", [miss, miss]);
      const cost = graph.op("Neg", [multiply(graph, positive, square, logP)]);
      // f(l) = −(1 − eˡ)² l, f′(l) = 2 (1 − p) p l − (1 − p)²; dzⱼ = wⱼ f′(lⱼ) − pⱼ Σₖ wₖ f′(lₖ)
      const slope = graph.op("Sub", [multiply(graph, scalar(graph, FOCAL.gamma), miss, p, logP), square]);
      const own = where(graph, positive, graph.op("Mul", [positive, slope]));
      const shared = graph.op("Mul", [p, sumOfRow(graph, own)]);
      return {
        losses: where(graph, positive, cost),
        slopes: where(graph, sumOfRow(graph, positive), graph.op("Sub", [own, shared])),
      };
    },
  },
};

/** Losses of logits whose probabilities are independent. */
export const SIGMOID_LOSSES: Readonly<Partial<Record<HeadLoss, LossGraph>>> = {
  "cross-entropy": {
    convex: true,
    reference: LOSSES["sigmoid-cross-entropy"],
    build: cells(crossEntropy, crossEntropy),
  },
  focal: {
    convex: false,
    reference: (batch, options) => LOSSES["sigmoid-focal"](batch, { ...options, ...FOCAL }),
    build: cells(focal, focal),
  },
  asymmetric: {
    convex: false,
    reference: (batch, options) => LOSSES.asymmetric(batch, { ...options, ...ASYMMETRIC }),
    build: cells(crossEntropy, shiftedFocal),
  },
};

/** Loss and slope of being wrong, by the logit of the wrong answer `x`: −z where the label is there, z where it is not. */
type CellLoss = (graph: GraphBuilder, x: Value) => { loss: Value; slope: Value };

/** −log σ(−x) = softplus(x), with slope σ(x). */
function crossEntropy(graph: GraphBuilder, x: Value): { loss: Value; slope: Value } {
  return { loss: graph.op("Softplus", [x]), slope: graph.op("Sigmoid", [x]) };
}

/** With p = σ(x), q = 1 − p: p² softplus(x), with slope p² (2 q softplus(x) + p). */
function focal(graph: GraphBuilder, x: Value): { loss: Value; slope: Value } {
  const entropy = graph.op("Softplus", [x]);
  const { p, q } = probabilities(graph, x);
  const square = graph.op("Mul", [p, p]);
  const inner = graph.op("Add", [multiply(graph, scalar(graph, FOCAL.gamma), q, entropy), p]);
  return { loss: graph.op("Mul", [square, entropy]), slope: graph.op("Mul", [square, inner]) };
}

/**
 * With s = max(p − m, 0): −s⁴ log(1 − s), with slope p q s³ (s / (1 − s) − 4 log(1 − s)). Bounded, and flat for p near 1: a negative
 * that looks too much like a positive is taken for a mistake of the labels.
 */
function shiftedFocal(graph: GraphBuilder, x: Value): { loss: Value; slope: Value } {
  const { p, q } = probabilities(graph, x);
  const s = graph.op("Relu", [graph.op("Sub", [p, scalar(graph, ASYMMETRIC.margin)])]);
  const rest = graph.op("Sub", [scalar(graph, 1), s]);
  const entropy = graph.op("Neg", [graph.op("Log", [rest])]);
  const cube = multiply(graph, s, s, s);
  const inner = graph.op("Add", [
    graph.op("Div", [s, rest]),
    graph.op("Mul", [scalar(graph, ASYMMETRIC.gammaNegative), entropy]),
  ]);
  return { loss: multiply(graph, cube, s, entropy), slope: multiply(graph, p, q, cube, inner) };
}

/** σ(x) and σ(−x) as exp(−softplus): unlike `Sigmoid`, which the runtime clamps at 1e-8, they vanish faster than softplus grows. */
function probabilities(graph: GraphBuilder, x: Value): { p: Value; q: Value } {
  const sure = (logit: Value) => graph.op("Exp", [graph.op("Neg", [graph.op("Softplus", [logit])])]);
  return { p: sure(graph.op("Neg", [x])), q: sure(x) };
}

/** A loss of independent cells, from that of a label that is there and of one that is not. */
function cells(ofPositives: CellLoss, ofNegatives: CellLoss): LossGraph["build"] {
  return (graph, logits, { positive, negative }) => {
    const missed = ofPositives(graph, graph.op("Neg", [logits]));
    const wrong = ofNegatives(graph, logits);
    const weighted = (weight: Value, value: Value) => where(graph, weight, graph.op("Mul", [weight, value]));
    return {
      losses: graph.op("Add", [weighted(positive, missed.loss), weighted(negative, wrong.loss)]),
      slopes: graph.op("Sub", [weighted(negative, wrong.slope), weighted(positive, missed.slope)]),
    };
  };
}

/** Selects the value where the weight is above zero, else 0. */
function where(graph: GraphBuilder, weight: Value, value: Value): Value {
  const zero = scalar(graph, 0);
  return graph.op("Where", [graph.op("Greater", [weight, zero]), value, zero]);
}

function sumOfRow(graph: GraphBuilder, values: Value): Value {
  return graph.op("ReduceSum", [values, graph.constant(int64([1], [1]))], { keepdims: 1 });
}

function multiply(graph: GraphBuilder, ...values: readonly Value[]): Value {
  return values.reduce((product, value) => graph.op("Mul", [product, value]));
}

function scalar(graph: GraphBuilder, value: number): Value {
  return graph.constant(float32([], [value]));
}
