import { basename, resolve } from "node:path";
import { measureImages } from "../data/sizes.js";
import { ACTIVATIONS } from "../learn/activations.js";
import type { ShownIssue } from "../report/label-issue.js";
import { MAX_ISSUES } from "../report/run/pictures.js";
import type { RunReport } from "../report/run-data.js";
import type { Part } from "../task.js";
import { VERSION } from "../version.js";
import { openExplainer } from "./explain.js";
import { lastUpdate } from "./finetune/history.js";
import { RATE_SCHEDULES } from "./finetune/rates.js";
import { labelCheck } from "./label-check.js";
import { MOST_REFERENCES } from "./likeness.js";
import { countPositives, pickRows } from "./parts.js";
import type { Findings } from "./run.js";
import { calibrationFindings } from "./run-calibration.js";
import { meanOverViews } from "./score.js";
import { spread } from "./spread.js";
import { testReport } from "./test-report.js";
import { withThumbnails } from "./thumbnails.js";
import type { NetworkTraining } from "./whole-network.js";

/** Images whose sizes are told: evenly spread over the data. */
const MEASURED_IMAGES = 200;
/** Points of a curve: more than a page has pixels. */
const MOST_POINTS = 1000;

/** Gathers what `report.html` shows. */
export async function runReport(findings: Findings): Promise<RunReport> {
  const { options, data, embedded, scored, baseline, leakage, training, manifest, warnings } = findings;
  const { task, classes } = data.dataset;
  const size = embedded.backbone.embeddingSize;
  const featuresOf = (rows: readonly number[]) => meanOverViews(embedded.embeddings, embedded.views, size, rows);
  const { labels, probabilities, decisions, tuning } = scored;
  const samples = scored.rows.map((row) => embedded.placed[row].sample);
  const learnt = [...embedded.rows.train, ...embedded.rows.validation];
  const explainer = await openExplainer(embedded.backbone, scored.layer);
  try {
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
      rules: data.rules.map(({ text }) => text),
      ...(data.dataset.labelsFrom && { labelsFrom: data.dataset.labelsFrom }),
      test: scored.metrics,
      intervals: scored.intervals,
      ...(tuning.tuned !== null && { atHalf: scored.atHalf.metrics }),
      baseline,
      ...(leakage !== undefined && { leakage }),
      ...calibrationFindings(task, scored, classes.length),
      ...(await testReport(
        task,
        { classes, samples, labels, probabilities, decisions, features: featuresOf(scored.rows) },
        tuning,
        { seed: options.seed, reference: featuresOf(spread(learnt, MOST_REFERENCES)), explainer, signal: options.signal },
      )),
      labelIssues: await labelIssues(findings),
      summary: await dataSummary(findings),
      ...(training === undefined && { l2: { chosen: scored.fit.l2, grid: scored.fit.grid } }),
      ...(training && { curves: learningCurves(training), ...(training.frozen && { frozen: training.frozen }) }),
      choices: choices(findings),
      warnings,
      command: options.command ?? "",
      version: VERSION,
      versions: { node: process.version },
      fingerprint: manifest.dataset.fingerprint,
    };
  } finally {
    await explainer?.close();
  }
}

/** Loss over the updates, on through those of the refit, and what validation said after each epoch before. */
function learningCurves({ history, refit }: NetworkTraining): NonNullable<RunReport["curves"]> {
  const { updates, epochs } = history;
  const judged = epochs.flatMap(({ validation }, epoch) =>
    validation ? [{ step: lastUpdate(history, epoch), ...validation }] : [],
  );
  const all = [...updates, ...(refit?.updates ?? [])];
  const shown = Math.ceil(all.length / MOST_POINTS);
  const metrics = judged.flatMap(({ step, metric }) => (metric === undefined ? [] : [[step, metric] as const]));
  return [
    {
      quantity: "loss",
      train: all.flatMap(({ loss }, step) => (step % shown === 0 ? [[step, loss] as const] : [])),
      validation: judged.map(({ step, loss }) => [step, loss] as const),
    },
    ...(metrics.length > 0 ? [{ quantity: "metric on validation", train: [], validation: metrics }] : []),
  ];
}

