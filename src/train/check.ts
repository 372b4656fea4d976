import { basename, resolve } from "node:path";
import { checkContent, checkLabels, describeUnreadable, type Unreadable } from "../data/checks.js";
import { type Dataset, isLabelled } from "../data/dataset.js";
import { countLabels } from "../data/inspect.js";
import { openDataset } from "../data/open.js";
import { groupingOf } from "../data/split/units.js";
import { UserError } from "../errors.js";
import { refuseToOverwrite, writeFileAtomic } from "../files.js";
import { ACTIVATIONS } from "../learn/activations.js";
import { isInseparable, type Separation, separations } from "../learn/separation.js";
import { rulesFor } from "../model/classifier.js";
import type { WorkOptions } from "../progress.js";
import { DEFAULT_SEED } from "../random.js";
import { renderCheckReport } from "../report/check.js";
import { HEAD_OF_TASK, type Task } from "../task.js";
import { VERSION } from "../version.js";
import { checkOptions } from "./check-options.js";
import { pickPictures } from "./check-pictures.js";
import { confirmDuplicates } from "./duplicate-details.js";
import { findDuplicates, LOOK_SIZE, mergeSets, readLooks } from "./duplicates.js";
import { trainHead } from "./fit.js";
import { FEWEST_IMAGES, judgedClasses, type LabelCheck, labelCheck } from "./label-check.js";
import type { BackboneOptions, DataOptions } from "./options.js";
import { labelMatrix, type PlacedSample } from "./parts.js";
import { gatherEmbeddings } from "./prepare.js";

/** What to check, and by what the images are judged. */
export interface CheckOptions extends Omit<DataOptions, "split">, BackboneOptions, WorkOptions {
  /** Decides random features, folds and the search for duplicates. Default 1. */
  readonly seed?: number | undefined;
  /** Strength of the L2 penalty; chosen by cross-validation by default. */
  readonly l2?: number | undefined;
  /** A page with pictures of the issues to write. */
  readonly out?: string | undefined;
  readonly force?: boolean | undefined;
  /** The command line to show in the page. */
  readonly command?: string | undefined;
}

/** Classes by name that are hard or impossible to tell apart. */
export interface NamedSeparation extends Omit<Separation, "classes"> {
  readonly classes: readonly string[];
}

/** What `sigmax data check` found: also its `--json`. */
export interface CheckResult {
  /** Worst first. */
  readonly issues: LabelCheck["issues"];
  /** Every labelled image that could be read, in dataset order; quality 1 means that its labels look right. */
  readonly images: readonly { readonly file: string; readonly quality: number }[];
  /** Classes that nothing tells apart: no better than chance. */
  readonly inseparable: readonly NamedSeparation[];
  /** Classes taken for each other most, the most often confused first. */
  readonly confused: readonly NamedSeparation[];
  /** Unknown labels that are probably there. */
  readonly suggestions: LabelCheck["suggestions"];
  /** How many labels are wrong or missing by the stricter measure of confident learning. */
  readonly probablyWrong: number;
  readonly task: Task;
  readonly classes: readonly string[];
  /** What the images were judged by; absent where there was too little to learn from. */
  readonly backbone?: string;
  readonly unreadable: readonly Unreadable[];
  readonly warnings: readonly string[];
}

const SHOWN_CONFUSIONS = 10;
/** A coarse grid: which labels look wrong depends little on the penalty. */
const L2_GRID: readonly number[] = [1, 0.1, 0.01];

/**
 * Looks for labels that are wrong or missing, duplicates, broken rules and classes that nobody can tell apart. Every image is judged
 * by heads that have not seen it, nor its group or duplicates.
 *
 * @throws UserError for anything wrong with the data, the backbone or the options
 */
export async function checkData(options: CheckOptions): Promise<CheckResult> {
  checkOptions(options, ["data"]);
  const { out, force = false, seed = DEFAULT_SEED } = options;
  if (out !== undefined) refuseToOverwrite(out, force);
  const warnings: string[] = [];
  const onWarning = (message: string) => {
    warnings.push(message);
    options.onWarning?.(message);
  };
  const { signal, onProgress } = options;
  const work = { signal, onProgress, onWarning };
  const { data, labels, task: givenTask, classes: givenClasses, groupBy } = options;
  const dataset = await openDataset(data, { labels, task: givenTask, classes: givenClasses, groupBy, ...work });
  const { task, classes } = dataset;
  const rules = rulesFor(dataset, options.rules);
  for (const { message } of checkLabels(countLabels(dataset))) onWarning(message);
  const content = await checkContent(dataset, undefined, work);

  const { readable, backbone, judge, unreadable } = await gather(dataset, { ...options, ...work, seed });
  const samples = readable.map(({ sample }) => sample);
  const files = samples.map(({ file }) => file);
  const rowOf = new Map(files.map((file, row) => [file, row]));
  const looks = await readLooks(samples, work);
  const sameBytes = content.findings.flatMap((finding) => (finding.kind === "duplicates" ? (finding.files ?? []) : []));
  const duplicates = mergeSets([
    ...sameBytes.map((names) => names.flatMap((file) => rowOf.get(file) ?? [])),
    ...(await confirmDuplicates(findDuplicates(looks, LOOK_SIZE, { seed, signal }), samples, work)),
  ]);

  const matrix = labelMatrix(readable, classes.length);
  const groups = heldTogether(dataset, readable, duplicates, { groupBy, onWarning });
  const checked = { task, classes, files, labels: matrix, groups, rules, duplicates };
  const judgement = await judge?.(matrix, groups);
  const check = labelCheck({ ...checked, probabilities: judgement });
  const apart =
    judgement === undefined
      ? []
      : separations({ task, classes: classes.length, labels: matrix, probabilities: judgement, judged: judgedClasses(checked) });
  const named = (list: readonly Separation[]) =>
    list.map((found) => ({ ...found, classes: found.classes.map((k) => classes[k]) }));
  const result: CheckResult = {
    issues: check.issues,
    images: files.map((file, row) => ({ file, quality: check.quality[row] })),
    inseparable: named(apart.filter(isInseparable)),
    confused: named(
      apart
        .filter((found) => !isInseparable(found))
        .sort((a, b) => b.confused - a.confused)
        .slice(0, SHOWN_CONFUSIONS),
    ),
    suggestions: check.suggestions,
    probablyWrong: check.issues.filter(({ confident }) => confident === true).length,
    task,
    classes,
    ...(judgement !== undefined && { backbone }),
    unreadable,
    warnings,
  };
  if (out !== undefined) {
    const shown = await pickPictures(result.issues, samples, { signal, onProgress });
    const about = { dataset: basename(resolve(data)), command: options.command ?? "", version: VERSION };
    writeFileAtomic(out, renderCheckReport({ ...result, ...about, shown }));
  }
  return result;
}

