/** What is to be known of a metric before it is compared. */
export interface MetricRow {
  readonly better: "higher" | "lower";
  /** Whether it is a metric of the decisions, which thresholds change, or of the probabilities alone. */
  readonly needsDecisions: boolean;
}

const HIGHER = { better: "higher", needsDecisions: false } as const;
const LOWER = { better: "lower", needsDecisions: false } as const;
const HIGHER_DECIDED = { better: "higher", needsDecisions: true } as const;
const LOWER_DECIDED = { better: "lower", needsDecisions: true } as const;

/** Every metric that `METRICS` reports, in the order in which it reports them. */
export const METRIC_ROWS: Readonly<Record<string, MetricRow>> = {
  accuracy: HIGHER_DECIDED,
  balancedAccuracy: HIGHER_DECIDED,
  mapMacro: HIGHER,
  mapMacroAll: HIGHER,
  mapMicro: HIGHER,
  aucMacro: HIGHER,
  f1Micro: HIGHER_DECIDED,
  f1Macro: HIGHER_DECIDED,
  f1Weighted: HIGHER_DECIDED,
  f2Macro: HIGHER_DECIDED,
  f1Samples: HIGHER_DECIDED,
  f2Samples: HIGHER_DECIDED,
  kappa: HIGHER_DECIDED,
  top3Accuracy: HIGHER,
  hammingLoss: LOWER_DECIDED,
  subsetAccuracy: HIGHER_DECIDED,
  labelRankingAp: HIGHER,
  coverageError: LOWER,
  rankingLoss: LOWER,
  logLoss: LOWER,
  brier: LOWER,
  ece: LOWER,
};
