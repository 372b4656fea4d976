import { argmax } from "../decide.js";
import { meanOf, sum } from "./counts.js";
import { rocAuc } from "./ranking.js";

/** Probabilities are kept this far from 0 before the logarithm (the float64 epsilon, as in scikit-learn). */
const CLIP = 2 ** -52;

/** The true class of every row of labels `[N, K]`, −1 where it is unknown. */
export function trueClasses(labels: ArrayLike<number>, classes: number): Int32Array {
  const truth = new Int32Array(labels.length / classes).fill(-1);
  for (let row = 0, i = 0; row < truth.length; row++) {
    for (let k = 0; k < classes; k++, i++) if (labels[i] === 1) truth[row] = k;
  }
  return truth;
}

/** Probabilities that can be held against what came true, 1 or 0; −1 where that is unknown. */
export interface Claims {
  readonly confidences: ArrayLike<number>;
  readonly correct: Int8Array;
}

/** What is claimed of the most probable class of each row `[N]`, and whether it is the true one `[N]` (−1 where that is unknown). */
export function topClaims(truth: ArrayLike<number>, probabilities: ArrayLike<number>, classes: number): Claims {
  const confidences = new Float64Array(truth.length);
  const correct = new Int8Array(truth.length).fill(-1);
  for (let row = 0, start = 0; row < truth.length; row++, start += classes) {
    if (truth[row] < 0) continue;
    const top = argmax(probabilities, start, classes);
    confidences[row] = probabilities[start + top];
    correct[row] = top === truth[row] ? 1 : 0;
  }
  return { confidences, correct };
}

/** Counts `[K, K]`: rows are true classes, columns decided ones. Rows of unknown class are left out. */
export function confusion(labels: ArrayLike<number>, decisions: ArrayLike<number>, classes: number): Float64Array {
  const matrix = new Float64Array(classes * classes);
  for (const [i, truth] of trueClasses(labels, classes).entries()) {
    if (truth >= 0) matrix[truth * classes + argmax(decisions, i * classes, classes)]++;
  }
  return matrix;
}

/** A confusion matrix with every row divided by its sum: recalls on the diagonal. Rows of classes that never occur stay 0. */
export function normalizeRows(matrix: ArrayLike<number>, classes: number): Float64Array {
  const { rows } = margins(matrix, classes);
  return Float64Array.from(matrix, (count, i) => (count === 0 ? 0 : count / rows[Math.floor(i / classes)]));
}

/** Share of a confusion matrix on its diagonal; undefined when it is empty. */
export function accuracy(matrix: ArrayLike<number>, classes: number): number | undefined {
  const { total, diagonal } = margins(matrix, classes);
  return total === 0 ? undefined : sum(diagonal) / total;
}

/** Mean recall over the classes that occur. */
export function balancedAccuracy(matrix: ArrayLike<number>, classes: number): number | undefined {
  const { rows, diagonal } = margins(matrix, classes);
  return meanOf(diagonal.map((hits, k) => (rows[k] === 0 ? undefined : hits / rows[k])));
}

/** How far wrong decisions weigh in `kappa`: by |i − j| to this power, capped at one for 0. */
const KAPPA_POWER = { none: 0, linear: 1, quadratic: 2 } as const;

/** Cohen's kappa: agreement beyond chance, 1 at best; undefined where chance alone would agree always. */
export function kappa(
  matrix: ArrayLike<number>,
  classes: number,
  weighting: keyof typeof KAPPA_POWER = "none",
): number | undefined {
  const { total, rows, columns } = margins(matrix, classes);
  let observed = 0;
  let expected = 0;
  for (let i = 0; i < classes; i++) {
    for (let j = 0; j < classes; j++) {
      const weight = i === j ? 0 : Math.abs(i - j) ** KAPPA_POWER[weighting];
      observed += weight * matrix[i * classes + j];
      expected += (weight * rows[i] * columns[j]) / total;
    }
  }
  return expected > 0 ? 1 - observed / expected : undefined;
}

/**
 * Variance of {@link kappa} without weights by the delta method (Congalton and Green 2009, eq. 5.7 to 5.10); undefined where kappa is.
 * The matrix is a simple random sample.
 */
export function kappaDeltaVariance(matrix: ArrayLike<number>, classes: number): number | undefined {
  const { total, rows, columns, diagonal } = margins(matrix, classes);
  const t1 = sum(diagonal) / total;
  const t2 = sum(rows.map((count, k) => count * columns[k])) / total ** 2;
  const t3 = sum(diagonal.map((hits, k) => hits * (rows[k] + columns[k]))) / total ** 2;
  let t4 = 0;
  for (let i = 0; i < classes; i++) {
    for (let j = 0; j < classes; j++) t4 += matrix[i * classes + j] * (rows[j] + columns[i]) ** 2;
  }
  t4 /= total ** 3;
  if (!(t2 < 1)) return undefined;
  const [wrong, beyond] = [1 - t1, 1 - t2];
  return (
    ((t1 * wrong) / beyond ** 2 +
      (2 * wrong * (2 * t1 * t2 - t3)) / beyond ** 3 +
      (wrong ** 2 * (t4 - 4 * t2 ** 2)) / beyond ** 4) /
    total
  );
}

