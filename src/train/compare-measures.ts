import { type BootstrapOptions, pairedDifferences } from "../learn/bootstrap.js";
import type { Measure } from "../learn/metrics/report.js";
import { METRIC_ROWS } from "../learn/metrics/rows.js";
import type { Difference, Differences } from "../report/compare-data.js";
import { wordsOf } from "../report/metric-words.js";

/** Metrics of something that can be resampled, and what to call it. */
export interface Contestant<Name extends string> {
  readonly name: Name;
  readonly measure: Measure;
}

/**
 * What two contestants differ in on the same rows. One is better only where the paired 95 % interval of the difference lies on one
 * side of 0.
 */
export function compareMeasures<Name extends string>(
  a: Contestant<Name>,
  b: Contestant<Name>,
  options: BootstrapOptions,
): Differences<Name> {
  const paired = pairedDifferences(a.measure, b.measure, options);
  return Object.fromEntries(
    Object.entries(paired).map(([metric, found]): [string, Difference<Name>] => {
      const [low, high] = found.interval;
      const larger = low > 0 ? a.name : high < 0 ? b.name : null;
      const smaller = larger === a.name ? b.name : a.name;
      return [metric, { ...found, better: larger && (wordsOf(metric).better === "higher" ? larger : smaller) }];
    }),
  );
}

/** The metrics that depend on the decisions. */
export function decisionMetrics<Value>(metrics: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(metrics).filter(([name]) => METRIC_ROWS[name].needsDecisions));
}

/** The metrics of the probabilities alone. */
export function probabilityMetrics<Value>(metrics: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(metrics).filter(([name]) => !METRIC_ROWS[name].needsDecisions));
}
