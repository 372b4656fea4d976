import type { Task } from "../task.js";

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
    return Uint8Array.from(probabilities, (probability, i) =>
      probability >= (thresholds?.[i % classes] ?? DEFAULT_THRESHOLD) ? 1 : 0,
    );
  },
};

/** The index within one row of its largest value, the lowest on ties. */
export function argmax(values: ArrayLike<number>, start: number, count: number): number {
  let best = 0;
  for (let k = 1; k < count; k++) if (values[start + k] > values[start + best]) best = k;
  return best;
}
