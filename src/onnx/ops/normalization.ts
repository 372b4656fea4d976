import { normalAxis } from "../dims.js";
import type { Emitter } from "../emitter.js";
import { FLOAT } from "../types.js";
import { same } from "./arithmetic.js";
import { type ForwardNode, fromFirstOutput, type GradientRule, type Op, rows } from "./op.js";

const EPSILON = 1e-5;

/** 1 / √(variance + ε) */
function inverseDeviation(emit: Emitter, variance: string, epsilon: number): string {
  return emit.op("Reciprocal", [emit.op("Sqrt", [emit.add(variance, emit.scalar(epsilon))])]);
}

/** How many numbers stand behind each channel. */
export function countPerChannel(emit: Emitter, x: string): number {
  return emit.shape(x).reduce((product, extent, axis) => (axis === 1 ? product : product * extent), 1);
}

/**
 * y = γ (x − μ) r + β with r = 1/√(v + ε), μ and v given: dx = dy γ r, dγ = (Σ dy x − μ Σ dy) r, dβ = Σ dy, dμ = −γ r Σ dy,
 * dv = −½ γ r² dγ.
 */
const frozenGradient: GradientRule = ({ inputs: [x, , , mean], saved: [a, rstd], wants }, [g], emit) => {
  const sum = [1, 2, 3, 4].some(wants) ? emit.kernel("ChannelSum", [g!]) : undefined;
  const centred = () => emit.sub(emit.kernel("ChannelDot", [g!, x]), emit.mul(mean, sum!));
  const dGamma = wants(1) || wants(4) ? emit.mul(centred(), rstd) : undefined;
  return [
    wants(0) ? { value: g!, factor: a } : undefined,
    wants(1) ? dGamma : undefined,
    wants(2) ? sum : undefined,
    wants(3) ? emit.neg(emit.mul(a, sum!)) : undefined,
    wants(4) ? emit.mul(emit.mul(emit.mul(a, rstd), dGamma!), -0.5) : undefined,
  ];
};

/**
 * Batch statistics, x already centred (Ioffe and Szegedy 2015): with r = 1/σ, M numbers a channel,
 * dx = γ r (dy − Σ dy / M − x r² Σ(dy x) / M), dγ = r Σ dy x, dβ = Σ dy. The factor γ r is left to who takes dx.
 * For nodes whose `forward` was `normalizeBatch`.
 */
export const batchGradient: GradientRule = fromFirstOutput(({ saved: [x, a, rstd], wants }, [g], emit) => {
  const count = countPerChannel(emit, x);
  const sum = emit.kernel("ChannelSum", [g!]);
  const dot = emit.kernel("ChannelDot", [g!, x]);
  const slope = emit.mul(emit.mul(dot, emit.mul(rstd, rstd)), -1 / count);
  const value = () => emit.kernel("ChannelAffine", [x, slope, emit.mul(sum, -1 / count), g!]);
  return [
    wants(0) ? { value: value(), factor: a } : undefined,
    wants(1) ? emit.mul(dot, rstd) : undefined,
    wants(2) ? sum : undefined,
  ];
});

/**
 * Writes a normalisation of centred numbers by their batch: y, and the running statistics as
 * running · momentum + batch · (1 − momentum). Their variance is that of the population, M − 1, as PyTorch has it.
 */
export function normalizeBatch(
  { attributes, inputs: [, scale, bias, runningMean, runningVariance], outputs }: Omit<ForwardNode, "saved" | "wants">,
  centred: string,
  mean: string,
  emit: Emitter,
): readonly string[] {
  const count = countPerChannel(emit, centred);
  const momentum = attributes.float("momentum", 0.9);
  const squares = emit.kernel("ChannelDot", [centred, centred]);
  const rstd = inverseDeviation(emit, emit.mul(squares, 1 / count), attributes.float("epsilon", EPSILON));
  const a = emit.mul(scale, rstd);
  emit.kernel("ChannelAffine", [centred, a, bias], {}, outputs[0]);
  const mixed = (running: string, batch: string, share: number, output: string | undefined) => {
    if (output) emit.op("Add", [emit.mul(running, momentum), emit.mul(batch, share)], {}, output);
  };
  mixed(runningMean, mean, 1 - momentum, outputs[1]);
  mixed(runningVariance, squares, (1 - momentum) / Math.max(count - 1, 1), outputs[2]);
  return [centred, a, rstd];
}

