import type { Task } from "../../task.js";
import { AVERAGES, countCells, meanOf } from "./counts.js";
import { accuracy, confusion, logLoss } from "./multiclass.js";
import { hammingLoss, sampleScores, subsetAccuracy } from "./multilabel.js";
import { averagePrecision, perClass } from "./ranking.js";

/** The metrics of predictions, by name; one that is undefined (nothing known, no positives at all) is left out. */
export type Metrics = Readonly<Record<string, number>>;

/** Metrics under weights of the rows `[N]`: how often each row counts, 1 each by default. */
export type Measure = (weights?: Float64Array) => Metrics;

/**
 * What each task reports. Labels `[N, K]` are 1, 0 or −1 (unknown, masked); probabilities and decisions are `[N, K]`.
 * F1 averages over all K classes with 0/0 = 0; `mapMacro` leaves labels without positives out.
 */
export const METRICS: Readonly<
  Record<Task, (labels: Int8Array, probabilities: ArrayLike<number>, decisions: ArrayLike<number>, classes: number) => Metrics>
> = {
  multiclass(labels, probabilities, decisions, classes) {
    const matrix = confusion(labels, decisions, classes);
    const share = accuracy(matrix, classes);
    return defined({
      accuracy: share,
      f1Macro: share === undefined ? undefined : AVERAGES.macro(countCells(labels, decisions, classes)).fbeta,
      logLoss: logLoss(labels, probabilities, classes),
    });
  },
  multilabel(labels, probabilities, decisions, classes) {
    const counts = countCells(labels, decisions, classes);
    const known = labels.some((label) => label >= 0);
    return defined({
      mapMacro: meanOf(perClass(averagePrecision, labels, probabilities, classes)),
      f1Micro: known ? AVERAGES.micro(counts).fbeta : undefined,
      f1Macro: known ? AVERAGES.macro(counts).fbeta : undefined,
      f2Samples: sampleScores(labels, decisions, classes, { beta: 2 })?.fbeta,
      hammingLoss: hammingLoss(labels, decisions),
      subsetAccuracy: subsetAccuracy(labels, decisions, classes),
    });
  },
};

/** {@link METRICS} made ready to be asked many times with other weights of the rows: what resampling needs. Whole weights only. */
export function openMetrics(
  task: Task,
  labels: Int8Array,
  probabilities: ArrayLike<number>,
  decisions: ArrayLike<number>,
  classes: number,
): Measure {
  return (weights) => {
    if (weights === undefined) return METRICS[task](labels, probabilities, decisions, classes);
    const cells = Array.from(weights).flatMap((weight, row) =>
      new Array<number[]>(weight).fill(Array.from({ length: classes }, (_, k) => row * classes + k)).flat(),
    );
    const pick = (values: ArrayLike<number>) => cells.map((cell) => values[cell]);
    return METRICS[task](Int8Array.from(pick(labels)), pick(probabilities), pick(decisions), classes);
  };
}

function defined(values: Readonly<Record<string, number | undefined>>): Metrics {
  const metrics: Record<string, number> = {};
  for (const [name, value] of Object.entries(values)) if (value !== undefined) metrics[name] = value;
  return metrics;
}