interface Gathered {
  readonly readable: readonly PlacedSample[];
  readonly unreadable: readonly Unreadable[];
  /** What embedded them. */
  readonly backbone?: string;
  /** Out-of-fold probabilities `[N, K]` of the readable images; absent where there is too little to learn from. */
  readonly judge?: (labels: Int8Array, groups: readonly (string | undefined)[]) => Promise<Float64Array | undefined>;
}

/** Embeds every labelled image, where that can tell anything. */
async function gather(dataset: Dataset, options: CheckOptions & WorkOptions & { readonly seed: number }): Promise<Gathered> {
  const { task, classes } = dataset;
  const placed = dataset.samples.flatMap((sample): PlacedSample[] => (isLabelled(sample) ? [{ sample, part: "train" }] : []));
  if (placed.length === 0) {
    throw new UserError("bad-data", `${options.data}: no image has a known label`, {
      hint: "Put the images into one folder per class, or name a label file with --labels.",
    });
  }
  const labels = labelMatrix(placed, classes.length);
  const enough = judgedClasses({ task, classes, labels });
  const few = classes.filter((_, k) => !enough[k]);
  const learnt = classes.length - few.length;
  if (learnt < LEAST_CLASSES[task]) {
    options.onWarning?.(
      `Too little to learn from: ${learnt} of ${classes.length} classes have ${FEWEST_IMAGES} images or more. Only duplicates and rules are checked.`,
    );
    const unreadable: Unreadable[] = [];
    await readLooks(
      placed.map(({ sample }) => sample),
      {
        signal: options.signal,
        onUnreadable: (file, reason) => unreadable.push({ file, reason }),
      },
    );
    const bad = new Set(unreadable.map(({ file }) => file));
    if (bad.size > 0) options.onWarning?.(describeUnreadable(unreadable, placed.length));
    return { readable: placed.filter(({ sample }) => !bad.has(sample.file)), unreadable };
  }
  if (few.length > 0) {
    const names = `${few.slice(0, 8).join(", ")}${few.length > 8 ? ", …" : ""}`;
    options.onWarning?.(`Too few examples to judge the labels of: ${names}.`);
  }
  const counts = { train: placed.length, validation: 0, test: 0 };
  const left = { unlabelled: dataset.samples.length - placed.length, withoutPart: 0 };
  const embedded = await gatherEmbeddings({ dataset, placed, counts, left, rules: [] }, options);
  const head = HEAD_OF_TASK[task];
  return {
    readable: embedded.placed,
    unreadable: embedded.unreadable,
    backbone: embedded.backbone.id,
    async judge(matrix, groups) {
      const rows = [...embedded.placed.keys()];
      // Unreadable images may have taken the last examples.
      if (judgedClasses({ task, classes, labels: matrix, groups }).filter(Boolean).length < LEAST_CLASSES[task]) {
        options.onWarning?.(
          "Too little to learn from is left, or all of it in one group: only duplicates and rules are checked.",
        );
        return undefined;
      }
      const { outOfFold } = await trainHead({
        embeddings: embedded.embeddings,
        views: embedded.views,
        size: embedded.backbone.embeddingSize,
        labels: matrix,
        classes,
        files: embedded.placed.map(({ sample }) => sample.file),
        groups,
        train: rows,
        validation: [],
        task,
        head,
        l2: options.l2,
        l2Grid: L2_GRID,
        seed: options.seed,
        signal: options.signal,
        onProgress: options.onProgress,
        onWarning: options.onWarning,
      });
      return ACTIVATIONS[head](outOfFold.logits, classes.length);
    },
  };
}

/** Fewer classes than this leave nothing to tell apart. */
const LEAST_CLASSES: Readonly<Record<Task, number>> = { multiclass: 2, multilabel: 1 };

/** The group of each image, else the set of duplicates it is in: what is held out together. */
function heldTogether(
  dataset: Dataset,
  placed: readonly PlacedSample[],
  duplicates: readonly (readonly number[])[],
  { groupBy, onWarning }: Pick<CheckOptions, "groupBy" | "onWarning">,
): (string | undefined)[] {
  const groupOf = groupingOf(dataset, groupBy, onWarning);
  const groups = placed.map(({ sample }) => groupOf(sample));
  for (const [index, set] of duplicates.entries()) for (const row of set) groups[row] ??= `duplicates ${index}`;
  return groups;
}
