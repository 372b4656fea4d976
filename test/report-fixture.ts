import { buildSync } from "esbuild";
import { ACTIVATIONS } from "../src/learn/activations.js";
import { createRandom } from "../src/random.js";
import type { ComparedHead, CompareReport, DecisionRule, Difference } from "../src/report/compare-data.js";
import { pickImages } from "../src/report/compare-images.js";
import type { RunReport } from "../src/report/run.js";
import { HEADS, type Head, type Task } from "../src/task.js";

/** Names as an attacker would choose them. */
export const HOSTILE_NAMES: readonly string[] = [
  "<img src=x onerror=alert(1)>",
  "</script><script>alert(2)</script>",
  "__proto__",
  `"' onmouseover='alert(3)' x="`,
  "\u202Egnp.exe",
  "a&amp;b <b>bold",
];

/** One grey pixel. */
export const THUMBNAIL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";

/** The bundle of a page, built as `scripts/build.mjs` builds it, in memory. */
export function buildScript(page: "change" | "playground" | "report"): string {
  const { outputFiles } = buildSync({
    entryPoints: [`src/web/${page}.ts`],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    write: false,
  });
  return outputFiles[0].text.trimEnd();
}

const DIFFERENT: Difference<Head> = { a: 0.812, b: 0.845, difference: -0.033, interval: [-0.05, -0.016], better: "sigmoid" };
const ALIKE: Difference<Head> = { a: 0.188, b: 0.155, difference: 0.033, interval: [-0.004, 0.07], better: null };

/** A comparison of two imaginary heads on 40 images, a quarter of them without a label where the task allows it. */
export function compareFixture({
  task = "multilabel",
  classes = ["forest", "river", "field", "road"],
}: {
  task?: Task;
  classes?: readonly string[];
} = {}): CompareReport {
  const K = classes.length;
  const N = 40;
  const random = createRandom(1, "compare fixture");
  const labels = Array.from({ length: N }, (_, n) =>
    Array.from({ length: K }, (_, k) =>
      task === "multiclass" ? Number(n % K === k) : Number(n % 4 !== 0 && random.next() < 0.5),
    ),
  ).flat();
  const poolOf = (head: Head) => {
    const logits = labels.map((label) => 4 * label - 2 + 1.5 * random.normal());
    const probabilities = ACTIVATIONS[head](logits, K);
    return { logits, probabilities, decisions: probabilities.map((p) => Number(p >= 0.5)) };
  };
  const heads = { softmax: poolOf("softmax"), sigmoid: poolOf("sigmoid") };
  const images = pickImages({ files: labels.slice(0, N).map((_, n) => `${classes[n % K]}/${n}.png`), labels, classes: K, heads });
  const rules: readonly DecisionRule[] = task === "multiclass" ? ["argmax"] : ["half", "tuned"];
  const compared = (score: number): ComparedHead => ({
    l2: 0.01,
    uncalibrated: { mapMacro: score, ece: 0.25 },
    thresholdFree: { mapMacro: score, ece: 1 - score },
    decisions: rules.map((rule) => ({ rule, metrics: { f1Macro: score - 0.1, hammingLoss: 1 - score } })),
    reliability: [
      { low: 0, high: 0.5, meanConfidence: 0.1, accuracy: 0.15, count: 90 },
      { low: 0.5, high: 1, meanConfidence: 0.9, accuracy: 0.8, count: 70 },
    ],
    setsAtHalf: { none: 9, one: 20, several: 11 },
    averagePrecision: classes.map((_, k) => (k === 0 ? Number.NaN : score)),
  });
  return {
    dataset: "plots of land",
    task,
    classes,
    backbone: "rcf",
    seed: 1,
    counts: { train: 100, validation: 20, test: N },
    testLabels: { none: 10, one: 18, several: 12 },
    leftOutOfSoftmaxLoss: task === "multilabel" ? 31 : 0,
    heads: { softmax: compared(0.812), sigmoid: compared(0.845) },
    differences: { mapMacro: DIFFERENT, ece: ALIKE },
    ruleDifferences: rules.map((rule) => ({ rule, differences: { f1Macro: ALIKE, hammingLoss: DIFFERENT } })),
    images: images.map((image) => ({ ...image, thumbnail: THUMBNAIL })),
    command: "sigmax compare land --out cmp",
    version: "0.0.0",
  };
}

/** A run with one mistake. */
export function runFixture({ classes = ["forest", "river", "field"] }: { classes?: readonly string[] } = {}): RunReport {
  const each = classes.map((_, k) => 10 + k);
  return {
    run: `runs/${classes[0]}`,
    dataset: classes[1],
    task: "multiclass",
    head: HEADS[0],
    classes,
    backbone: classes[2],
    seed: 7,
    counts: { train: 70, validation: 10, test: 20 },
    classCounts: { train: each, validation: each, test: each },
    test: { accuracy: 0.839, logLoss: 0.5 },
    baseline: { accuracy: 0.543, logLoss: 1.25 },
    chance: { accuracy: 1 / classes.length },
    confusion: classes.map((_, truth) => classes.map((_, decided) => (truth === decided ? 1234 : decided))),
    perLabel: classes.map((_, k) => ({
      positives: k,
      precision: 0.5,
      recall: 0.25,
      f1: 1 / 3,
      averagePrecision: k === 0 ? Number.NaN : 0.75,
    })),
    l2: { chosen: 0.01, grid: [0.001, 0.01].map((l2) => ({ l2, validationLoss: 0.4 })) },
    curves: [
      {
        quantity: "cross_entropy",
        train: [
          [0, 2],
          [10, Number.NaN],
          [20, 1],
        ],
        validation: [
          [0, 2.1],
          [20, 1.2],
        ],
      },
    ],
    mistakes: [{ file: `${classes[0]}.png`, thumbnail: THUMBNAIL, truth: [classes[0]], decided: [], confidence: 0.987 }],
    warnings: [`${classes[1]}: 12 images`],
    command: `sigmax train ${classes[0]}`,
    version: "0.0.0",
  };
}
