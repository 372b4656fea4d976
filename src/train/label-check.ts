import { findSuspects, type JudgedLabels, labelQuality, type Suggestion, suggestLabels } from "../learn/confident.js";
import { type Rule, violations } from "../learn/rules.js";
import type { FoundIssue } from "../report/label-issue.js";
import type { Task } from "../task.js";

/** An issue that a check of labels found. */
export interface LabelIssue extends FoundIssue {
  /** For wrong and missing labels: by the stricter measure of confident learning as well. */
  readonly confident?: boolean;
}

/** Labelled images and what heads that have not seen them say. */
export interface LabelCheckData {
  readonly task: Task;
  readonly classes: readonly string[];
  /** `[N]` */
  readonly files: readonly string[];
  /** `[N, K]` of 1, 0 and −1 (unknown). */
  readonly labels: Int8Array;
  /** Out of fold, `[N, K]`; without them only duplicates and rules are looked at. */
  readonly probabilities?: ArrayLike<number> | undefined;
  /** `[N]`: images of one group are held out together. */
  readonly groups?: readonly (string | undefined)[] | undefined;
  /** Sets of images that show the same, by row. */
  readonly duplicates?: readonly (readonly number[])[] | undefined;
  readonly rules?: readonly Rule[] | undefined;
}

/** What is wrong with labels. */
export interface LabelCheck {
  /** Worst first. */
  readonly issues: readonly LabelIssue[];
  /** How right the labels of every image look, `[N]` in [0, 1]. */
  readonly quality: Float64Array;
  /** Unknown labels that are probably there; no errors. */
  readonly suggestions: readonly (Omit<Suggestion, "row" | "label"> & { readonly file: string; readonly label: string })[];
}

/** Fewer images than this teach nothing that could judge a label. */
export const FEWEST_IMAGES = 5;
/** Duplicates that agree do no harm to labels: they come after everything that looks wrong. */
const AGREEING = 0.1;
/** Ways in which the images of one set are labelled that are compared with each other. */
const MOST_LABELLINGS = 64;

/** Finds labels that are probably wrong or missing, duplicates, and broken rules. */
export function labelCheck(data: LabelCheckData): LabelCheck {
  const { task, classes, files, labels, probabilities } = data;
  const judgement: JudgedLabels | undefined =
    probabilities === undefined
      ? undefined
      : { task, classes: classes.length, labels, probabilities, judged: judgedClasses(data) };
  const quality = judgement === undefined ? new Float64Array(files.length).fill(1) : labelQuality(judgement);
  const suspects = judgement === undefined ? [] : findSuspects(judgement);
  const found: { readonly row: number; readonly issue: LabelIssue }[] = [
    ...brokenRules(data),
    ...duplicateIssues(data, quality),
    ...suspects.map(({ row, label, kind, score, suggested, confident }) => ({
      row,
      issue: {
        file: files[row],
        label: classes[label],
        kind,
        score,
        ...(suggested !== undefined && { suggested: classes[suggested] }),
        confident,
      },
    })),
  ];
  for (const { row, issue } of found)
    if (issue.kind !== "duplicate" || issue.conflict) quality[row] = Math.min(quality[row], 1 - issue.score);
  const suggestions = judgement === undefined ? [] : suggestLabels(judgement);
  return {
    issues: found.sort((a, b) => b.issue.score - a.issue.score || a.row - b.row).map(({ issue }) => issue),
    quality,
    suggestions: suggestions.map(({ row, label, score }) => ({ file: files[row], label: classes[label], score })),
  };
}

/** `[K]`: whether enough images have the class, and enough others have not, in more than one group. */
export function judgedClasses({
  task,
  classes,
  labels,
  groups,
}: Pick<LabelCheckData, "task" | "classes" | "labels" | "groups">): boolean[] {
  const width = classes.length;
  const enough = (k: number, value: number) => {
    let count = 0;
    let first: string | undefined;
    let several = false;
    for (let row = 0; row * width < labels.length; row++) {
      if (labels[row * width + k] !== value) continue;
      const group = groups?.[row] === undefined ? `row ${row}` : `group ${groups[row]}`;
      first ??= group;
      several ||= group !== first;
      if (++count >= FEWEST_IMAGES && several) return true;
    }
    return false;
  };
  return classes.map((_, k) => JUDGED_VALUES[task].every((value) => enough(k, value)));
}

/** What there must be enough of: of a single label its images, of several also images that do not have it. */
const JUDGED_VALUES: Readonly<Record<Task, readonly number[]>> = { multiclass: [1], multilabel: [1, 0] };

function brokenRules({ rules = [], classes, files, labels, probabilities }: LabelCheckData) {
  if (rules.length === 0) return [];
  const width = classes.length;
  return files.flatMap((file, row) =>
    violations(rules, labels.subarray(row * width, (row + 1) * width)).map(({ rule, classes: breaking }) => {
      // Of the labels that contradict each other, the one least believed.
      const doubt = (k: number) => {
        const probability = probabilities?.[row * width + k] ?? 0.5;
        return labels[row * width + k] === 1 ? 1 - probability : probability;
      };
      const label = breaking.reduce((worst, k) => (doubt(k) > doubt(worst) ? k : worst));
      const issue: LabelIssue = { file, label: classes[label], kind: "rule", score: 1, rule: rule.text };
      return { row, issue };
    }),
  );
}

/**
 * An image that shows the same as another and is labelled differently is suspected, the less believed of them the more; one that
 * only repeats a better labelled image is told of, no more.
 */
function duplicateIssues({ duplicates = [], classes, files, labels }: LabelCheckData, quality: Float64Array) {
  const width = classes.length;
  const label = (row: number, k: number) => labels[row * width + k];
  const given = (row: number) => classes.filter((_, k) => label(row, k) === 1);
  /** Classes that one has and the other has not; having one more often counts first. */
  const contested = (row: number, other: number) =>
    [...classes.keys()]
      .filter((k) => label(row, k) >= 0 && label(other, k) >= 0 && label(row, k) !== label(other, k))
      .sort((a, b) => label(row, b) - label(row, a) || a - b);
  return duplicates.flatMap((set) => {
    const order = [...set].sort((a, b) => quality[b] - quality[a] || a - b);
    // Images labelled alike need not all be compared with each other.
    const byLabels = new Map(order.toReversed().map((row) => [labels.subarray(row * width, (row + 1) * width).join(), row]));
    const different = [...byLabels.values()].sort((a, b) => quality[b] - quality[a] || a - b).slice(0, MOST_LABELLINGS);
    return order.flatMap((row): { row: number; issue: LabelIssue }[] => {
      const other = different.find((candidate) => contested(row, candidate).length > 0);
      const issue = { file: files[row], kind: "duplicate" } as const;
      if (other !== undefined) {
        const [k] = contested(row, other);
        const score = 1 - quality[row] / 2;
        return [{ row, issue: { ...issue, label: classes[k], score, of: files[other], conflict: true } }];
      }
      if (row === order[0]) return [];
      const repeats = { label: given(row).join(", "), score: AGREEING, of: files[order[0]], conflict: false };
      return [{ row, issue: { ...issue, ...repeats } }];
    });
  });
}
