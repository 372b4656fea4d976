import { basename, resolve } from "node:path";
import { mapInOrder } from "../concurrency.js";
import { classScores, countCells } from "../learn/metrics/counts.js";
import { confusion } from "../learn/metrics/multiclass.js";
import { averagePrecision, perClass } from "../learn/metrics/ranking.js";
import type { Metrics } from "../learn/metrics/report.js";
import type { LabelScore, Mistake, RunReport } from "../report/run.js";
import { PARTS, type Part, type Task } from "../task.js";
import { VERSION } from "../version.js";
import { findMistakes, type MistakenRow } from "./mistakes.js";
import { pickRows } from "./parts.js";
import type { Findings } from "./run.js";
import { DECODED_AT_ONCE, thumbnailOf } from "./thumbnails.js";

const SHOWN_MISTAKES = 24;

/** Gathers what `report.html` shows. */
export async function runReport(findings: Findings): Promise<RunReport> {
  const { options, data, embedded, scored, baseline, warnings } = findings;
  const { task, classes } = data.dataset;
  const width = classes.length;
  const labels = pickRows(embedded.labels, width, scored.rows);
  return {
    run: basename(resolve(options.out)),
    dataset: basename(resolve(options.data)),
    task,
    head: scored.head,
    classes,
    backbone: embedded.backbone.id,
    seed: options.seed,
    counts: embedded.counts,
    classCounts: classCounts(findings),
    test: scored.metrics,
    baseline,
    chance: CHANCE[task](labels, width),
    ...CONFUSION[task](labels, scored.decisions, width),
    perLabel: labelScores(labels, scored.probabilities, scored.decisions, width),
    l2: { chosen: scored.fit.l2, grid: scored.fit.grid },
    mistakes: await mistakes(findings, labels),
    warnings,
    command: options.command ?? "",
    version: VERSION,
  };
}

/** What guessing achieves: a class drawn at random, or scores drawn at random. */
const CHANCE: Readonly<Record<Task, (labels: Int8Array, classes: number) => Metrics>> = {
  multiclass: (_labels, classes) => ({ accuracy: 1 / classes, logLoss: Math.log(classes) }),
  multilabel(labels, classes) {
    const positives = new Float64Array(classes);
    const known = new Float64Array(classes);
    labels.forEach((label, i) => {
      if (label < 0) return;
      known[i % classes]++;
      positives[i % classes] += label;
    });
    const shares = Array.from(positives, (count, k) => count / known[k]).filter((share) => share > 0);
    return { mapMacro: shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length) };
  },
};

/** What was taken for what: a question of single labels. */
const CONFUSION: Readonly<
  Record<Task, (labels: Int8Array, decisions: Uint8Array, classes: number) => Pick<RunReport, "confusion">>
> = {
  multiclass: (labels, decisions, classes) => ({ confusion: matrixRows(confusion(labels, decisions, classes), classes) }),
  multilabel: () => ({}),
};

function classCounts({ embedded, data }: Findings): Record<Part, number[]> {
  const width = data.dataset.classes.length;
  const count = (part: Part) => {
    const counts = new Array<number>(width).fill(0);
    for (const row of embedded.rows[part])
      for (let k = 0; k < width; k++) if (embedded.labels[row * width + k] === 1) counts[k]++;
    return counts;
  };
  return { train: count(PARTS[0]), validation: count(PARTS[1]), test: count(PARTS[2]) };
}

/** Scores per class from labels, probabilities and decisions `[n, K]`. */
export function labelScores(
  labels: Int8Array,
  probabilities: Float32Array,
  decisions: Uint8Array,
  classes: number,
): LabelScore[] {
  const precisions = perClass(averagePrecision, labels, probabilities, classes);
  return classScores(countCells(labels, decisions, classes)).map(({ precision, recall, fbeta, support }, k) => ({
    positives: support,
    precision,
    recall,
    f1: fbeta,
    averagePrecision: precisions[k] ?? Number.NaN,
  }));
}

function matrixRows(matrix: Float64Array, classes: number): number[][] {
  return Array.from({ length: classes }, (_, k) => Array.from(matrix.subarray(k * classes, (k + 1) * classes)));
}

async function mistakes({ embedded, scored, data }: Findings, labels: Int8Array): Promise<Mistake[]> {
  const { classes } = data.dataset;
  const shown = findMistakes(labels, scored, classes.length).slice(0, SHOWN_MISTAKES);
  const found: Mistake[] = [];
  const describe = async ({ index, truth, decided, confidence }: MistakenRow): Promise<Mistake> => {
    const { sample } = embedded.placed[scored.rows[index]];
    return {
      file: sample.file,
      ...(await thumbnailOf(sample)),
      truth: truth.map((k) => classes[k]),
      decided: decided.map((k) => classes[k]),
      confidence,
    };
  };
  for await (const mistake of mapInOrder(shown, DECODED_AT_ONCE, describe)) found.push(mistake);
  return found;
}
