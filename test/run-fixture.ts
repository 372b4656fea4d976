import { ACTIVATIONS } from "../src/learn/activations.js";
import { DECIDE } from "../src/learn/decide.js";
import { METRICS } from "../src/learn/metrics/report.js";
import { createRandom } from "../src/random.js";
import type { CalibrationSide, RunReport } from "../src/report/run-data.js";
import { HEAD_OF_TASK, type Task } from "../src/task.js";
import { CONFUSION, labelScores } from "../src/train/test-scores.js";
import { THUMBNAIL } from "./report-fixture.js";

/** An imaginary run that fills every section of the page. */
export function wholeRun({
  task = "multilabel",
  classes = ["forest", "river", "field", "road"],
  images = 120,
  thumbnailOf = () => THUMBNAIL,
}: {
  task?: Task;
  classes?: readonly string[];
  images?: number;
  thumbnailOf?: (row: number) => string | undefined;
} = {}): RunReport {
  const K = classes.length;
  const head = HEAD_OF_TASK[task];
  const random = createRandom(3, "run fixture");
  const labels = Int8Array.from({ length: images * K }, (_, i) => {
    const [row, k] = [Math.floor(i / K), i % K];
    if (task === "multiclass") return Number(row % K === k);
    return row % 41 === 40 && k === 0 ? -1 : Number(random.next() < 0.5 / (1 + k));
  });
  const logits = Array.from(labels, (label) => 3 * Math.max(label, 0) - 2.2 + 1.6 * random.normal());
  const probabilities = Float32Array.from(ACTIVATIONS[head](logits, K));
  const thresholds = classes.map((_, k) => 0.3 + 0.3 * (k / K) + 1 / 3000);
  const decisions = DECIDE[task](probabilities, K, thresholds);
  const half = DECIDE[task](probabilities, K);
  const test = METRICS[task](labels, probabilities, decisions, K);
  const around = (width: number) =>
    Object.fromEntries(Object.entries(test).map(([key, value]) => [key, [value - width, value + width] as const]));
  const scaled = (factor: number) => Object.fromEntries(Object.entries(test).map(([key, value]) => [key, value * factor]));
  const side = (ece: number, bend: number): CalibrationSide => ({
    ece,
    brier: 0.1 + ece,
    logLoss: 0.3 + ece,
    bins: [0.1, 0.3, 0.5, 0.7, 0.9].map((p, i) => ({
      low: p - 0.1,
      high: p + 0.1,
      count: 40 + 30 * Math.abs(2 - i),
      meanConfidence: p,
      accuracy: p ** bend,
    })),
    ranking: { mapMacro: 0.81234 },
  });
  const files = Array.from({ length: images }, (_, row) => `${classes[row % K]}/image-${String(row).padStart(5, "0")}.jpg`);
  const rows = Array.from({ length: images }, (_, row) => row);
  const wrong = rows.filter((row) =>
    classes.some((_, k) => labels[row * K + k] >= 0 && labels[row * K + k] !== decisions[row * K + k]),
  );
  const names = (row: number, values: ArrayLike<number>) => classes.filter((_, k) => values[row * K + k] === 1);
  return {
    run: "fields-2024",
    dataset: "plots of land",
    task,
    head,
    classes,
    backbone: "rcf",
    seed: 7,
    counts: { train: 700, validation: 140, test: images },
    classCounts: {
      train: classes.map((_, k) => 90 + k),
      validation: classes.map((_, k) => 20 + k),
      test: classes.map((_, k) => 70 + k),
    },
    test,
    intervals: around(0.03),
    ...(task === "multilabel" && { atHalf: METRICS[task](labels, probabilities, half, K), thresholdGoal: "F1" }),
    baseline: scaled(0.7),
    chance: task === "multiclass" ? { accuracy: 1 / K, logLoss: Math.log(K) } : { mapMacro: 0.25 },
    leakage: {
      by: "blocks of 10 neighbouring images",
      honest: test,
      random: scaled(1.06),
      difference: scaled(0.06),
      intervals: Object.fromEntries(Object.entries(scaled(0.06)).map(([key, value]) => [key, [value - 0.02, value + 0.02]])),
    },
    ...CONFUSION[task](labels, decisions, K),
    perLabel: labelScores(labels, probabilities, decisions, K).map((row, k) => ({
      ...row,
      ...(task === "multilabel" && {
        threshold: thresholds[k],
        thresholdInterval: [thresholds[k] - 0.09, thresholds[k] + 0.12] as const,
      }),
    })),
    predictions: {
      images: files.map((file, row) => {
        const thumbnail = thumbnailOf(row);
        return { file, ...(thumbnail !== undefined && { thumbnail }) };
      }),
      labels,
      probabilities,
    },
    calibration: { method: "Platt scaling of each label", before: side(0.081, 1.5), after: side(0.017, 1.05) },
    mistakes: wrong.slice(0, 12).map((row) => ({
      file: files[row],
      image: row,
      truth: names(row, labels),
      decided: names(row, decisions),
      confidence: 0.9,
      cam: THUMBNAIL,
    })),
    explained: rows.slice(0, 8).map((row) => ({
      file: files[row],
      image: row,
      cam: THUMBNAIL,
      label: classes[row % K],
      probability: 0.8,
      right: row % 2 === 0,
    })),
    mistakeGroups: [{ images: wrong.slice(0, 11) }, { images: wrong.slice(11, 14) }],
    novel: rows.slice(20, 26).map((row) => ({ file: files[row], image: row, ratio: 3.2 - row / 20 })),
    labelIssues: (["wrong", "missing", "duplicate", "rule"] as const).map((kind, i) => ({
      file: files[i],
      label: classes[i % K],
      kind,
      score: 0.97 - i / 10,
      ...{
        wrong: { suggested: classes[(i + 1) % K] },
        missing: {},
        duplicate: { of: files[i + 1] },
        rule: { rule: "a excludes b" },
      }[kind],
      thumbnail: THUMBNAIL,
    })),
    summary: {
      sizes: [
        { width: 256, height: 256, count: 900 },
        { width: 512, height: 400, count: 60 },
      ],
      leftOut: [["no known label", 12]],
      unreadable: [{ file: `${classes[0]}/broken.jpg`, reason: "not an image" }],
    },
    l2: { chosen: 0.01, grid: [0.001, 0.01, 0.1].map((l2) => ({ l2, validationLoss: 0.4 + l2 })) },
    choices: [["loss", "binary cross-entropy"]],
    warnings: [`${classes[1 % K]}: 12 images`],
    command: "sigmax train land --out runs/fields-2024",
    version: "0.0.0",
    versions: { node: "v20.0.0", onnxruntime: "1.30.0" },
    fingerprint: "5f".repeat(32),
  };
}
