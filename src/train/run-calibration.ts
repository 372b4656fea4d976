import type { CalibrationMethod } from "../learn/calibration.js";
import { reliability } from "../learn/metrics/calibration.js";
import { type Claims, topClaims, trueClasses } from "../learn/metrics/multiclass.js";
import type { Metrics } from "../learn/metrics/report.js";
import type { CalibrationFindings, CalibrationSide } from "../report/run-data.js";
import type { Task } from "../task.js";
import type { ScoredHead } from "./scored-head.js";

/** Of the decided class, or of every label. */
const CLAIMS: Readonly<Record<Task, (labels: Int8Array, probabilities: Float32Array, classes: number) => Claims>> = {
  multiclass: (labels, probabilities, classes) => topClaims(trueClasses(labels, classes), probabilities, classes),
  multilabel: (labels, probabilities) => ({ confidences: probabilities, correct: labels }),
};

/** What depends on the order of probabilities within a label, or within an image, alone. */
const RANKING: Readonly<Record<Task, readonly string[]>> = {
  multiclass: ["accuracy", "balancedAccuracy"],
  multilabel: ["mapMacro", "aucMacro"],
};

/** How a reader would name a calibration. */
const METHOD_WORDS: Readonly<Record<CalibrationMethod, (scale: readonly number[]) => string>> = {
  none: () => "none",
  temperature: ([scale]) => `temperature ${(1 / scale).toPrecision(3)}`,
  platt: () => "Platt scaling of each label",
};

/** Calibration on the test part, before and after; nothing where there was none. */
export function calibrationFindings(
  task: Task,
  { tuning, uncalibrated, labels, probabilities, metrics }: ScoredHead,
  classes: number,
): { readonly calibration?: CalibrationFindings } {
  const { method, scale } = tuning.calibration;
  if (method === "none" || labels.length === 0) return {};
  const side = (of: { readonly probabilities: Float32Array; readonly metrics: Metrics }): CalibrationSide => {
    const { confidences, correct } = CLAIMS[task](labels, of.probabilities, classes);
    const { ece, brier, logLoss } = of.metrics;
    return {
      ece: ece ?? Number.NaN,
      ...(brier !== undefined && { brier }),
      ...(logLoss !== undefined && { logLoss }),
      bins: reliability(confidences, correct),
      ranking: Object.fromEntries(
        RANKING[task].flatMap((name) => (of.metrics[name] === undefined ? [] : [[name, of.metrics[name]]])),
      ),
    };
  };
  return {
    calibration: { method: METHOD_WORDS[method](scale), before: side(uncalibrated), after: side({ probabilities, metrics }) },
  };
}
