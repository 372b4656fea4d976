import { describe, expect, it } from "vitest";
import { expectClose, readGolden } from "../../../test/golden.js";
import { DECIDE } from "../decide.js";
import { calibrationError, reliability } from "./calibration.js";
import { AVERAGES, classScores, countCells, type FBetaOptions, meanOf, type Scores, scoresOf } from "./counts.js";
import { precisionRecallCurve, rocCurve } from "./curves.js";
import { accuracy, balancedAccuracy, brier, confusion, kappa, logLoss, matthews, pairwiseAuc, topK } from "./multiclass.js";
import { cellLogLoss, hammingLoss, jaccardSamples, sampleScores, squaredError, subsetAccuracy } from "./multilabel.js";
import { averagePrecision, labelRanking, perClass, rocAuc } from "./ranking.js";
import { METRICS } from "./report.js";

const golden = readGolden("metrics.json");
const TOLERANCE = { relative: 1e-10, absolute: 1e-13 };
/** torchmetrics computes in float32. */
const FLOAT32 = { relative: 0, absolute: 1e-5 };

/** Flattened numbers; null, NaN and {undefined: true} all mean undefined. */
function flat(value: unknown): (number | undefined)[] {
  if (Array.isArray(value)) return value.flatMap(flat);
  if (typeof value === "object" && value !== null && !("undefined" in value)) return Object.values(value).flatMap(flat);
  return typeof value === "string" ? [] : [typeof value === "number" && !Number.isNaN(value) ? value : undefined];
}

function expectSame(id: string, actual: unknown, expected: unknown, tolerance = TOLERANCE): void {
  const [ours, theirs] = [flat(actual), flat(expected)];
  expect(
    ours.map((value) => value === undefined),
    id,
  ).toEqual(theirs.map((value) => value === undefined));
  try {
    expectClose(
      ours.map((value) => value ?? 0),
      theirs.map((value) => value ?? 0),
      tolerance,
    );
  } catch (error) {
    throw new Error(`${id}: ${error}`);
  }
}

/** What the checks of one reference case start from. */
interface Case {
  // biome-ignore lint/suspicious/noExplicitAny: a case of the reference file
  readonly test: any;
  readonly classes: number;
  readonly labels: Int8Array;
  readonly scores: Float64Array;
  readonly decisions: Uint8Array;
  readonly report: Readonly<Record<string, number | undefined>>;
}

/** Our value, to be compared with the reference; or a comparison of another kind. */
type Check = (given: Case, expected: unknown) => unknown;

const matrixOf = ({ labels, decisions, classes }: Case) => confusion(labels, decisions, classes);
const countsOf = ({ labels, decisions, classes }: Case) => countCells(labels, decisions, classes);
const supportsOf = (given: Case) => classScores(countsOf(given)).map(({ support }) => support);
const aucsOf = ({ labels, scores, classes }: Case) => perClass(rocAuc, labels, scores, classes);
const apsOf = ({ labels, scores, classes }: Case) => perClass(averagePrecision, labels, scores, classes);
const named = ({ precision, recall, fbeta }: Scores) => [precision, recall, fbeta];
const weighted = (values: readonly (number | undefined)[], weights: readonly number[]) => {
  const total = weights.reduce((a, b) => a + b, 0);
  return total === 0 || values.every((value) => value === undefined)
    ? undefined
    : values.reduce<number>((all, value, k) => all + (weights[k] * (value ?? 0)) / total, 0);
};
const columnOf = (values: ArrayLike<number>, k: number, classes: number) =>
  Array.from({ length: values.length / classes }, (_, row) => values[row * classes + k]);
const classesOf = <Value>({ classes }: Case, of: (k: number) => Value) => Array.from({ length: classes }, (_, k) => of(k));
const topBins = ({ test, decisions, classes }: Case) =>
  reliability(
    test.proba.map((row: number[]) => Math.max(...row)),
    test.yTrue.map((y: number, i: number) => decisions[i * classes + y]),
  );