function recipeChoices({ recipe, refit, beginning, plan }: NetworkTraining): NonNullable<RunReport["choices"]> {
  const { epochs, batch, accumulate, optimizer, lr, lrBackbone, schedule, weightDecay, labelSmoothing, ema, mixup, cutmix } =
    recipe;
  const { warmup, clip, freezeUntil, augment = {} } = recipe;
  const changes = Object.entries(augment).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  return [
    ["training", beginning === "finetune" ? "the whole network, fine-tuned" : "the whole network, from scratch"],
    ["epochs", `${epochs}`],
    ["refit on train and validation", refit === undefined ? "none" : `${refit.epochs.length} epochs`],
    ["steps", `${plan.updates}`],
    ["batch", accumulate > 1 ? `${batch}, ${accumulate} to a step` : `${batch}`],
    ["augmentation", changes.join(", ") || "none"],
    ["optimizer", optimizer],
    ["learning rate, last layer", `${lr}`],
    ["learning rate, the rest", `${lrBackbone}`],
    ["schedule", schedule],
    ["warm-up", `${warmup ?? RATE_SCHEDULES[schedule].warmup} of the steps`],
    ["longest gradient", clip > 0 ? `${clip}` : "any"],
    ["weight decay", `${weightDecay}`],
    ["label smoothing", `${labelSmoothing}`],
    ...(ema > 0 ? [["average of the weights", `${ema}`] as const] : []),
    ...(mixup > 0 ? [["mixup", `${mixup}`] as const] : []),
    ...(cutmix > 0 ? [["cutmix", `${cutmix}`] as const] : []),
    ...(freezeUntil === undefined ? [] : [["frozen until", `${freezeUntil}`] as const]),
    ["layout", plan.layout],
  ];
}

function choices({ options, embedded, training }: Findings): NonNullable<RunReport["choices"]> {
  return [
    ...(training ? recipeChoices(training) : []),
    ["views", `${embedded.views}`],
    ["loss", options.loss ?? "cross-entropy"],
    ["class weights", options.classWeights ?? "none"],
    ["split", options.split ?? "by default for the task"],
    ...(options.groupBy === undefined ? [] : [["kept together by", options.groupBy] as const]),
  ];
}

async function dataSummary({ data, embedded, options }: Findings): Promise<NonNullable<RunReport["summary"]>> {
  const leftOut = [
    ["no known label", data.left.unlabelled],
    ["in no part of the split", data.left.withoutPart],
    ["unreadable", embedded.unreadable.length],
  ] as const;
  const { kinds } = await measureImages(data.dataset, { limit: MEASURED_IMAGES, signal: options.signal });
  const sizes = new Map<string, { readonly width: number; readonly height: number; readonly count: number }>();
  for (const { widthPx: width, heightPx: height, count } of kinds) {
    const key = `${width}×${height}`;
    sizes.set(key, { width, height, count: count + (sizes.get(key)?.count ?? 0) });
  }
  return {
    sizes: [...sizes.values()],
    leftOut: leftOut.filter(([, images]) => images > 0),
    unreadable: embedded.unreadable,
  };
}

/** What heads that have not seen an image think of its labels: of the images that are not in the test part. */
async function labelIssues({ data, embedded, scored, options }: Findings): Promise<readonly ShownIssue[]> {
  const { task, classes } = data.dataset;
  const { rows, logits } = scored.fit.outOfFold;
  if (rows.length === 0) return [];
  const samples = rows.map((row) => embedded.placed[row].sample);
  const { issues } = labelCheck({
    task,
    classes,
    files: samples.map(({ file }) => file),
    labels: pickRows(embedded.labels, classes.length, rows),
    probabilities: ACTIVATIONS[scored.head](logits, classes.length),
    groups: samples.map(({ group }) => group),
    rules: data.rules,
  });
  // Of wrong and missing labels those that the stricter measure names too: the rest is doubt, and `data check` lists it.
  const grave = issues.filter(({ confident }) => confident !== false);
  const shown = await withThumbnails(grave.slice(0, MAX_ISSUES), samples, { signal: options.signal });
  return [...shown, ...grave.slice(MAX_ISSUES)];
}

function classCounts({ embedded, data }: Findings): Readonly<Record<Part, readonly number[]>> {
  const classes = data.dataset.classes.length;
  const count = (part: Part) => Array.from(countPositives(embedded.labels, embedded.rows[part], classes));
  return { train: count("train"), validation: count("validation"), test: count("test") };
}
