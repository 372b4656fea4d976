import type { Unreadable } from "../data/checks.js";
import type { LabelsFrom } from "../data/provenance.js";
import { UserError } from "../errors.js";
import { refuseToOverwrite, writeFileAtomic } from "../files.js";
import { bootstrapIntervals, type Intervals } from "../learn/bootstrap.js";
import { decide } from "../learn/decide.js";
import { METRICS, type Metrics, openMetrics } from "../learn/metrics/report.js";
import { withRules } from "../model/classifier.js";
import { readClassifier } from "../model/read-classifier.js";
import { DEFAULT_SEED } from "../random.js";
import { renderRunReport } from "../report/run.js";
import type { Head, Part, Task } from "../task.js";
import { checkOptions } from "./check-options.js";
import { evaluateReport } from "./evaluate-report.js";
import { checkAssertions, parseAssertion } from "./gate.js";
import { type Counts, countParts, rowsByPart } from "./parts.js";
import { openPart, type PartOptions, predictPart } from "./predict-part.js";
import { TUNE } from "./tune.js";

export interface EvaluateOptions extends PartOptions {
  /** Path or bytes of a classifier. */
  readonly classifier: string | Uint8Array;
  /** Which part of the split to score. Default test. */
  readonly part?: Part | undefined;
  /** Bounds that the score must keep, like `accuracy>=0.9`. */
  readonly assert?: readonly string[] | undefined;
  /** HTML file for a report with pictures; none by default. */
  readonly out?: string | undefined;
  /** Replace an earlier `out`. */
  readonly force?: boolean | undefined;
  /** The command line to show in the report. */
  readonly command?: string | undefined;
}

/** What `evaluate` found. */
export interface EvaluateResult {
  readonly task: Task;
  readonly head: Head;
  readonly classes: readonly string[];
  /** Samples per part, unreadable ones of the scored part left out; without a split every labelled sample counts as test. */
  readonly counts: Counts;
  /** The part that was scored. */
  readonly part: Part;
  /** Metrics on that part. */
  readonly test: Metrics;
  /** 95 % intervals of `test`. */
  readonly intervals: Intervals;
  /** The same probabilities with every threshold at 0.5; multilabel only. */
  readonly atHalf?: Metrics;
  /** How the labels were made, where no person gave them: the metrics measure agreement with that. */
  readonly labelsFrom?: LabelsFrom;
  readonly unreadable: readonly Unreadable[];
}

/**
 * Scores a classifier on labelled images, and writes a report where one is asked for.
 *
 * @throws UserError `not-met` where a bound is broken; nothing is written then
 * @throws UserError if the data has labels the classifier does not know, or no labelled image
 */
export async function evaluate(options: EvaluateOptions): Promise<EvaluateResult> {
  checkOptions(options, ["classifier", "data"]);
  if (options.part !== undefined && options.split === undefined) {
    throw new UserError("usage", `part ${options.part}: needs a split`, {
      hint: "Give --split <file>, or leave --part out: every labelled image is scored.",
    });
  }
  const { part = "test", seed = DEFAULT_SEED, out, force = false } = options;
  const assertions = (options.assert ?? []).map(parseAssertion);
  if (out !== undefined) refuseToOverwrite(out, force);
  const classifier = withRules(await readClassifier(options.classifier, options), options.rules ?? []);
  const { task, head, classes } = classifier.manifest;
  const { placed, chosen, labelsFrom } = await openPart(classifier, options, part);
  const predicted = await predictPart(classifier, chosen, { ...options, stage: "evaluate" });
  const { kept, labels, probabilities, decisions, unreadable } = predicted;
  const measure = openMetrics(task, labels, probabilities, decisions, classes.length);
  const counts = { ...countParts(rowsByPart(placed)), [part]: kept.length };
  const groups = kept.map(({ sample }) => sample.group);
  const result: EvaluateResult = {
    task,
    head,
    classes,
    counts,
    part,
    test: measure(),
    intervals: bootstrapIntervals(measure, { rows: kept.length, classes: classes.length, groups, seed }),
    ...(TUNE[task] !== undefined && {
      atHalf: METRICS[task](
        labels,
        probabilities,
        decide(task, probabilities, classes.length, undefined, classifier.rules),
        classes.length,
      ),
    }),
    ...(labelsFrom && { labelsFrom }),
    unreadable,
  };
  checkAssertions(assertions, result.test, kept.length);
  if (out !== undefined) {
    const report = await evaluateReport({ classifier, result, predicted, options: { ...options, seed } });
    writeFileAtomic(out, renderRunReport(report));
  }
  return result;
}
