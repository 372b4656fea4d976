import { describe, expect, it } from "vitest";
import { expectClose, readGolden } from "../../../test/golden.js";
import { DECIDE } from "../decide.js";
import { calibrationError, reliability } from "./calibration.js";
import { AVERAGES, classScores, countCells, meanOf } from "./counts.js";
import { accuracy, balancedAccuracy, brier, confusion, kappa, logLoss, matthews, pairwiseAuc, topK } from "./multiclass.js";
import { cellLogLoss, hammingLoss, jaccardSamples, sampleScores, squaredError, subsetAccuracy } from "./multilabel.js";
import { averagePrecision, labelRanking, perClass, rocAuc } from "./ranking.js";
import { METRICS } from "./report.js";

const golden = readGolden("metrics.json");
const TOLERANCE = { relative: 1e-10, absolute: 1e-13 };

/** Flattened numbers; null, NaN and {undefined: true} all mean undefined. */
function flat(value: unknown): (number | undefined)[] {
  if (Array.isArray(value)) return value.flatMap(flat);
  return [typeof value === "number" && Number.isFinite(value) ? value : undefined];
}

function check(id: string, actual: unknown, expected: unknown): void {
  const [ours, theirs] = [flat(actual), flat(expected)];
  expect(
    ours.map((value) => value === undefined),
    id,
  ).toEqual(theirs.map((value) => value === undefined));
  try {
    expectClose(
      ours.map((value) => value ?? 0),
      theirs.map((value) => value ?? 0),
      TOLERANCE,
    );
  } catch (error) {
    throw new Error(`${id}: ${error}`);
  }
}