const MULTICLASS: Readonly<Record<string, Check>> = {
  confusion: (given) => [...matrixOf(given)],
  accuracy: (given) => accuracy(matrixOf(given), given.classes),
  balancedAccuracy: (given) => balancedAccuracy(matrixOf(given), given.classes),
  // scikit-learn breaks ties towards the highest index, decisions towards the lowest.
  topK: ({ test, labels, scores, classes }) =>
    Object.keys(test.expected.topK).map((k) => topK(labels, scores, classes, Number(k), { ties: "highest" })),
  ...tabulate(["macro", "micro", "weighted"], (kind) =>
    tabulate(["0", "1"], (zero) => ({
      [`${kind}.zd${zero}`]: (given: Case) => named(AVERAGES[kind](countsOf(given), { zeroDivision: zero === "1" ? 1 : 0 })),
    })),
  ),
  perClass: (given) => {
    const scores = classScores(countsOf(given));
    return [
      ...(["precision", "recall", "fbeta"] as const).map((key) => scores.map((score) => score[key])),
      scores.map(({ support }) => support),
    ];
  },
  macroPresentOnly: (given) => {
    const { tp, fp, fn } = countsOf(given);
    return meanOf(Array.from(tp, (hits, k) => (hits + fp[k] + fn[k] === 0 ? undefined : scoresOf(hits, fp[k], fn[k]).fbeta)));
  },
  kappa: (given) => kappa(matrixOf(given), given.classes),
  "kappa.linear": (given) => kappa(matrixOf(given), given.classes, "linear"),
  "kappa.quadratic": (given) => kappa(matrixOf(given), given.classes, "quadratic"),
  mcc: (given) => matthews(matrixOf(given), given.classes),
  logLoss: ({ labels, scores, classes }) => logLoss(labels, scores, classes),
  "rocAuc.ovr.macro": (given) => (aucsOf(given).includes(undefined) ? undefined : meanOf(aucsOf(given))),
  "rocAuc.ovr.weighted": (given) => weighted(aucsOf(given), supportsOf(given)),
  "rocAuc.ovo.macro": ({ labels, scores, classes }) => pairwiseAuc(labels, scores, classes)?.macro,
  "rocAuc.ovo.weighted": ({ labels, scores, classes }) => pairwiseAuc(labels, scores, classes)?.weighted,
  "rocAuc.perClass": aucsOf,
  "averagePrecision.perClass": apsOf,
  ece15: (given) => calibrationError(topBins(given))?.expected,
  mce15: (given) => calibrationError(topBins(given))?.largest,
  reliability15: (given) =>
    topBins(given).map(({ low, high, count, meanConfidence, accuracy: share }) => [low, high, count, meanConfidence, share]),
  "ece15.torchmetrics": (given, expected) => {
    // Its edges are float32, so that confidences on an edge fall elsewhere: that case is there to show it.
    if (given.test.id.includes("BinEdges")) return expected;
    expectSame("ece15.torchmetrics", calibrationError(topBins(given))?.expected, expected, FLOAT32);
    return expected;
  },
  "brier.sum": ({ labels, scores, classes }) => brier(labels, scores, classes),
  "brier.halfOrBinary": ({ labels, scores, classes }) => (brier(labels, scores, classes) ?? Number.NaN) / 2,
};

const BETAS = { "fbeta0.5": 0.5, fbeta1: 1, fbeta2: 2 } as const;

