import { SCHEDULES, type Schedule } from "../../learn/schedules.js";
import type { Recipe } from "./recipe.js";

/** What holds during one update. */
export interface Rates {
  /** Of the last layer. */
  readonly head: number;
  readonly backbone: number;
  /** Adam: β₁. */
  readonly momentum: number;
}

interface ScheduleRow {
  /** Share of the steps in which the rates climb, unless the recipe says so. */
  readonly warmup: number;
  /** The share of the highest rate by step. */
  readonly make: (steps: number, warmup: number) => Schedule;
}

/** Climbs linearly, over `warmup` of the steps, to what the schedule says. */
function warmed(schedule: Schedule, steps: number, warmup: number): Schedule {
  const climb = Math.round(warmup * steps);
  return (step) => {
    const { learningRate } = schedule(step);
    return { learningRate: step < climb ? (learningRate * (step + 1)) / climb : learningRate };
  };
}

/** The schedules of a recipe, of a highest rate of 1. */
export const RATE_SCHEDULES = {
  constant: {
    warmup: 0,
    make: (steps, warmup) => warmed(SCHEDULES.constant(1), steps, warmup),
  },
  /** A tenth after each third of the steps. */
  step: {
    warmup: 0,
    make: (steps, warmup) => warmed(SCHEDULES.step(1, { every: Math.ceil(steps / 3) }), steps, warmup),
  },
  cosine: {
    warmup: 0.05,
    make: (steps, warmup) => SCHEDULES["warmup-cosine"](1, { warmup: Math.round(warmup * steps), steps }),
  },
  "one-cycle": {
    warmup: 0.3,
    make: (steps, warmup) => SCHEDULES["one-cycle"](1, { peak: 1, steps, climb: warmup }),
  },
} as const satisfies Record<string, ScheduleRow>;

export type RateSchedule = keyof typeof RATE_SCHEDULES;

/** The rates of both groups as a function of the update (from 0) of so many: they go up and down together. */
export function ratesOf(
  { schedule, warmup, lr, lrBackbone, momentum }: Pick<Recipe, "schedule" | "warmup" | "lr" | "lrBackbone" | "momentum">,
  updates: number,
): (update: number) => Rates {
  const row: ScheduleRow = RATE_SCHEDULES[schedule];
  const of = row.make(updates, warmup ?? row.warmup);
  return (update) => {
    const now = of(update);
    return { head: lr * now.learningRate, backbone: lrBackbone * now.learningRate, momentum: now.momentum ?? momentum };
  };
}