/** Matthews correlation coefficient (Gorodkin 2004); 0 when a margin has no spread. */
export function matthews(matrix: ArrayLike<number>, classes: number): number {
  const { total, rows, columns, diagonal } = margins(matrix, classes);
  const products = sum(rows.map((count, k) => count * columns[k]));
  const spread = (counts: readonly number[]) => total * total - sum(counts.map((count) => count * count));
  const scale = Math.sqrt(spread(rows) * spread(columns));
  return scale === 0 ? 0 : (sum(diagonal) * total - products) / scale;
}

/**
 * Share of rows whose true class is among the k most probable. Of equally probable classes the lowest index comes first, as in
 * decisions; scikit-learn takes the highest.
 */
export function topK(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
  k: number,
  { ties = "lowest" }: { ties?: "lowest" | "highest" } = {},
): number | undefined {
  return meanOfRows(labels, classes, (start, truth) => (rowRank(probabilities, start, classes, truth, ties) < k ? 1 : 0));
}

/** How many classes of the row that starts at a cell come before class `truth`. */
export function rowRank(
  probabilities: ArrayLike<number>,
  start: number,
  classes: number,
  truth: number,
  ties: "lowest" | "highest" = "lowest",
): number {
  const own = probabilities[start + truth];
  let above = 0;
  for (let k = 0; k < classes; k++) {
    const other = probabilities[start + k];
    if (other > own || (other === own && (ties === "lowest" ? k < truth : k > truth))) above++;
  }
  return above;
}

/**
 * Mean −log of the probability of the true class. Rows are divided by their sum first, so that independent probabilities (a sigmoid
 * head on exclusive classes) are compared fairly; a row of zeros counts as even odds.
 */
export function logLoss(labels: ArrayLike<number>, probabilities: ArrayLike<number>, classes: number): number | undefined {
  return meanOfRows(labels, classes, (start, truth) => rowLogLoss(probabilities, start, classes, truth));
}

/** The share of the row that starts at a cell in {@link logLoss}. */
export function rowLogLoss(probabilities: ArrayLike<number>, start: number, classes: number, truth: number): number {
  let total = 0;
  for (let k = 0; k < classes; k++) total += probabilities[start + k];
  const share = total > 0 ? probabilities[start + truth] / total : 1 / classes;
  return -Math.log(Math.min(1 - CLIP, Math.max(CLIP, share)));
}

/** Mean over rows of Σₖ (pₖ − yₖ)². */
export function brier(labels: ArrayLike<number>, probabilities: ArrayLike<number>, classes: number): number | undefined {
  return meanOfRows(labels, classes, (start, truth) => rowSquares(probabilities, start, classes, truth));
}

/** The share of the row that starts at a cell in {@link brier}. */
export function rowSquares(probabilities: ArrayLike<number>, start: number, classes: number, truth: number): number {
  let squares = 0;
  for (let k = 0; k < classes; k++) squares += (probabilities[start + k] - (k === truth ? 1 : 0)) ** 2;
  return squares;
}

/** The mean over rows of known class of what is measured at their first cell. */
function meanOfRows(
  labels: ArrayLike<number>,
  classes: number,
  measure: (start: number, truth: number) => number,
): number | undefined {
  let [total, rows] = [0, 0];
  for (const [row, truth] of trueClasses(labels, classes).entries()) {
    if (truth < 0) continue;
    total += measure(row * classes, truth);
    rows++;
  }
  return rows === 0 ? undefined : total / rows;
}

/**
 * Area under the curve for each pair of classes that occur, both ways round (Hand and Till 2001): the plain mean, and the mean
 * weighted by how often the pair occurs. Undefined with fewer than two classes.
 */
export function pairwiseAuc(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
): { macro: number; weighted: number } | undefined {
  const truth = trueClasses(labels, classes);
  const present = [...new Set(truth)].filter((k) => k >= 0).sort((a, b) => a - b);
  let macro = 0;
  let weighted = 0;
  let pairs = 0;
  let weights = 0;
  for (const [a, first] of present.entries()) {
    for (const second of present.slice(a + 1)) {
      const rows = Array.from(truth.keys()).filter((i) => truth[i] === first || truth[i] === second);
      const auc = (k: number) =>
        rocAuc(
          rows.map((i) => (truth[i] === k ? 1 : 0)),
          rows.map((i) => probabilities[i * classes + k]),
        ) ?? 0;
      const both = (auc(first) + auc(second)) / 2;
      macro += both;
      weighted += both * rows.length;
      pairs++;
      weights += rows.length;
    }
  }
  return pairs === 0 ? undefined : { macro: macro / pairs, weighted: weighted / weights };
}

function margins(matrix: ArrayLike<number>, classes: number) {
  const range = Array.from({ length: classes }, (_, k) => k);
  const rows = range.map((i) => sum(range.map((j) => matrix[i * classes + j])));
  const columns = range.map((j) => sum(range.map((i) => matrix[i * classes + j])));
  return { rows, columns, diagonal: range.map((k) => matrix[k * classes + k]), total: sum(rows) };
}