const MULTILABEL: Readonly<Record<string, Check>> = {
  subsetAccuracy: ({ labels, decisions, classes }) => subsetAccuracy(labels, decisions, classes),
  hammingLoss: ({ labels, decisions }) => hammingLoss(labels, decisions),
  "jaccard.samples": ({ labels, decisions, classes }) => jaccardSamples(labels, decisions, classes),
  // The keys of a constant table are known.
  ...tabulate(Object.keys(BETAS) as (keyof typeof BETAS)[], (name) => ({
    ...tabulate(["0", "1"], (zero) => {
      const options: FBetaOptions = { beta: BETAS[name], zeroDivision: zero === "1" ? 1 : 0 };
      return {
        [`${name}.macro.zd${zero}`]: (given: Case) => AVERAGES.macro(countsOf(given), options).fbeta,
        [`${name}.micro.zd${zero}`]: (given: Case) => AVERAGES.micro(countsOf(given), options).fbeta,
        [`${name}.weighted.zd${zero}`]: (given: Case) => AVERAGES.weighted(countsOf(given), options).fbeta,
        [`${name}.samples.zd${zero}`]: ({ labels, decisions, classes }: Case) =>
          sampleScores(labels, decisions, classes, options)?.fbeta,
      };
    }),
    [`${name}.perClass.zd0`]: (given: Case) => classScores(countsOf(given), { beta: BETAS[name] }).map(({ fbeta }) => fbeta),
  })),
  "precision.macro": (given) => AVERAGES.macro(countsOf(given)).precision,
  "recall.macro": (given) => AVERAGES.macro(countsOf(given)).recall,
  "precision.micro": (given) => AVERAGES.micro(countsOf(given)).precision,
  "recall.micro": (given) => AVERAGES.micro(countsOf(given)).recall,
  "precision.samples": ({ labels, decisions, classes }) => sampleScores(labels, decisions, classes)?.precision,
  "recall.samples": ({ labels, decisions, classes }) => sampleScores(labels, decisions, classes)?.recall,
  multilabelConfusion: (given) => {
    const { tp, fp, fn, tn } = countsOf(given);
    return classesOf(given, (k) => [tn[k], fp[k], fn[k], tp[k]]);
  },
  "ap.perClass": apsOf,
  "map.macro.overClassesWithPositives": (given) => meanOf(apsOf(given)),
  "map.macro.sklearn": (given) => meanOf(apsOf(given).map((ap) => ap ?? 0)),
  "map.micro": ({ labels, scores }) => averagePrecision(labels, scores),
  "map.weighted": (given) => weighted(apsOf(given), supportsOf(given)),
  "rocAuc.perClass": aucsOf,
  "rocAuc.macro.overDefined": (given) => meanOf(aucsOf(given)),
  "rocAuc.micro": ({ labels, scores }) => rocAuc(labels, scores),
  lrap: ({ labels, scores, classes }) => labelRanking(labels, scores, classes)?.averagePrecision,
  coverageError: ({ labels, scores, classes }) => labelRanking(labels, scores, classes)?.coverage,
  rankingLoss: ({ labels, scores, classes }) => labelRanking(labels, scores, classes)?.loss,
  "logLoss.meanCells": ({ labels, scores }) => cellLogLoss(labels, scores),
  "brier.perClass": ({ labels, scores, classes }) => perClass(squaredError, labels, scores, classes),
  "brier.mean": ({ labels, scores }) => squaredError(labels, scores),
  "ece15.pooledPositive.excludingExactZero": ({ labels, scores }) => {
    const cells = [...labels.keys()].filter((i) => scores[i] !== 0);
    const bins = reliability(
      cells.map((i) => scores[i]),
      cells.map((i) => labels[i]),
    );
    return ((calibrationError(bins)?.expected ?? 0) * cells.length) / labels.length;
  },
  "ece15.binary.perClass.torchmetrics": (given, expected) => {
    const ours = perClass((y, p) => calibrationError(reliability(p, y))?.expected, given.labels, given.scores, given.classes);
    // Halves and fifths lie on its float32 edges or beside them.
    if (!given.test.id.includes("ties")) expectSame("ece15.binary", ours, expected, FLOAT32);
    return expected;
  },
  curves: (given) =>
    classesOf(given, (k) => {
      const [y, p] = [columnOf(given.labels, k, given.classes), columnOf(given.scores, k, given.classes)];
      const [pr, roc] = [precisionRecallCurve(y, p), rocCurve(y, p)];
      return roc && [pr?.precision, pr?.recall, pr?.thresholds, roc.fpr, roc.tpr, roc.thresholds];
    }),
  bestThreshold: (given, expected) => {
    for (const [key, beta] of [
      ["beta1", 1],
      ["beta2", 2],
    ] as const) {
      // biome-ignore lint/suspicious/noExplicitAny: a case of the reference file
      const reference = (expected as any)[key];
      for (const [k, { bestF, equivalentThresholdIntervals }] of reference.entries()) {
        const [y, p] = [columnOf(given.labels, k, given.classes), columnOf(given.scores, k, given.classes)];
        const curve = precisionRecallCurve(y, p);
        if (curve === undefined) {
          expect(bestF).toBe(0);
          continue;
        }
        const { precision, recall, thresholds } = curve;
        const scores = thresholds.map((_, i) =>
          recall[i] === 0 ? 0 : ((1 + beta ** 2) * precision[i] * recall[i]) / (beta ** 2 * precision[i] + recall[i]),
        );
        expectSame(key, Math.max(...scores), bestF);
        const best = [...thresholds.keys()].filter((i) => scores[i] > bestF - 1e-12);
        expectSame(
          key,
          best.map((i) => [thresholds[i - 1], thresholds[i]]),
          equivalentThresholdIntervals,
        );
      }
    }
    return expected;
  },
};

