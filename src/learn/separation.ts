import type { Task } from "../task.js";
import type { JudgedLabels } from "./confident.js";
import { rocAuc } from "./metrics/ranking.js";

/** How well classes are told apart. */
export interface Separation {
  /** Two class indices, or one: a label of several against its absence. */
  readonly classes: readonly number[];
  /** Images of these classes. */
  readonly images: number;
  /** Share of them that look more like the other class. */
  readonly confused: number;
  /** The chance that an image of the first looks more like it than one that is not. */
  readonly auc: number;
  /** Where 95 % of such areas would lie. */
  readonly interval: readonly [low: number, high: number];
}

/** Pairs whose ranking is worked out; they are those confused most. */
const MOST_PAIRS = 200;

/** How well pairs of classes, or each of several labels, are told apart; the worst first. Only those that are confused at all. */
export function separations(data: JudgedLabels): Separation[] {
  return SEPARATIONS[data.task](data).sort((a, b) => a.auc - b.auc || b.confused - a.confused);
}

/** Whether nothing tells them apart: no better than chance, as far as can be seen. */
export function isInseparable({ interval: [low] }: Separation): boolean {
  return low <= 0.5;
}

const SEPARATIONS: Readonly<Record<Task, (data: JudgedLabels) => Separation[]>> = {
  multiclass({ classes, labels, probabilities, judged }) {
    const rowsOf = Array.from({ length: classes }, (): number[] => []);
    const confused = new Map<number, number>();
    for (let start = 0; start < labels.length; start += classes) {
      const given = labels.subarray(start, start + classes).indexOf(1);
      if (given < 0 || judged?.[given] === false) continue;
      rowsOf[given].push(start);
      for (let k = 0; k < classes; k++) {
        if (k === given || judged?.[k] === false || probabilities[start + k] < probabilities[start + given]) continue;
        const pair = Math.min(k, given) * classes + Math.max(k, given);
        confused.set(pair, (confused.get(pair) ?? 0) + 1);
      }
    }
    const pairs = Array.from(confused, ([pair, count]) => {
      const [a, b] = [Math.floor(pair / classes), pair % classes];
      return { a, b, share: count / (rowsOf[a].length + rowsOf[b].length) };
    });
    return pairs
      .sort((x, y) => y.share - x.share || x.a - y.a || x.b - y.b)
      .slice(0, MOST_PAIRS)
      .map(({ a, b, share }) => {
        const rows = [...rowsOf[a], ...rowsOf[b]];
        const truth = rows.map((_, i) => Number(i < rowsOf[a].length));
        const scores = rows.map((start) => probabilities[start + a] / (probabilities[start + a] + probabilities[start + b]) || 0);
        return { classes: [a, b], confused: share, ...area(truth, scores) };
      });
  },
  multilabel({ classes, labels, probabilities, judged }) {
    const found: Separation[] = [];
    for (let k = 0; k < classes; k++) {
      if (judged?.[k] === false) continue;
      const truth: number[] = [];
      const scores: number[] = [];
      for (let cell = k; cell < labels.length; cell += classes) {
        if (labels[cell] < 0) continue;
        truth.push(labels[cell]);
        scores.push(probabilities[cell]);
      }
      const wrong = truth.filter((label, i) => scores[i] >= 0.5 !== (label === 1)).length;
      if (wrong > 0) found.push({ classes: [k], confused: wrong / truth.length, ...area(truth, scores) });
    }
    return found;
  },
};

/** Area under the ROC curve with its standard error (Hanley and McNeil 1982). */
function area(truth: readonly number[], scores: readonly number[]): Pick<Separation, "images" | "auc" | "interval"> {
  const auc = rocAuc(truth, scores) ?? 0.5;
  const positives = truth.reduce((sum, label) => sum + label, 0);
  const negatives = truth.length - positives;
  const q1 = auc / (2 - auc);
  const q2 = (2 * auc * auc) / (1 + auc);
  const variance =
    (auc * (1 - auc) + (positives - 1) * (q1 - auc * auc) + (negatives - 1) * (q2 - auc * auc)) /
    Math.max(1, positives * negatives);
  const reach = 1.96 * Math.sqrt(Math.max(0, variance));
  return { images: truth.length, auc, interval: [Math.max(0, auc - reach), Math.min(1, auc + reach)] };
}
