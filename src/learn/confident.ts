import type { Task } from "../task.js";

/** Labels of a dataset beside what a head that has not seen the images says of them. */
export interface JudgedLabels {
  readonly task: Task;
  /** K */
  readonly classes: number;
  /** `[N, K]` of 1, 0 and −1 (unknown). */
  readonly labels: Int8Array;
  /** Out of fold, `[N, K]`. */
  readonly probabilities: ArrayLike<number>;
  /** `[K]`: false for a class with too few images to be learned; its labels are then not judged. All by default. */
  readonly judged?: readonly boolean[] | undefined;
}

/** A label that is probably not what it should be. */
export interface Suspect {
  readonly row: number;
  /** Class index: the label that should not be there, or that is missing. */
  readonly label: number;
  readonly kind: "wrong" | "missing";
  /** The class that the image probably has instead; of single labels only. */
  readonly suggested?: number;
  /** 1 − the probability of the label as given: 1 is surely wrong. */
  readonly score: number;
  /** The other label is as probable as it usually is where it is right (Northcutt et al. 2021). */
  readonly confident: boolean;
}

/** A label that is unknown and probably there. */
export interface Suggestion {
  readonly row: number;
  readonly label: number;
  /** Its probability. */
  readonly score: number;
}

/** Which cells of a row are judged: of single labels the one that was given, of several every known one. */
const COUNTS: Readonly<Record<Task, (label: number) => boolean>> = {
  multiclass: (label) => label === 1,
  multilabel: (label) => label >= 0,
};

/**
 * How right the labels of every image look, `[N]` in [0, 1]: the smallest probability of any label as it was given (self-confidence;
 * of several labels the worst, Thyagarajan et al. 2022). 1 where nothing could be judged.
 */
export function labelQuality({ task, classes, labels, probabilities, judged }: JudgedLabels): Float64Array {
  const quality = new Float64Array(labels.length / classes).fill(1);
  for (let cell = 0; cell < labels.length; cell++) {
    if (!COUNTS[task](labels[cell]) || judged?.[cell % classes] === false) continue;
    const row = Math.floor(cell / classes);
    quality[row] = Math.min(quality[row], asGiven(labels[cell], probabilities[cell]));
  }
  return quality;
}

/**
 * Labels that are less probable than another, worst first: of single labels than another class, of several than their opposite, or
 * than the opposite usually is where it is given.
 */
export function findSuspects(data: JudgedLabels): Suspect[] {
  const suspects = SUSPECTS[data.task](data, selfConfidence(data));
  return suspects.sort((a, b) => b.score - a.score || a.row - b.row || a.label - b.label);
}

/** Unknown labels that are probably there, most probable first. */
export function suggestLabels(data: JudgedLabels): Suggestion[] {
  const { classes, labels, probabilities, judged } = data;
  const { yes } = selfConfidence(data);
  const suggestions: Suggestion[] = [];
  for (let cell = 0; cell < labels.length; cell++) {
    const label = cell % classes;
    const score = probabilities[cell];
    if (labels[cell] >= 0 || judged?.[label] === false || !(score >= Math.max(0.5, yes[label]))) continue;
    suggestions.push({ row: Math.floor(cell / classes), label, score });
  }
  return suggestions.sort((a, b) => b.score - a.score || a.row - b.row || a.label - b.label);
}

/** Mean probability of each class where it is given, and of its absence where that is given; 1 where neither is. */
interface SelfConfidence {
  readonly yes: Float64Array;
  readonly no: Float64Array;
}

/** The thresholds of confident learning (Northcutt et al. 2021, equation 2). */
function selfConfidence({ classes, labels, probabilities }: JudgedLabels): SelfConfidence {
  const [yes, no, positives, negatives] = Array.from({ length: 4 }, () => new Float64Array(classes));
  for (let cell = 0; cell < labels.length; cell++) {
    const k = cell % classes;
    if (labels[cell] === 1) {
      yes[k] += probabilities[cell];
      positives[k]++;
    } else if (labels[cell] === 0) {
      no[k] += 1 - probabilities[cell];
      negatives[k]++;
    }
  }
  const mean = (sum: number, count: number) => (count > 0 ? sum / count : 1);
  return { yes: yes.map((sum, k) => mean(sum, positives[k])), no: no.map((sum, k) => mean(sum, negatives[k])) };
}

const SUSPECTS: Readonly<Record<Task, (data: JudgedLabels, usual: SelfConfidence) => Suspect[]>> = {
  multiclass({ classes, labels, probabilities, judged }, { yes }) {
    const suspects: Suspect[] = [];
    for (let start = 0; start < labels.length; start += classes) {
      const label = labels.subarray(start, start + classes).indexOf(1);
      if (label < 0 || judged?.[label] === false) continue;
      let suggested = label;
      for (let k = 0; k < classes; k++) {
        if (judged?.[k] !== false && probabilities[start + k] > probabilities[start + suggested]) suggested = k;
      }
      if (suggested === label) continue;
      const score = 1 - probabilities[start + label];
      const confident = probabilities[start + suggested] >= yes[suggested];
      suspects.push({ row: start / classes, label, kind: "wrong", suggested, score, confident });
    }
    return suspects;
  },
  multilabel({ classes, labels, probabilities, judged }, { yes, no }) {
    const suspects: Suspect[] = [];
    for (let cell = 0; cell < labels.length; cell++) {
      const label = cell % classes;
      if (labels[cell] < 0 || judged?.[label] === false) continue;
      const score = 1 - asGiven(labels[cell], probabilities[cell]);
      const usual = labels[cell] === 1 ? no[label] : yes[label];
      if (!(score >= Math.min(0.5, usual))) continue;
      const kind = labels[cell] === 1 ? "wrong" : "missing";
      suspects.push({ row: Math.floor(cell / classes), label, kind, score, confident: score >= usual });
    }
    return suspects;
  },
};

function asGiven(label: number, probability: number): number {
  return label === 1 ? probability : 1 - probability;
}
