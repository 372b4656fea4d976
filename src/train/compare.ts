import { basename, join, resolve } from "node:path";
import { writeFileAtomic } from "../files.js";
import { reliability } from "../learn/metrics/calibration.js";
import { averagePrecision, perClass } from "../learn/metrics/ranking.js";
import { METRICS, openMetrics } from "../learn/metrics/report.js";
import { refuseFolder, writeFolder } from "../output-folder.js";
import type { WorkOptions } from "../progress.js";
import { DEFAULT_SEED } from "../random.js";
import { renderCompareReport } from "../report/compare.js";
import type { ComparedHead, ComparedImage, CompareReport, SetSizes } from "../report/compare-data.js";
import { pickImages } from "../report/compare-images.js";
import type { Head, Task } from "../task.js";
import { VERSION } from "../version.js";
import { checkOptions } from "./check-options.js";
import { decideBy, RULE_OF_TASK, RULES } from "./compare-decisions.js";
import { compareMeasures, decisionMetrics, probabilityMetrics } from "./compare-measures.js";
import type { BackboneOptions, DataOptions } from "./options.js";
import { type EmbeddedData, gatherEmbeddings, openSplitData, type SplitData } from "./prepare.js";
import { fitAndScore, type ScoredHead } from "./scored-head.js";
import { withThumbnails } from "./thumbnails.js";

export interface CompareOptions extends DataOptions, BackboneOptions, WorkOptions {
  /** Folder to write: compare.html and compare.json. */
  readonly out: string;
  readonly force?: boolean | undefined;
  readonly seed?: number | undefined;
  /** The command line to show in the report. */
  readonly command?: string | undefined;
}

/** What `compare` found; the report is at `html`. */
export interface CompareResult {
  readonly report: CompareReport;
  readonly html: string;
}

/** The file that marks a folder as a comparison. */
export const COMPARE_MARKER = "compare.json";

/**
 * Trains both heads on the same embeddings and the same split, and writes one offline page that shows what differs.
 *
 * @throws UserError for anything wrong with the data, the backbone or the options
 */
export async function compare(options: CompareOptions): Promise<CompareResult> {
  checkOptions(options, ["data", "out"]);
  const { out, force = false, seed = DEFAULT_SEED } = options;
  refuseFolder(out, { force, marker: COMPARE_MARKER });
  const data = await openSplitData({ ...options, seed });
  const embedded = await gatherEmbeddings(data, { ...options, seed });
  const scored = {
    softmax: await fitAndScore(data, embedded, "softmax", { ...options, seed, intervals: false }),
    sigmoid: await fitAndScore(data, embedded, "sigmoid", { ...options, seed, intervals: false }),
  };
  const report = await gather(options, seed, data, embedded, scored);
  return writeFolder(out, { force, marker: COMPARE_MARKER }, async (folder) => {
    writeFileAtomic(join(folder, "compare.html"), renderCompareReport(report));
    writeFileAtomic(join(folder, COMPARE_MARKER), `${JSON.stringify(summary(report), null, 2)}\n`);
    return { report, html: join(out, "compare.html") };
  });
}

/** The report without its pictures: what `--json` prints and `compare.json` holds. */
export function summary(report: CompareReport): Omit<CompareReport, "images"> {
  const { images: _images, ...rest } = report;
  return rest;
}

async function gather(
  options: CompareOptions,
  seed: number,
  { dataset }: SplitData,
  embedded: EmbeddedData,
  scored: Readonly<Record<Head, ScoredHead>>,
): Promise<CompareReport> {
  const { task, classes, labelsFrom } = dataset;
  const width = classes.length;
  const rows = embedded.rows.test;
  const { labels } = scored.softmax;
  const samples = rows.map((row) => embedded.placed[row].sample);
  const sharedRules = RULES[task].sigmoid.filter((rule) => RULES[task].softmax.includes(rule));
  const byRule = sharedRules.map((rule) => {
    const contestant = (head: Head) => {
      const decided = decideBy(rule, scored[head], width);
      return { name: head, measure: openMetrics(task, labels, scored[head].probabilities, decided, width) };
    };
    const options = { rows: rows.length, classes: width, groups: samples.map(({ group }) => group), seed };
    return { rule, differences: compareMeasures(contestant("softmax"), contestant("sigmoid"), options) };
  });
  const chosen = pickImages({ files: samples.map(({ file }) => file), labels, classes: width, heads: scored });
  const images: ComparedImage[] = await withThumbnails(chosen, samples);
  return {
    dataset: basename(resolve(options.data)),
    task,
    classes,
    backbone: embedded.backbone.id,
    seed,
    counts: embedded.counts,
    ...(labelsFrom && { labelsFrom }),
    testLabels: setSizes(
      labels.map((label) => Number(label === 1)),
      width,
    ),
    leftOutOfSoftmaxLoss: scored.softmax.fit.leftOut,
    heads: {
      softmax: comparedHead(task, scored.softmax, width),
      sigmoid: comparedHead(task, scored.sigmoid, width),
    },
    differences: byRule.find(({ rule }) => rule === RULE_OF_TASK[task])?.differences ?? {},
    ruleDifferences: byRule.map(({ rule, differences }) => ({ rule, differences: decisionMetrics(differences) })),
    images,
    command: options.command ?? "",
    version: VERSION,
  };
}

function comparedHead(task: Task, scored: ScoredHead, classes: number): ComparedHead {
  const { labels, probabilities, head, fit } = scored;
  const decisions = RULES[task][head].map((rule) => {
    const decided = decideBy(rule, scored, classes);
    return { rule, metrics: decisionMetrics(METRICS[task](labels, probabilities, decided, classes)) };
  });
  return {
    l2: fit.l2,
    uncalibrated: probabilityMetrics(scored.uncalibrated.metrics),
    thresholdFree: probabilityMetrics(METRICS[task](labels, probabilities, scored.decisions, classes)),
    decisions,
    reliability: reliability(probabilities, labels),
    setsAtHalf: setSizes(decideBy("half", scored, classes), classes),
    averagePrecision: perClass(averagePrecision, labels, probabilities, classes).map((value) => value ?? Number.NaN),
  };
}

/** How many rows of a 0/1 matrix `[n, K]` hold no, one, several ones. */
function setSizes(matrix: ArrayLike<number>, classes: number): SetSizes {
  const sizes = { none: 0, one: 0, several: 0 };
  for (let start = 0; start < matrix.length; start += classes) {
    let ones = 0;
    for (let k = 0; k < classes; k++) ones += matrix[start + k];
    sizes[ones === 0 ? "none" : ones === 1 ? "one" : "several"]++;
  }
  return sizes;
}
