import type { Interval } from "../learn/bootstrap.js";
import type { Goal } from "../learn/thresholds.js";
import type { RunReport } from "../report/run-data.js";
import type { Task } from "../task.js";
import { type PictureOptions, runPictures, type Tested } from "./run-pictures.js";
import { CHANCE, CONFUSION, labelScores } from "./test-scores.js";

/** Thresholds as they were tuned. */
export interface TestThresholds {
  /** `[K]`. */
  readonly thresholds: readonly number[];
  /** Null where nothing was tuned. */
  readonly tuned: {
    readonly goal: Goal;
    readonly minPrecision?: number | undefined;
    readonly intervals: readonly Interval[];
  } | null;
}

/** What a report shows of tested images, whether they were tested after a training or later. */
export async function testReport(task: Task, tested: Tested, { thresholds, tuned }: TestThresholds, options: PictureOptions) {
  const { labels, probabilities, decisions } = tested;
  const classes = tested.classes.length;
  return {
    chance: CHANCE[task](labels, classes),
    ...CONFUSION[task](labels, decisions, classes),
    perLabel: labelScores(labels, probabilities, decisions, classes).map((row, k) => ({
      ...row,
      ...(tuned !== null && { threshold: thresholds[k], thresholdInterval: tuned.intervals[k] }),
    })),
    ...(tuned !== null && {
      thresholdGoal: tuned.goal === "recall" ? `recall at precision ≥ ${tuned.minPrecision}` : tuned.goal,
    }),
    ...(await runPictures(tested, options)),
  } satisfies Partial<RunReport>;
}