/** Words about the reference, not values. */
const NOTES = new Set(["map.macro.sklearn.note", "multilabelConfusion.layout"]);

/** Where the reference file has what the headline says. */
const HEADLINES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  multiclass: {
    accuracy: "accuracy",
    balancedAccuracy: "balancedAccuracy",
    f1Macro: "macro.zd0",
    f1Weighted: "weighted.zd0",
    kappa: "kappa",
    aucMacro: "rocAuc.ovr.macro",
    logLoss: "logLoss",
    brier: "brier.sum",
    ece: "ece15",
  },
  multilabel: {
    mapMacro: "map.macro.overClassesWithPositives",
    mapMacroAll: "map.macro.sklearn",
    mapMicro: "map.micro",
    aucMacro: "rocAuc.macro.overDefined",
    f1Micro: "fbeta1.micro.zd0",
    f1Macro: "fbeta1.macro.zd0",
    f2Macro: "fbeta2.macro.zd0",
    f1Samples: "fbeta1.samples.zd0",
    f2Samples: "fbeta2.samples.zd0",
    hammingLoss: "hammingLoss",
    subsetAccuracy: "subsetAccuracy",
    labelRankingAp: "lrap",
    coverageError: "coverageError",
    rankingLoss: "rankingLoss",
    logLoss: "logLoss.meanCells",
    brier: "brier.mean",
  },
};

const KINDS = {
  // biome-ignore lint/suspicious/noExplicitAny: a case of the reference file
  multiclass(test: any): Case {
    const classes = test.K;
    const labels = Int8Array.from(
      test.yTrue.flatMap((y: number) => Array.from({ length: classes }, (_, k) => (k === y ? 1 : 0))),
    );
    const scores = Float64Array.from(test.proba.flat());
    const decisions = DECIDE.multiclass(scores, classes);
    return { test, classes, labels, scores, decisions, report: METRICS.multiclass(labels, scores, decisions, classes) };
  },
  // biome-ignore lint/suspicious/noExplicitAny: a case of the reference file
  multilabel(test: any): Case {
    const classes = test.K;
    const labels = Int8Array.from(test.yTrue.flat());
    const scores = Float64Array.from(test.scores.flat());
    const decisions = DECIDE.multilabel(scores, classes, new Float64Array(classes).fill(test.threshold));
    return { test, classes, labels, scores, decisions, report: METRICS.multilabel(labels, scores, decisions, classes) };
  },
} as const;
const CHECKS = { multiclass: MULTICLASS, multilabel: MULTILABEL } as const;

function tabulate<Key extends string, Value>(keys: readonly Key[], of: (key: Key) => Readonly<Record<string, Value>>) {
  return Object.fromEntries(keys.flatMap((key) => Object.entries(of(key))));
}