const isTraining = ({ attributes }: Pick<ForwardNode, "attributes">) => attributes.int("training_mode", 0) === 1;

/**
 * Ba et al. 2016, x̂ = (x − μ) r over the last axes: dx = r (dŷ − mean dŷ − x̂ mean(dŷ x̂)) with dŷ = dy γ, dγ = Σ dy x̂, dβ = Σ dy.
 */
const layerGradient: GradientRule = ({ inputs: [x, scale, bias], attributes, saved: [mean, rstd], wants }, [g], emit) => {
  const { length } = emit.shape(x);
  const axis = normalAxis(attributes.int("axis", -1), length);
  const axes = [...Array(length).keys()].slice(axis);
  const count = axes.reduce((product, at) => product * emit.shape(x)[at], 1);
  const normal = emit.mul(emit.sub(x, mean), rstd);
  const scaled = emit.mul(g!, scale);
  const average = (value: string) => emit.mul(emit.sum(value, axes, true), 1 / count);
  const dx = () =>
    emit.mul(rstd, emit.sub(emit.sub(scaled, average(scaled)), emit.mul(normal, average(emit.mul(scaled, normal)))));
  return [wants(0) ? dx() : undefined, wants(1) ? emit.mul(g!, normal) : undefined, bias && wants(2) ? g : undefined];
};

/** Normalisations. */
export const NORMALIZATIONS: Readonly<Record<string, Op>> = {
  BatchNormalization: {
    shape: ({ inputs: [x, , , mean, variance] }) => [{ code: x.code, shape: x.shape }, mean ?? {}, variance ?? {}],
    gradient: (node, gradients, emit) => (isTraining(node) ? batchGradient : frozenGradient)(node, gradients, emit),
    learns: [1, 2],
    forward(node, emit) {
      const { attributes, inputs, outputs } = node;
      const [x, scale, bias, mean, variance] = inputs;
      if (isTraining(node)) {
        const batchMean = emit.mul(emit.kernel("ChannelSum", [x]), 1 / countPerChannel(emit, x));
        const ones = emit.filled(1, emit.shape(scale));
        return normalizeBatch(node, emit.kernel("ChannelAffine", [x, ones, emit.neg(batchMean)]), batchMean, emit);
      }
      const rstd = inverseDeviation(emit, variance, attributes.float("epsilon", EPSILON));
      const a = emit.mul(scale, rstd);
      emit.kernel("ChannelAffine", [x, a, emit.sub(bias, emit.mul(mean, a))], {}, outputs[0]);
      return [a, rstd];
    },
  },
  LayerNormalization: {
    shape: ({ inputs: [x], attributes }) => {
      const axis = x.shape && normalAxis(attributes.int("axis", -1), x.shape.length);
      const statistic = { code: FLOAT, shape: x.shape?.map((extent, at) => (at < axis! ? extent : 1)) };
      return [{ code: x.code, shape: x.shape }, statistic, statistic];
    },
    gradient: fromFirstOutput(layerGradient),
    learns: [1, 2],
    forward({ attributes, inputs, outputs: [y, mean, rstd] }, emit) {
      const saved = [mean || `${y}/mean`, rstd || `${y}/rstd`];
      emit.op("LayerNormalization", inputs, attributes.all(), [y, ...saved]);
      return saved;
    },
  },
  ...rows(
    { shape: same, gradient: { refused: "its derivative is not written yet" } },
    "GroupNormalization InstanceNormalization LRN LpNormalization MeanVarianceNormalization",
  ),
};
