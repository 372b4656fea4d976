import { UserError } from "../../errors.js";
import { throwIfAborted } from "../../progress.js";
import { openTrainer } from "./trainer.js";
import { prepareTraining, type TrainingOptions } from "./training.js";

export interface LearningRateOptions extends TrainingOptions {
  /** Lowest rate of the last layer. Default 1e-6. */
  readonly from?: number | undefined;
  /** Highest. Default 1. */
  readonly to?: number | undefined;
  /** Updates from the lowest to the highest. Default 100. */
  readonly steps?: number | undefined;
}

/** The loss at one rate. */
export interface RatePoint {
  /** Of the last layer. */
  readonly lr: number;
  /** Of this update alone. */
  readonly loss: number;
  /** Average that forgets, over the updates so far. */
  readonly smoothed: number;
}

export interface RateCurve {
  /** By rising rate; ends where the training diverges. */
  readonly curve: readonly RatePoint[];
  /** The rate at which the loss falls fastest; undefined where it never falls. */
  readonly suggestion: number | undefined;
}

/** Share of the average that the next loss leaves in place. */
const SMOOTHING = 0.9;
/** Times the lowest average above which a training counts as diverged. */
const DIVERGED = 4;

/**
 * Trains for some updates while the learning rate rises from tiny to large (Smith 2017, "Cyclical learning rates", section 3.3), the
 * rest of the recipe as it is. Nothing of it is kept but the curve.
 *
 * @throws UserError as `finetune`, `usage` where the rate would not rise
 */
export async function findLearningRate(options: LearningRateOptions): Promise<RateCurve> {
  const { from = 1e-6, to = 1, steps = 100, runtime, threads, signal, onProgress, onWarning } = options;
  if (!(from < to)) {
    throw new UserError("usage", `the rate cannot rise from ${from} to ${to}`, { hint: "Give --from a lower rate than --to." });
  }
  const { recipe, step, targets, openLoader } = await prepareTraining(options, []);
  const ratio = recipe.lrBackbone / recipe.lr;
  const trainer = await openTrainer({ step, recipe: { ...recipe, ema: 0 }, runtime, threads, onWarning });
  try {
    const loader = await openLoader({ epoch: 0, step: 0 });
    try {
      const curve: RatePoint[] = [];
      let average = 0;
      let lowest = Number.POSITIVE_INFINITY;
      for (let i = 0; i < steps; i++) {
        throwIfAborted(signal);
        const lr = from * (to / from) ** (i / Math.max(1, steps - 1));
        let loss = 0;
        for (let part = 0; part < recipe.accumulate; part++) {
          const { rows, pixels, mix } = await loader.next();
          const result = await trainer.run({ pixels, ...targets(rows, mix) });
          loss += result.loss;
          if (!Number.isFinite(loss)) break;
        }
        if (!Number.isFinite(loss)) break;
        average = SMOOTHING * average + (1 - SMOOTHING) * loss;
        // The average starts at 0, which the division takes out (as Adam does with its moments).
        const smoothed = average / (1 - SMOOTHING ** (i + 1));
        curve.push({ lr, loss, smoothed });
        onProgress?.({ stage: "lr-find", done: i + 1, total: steps, unit: "steps", note: `rate ${lr.toPrecision(2)}` });
        lowest = Math.min(lowest, smoothed);
        if (smoothed > DIVERGED * lowest) break;
        const norm = trainer.update({ head: lr, backbone: lr * ratio, momentum: recipe.momentum });
        if (!Number.isFinite(norm)) break;
      }
      return { curve, suggestion: steepest(curve) };
    } finally {
      await loader.close();
    }
  } finally {
    await trainer.close();
  }
}

/** Updates on both sides over which the slope of a point is taken. */
const REACH = 2;

/** The rate before the lowest loss at which the average falls fastest by the logarithm of the rate. */
function steepest(curve: readonly RatePoint[]): number | undefined {
  const losses = curve.map(({ smoothed }) => smoothed);
  const end = losses.indexOf(Math.min(...losses));
  let best: number | undefined;
  let most = 0;
  for (let i = REACH; i + REACH < curve.length && i <= end; i++) {
    const fall = losses[i - REACH] - losses[i + REACH];
    if (fall > most) [most, best] = [fall, curve[i].lr];
  }
  return best;
}
