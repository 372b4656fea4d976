/** What holds during one step; `momentum` (Adam: beta1) only where the schedule moves it too. */
export interface Rate {
  readonly learningRate: number;
  readonly momentum?: number;
}

/**
 * A learning rate as a pure function of the step (from 0) and, for `plateau`, of the validation losses seen so far.
 * Nothing is remembered between calls, so a resumed run goes on where it stopped.
 */
export type Schedule = (step: number, losses?: readonly number[]) => Rate;

interface OneCycleOptions {
  readonly peak: number;
  readonly steps: number;
  /** Share of the steps that climb. */
  readonly climb?: number;
  readonly shape?: keyof typeof SHAPES;
  /** The first rate is peak / this. */
  readonly startDivisor?: number;
  /** The last rate is first / this. */
  readonly endDivisor?: number;
  /** Climb, mirror the climb, then anneal. */
  readonly threePhases?: boolean;
  readonly lowMomentum?: number;
  readonly highMomentum?: number;
}

interface PlateauOptions {
  readonly factor?: number;
  /** Losses without progress that are forgiven. */
  readonly patience?: number;
  readonly threshold?: number;
  readonly thresholdMode?: "relative" | "absolute";
  /** Losses after a reduction that do not count. */
  readonly cooldown?: number;
  readonly floor?: number;
}

/** Every schedule by name; the first argument is the base learning rate. Definitions as in torch.optim.lr_scheduler. */
export const SCHEDULES = {
  constant:
    (base: number): Schedule =>
    () => ({ learningRate: base }),

  /** Halves, tenths, … every so many steps. */
  step:
    (base: number, { every, factor = 0.1 }: { every: number; factor?: number }): Schedule =>
    (step) => ({ learningRate: base * factor ** Math.floor(step / every) }),

  milestones:
    (base: number, { at, factor = 0.1 }: { at: readonly number[]; factor?: number }): Schedule =>
    (step) => ({ learningRate: base * factor ** at.filter((milestone) => step >= milestone).length }),

  exponential:
    (base: number, { factor }: { factor: number }): Schedule =>
    (step) => ({ learningRate: base * factor ** step }),

  linear:
    (base: number, { from = 1 / 3, to = 1, steps = 5 }: { from?: number; to?: number; steps?: number }): Schedule =>
    (step) => ({ learningRate: base * (from + ((to - from) * Math.min(step, steps)) / steps) }),

  polynomial:
    (base: number, { steps, power = 1 }: { steps: number; power?: number }): Schedule =>
    (step) => ({ learningRate: base * (1 - Math.min(step, steps) / steps) ** power }),

  cosine:
    (base: number, { steps, floor = 0 }: { steps: number; floor?: number }): Schedule =>
    (step) => ({ learningRate: SHAPES.cosine(base, floor, step / steps) }),

  /** Cosine that starts again, each period `growth` times as long (Loshchilov and Hutter 2017). */
  "cosine-restarts":
    (base: number, { steps, growth = 1, floor = 0 }: { steps: number; growth?: number; floor?: number }): Schedule =>
    (step) => {
      let start = 0;
      let period = steps;
      while (step >= start + period) {
        start += period;
        period *= growth;
      }
      return { learningRate: SHAPES.cosine(base, floor, (step - start) / period) };
    },

  /** Linear climb to the base rate, then a cosine to zero. */
  "warmup-cosine":
    (base: number, { warmup, steps }: { warmup: number; steps: number }): Schedule =>
    (step) => ({
      learningRate: step < warmup ? (base * (step + 1)) / warmup : SHAPES.cosine(base, 0, (step - warmup) / (steps - warmup)),
    }),

  /** Up to a peak and down far below the start, momentum the other way round (Smith and Topin 2019). The base rate is not used. */
  "one-cycle": (_base: number, options: OneCycleOptions): Schedule => {
    const { peak, steps, climb = 0.3, shape = "cosine", startDivisor = 25, endDivisor = 1e4, threePhases = false } = options;
    const { lowMomentum: low = 0.85, highMomentum: high = 0.95 } = options;
    const first = peak / startDivisor;
    const last = first / endDivisor;
    const top = climb * steps - 1;
    const phases = threePhases
      ? [
          { end: top, rates: [first, peak], momenta: [high, low] },
          { end: 2 * top, rates: [peak, first], momenta: [low, high] },
          { end: steps - 1, rates: [first, last], momenta: [high, high] },
        ]
      : [
          { end: top, rates: [first, peak], momenta: [high, low] },
          { end: steps - 1, rates: [peak, last], momenta: [low, high] },
        ];
    return (step) => {
      const index = Math.max(
        0,
        phases.findIndex(({ end }) => step <= end),
      );
      const { end, rates, momenta } = phases[step > steps - 1 ? phases.length - 1 : index];
      const start = index === 0 ? 0 : phases[index - 1].end;
      // A climb of a single step has no length: 0 / 0.
      const share = end <= start ? 1 : Math.min(1, (step - start) / (end - start));
      return { learningRate: SHAPES[shape](rates[0], rates[1], share), momentum: SHAPES[shape](momenta[0], momenta[1], share) };
    };
  },

  /** Multiplies by `factor` when the loss has not improved for more than `patience` reports. */
  plateau:
    (base: number, options: PlateauOptions = {}): Schedule =>
    (_step, losses = []) => {
      const { factor = 0.1, patience = 10, threshold = 1e-4, thresholdMode = "relative", cooldown = 0, floor = 0 } = options;
      let learningRate = base;
      let best = Number.POSITIVE_INFINITY;
      let bad = 0;
      let cooling = 0;
      for (const loss of losses) {
        if (loss < (thresholdMode === "relative" ? best * (1 - threshold) : best - threshold)) {
          best = loss;
          bad = 0;
        } else bad++;
        if (cooling > 0) {
          cooling--;
          bad = 0;
        }
        if (bad > patience) {
          learningRate = Math.max(learningRate * factor, floor);
          cooling = cooldown;
          bad = 0;
        }
      }
      return { learningRate };
    },
} as const;

/** The name of a schedule. */
export type ScheduleName = keyof typeof SCHEDULES;

/** From `a` to `b` as the share goes from 0 to 1. */
const SHAPES = {
  cosine: (a: number, b: number, share: number) => b + ((a - b) * (1 + Math.cos(Math.PI * share))) / 2,
  linear: (a: number, b: number, share: number) => a + (b - a) * share,
} as const;
