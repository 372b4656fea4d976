import { UserError } from "../errors.js";
import { logSumExp } from "./activations.js";
import { expectLength, expectSmoothing, type LossBatch, type LossOptions, type LossResult, reduce, rowsOf } from "./loss.js";

/** −Σ tₖ log pₖ with p = softmax(z); gradient p Σt − t. */
export function softmaxCrossEntropy(batch: LossBatch, options: LossOptions = {}): LossResult {
  return softmaxFocal(batch, { ...options, gamma: 0 });
}

/** −Σ tₖ (1 − pₖ)^γ log pₖ with p = softmax(z) (Lin et al. 2017); cross-entropy when γ = 0. */
export function softmaxFocal(batch: LossBatch, options: LossOptions = {}): LossResult {
  const { gamma = 2, reduction = "mean", sampleWeights } = options;
  const { logits, classes } = batch;
  const rows = rowsOf(batch);
  expectLength("sample weights", sampleWeights, rows);
  const { weights, targetWeight } = weighTargets(batch, rows, options);

  const values = new Float64Array(rows);
  const gradient = new Float64Array(rows * classes);
  for (let i = 0; i < rows; i++) {
    const start = i * classes;
    if (targetWeight[i] === undefined) continue;
    const sample = sampleWeights?.[i] ?? 1;
    const total = logSumExp(logits, start, classes);
    // With f(l) = −(1 − eˡ)^γ l and l = log p: dL/dzⱼ = tⱼ f′(lⱼ) − pⱼ Σₖ tₖ f′(lₖ).
    let slopes = 0;
    for (let j = start; j < start + classes; j++) {
      const weight = sample * weights[j];
      // A class of weight zero must not touch the loss, even where log p = −∞.
      if (weight === 0) continue;
      const logP = logits[j] - total;
      const miss = -Math.expm1(logP);
      values[i] -= weight * miss ** gamma * logP;
      gradient[j] = weight * focalSlope(logP, miss, gamma);
      slopes += gradient[j];
    }
    for (let j = start; j < start + classes; j++) gradient[j] -= Math.exp(logits[j] - total) * slopes;
  }

  const denominators = {
    sum: () => 1,
    "mean-over-n": () => rows,
    mean: () => targetWeight.reduce<number>((sum, weight, i) => sum + (weight ?? 0) * (sampleWeights?.[i] ?? 1), 0),
  };
  return reduce(values, gradient, denominators[reduction](), (row) => row);
}

/** f′(l) = γ (1 − p)^(γ−1) p l − (1 − p)^γ, with its limit where p = 1. */
function focalSlope(logP: number, miss: number, gamma: number): number {
  if (gamma === 0) return -1;
  if (miss === 0) return 0;
  const p = 1 - miss;
  return (p === 0 ? 0 : gamma * miss ** (gamma - 1) * p * logP) - miss ** gamma;
}

/**
 * Smoothed targets times class weights `[N, K]`, and what each row adds to the denominator of the mean (undefined: unknown row).
 */
function weighTargets(batch: LossBatch, rows: number, options: LossOptions) {
  const { targets, classes } = batch;
  const { targetKind = "index", classWeights, labelSmoothing = 0, ignoreIndex = -100 } = options;
  expectSmoothing(labelSmoothing);
  expectLength("class weights", classWeights, classes);
  expectLength("targets", targets, targetKind === "index" ? rows : rows * classes);

  const weights = new Float64Array(rows * classes);
  const targetWeight: (number | undefined)[] = new Array(rows).fill(undefined);
  for (let i = 0; i < rows; i++) {
    const start = i * classes;
    if (targetKind === "index") {
      const target = targets[i];
      if (target === ignoreIndex) continue;
      if (!Number.isInteger(target) || target < 0 || target >= classes) {
        throw new UserError("bad-data", `row ${i}: class ${target} is outside 0 … ${classes - 1}`, {
          hint: `Use ${ignoreIndex} for a row whose class is unknown.`,
        });
      }
      weights[start + target] = 1;
      targetWeight[i] = classWeights?.[target] ?? 1;
    } else {
      for (let j = start; j < start + classes; j++) {
        if (!(targets[j] >= 0 && targets[j] < Number.POSITIVE_INFINITY)) {
          throw new UserError("bad-data", `row ${i}, class ${j - start}: target ${targets[j]} is not a probability`);
        }
        weights[j] = targets[j];
      }
      targetWeight[i] = 1;
    }
    for (let k = 0; k < classes; k++) {
      weights[start + k] = (weights[start + k] * (1 - labelSmoothing) + labelSmoothing / classes) * (classWeights?.[k] ?? 1);
    }
  }
  return { weights, targetWeight };
}
