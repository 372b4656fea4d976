import { basename, join, resolve } from "node:path";
import { writeFileAtomic } from "../files.js";
import { type BootstrapOptions, bootstrapIntervals } from "../learn/bootstrap.js";
import { classScores, countCells, meanOf } from "../learn/metrics/counts.js";
import { rankCells, rankScores } from "../learn/metrics/ranks.js";
import { type Measure, openMetrics } from "../learn/metrics/report.js";
import { HEAD_ROWS } from "../model/head.js";
import { refuseFolder, writeFolder } from "../output-folder.js";
import { DEFAULT_SEED } from "../random.js";
import { renderImbalanceReport } from "../report/compare-imbalance.js";
import {
  type CountedLabel,
  type ImbalanceReport,
  LABEL_METRICS,
  REMEDIES,
  type Remedy,
  type RemedyId,
} from "../report/compare-imbalance-data.js";
import { HEAD_OF_TASK, type Head, type HeadLoss } from "../task.js";
import { VERSION } from "../version.js";
import { checkOptions } from "./check-options.js";
import { COMPARE_MARKER, type CompareOptions } from "./compare.js";
import { decideBy, RULE_OF_TASK } from "./compare-decisions.js";
import { compareMeasures } from "./compare-measures.js";
import { countPositives } from "./parts.js";
import { type EmbeddedData, gatherEmbeddings, openSplitData } from "./prepare.js";
import { fitAndScore, type ScoredHead } from "./scored-head.js";

/** What remedies are compared on. */
export interface CompareImbalanceOptions extends CompareOptions {
  /** The head that is trained with every remedy; the one of the task by default. */
  readonly head?: Head | undefined;
}

/** What `compareImbalance` found; the page is at `html`. */
export interface CompareImbalanceResult {
  readonly report: ImbalanceReport;
  readonly html: string;
}

interface Recipe {
  readonly name: Readonly<Record<Head, string>>;
  readonly classWeights: "none" | "balanced";
  readonly loss: HeadLoss;
}

const RECIPES: Readonly<Record<RemedyId, Recipe>> = {
  none: { name: { softmax: "cross-entropy", sigmoid: "cross-entropy" }, classWeights: "none", loss: "cross-entropy" },
  balanced: { name: { softmax: "class weights", sigmoid: "pos_weight" }, classWeights: "balanced", loss: "cross-entropy" },
  focal: { name: { softmax: "focal", sigmoid: "focal" }, classWeights: "none", loss: "focal" },
  asymmetric: { name: { softmax: "asymmetric", sigmoid: "asymmetric" }, classWeights: "none", loss: "asymmetric" },
};

/**
 * Trains one head with every remedy for rare labels on the same embeddings and the same split, and writes one offline page that shows
 * what each did to the rare labels.
 *
 * @throws UserError for anything wrong with the data, the backbone or the options
 */
export async function compareImbalance(options: CompareImbalanceOptions): Promise<CompareImbalanceResult> {
  checkOptions(options, ["data", "out"]);
  const { out, force = false, seed = DEFAULT_SEED } = options;
  refuseFolder(out, { force, marker: COMPARE_MARKER });
  const data = await openSplitData({ ...options, seed });
  const { task, classes, labelsFrom } = data.dataset;
  const head = options.head ?? HEAD_OF_TASK[task];
  const embedded = await gatherEmbeddings(data, { ...options, seed });
  const labels = countLabels(embedded, classes);
  const order = labels.map(({ index }) => index);

  const trained: Trained[] = [];
  for (const id of REMEDIES.filter((remedy) => HEAD_ROWS[head].losses[RECIPES[remedy].loss] !== undefined)) {
    const { classWeights, loss } = RECIPES[id];
    const scored = await fitAndScore(data, embedded, head, { ...options, seed, classWeights, loss, intervals: false });
    const decisions = decideBy(RULE_OF_TASK[task], scored, classes.length);
    const ofAll = openMetrics(task, scored.labels, scored.probabilities, decisions, classes.length);
    const ofEach = openLabelMetrics(scored.labels, scored.probabilities, decisions, order);
    trained.push({ id, scored, measure: (weights) => ({ ...ofAll(weights), ...ofEach(weights) }) });
  }
  const test = embedded.rows.test;
  const groups = test.map((row) => embedded.placed[row].sample.group);
  const report: ImbalanceReport = {
    dataset: basename(resolve(options.data)),
    task,
    head,
    backbone: embedded.backbone.id,
    seed,
    counts: embedded.counts,
    ...(labelsFrom && { labelsFrom }),
    labels: labels.map(({ index: _index, ...label }) => label),
    remedies: trained.map((one) =>
      remedyOf(one, trained[0], order.length, {
        rows: test.length,
        classes: classes.length,
        groups,
        seed,
      }),
    ),
    command: options.command ?? "",
    version: VERSION,
  };
  return writeFolder(out, { force, marker: COMPARE_MARKER }, async (folder) => {
    writeFileAtomic(join(folder, "compare.html"), renderImbalanceReport(report));
    writeFileAtomic(join(folder, COMPARE_MARKER), `${JSON.stringify(report, null, 2)}\n`);
    return { report, html: join(out, "compare.html") };
  });
}

