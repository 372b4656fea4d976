import type { Task } from "../task.js";
import { enforceRules, type Rule, violations } from "./rules.js";

/** The probability from which a label is said, where no threshold was tuned. */
export const DEFAULT_THRESHOLD = 0.5;

/**
 * What each task says of probabilities `[N, K]`: 1 for every label decided on, else 0, `[N, K]`.
 * Thresholds `[K]` belong to multilabel; multiclass takes the highest probability, the lowest index on ties.
 */
export const DECIDE: Readonly<
  Record<Task, (probabilities: ArrayLike<number>, classes: number, thresholds?: ArrayLike<number>) => Uint8Array>
> = {
  multiclass(probabilities, classes) {
    const decisions = new Uint8Array(probabilities.length);
    for (let start = 0; start < probabilities.length; start += classes)
      decisions[start + argmax(probabilities, start, classes)] = 1;
    return decisions;
  },
  multilabel(probabilities, classes, thresholds) {
    const decisions = new Uint8Array(probabilities.length);
    for (let i = 0; i < decisions.length; i++)
      decisions[i] = probabilities[i] >= (thresholds?.[i % classes] ?? DEFAULT_THRESHOLD) ? 1 : 0;
    return decisions;
  },
};

/**
 * The labels said of probabilities `[N, K]`, by {@link DECIDE} and within the rules: where a row breaks one, the nearest set of labels
 * that does not, each label weighed by how far its logit is from that of its threshold.
 *
 * @param thresholds `[K]`; {@link DEFAULT_THRESHOLD} where there is none
 * @returns `[N, K]` of 1 and 0
 */
export function decide(
  task: Task,
  probabilities: ArrayLike<number>,
  classes: number,
  thresholds?: ArrayLike<number>,
  rules: readonly Rule[] = [],
): Uint8Array {
  const decisions = DECIDE[task](probabilities, classes, thresholds);
  if (rules.length === 0) return decisions;
  for (let start = 0; start < decisions.length; start += classes) {
    const row = decisions.subarray(start, start + classes);
    if (violations(rules, row).length === 0) continue;
    const margins = Array.from(row, (_, k) => logit(probabilities[start + k]) - logit(thresholds?.[k] ?? DEFAULT_THRESHOLD));
    row.set(enforceRules(rules, row, margins));
  }
  return decisions;
}

/** log(p / (1 − p)), finite at 0 and 1. */
function logit(p: number): number {
  const inside = Math.min(Math.max(p, 1e-15), 1 - 1e-15);
  return Math.log(inside / (1 - inside));
}

/** The index within one row of its largest value, the lowest on ties. */
export function argmax(values: ArrayLike<number>, start: number, count: number): number {
  let best = 0;
  for (let k = 1; k < count; k++) if (values[start + k] > values[start + best]) best = k;
  return best;
}
