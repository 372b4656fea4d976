import { join } from "node:path";
import { formatCsv } from "../data/csv.js";
import { writeFileAtomic } from "../files.js";
import type { Metrics } from "../learn/metrics/report.js";
import type { Manifest } from "../model/manifest.js";
import { renderRunReport } from "../report/run.js";
import type { Head } from "../task.js";
import { VERSION } from "../version.js";
import type { Leakage } from "./leakage.js";
import { findMistakes } from "./mistakes.js";
import type { TrainOptions } from "./options.js";
import type { EmbeddedData, SplitData } from "./prepare.js";
import { writeRunEvents } from "./run-events.js";
import { runReport } from "./run-report.js";
import { headScores, type ScoredHead } from "./scored-head.js";
import type { NetworkTraining } from "./whole-network.js";

/** Everything one training found, before it is written. */
export interface Findings {
  readonly options: TrainOptions & { readonly seed: number; readonly head: Head };
  readonly data: SplitData;
  readonly embedded: EmbeddedData;
  readonly scored: ScoredHead;
  readonly baseline: Metrics;
  readonly leakage?: Leakage;
  /** Where a whole network was trained. */
  readonly training?: NetworkTraining;
  readonly manifest: Manifest;
  readonly warnings: readonly string[];
}

/** Writes every file of a run folder but the classifier. `metrics.json` holds no times and no paths. */
export async function writeRunFiles(folder: string, findings: Findings): Promise<void> {
  const { data, embedded, scored } = findings;
  const { classes } = data.dataset;
  const write = (name: string, content: string) => writeFileAtomic(join(folder, name), content);
  write("config.json", json(config(findings)));
  write("labels.txt", `${classes.join("\n")}\n`);
  write("metrics.json", json(metrics(findings)));
  write("splits.csv", formatCsv([["file", "split"], ...data.placed.map(({ sample, part }) => [sample.file, part])]));
  write("predictions.csv", formatCsv([["file", "true", "predicted", ...classes], ...predictionRows(findings)]));
  write("misclassified.csv", formatCsv([["file", "true", "predicted", "confidence"], ...mistakeRows(findings)]));
  write("out-of-fold.csv", formatCsv([["file", ...classes], ...outOfFoldRows(embedded, scored, classes.length)]));
  await writeRunEvents(join(folder, "events"), findings);
  write("report.html", renderRunReport(await runReport(findings)));
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Every resolved option, the versions and what the data was. */
function config({ options, data, embedded, manifest, training }: Findings) {
  const { signal: _signal, onProgress: _onProgress, onWarning: _onWarning, onPlan: _onPlan, force: _force, ...asked } = options;
  // What was free and how often the training was saved differs from try to try, and the result does not.
  const { memoryLimit: _memoryLimit, checkpointSeconds: _checkpointSeconds, ...given } = asked;
  return {
    version: 1,
    sigmax: VERSION,
    node: process.version,
    options: {
      ...given,
      task: data.dataset.task,
      classes: data.dataset.classes,
      backbone: embedded.backbone.id,
      views: embedded.views,
      ...(training && { recipe: training.recipe }),
    },
    ...(training && { training: training.plan }),
    source: data.dataset.source,
    backbone: manifest.backbone,
    preprocess: manifest.preprocess,
    dataset: { ...manifest.dataset, ...data.left, unreadable: embedded.unreadable },
  };
}

function metrics({ data, embedded, scored, baseline, leakage, training }: Findings) {
  return {
    version: 1,
    task: data.dataset.task,
    head: scored.head,
    classes: data.dataset.classes,
    counts: embedded.counts,
    ...(data.dataset.labelsFrom && { labelsFrom: data.dataset.labelsFrom }),
    ...(training
      ? {
          recipe: training.recipe,
          epochs: training.history.epochs,
          kept: training.history.best,
          ...(training.refit && { refit: training.refit.epochs }),
        }
      : { l2: scored.fit.l2 }),
    ...headScores(scored),
    baseline,
    ...(training?.frozen && { frozen: training.frozen }),
    ...(leakage && { leakage }),
  };
}

function predictionRows({ data, embedded, scored }: Findings): string[][] {
  const { classes } = data.dataset;
  const width = classes.length;
  return scored.rows.map((row, i) => {
    const { sample } = embedded.placed[row];
    const cells = classes.map((_, k) => scored.probabilities[i * width + k].toFixed(6));
    return [
      sample.file,
      classes.filter((_, k) => sample.labels[k] === 1).join("|"),
      classes.filter((_, k) => scored.decisions[i * width + k] === 1).join("|"),
      ...cells,
    ];
  });
}

function mistakeRows({ data, embedded, scored }: Findings): string[][] {
  const { classes } = data.dataset;
  const names = (indices: readonly number[]) => indices.map((k) => classes[k]).join("|");
  return findMistakes(scored.labels, scored, classes.length).map(({ index, truth, decided, confidence }) => [
    embedded.placed[scored.rows[index]].sample.file,
    names(truth),
    names(decided),
    confidence.toFixed(6),
  ]);
}

/** Logits of train and validation samples from heads that have not seen them. */
function outOfFoldRows(embedded: EmbeddedData, { fit }: ScoredHead, classes: number): string[][] {
  const { rows, logits } = fit.outOfFold;
  return rows.map((row, i) => [
    embedded.placed[row].sample.file,
    ...Array.from(logits.subarray(i * classes, (i + 1) * classes), (logit) => logit.toFixed(6)),
  ]);
}
