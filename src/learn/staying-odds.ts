import type { Task } from "../task.js";
import { DEFAULT_CONFIDENCE, type TransitionModel } from "./hidden-markov.js";

/** The odds of staying against becoming a given other state, from the first date to the last. Chosen in docs/decisions/0042. */
const STAY_ODDS = 3;

/** How many states one thing has that is followed through the dates: a cell its classes, a label presence and absence. */
const STATES: Readonly<Record<Task, (classes: number) => number>> = {
  multiclass: (classes) => Math.max(2, classes),
  multilabel: () => 2,
};

// Where all states are alike, transitions have the second eigenvalue λ = (S stay − 1) / (S − 1), and a state is the same after n of them
// with probability (1 + (S − 1) λⁿ) / S, a given other one with (1 − λⁿ) / S.

/**
 * What transitions are taken to be where nothing more is known: any state is as likely as another, and becoming a given other one between
 * the first and the last date takes three times the evidence of staying, whatever the number of states and of dates: cells of which nobody
 * can tell anything do not change because they were looked at more often.
 */
export function usualTransitions(
  task: Task,
  classes: number,
  dates: number,
): Pick<TransitionModel, "prior" | "stay"> & { readonly confidence: number } {
  const states = STATES[task](classes);
  const whole = (STAY_ODDS - 1) / (STAY_ODDS + states - 1);
  const step = whole ** (1 / (dates - 1));
  return {
    prior: new Array<number>(classes).fill(1 / states),
    stay: (1 + (states - 1) * step) / states,
    confidence: DEFAULT_CONFIDENCE,
  };
}

/** How much more probable it is to be the same state on the last date as on the first than to be a given other one. */
export function oddsOfStaying(task: Task, classes: number, dates: number, stay: number): number {
  const states = STATES[task](classes);
  const whole = ((states * stay - 1) / (states - 1)) ** (dates - 1);
  return (1 + (states - 1) * whole) / (1 - whole);
}
