import { sameOrder, sortCells, TRUE_BIT } from "../argsort.js";

/**
 * Cells of known labels from the highest score to the lowest. An entry holds the row in its low 30 bits, the label in bit 30
 * ({@link TRUE_BIT}), and is negative where the next one scores less.
 */
export type Ranks = Int32Array;

/** Rows of labels and scores `[N, K]` in the order of their scores. */
export interface RankedCells {
  /** All cells as one list. */
  readonly pooled: Ranks;
  /** One list a class. */
  readonly perClass: readonly Ranks[];
}

const ROW_BITS = TRUE_BIT - 1;
const LAST_OF_TIE = -(2 ** 31);

/**
 * Ranks all cells once; the classes' lists are that list dealt out.
 *
 * @param labels `[N, K]`: 1, 0 or −1 (unknown, left out)
 * @throws RangeError for a score that is NaN
 */
export function rankCells(labels: Int8Array, scores: ArrayLike<number>, classes: number): RankedCells {
  const { keys, entries } = sortCells(sameOrder(scores), labels);
  const last = entries.length - 1;
  if (classes === 1) {
    for (let n = 0; n <= last; n++) if (n === last || keys[n + 1] !== keys[n]) entries[n] |= LAST_OF_TIE;
    return { pooled: entries, perClass: [entries] };
  }
  const sizes = new Uint32Array(classes);
  for (let i = 0, k = 0; i < labels.length; i++) {
    if (labels[i] >= 0) sizes[k]++;
    if (++k === classes) k = 0;
  }
  // One array for all classes: class k is dealt to from starts[k] on.
  const dealt = new Int32Array(entries.length);
  const starts = new Uint32Array(classes);
  for (let k = 1; k < classes; k++) starts[k] = starts[k - 1] + sizes[k - 1];
  const next = starts.slice();
  const keyBefore = new Int32Array(classes);
  const perClass = 1 / classes;
  for (let n = 0; n <= last; n++) {
    const key = keys[n];
    const cell = entries[n] & ROW_BITS;
    // ⌊cell / classes⌋: half a cell is farther from a whole number than the product can be off.
    const row = ((cell + 0.5) * perClass) | 0;
    const k = cell - row * classes;
    const entry = row | (entries[n] & TRUE_BIT);
    entries[n] = n === last || keys[n + 1] !== key ? entry | LAST_OF_TIE : entry;
    const at = next[k]++;
    if (keyBefore[k] !== key && at > starts[k]) dealt[at - 1] |= LAST_OF_TIE;
    dealt[at] = entry;
    keyBefore[k] = key;
  }
  return {
    pooled: entries,
    perClass: Array.from(sizes, (size, k) => {
      const ranks = dealt.subarray(starts[k], starts[k] + size);
      if (size > 0) ranks[size - 1] |= LAST_OF_TIE;
      return ranks;
    }),
  };
}

/** Labels of 1, 0 and −1 as bytes. */
export function knownLabels(labels: ArrayLike<number>): Int8Array {
  return labels instanceof Int8Array ? labels : Int8Array.from(labels);
}

/** What a list of ranks says of precision, recall and order. */
export interface RankScores {
  /** Undefined without positives. */
  readonly averagePrecision: number | undefined;
  /** Undefined without positives or without negatives. */
  readonly rocAuc: number | undefined;
}

/**
 * Average precision (area under the steps of precision over recall) and area under the ROC curve, ties taken together.
 *
 * @param weights of rows `[N]`, 1 each by default
 */
export function rankScores(ranks: Ranks, weights?: Float64Array): RankScores {
  // Twice the pairs of a positive and a negative that scores as much or more, ties once.
  let [tp, seen, tpBefore, fpBefore, precision, lost] = [0, 0, 0, 0, 0, 0];
  for (let n = 0; n < ranks.length; n++) {
    const entry = ranks[n];
    const weight = weights === undefined ? 1 : weights[entry & ROW_BITS];
    seen += weight;
    tp += weight * ((entry >>> 30) & 1);
    if (entry >= 0) continue;
    const fp = seen - tp;
    if (tp > tpBefore) {
      const hits = tp - tpBefore;
      precision += (hits * tp) / seen;
      lost += hits * (fp + fpBefore);
      tpBefore = tp;
    }
    fpBefore = fp;
  }
  const fp = seen - tp;
  return {
    averagePrecision: tp === 0 ? undefined : precision / tp,
    rocAuc: tp === 0 || fp === 0 ? undefined : (tp * fp - lost / 2) / tp / fp,
  };
}

/** After each distinct score, from the highest down: how many positives and negatives score at least as much, and its row. */
export function walkRanks(ranks: Ranks, visit: (tp: number, fp: number, row: number) => void): void {
  let [tp, fp] = [0, 0];
  for (const entry of ranks) {
    if ((entry & TRUE_BIT) !== 0) tp++;
    else fp++;
    if (entry < 0) visit(tp, fp, entry & ROW_BITS);
  }
}
