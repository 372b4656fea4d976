import type { Emitter } from "../emitter.js";
import { BOOL } from "../types.js";
import { same } from "./arithmetic.js";
import { type ForwardNode, type GradientRule, NoGradient, type Op, rows } from "./op.js";

/** A HardSigmoid steep enough to be a step: 1 above 1e-38, the least normal float32, 0 at 0 and below. */
export const STEP = { alpha: 1e38, beta: 0 };

/** 1 where x > 0, else 0. */
export const step = (emit: Emitter, x: string): string => emit.op("HardSigmoid", [x], STEP);

/** g where the output lies between the bounds, else 0. */
export const between = (emit: Emitter, g: string, y: string, low: number, high: number): string =>
  emit.kernel("ClipGradient", [g, y], { low, high });

const relu: GradientRule = ({ outputs: [y] }, [g], emit) => [emit.mul(g!, step(emit, y))];

/** What a bound cut off comes back to the bound. */
const clip: GradientRule = ({ inputs: [x, low, high], outputs: [y], wants }, [g], emit) => {
  const [from, to] = [low, high].map((bound) => (bound ? emit.numbers(bound)?.[0] : undefined));
  const fixed = (bound: string | undefined, value: number | undefined) => !bound || value !== undefined;
  const where = (condition: string) => emit.op("Where", [condition, g!, emit.scalar(0)]);
  const dx = () => {
    if (fixed(low, from) && fixed(high, to)) {
      return between(emit, g!, y, from ?? Number.NEGATIVE_INFINITY, to ?? Number.POSITIVE_INFINITY);
    }
    const inside = [...(low ? [emit.op("Greater", [x, low])] : []), ...(high ? [emit.op("Less", [x, high])] : [])];
    return where(inside.reduce((a, b) => emit.op("And", [a, b])));
  };
  return [
    wants(0) ? dx() : undefined,
    low && wants(1) ? where(emit.op("Less", [x, low])) : undefined,
    high && wants(2) ? where(emit.op("Greater", [x, high])) : undefined,
  ];
};

/** 1 above 0 and α below, without a comparison. */
const leakyRelu: GradientRule = ({ attributes, inputs: [x] }, [g], emit) => {
  const alpha = attributes.float("alpha", 0.01);
  return [emit.mul(g!, emit.add(emit.mul(step(emit, x), 1 - alpha), emit.scalar(alpha)))];
};

const pRelu: GradientRule = ({ inputs: [x, slope], wants }, [g], emit) => {
  const above = step(emit, x);
  const below = emit.sub(emit.scalar(1), above);
  return [emit.mul(g!, emit.add(above, emit.mul(below, slope))), wants(1) ? emit.mul(g!, emit.mul(below, x)) : undefined];
};

/** x > 0: 1; below: y + α. */
const elu: GradientRule = ({ attributes, inputs: [x], outputs: [y] }, [g], emit) => {
  const positive = emit.op("Greater", [x, emit.scalar(0)]);
  return [emit.mul(g!, emit.op("Where", [positive, emit.scalar(1), emit.add(y, emit.scalar(attributes.float("alpha", 1)))]))];
};

/** y (1 − y) */
const sigmoid: GradientRule = ({ outputs: [y] }, [g], emit) => [emit.mul(g!, emit.mul(y, emit.sub(emit.scalar(1), y)))];

const tanh: GradientRule = ({ outputs: [y] }, [g], emit) => [emit.mul(g!, emit.sub(emit.scalar(1), emit.mul(y, y)))];

const hardSigmoid: GradientRule = ({ attributes, outputs: [y] }, [g], emit) => [
  between(emit, emit.mul(g!, attributes.float("alpha", 0.2)), y, 0, 1),
];

/** y = x h(x), h = clip(x/6 + ½, 0, 1): h + x h′ */
const hardSwish: GradientRule = ({ inputs: [x] }, [g], emit) => {
  const h = emit.op("HardSigmoid", [x], { alpha: 1 / 6, beta: 0.5 });
  return [emit.add(emit.mul(g!, h), between(emit, emit.mul(emit.mul(g!, x), 1 / 6), h, 0, 1))];
};

/** y = x σ(αx): σ + αx σ (1 − σ) = σ + α y (1 − σ) */
const swish: GradientRule = ({ attributes, inputs: [x], outputs: [y] }, [g], emit) => {
  const alpha = attributes.float("alpha", 1);
  const s = emit.op("Sigmoid", [emit.mul(x, alpha)]);
  return [emit.mul(g!, emit.add(s, emit.mul(emit.mul(y, emit.sub(emit.scalar(1), s)), alpha)))];
};

/** y = x tanh(softplus x) = x t: t + x σ (1 − t²) */
const mish: GradientRule = ({ inputs: [x] }, [g], emit) => {
  const t = emit.op("Tanh", [emit.op("Softplus", [x])]);
  const slope = emit.mul(emit.mul(x, emit.op("Sigmoid", [x])), emit.sub(emit.scalar(1), emit.mul(t, t)));
  return [emit.mul(g!, emit.add(t, slope))];
};

