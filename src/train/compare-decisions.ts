import { DECIDE } from "../learn/decide.js";
import type { DecisionRule } from "../report/compare-data.js";
import type { Head, Task } from "../task.js";
import type { ScoredHead } from "./scored-head.js";

/** The rules that make sense for each head on each task: sets make no sense of single labels, argmax none of sigmoid's sets. */
export const RULES: Readonly<Record<Task, Readonly<Record<Head, readonly DecisionRule[]>>>> = {
  multiclass: { softmax: ["argmax"], sigmoid: ["argmax"] },
  multilabel: { softmax: ["half", "tuned", "argmax"], sigmoid: ["half", "tuned"] },
};

/** The rule by which a classifier of the task decides. */
export const RULE_OF_TASK: Readonly<Record<Task, DecisionRule>> = { multiclass: "argmax", multilabel: "tuned" };

/** Decisions `[n, K]` on the test part by a rule, from calibrated probabilities. */
export function decideBy(rule: DecisionRule, { probabilities, tuning }: ScoredHead, classes: number): Uint8Array {
  return DECISIONS[rule](probabilities, classes, tuning.thresholds);
}

/** How each rule turns probabilities `[n, K]` into decisions. */
const DECISIONS: Readonly<
  Record<DecisionRule, (probabilities: Float32Array, classes: number, thresholds: readonly number[]) => Uint8Array>
> = {
  argmax: (probabilities, classes) => DECIDE.multiclass(probabilities, classes),
  half: (probabilities, classes) => DECIDE.multilabel(probabilities, classes),
  tuned: (probabilities, classes, thresholds) => DECIDE.multilabel(probabilities, classes, thresholds),
};
