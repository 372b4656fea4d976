import { UserError } from "../errors.js";
import { sigmoid, softplus } from "./activations.js";
import { expectLength, expectSmoothing, type LossBatch, type LossOptions, type LossResult, reduce, rowsOf } from "./loss.js";

/** Loss and derivative of one cell with logit x and target y in [0, 1]. */
interface Cell {
  value: number;
  slope: number;
}
type CellLoss = (x: number, y: number, classIndex: number, cell: Cell) => void;

/** −w y log σ(x) − (1 − y) log(1 − σ(x)) per cell, w = posWeight; independent for every class. */
export function sigmoidCrossEntropy(batch: LossBatch, options: LossOptions = {}): LossResult {
  const { posWeight } = options;
  expectLength("positive weights", posWeight, batch.classes);
  return sumCells(batch, options, (x, y, k, cell) => {
    const positive = (posWeight?.[k] ?? 1) * y;
    cell.value = positive * softplus(-x) + (1 - y) * softplus(x);
    cell.slope = (1 - y) * sigmoid(x) - positive * sigmoid(-x);
  });
}

/** αₜ (1 − pₜ)^γ times cross-entropy per cell (Lin et al. 2017, as in torchvision's sigmoid_focal_loss). */
export function sigmoidFocal(batch: LossBatch, options: LossOptions = {}): LossResult {
  const { alpha = 0.25, gamma = 2 } = options;
  return sumCells(batch, options, (x, y, _, cell) => {
    const p = sigmoid(x);
    const q = sigmoid(-x);
    const entropy = y * softplus(-x) + (1 - y) * softplus(x);
    // 1 − pₜ, whose derivative is (1 − 2y) p (1 − p).
    const miss = y * q + (1 - y) * p;
    const balance = alpha < 0 ? 1 : alpha * y + (1 - alpha) * (1 - y);
    const focus = gamma === 0 || miss === 0 ? 0 : gamma * miss ** (gamma - 1) * (1 - 2 * y) * p * q * entropy;
    cell.value = balance * miss ** gamma * entropy;
    cell.slope = balance * (miss ** gamma * ((1 - y) * p - y * q) + focus);
  });
}

/**
 * Asymmetric loss per cell (Ridnik et al. 2021): (1 − p)^γ⁺ for positives, pₘ^γ⁻ for negatives with pₘ = max(p − m, 0), so that
 * the many easy negatives of multi-label data fade out. The gradient is the true one, through the focusing weights too.
 */
export function asymmetric(batch: LossBatch, options: LossOptions = {}): LossResult {
  const { gammaPositive = 1, gammaNegative = 4, margin = 0.05 } = options;
  return sumCells(batch, options, (x, y, _, cell) => {
    const p = sigmoid(x);
    const q = sigmoid(-x);
    const logP = -softplus(-x);
    const positive = -(q ** gammaPositive) * logP;
    // d/dx −q^γ log p = γ q^γ p log p − q^γ q
    const positiveSlope = gammaPositive * q ** gammaPositive * p * logP - q ** gammaPositive * q;

    const shifted = Math.max(p - margin, 0);
    const logRest = margin === 0 ? -softplus(x) : Math.log(Math.min(q + margin, 1));
    const negative = shifted === 0 ? 0 : -(shifted ** gammaNegative) * logRest;
    // d/dx −s^γ log(1 − s) = p q (s^γ / (1 − s) − γ s^(γ−1) log(1 − s)), and q / (1 − s) = 1 without a margin
    const ratio = margin === 0 ? 1 : q / (q + margin);
    const focus = gammaNegative === 0 ? 0 : gammaNegative * shifted ** (gammaNegative - 1) * q * logRest;
    const negativeSlope = shifted === 0 ? 0 : p * (shifted ** gammaNegative * ratio - focus);

    cell.value = y * positive + (1 - y) * negative;
    cell.slope = y * positiveSlope + (1 - y) * negativeSlope;
  });
}

function sumCells(batch: LossBatch, options: LossOptions, lossOf: CellLoss): LossResult {
  const { logits, targets, classes } = batch;
  const { reduction = "mean", classWeights, sampleWeights, labelSmoothing = 0, mask } = options;
  const rows = rowsOf(batch);
  expectSmoothing(labelSmoothing);
  expectLength("targets", targets, logits.length);
  expectLength("mask", mask, logits.length);
  expectLength("class weights", classWeights, classes);
  expectLength("sample weights", sampleWeights, rows);

  const values = new Float64Array(logits.length);
  const gradient = new Float64Array(logits.length);
  const cell: Cell = { value: 0, slope: 0 };
  let known = 0;
  for (let j = 0; j < logits.length; j++) {
    const target = targets[j];
    if (mask?.[j] === 0 || Number.isNaN(target)) continue;
    const row = Math.floor(j / classes);
    const k = j % classes;
    if (!(target >= 0 && target <= 1)) {
      throw new UserError("bad-data", `row ${row}, class ${k}: target ${target} is outside 0 … 1`, {
        hint: "Mark an unknown label with NaN.",
      });
    }
    if (!Number.isFinite(logits[j])) {
      throw new UserError("numeric", `row ${row}, class ${k}: the logit is ${logits[j]}`, {
        hint: "Lower the learning rate, and look for broken images or features in that row.",
      });
    }
    known++;
    lossOf(logits[j], target * (1 - labelSmoothing) + labelSmoothing / 2, k, cell);
    const weight = (classWeights?.[k] ?? 1) * (sampleWeights?.[row] ?? 1);
    values[j] = weight * cell.value;
    gradient[j] = weight * cell.slope;
  }
  const denominators = { sum: 1, mean: known, "mean-over-n": logits.length };
  return reduce(values, gradient, denominators[reduction], (index) => Math.floor(index / classes));
}