/** Hendrycks and Gimpel 2016: x Φ(x), or with Φ by the tanh of a cubic. */
const gelu: GradientRule = (node, gradients, emit) =>
  node.attributes.string("approximate", "none") === "tanh" ? geluTanh(node, gradients, emit) : geluErf(node, gradients, emit);

/** Φ(x) + x φ(x) */
const geluErf: GradientRule = ({ inputs: [x] }, [g], emit) => {
  const phi = emit.add(emit.mul(emit.op("Erf", [emit.mul(x, Math.SQRT1_2)]), 0.5), emit.scalar(0.5));
  const density = emit.mul(emit.op("Exp", [emit.mul(emit.mul(x, x), -0.5)]), 1 / Math.sqrt(2 * Math.PI));
  return [emit.mul(g!, emit.add(phi, emit.mul(x, density)))];
};

/** u = √(2/π)(x + 0.044715 x³), t = tanh u: ½(1 + t) + ½ x (1 − t²) u′ */
const geluTanh: GradientRule = ({ inputs: [x] }, [g], emit) => {
  const root = Math.sqrt(2 / Math.PI);
  const square = emit.mul(x, x);
  const t = emit.op("Tanh", [emit.mul(emit.mul(x, emit.add(emit.mul(square, 0.044715), emit.scalar(1))), root)]);
  const slope = emit.mul(emit.add(emit.mul(square, 3 * 0.044715), emit.scalar(1)), root);
  const bend = emit.mul(emit.mul(emit.mul(x, 0.5), emit.sub(emit.scalar(1), emit.mul(t, t))), slope);
  return [emit.mul(g!, emit.add(emit.add(emit.mul(t, 0.5), emit.scalar(0.5)), bend))];
};

const softplus: GradientRule = ({ inputs: [x] }, [g], emit) => [emit.mul(g!, emit.op("Sigmoid", [x]))];

/** 1 / (1 + |x|)² */
const softsign: GradientRule = ({ inputs: [x] }, [g], emit) => {
  const base = emit.add(emit.op("Abs", [x]), emit.scalar(1));
  return [emit.div(g!, emit.mul(base, base))];
};

/** y (g − Σ g y) */
const softmax: GradientRule = (node, [g], emit) => {
  const [y] = node.outputs;
  return [emit.mul(y, emit.sub(g!, emit.sum(emit.mul(g!, y), axisOf(node, emit), true)))];
};

/** g − exp(y) Σ g */
const logSoftmax: GradientRule = (node, [g], emit) => [
  emit.sub(g!, emit.mul(emit.op("Exp", [node.outputs[0]]), emit.sum(g!, axisOf(node, emit), true))),
];

function axisOf({ attributes, inputs: [x] }: ForwardNode, emit: Emitter): number[] {
  const axis = attributes.int("axis", -1);
  return [axis < 0 ? axis + emit.shape(x).length : axis];
}

/** In inference form the identity; in training form the mask decides, and what is left is scaled up by 1 / (1 − ratio). */
const dropout: GradientRule = ({ inputs: [, ratio, training], saved: [mask] }, [g], emit) => {
  if (mask === undefined) return [g];
  const [share] = ratio ? (emit.numbers(ratio) ?? []) : [0.5];
  if (share === undefined || emit.numbers(training) === undefined) {
    throw new NoGradient("its ratio, or whether it trains, is not a constant");
  }
  const kept = 1 - share;
  return [emit.mul(emit.mul(g!, emit.op("Cast", [mask], { to: 1 })), 1 / kept)];
};

const of = (gradient: Op["gradient"]): Op => ({ shape: same, gradient });

/** Activation functions, and Dropout. */
export const ACTIVATION_OPS: Readonly<Record<string, Op>> = {
  Relu: of(relu),
  Clip: of(clip),
  LeakyRelu: of(leakyRelu),
  PRelu: { ...of(pRelu), learns: [1] },
  Elu: of(elu),
  Sigmoid: of(sigmoid),
  Tanh: of(tanh),
  HardSigmoid: of(hardSigmoid),
  HardSwish: of(hardSwish),
  Swish: of(swish),
  Mish: of(mish),
  Gelu: of(gelu),
  Softplus: of(softplus),
  Softsign: of(softsign),
  Softmax: of(softmax),
  LogSoftmax: of(logSoftmax),
  Dropout: {
    shape: ({ inputs: [x] }) => [
      { code: x?.code, shape: x?.shape },
      { code: BOOL, shape: x?.shape },
    ],
    gradient: dropout,
    forward({ attributes, inputs, outputs }, emit) {
      // What is not known before the graph runs keeps its mask, and the gradient rule refuses it.
      const [training] = inputs[2] ? (emit.numbers(inputs[2]) ?? [1]) : [0];
      if (training === 0) {
        emit.op("Identity", [inputs[0]], {}, outputs[0]);
        return [];
      }
      const mask = outputs[1] || `${outputs[0]}/mask`;
      emit.op("Dropout", inputs, attributes.all(), [outputs[0], mask]);
      return [mask];
    },
  },
  ...rows(of("zero"), "Hardmax"),
  ...rows(of({ refused: "its derivative is not written yet" }), "Celu Selu ThresholdedRelu"),
};
