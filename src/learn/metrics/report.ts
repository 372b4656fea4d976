import type { Task } from "../../task.js";
import { openMulticlass } from "./multiclass-report.js";
import { openMultilabel } from "./multilabel-report.js";
import type { WeightedMetrics } from "./row-sums.js";
import { METRIC_ROWS } from "./rows.js";

/** The metrics of predictions, by name; one that is undefined (nothing known, no positives at all) is left out. */
export type Metrics = Readonly<Record<string, number>>;

/** Metrics under weights of the rows `[N]`: how often each row counts, 1 each by default. */
export type Measure = (weights?: Float64Array) => Metrics;

/** Labels `[N, K]` of 1, 0 or −1 (unknown, masked), probabilities `[N, K]` and decisions `[N, K]` of 1 or 0. */
export type Judged<Result> = (
  labels: Int8Array,
  probabilities: ArrayLike<number>,
  decisions: ArrayLike<number>,
  classes: number,
) => Result;

const OPEN: Readonly<Record<Task, Judged<WeightedMetrics>>> = { multiclass: openMulticlass, multilabel: openMultilabel };

/**
 * {@link METRICS} made ready to be asked many times with other weights of the rows, which are whole numbers: what resampling needs.
 * Sorts once; each question takes time, but no memory, in proportion to the labels.
 *
 * @throws RangeError for a probability that is NaN, unless its label is unknown
 */
export function openMetrics(
  task: Task,
  labels: Int8Array,
  probabilities: ArrayLike<number>,
  decisions: ArrayLike<number>,
  classes: number,
): Measure {
  const measure = OPEN[task](labels, probabilities, decisions, classes);
  return (weights) => {
    const values = measure(weights);
    const metrics: Record<string, number> = {};
    for (const name of Object.keys(METRIC_ROWS)) {
      const value = values[name];
      if (value !== undefined && Number.isFinite(value)) metrics[name] = value;
    }
    return metrics;
  };
}

/**
 * What each task reports: every one of {@link METRIC_ROWS} that the task has and that is defined. F1 averages over all K classes with
 * 0/0 = 0; `mapMacro` leaves labels without positives out, `mapMacroAll` counts them as 0, as scikit-learn does. Scores beyond [0, 1]
 * are ranked, but have no log loss, Brier score or calibration error.
 *
 * @throws RangeError for a probability that is NaN, unless its label is unknown
 */
export const METRICS: Readonly<Record<Task, Judged<Metrics>>> = {
  multiclass: (...judged) => openMetrics("multiclass", ...judged)(),
  multilabel: (...judged) => openMetrics("multilabel", ...judged)(),
};