interface Trained {
  readonly id: RemedyId;
  readonly scored: ScoredHead;
  /** Metrics of all labels and, under the names of `keyOf`, of each. */
  readonly measure: Measure;
}

function remedyOf(trained: Trained, plain: Trained, labels: number, options: BootstrapOptions): Remedy {
  const { id, scored, measure } = trained;
  const { name, classWeights, loss } = RECIPES[id];
  const found = measure();
  const differences =
    trained === plain
      ? {}
      : compareMeasures<RemedyId>({ name: id, measure }, { name: plain.id, measure: plain.measure }, options);
  const rest = <Value>(values: Readonly<Record<string, Value>>) =>
    Object.fromEntries(Object.entries(values).filter(([metric]) => !metric.includes(SEPARATOR)));
  const ofLabel = <Value>(values: Readonly<Record<string, Value>>, place: number) =>
    Object.fromEntries(
      LABEL_METRICS.flatMap(([metric]): [string, Value][] => {
        const key = keyOf(metric, place);
        return Object.hasOwn(values, key) ? [[metric, values[key]]] : [];
      }),
    );
  return {
    id,
    name: name[scored.head],
    flags: [
      ...(classWeights === "none" ? [] : [`--class-weights ${classWeights}`]),
      ...(loss === "cross-entropy" ? [] : [`--loss ${loss}`]),
    ].join(" "),
    l2: scored.fit.l2,
    metrics: rest(found),
    intervals: rest(bootstrapIntervals(measure, options)),
    differences: rest(differences),
    perLabel: Array.from({ length: labels }, (_, place) => ({
      metrics: ofLabel(found, place),
      differences: ofLabel(differences, place),
    })),
  };
}

/** The rarer half is called rare; of one label alone, that one. */
function countLabels(embedded: EmbeddedData, classes: readonly string[]): (CountedLabel & { readonly index: number })[] {
  const { rows, labels } = embedded;
  const training = countPositives(labels, [...rows.train, ...rows.validation], classes.length);
  const test = countPositives(labels, rows.test, classes.length);
  return classes
    .map((name, index) => ({ name, index, training: training[index], test: test[index] }))
    .sort((a, b) => a.training - b.training || a.index - b.index)
    .map((label, place) => ({ ...label, rare: place < rareOf(classes.length) }));
}

/** How many labels are called rare. */
function rareOf(classes: number): number {
  return Math.max(1, Math.floor(classes / 2));
}

const SEPARATOR = " ";

/** The name of a metric of the label at a place of the order, among metrics of all labels. */
function keyOf(metric: string, place: number): string {
  return `${metric}${SEPARATOR}${place}`;
}

/** Metrics of each label, in the order given, and their means over the rarer half of it. */
function openLabelMetrics(
  labels: Int8Array,
  probabilities: Float32Array,
  decisions: Uint8Array,
  order: readonly number[],
): Measure {
  const classes = order.length;
  const { perClass } = rankCells(labels, probabilities, classes);
  const rare = order.slice(0, rareOf(classes));
  return (weights) => {
    const scores = classScores(countCells(labels, decisions, classes, weights));
    const precisions = perClass.map((ranks) => rankScores(ranks, weights).averagePrecision);
    const metrics: Record<string, number> = {};
    const tell = (metric: string, value: number | undefined) => {
      if (value !== undefined) metrics[metric] = value;
    };
    tell("mapRare", meanOf(rare.map((k) => precisions[k])));
    tell("f1Rare", meanOf(rare.map((k) => scores[k].fbeta)));
    tell("recallRare", meanOf(rare.map((k) => scores[k].recall)));
    for (const [place, k] of order.entries()) {
      tell(keyOf("averagePrecision", place), precisions[k]);
      tell(keyOf("f1", place), scores[k].fbeta);
      tell(keyOf("recall", place), scores[k].recall);
    }
    return metrics;
  };
}