describe.skipIf(!golden)("metrics equal scikit-learn", () => {
  for (const test of golden?.cases ?? []) {
    if (test.kind === "known") continue;
    it(test.id, () => {
      // The kinds of the file are the keys of the table, or else the test fails.
      const kind = test.kind as keyof typeof KINDS;
      const given = KINDS[kind](test);
      for (const [key, expected] of Object.entries(test.expected)) {
        if (NOTES.has(key)) continue;
        expect(CHECKS[kind], "every value of the reference is compared").toHaveProperty([key]);
        expectSame(key, CHECKS[kind][key](given, expected), expected);
      }
      for (const [name, key] of Object.entries(HEADLINES[kind])) {
        const expected = test.expected[key];
        if (expected !== undefined) expectSame(name, given.report[name], expected?.f1 ?? expected);
        else expect(given.report[name], `${name} of scores that are no probabilities`).toBeUndefined();
      }
    });
  }

  const known: Readonly<Record<string, (labels: readonly number[], scores: readonly number[], classes: number) => unknown>> = {
    averagePrecision,
    rocAuc,
    lrap: (...given) => labelRanking(...given)?.averagePrecision,
    coverageError: (...given) => labelRanking(...given)?.coverage,
    rankingLoss: (...given) => labelRanking(...given)?.loss,
    logLoss,
    top2: (...given) => topK(...given, 2),
  };
  for (const test of golden?.cases ?? []) {
    if (test.kind !== "known") continue;
    it(test.id, () => {
      const rows: readonly (readonly number[] | number)[] = test.scores ?? test.proba;
      const classes = Array.isArray(rows[0]) ? rows[0].length : 1;
      const names = test.labels ?? Array.from({ length: classes }, (_, k) => k);
      const labels =
        classes === 1 || Array.isArray(test.yTrue[0])
          ? test.yTrue.flat()
          : test.yTrue.flatMap((y: unknown) => names.map((name: unknown) => (name === y ? 1 : 0)));
      for (const [key, expected] of Object.entries(test.expected)) {
        expect(known).toHaveProperty([key]);
        expectSame(key, known[key](labels, rows.flat(), classes), expected);
      }
    });
  }
});

describe("metrics", () => {
  it("leave unknown labels out", () => {
    const labels = Int8Array.of(1, -1, 0, -1, -1, -1);
    const probabilities = [0.9, 0.1, 0.2, 0.7, 0.8, 0.9];
    const metrics = METRICS.multilabel(labels, probabilities, DECIDE.multilabel(probabilities, 3), 3);
    expect(metrics).toMatchObject({ mapMacro: 1, f1Micro: 1, f1Macro: 1 / 3, f2Samples: 1, hammingLoss: 0, subsetAccuracy: 1 });
    expect(metrics.brier).toBeCloseTo((0.1 ** 2 + 0.2 ** 2) / 2, 12);
    const exclusive = METRICS.multiclass(labels, probabilities, DECIDE.multiclass(probabilities, 3), 3);
    expect(exclusive.accuracy).toBe(1);
  });

  it("are left out, never NaN, where nothing is known", () => {
    const labels = new Int8Array(6).fill(-1);
    const probabilities = new Float64Array(6).fill(0.5);
    for (const task of ["multiclass", "multilabel"] as const) {
      expect(METRICS[task](labels, probabilities, DECIDE[task](probabilities, 3), 3)).toEqual({});
    }
  });

  it("take a hundred thousand rows in their stride", () => {
    const labels = Int8Array.from({ length: 500_000 }, (_, i) => (i % 7 === 0 ? 1 : 0));
    const scores = Float64Array.from(labels, (_, i) => ((i * 7919) % 1000) / 1000);
    const start = process.cpuUsage();
    METRICS.multilabel(labels, scores, DECIDE.multilabel(scores, 5), 5);
    // Time of this process alone: a busy machine does not count.
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(5000);
  });
});

describe("top k", () => {
  it("breaks ties as decisions do, or as scikit-learn does", () => {
    const labels = [0, 1, 0];
    const probabilities = [0.4, 0.4, 0.2];
    expect(topK(labels, probabilities, 3, 1)).toBe(0);
    expect(topK(labels, probabilities, 3, 1, { ties: "highest" })).toBe(1);
  });
});

describe("decisions", () => {
  it("take the lowest index among equally probable classes", () => {
    expect([...DECIDE.multiclass([0.2, 0.4, 0.4, 0.3, 0.3, 0.3], 3)]).toEqual([0, 1, 0, 1, 0, 0]);
  });

  it("say every label that reaches its threshold", () => {
    expect([...DECIDE.multilabel([0.5, 0.49, 0.2], 3)]).toEqual([1, 0, 0]);
    expect([...DECIDE.multilabel([0.5, 0.49, 0.2], 3, [0.6, 0.4, 0.2])]).toEqual([0, 1, 1]);
  });
});