/** Every reference key of a multiclass case that is implemented. Keys of the file that are not here are not checked. */
// biome-ignore lint/suspicious/noExplicitAny: a case of the reference file
function multiclass(test: any): Record<string, unknown> {
  const classes = test.K;
  const labels = Int8Array.from(test.yTrue.flatMap((y: number) => Array.from({ length: classes }, (_, k) => (k === y ? 1 : 0))));
  const probabilities = Float64Array.from(test.proba.flat());
  const decisions = DECIDE.multiclass(probabilities, classes);
  const matrix = confusion(labels, decisions, classes);
  const counts = countCells(labels, decisions, classes);
  const scores = classScores(counts);
  const aucs = perClass(rocAuc, labels, probabilities, classes);
  const pairs = pairwiseAuc(labels, probabilities, classes);
  const { f1Macro, ...report } = METRICS.multiclass(labels, probabilities, decisions, classes);
  expect(Object.keys(report)).toEqual(["accuracy", "logLoss"]);
  const confidences = test.proba.map((row: number[]) => Math.max(...row));
  const right = test.yTrue.map((y: number, i: number) => decisions[i * classes + y]);
  const bins = reliability(confidences, right);
  const named = ({ precision, recall, fbeta }: { precision: number; recall: number; fbeta: number }) => [
    precision,
    recall,
    fbeta,
  ];
  const supports = scores.map(({ support }) => support);
  const aucWeighted = aucs.reduce<number>((all, auc, k) => all + supports[k] * (auc ?? 0), 0) / test.yTrue.length;
  const anyAuc = aucs.some((auc) => auc !== undefined);
  return {
    confusion: [...matrix],
    accuracy: [accuracy(matrix, classes), report.accuracy],
    balancedAccuracy: balancedAccuracy(matrix, classes),
    ...Object.fromEntries(
      (["macro", "micro", "weighted"] as const).flatMap((kind) =>
        ([0, 1] as const).map((zeroDivision) => [`${kind}.zd${zeroDivision}`, named(AVERAGES[kind](counts, { zeroDivision }))]),
      ),
    ),
    f1Macro,
    perClass: [...["precision", "recall", "fbeta"].map((key) => scores.map((score) => score[key as "precision"])), supports],
    kappa: kappa(matrix, classes),
    "kappa.linear": kappa(matrix, classes, "linear"),
    "kappa.quadratic": kappa(matrix, classes, "quadratic"),
    mcc: matthews(matrix, classes),
    logLoss: [logLoss(labels, probabilities, classes), report.logLoss],
    "rocAuc.ovr.macro": aucs.includes(undefined) ? undefined : meanOf(aucs),
    "rocAuc.ovr.weighted": anyAuc ? aucWeighted : undefined,
    "rocAuc.ovo.macro": pairs?.macro,
    "rocAuc.ovo.weighted": pairs?.weighted,
    "rocAuc.perClass": aucs,
    "averagePrecision.perClass": perClass(averagePrecision, labels, probabilities, classes),
    ece15: calibrationError(bins)?.expected,
    mce15: calibrationError(bins)?.largest,
    reliability15: bins.map(({ low, high, count, meanConfidence, accuracy: share }) => [low, high, count, meanConfidence, share]),
    "brier.sum": brier(labels, probabilities, classes),
    topK: Object.keys(test.expected.topK ?? {}).map((k) => topK(labels, probabilities, classes, Number(k), { ties: "highest" })),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: a case of the reference file
function multilabel(test: any): Record<string, unknown> {
  const classes = test.K;
  const labels = Int8Array.from(test.yTrue.flat());
  const scores = Float64Array.from(test.scores.flat());
  const decisions = DECIDE.multilabel(scores, classes, new Float64Array(classes).fill(test.threshold));
  const counts = countCells(labels, decisions, classes);
  const report = METRICS.multilabel(labels, scores, decisions, classes);
  const plain = sampleScores(labels, decisions, classes);
  const aps = perClass(averagePrecision, labels, scores, classes);
  const supports = classScores(counts).map(({ support }) => support);
  const positives = supports.reduce((a, b) => a + b, 0);
  const ranking = labelRanking(labels, scores, classes);
  const { tp, fp, fn, tn } = counts;
  const betas = { "fbeta0.5": 0.5, fbeta1: 1, fbeta2: 2 };
  return {
    ...Object.fromEntries(
      Object.entries(betas).flatMap(([name, beta]) => [
        ...([0, 1] as const).flatMap((zeroDivision) => [
          ...(["macro", "micro", "weighted"] as const).map((kind) => [
            `${name}.${kind}.zd${zeroDivision}`,
            AVERAGES[kind](counts, { beta, zeroDivision }).fbeta,
          ]),
          [`${name}.samples.zd${zeroDivision}`, sampleScores(labels, decisions, classes, { beta, zeroDivision })?.fbeta],
        ]),
        [`${name}.perClass.zd0`, classScores(counts, { beta }).map(({ fbeta }) => fbeta)],
      ]),
    ),
    subsetAccuracy: [subsetAccuracy(labels, decisions, classes), report.subsetAccuracy],
    hammingLoss: [hammingLoss(labels, decisions), report.hammingLoss],
    "jaccard.samples": jaccardSamples(labels, decisions, classes),
    "precision.macro": AVERAGES.macro(counts).precision,
    "recall.macro": AVERAGES.macro(counts).recall,
    "precision.micro": AVERAGES.micro(counts).precision,
    "recall.micro": AVERAGES.micro(counts).recall,
    "precision.samples": plain?.precision,
    "recall.samples": plain?.recall,
    multilabelConfusion: Array.from(tp, (hits, k) => [tn[k], fp[k], fn[k], hits]),
    "ap.perClass": aps,
    "map.macro.overClassesWithPositives": [meanOf(aps), report.mapMacro],
    "map.macro.sklearn": meanOf(aps.map((ap) => ap ?? 0)),
    "map.micro": averagePrecision(labels, scores),
    "map.weighted":
      positives === 0 ? undefined : aps.reduce<number>((all, ap, k) => all + (supports[k] * (ap ?? 0)) / positives, 0),
    "rocAuc.perClass": perClass(rocAuc, labels, scores, classes),
    "rocAuc.macro.overDefined": meanOf(perClass(rocAuc, labels, scores, classes)),
    "rocAuc.micro": rocAuc(labels, scores),
    lrap: ranking?.averagePrecision,
    coverageError: ranking?.coverage,
    rankingLoss: ranking?.loss,
    "logLoss.meanCells": cellLogLoss(labels, scores),
    "brier.perClass": perClass(squaredError, labels, scores, classes),
    "brier.mean": squaredError(labels, scores),
    f1Micro: report.f1Micro,
    f1Macro: report.f1Macro,
    f2Samples: report.f2Samples,
  };
}

/** The keys of the report under the names of the reference file. */
const REPORTED: Readonly<Record<string, string>> = { f1Micro: "fbeta1.micro.zd0", f2Samples: "fbeta2.samples.zd0" };
const TWICE = new Set(["accuracy", "logLoss", "subsetAccuracy", "hammingLoss", "map.macro.overClassesWithPositives"]);

describe.skipIf(!golden)("metrics equal scikit-learn", () => {
  for (const test of golden?.cases ?? []) {
    if (test.kind === "known") continue;
    it(test.id, () => {
      const actual = test.kind === "multiclass" ? multiclass(test) : multilabel(test);
      const expected = { ...test.expected };
      for (const [ours, theirs] of Object.entries(REPORTED)) expected[ours] = expected[theirs];
      expected.f1Macro = expected["fbeta1.macro.zd0"] ?? expected["macro.zd0"]?.f1;
      let checked = 0;
      for (const [key, value] of Object.entries(actual)) {
        if (expected[key] === undefined) continue;
        const reference = TWICE.has(key) ? [expected[key], expected[key]] : expected[key];
        const plainObject =
          typeof reference === "object" && reference !== null && !Array.isArray(reference) && !("undefined" in reference);
        check(key, value, plainObject ? Object.values(reference) : reference);
        checked++;
      }
      expect(checked).toBeGreaterThan(15);
    });
  }

  for (const test of golden?.cases ?? []) {
    if (test.kind !== "known") continue;
    it(test.id, () => {
      const { expected } = test;
      const scores = (test.scores ?? test.proba).flat();
      if (expected.averagePrecision) check("averagePrecision", averagePrecision(test.yTrue, scores), expected.averagePrecision);
      if (expected.rocAuc) check("rocAuc", rocAuc(test.yTrue, scores), expected.rocAuc);
      if (expected.lrap) {
        const ranking = labelRanking(test.yTrue.flat(), scores, test.yTrue[0].length);
        check(
          test.id,
          [ranking?.averagePrecision, ranking?.coverage, ranking?.loss],
          [expected.lrap, expected.coverageError, expected.rankingLoss],
        );
      }
      const names = test.labels ?? [0, 1, 2];
      const labels = test.yTrue.flatMap((y: unknown) => names.map((name: unknown) => (name === y ? 1 : 0)));
      if (expected.logLoss) check("logLoss", logLoss(labels, scores, names.length), expected.logLoss);
      if (expected.top2) check("top2", topK(labels, scores, names.length, 2), expected.top2);
    });
  }
});

describe("metrics", () => {
  it("leave unknown labels out", () => {
    const labels = Int8Array.of(1, -1, 0, -1, -1, -1);
    const probabilities = [0.9, 0.1, 0.2, 0.7, 0.8, 0.9];
    const metrics = METRICS.multilabel(labels, probabilities, DECIDE.multilabel(probabilities, 3), 3);
    expect(metrics).toEqual({ mapMacro: 1, f1Micro: 1, f1Macro: 1 / 3, f2Samples: 1, hammingLoss: 0, subsetAccuracy: 1 });
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
