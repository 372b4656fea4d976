import { YES } from "../data/dataset.js";
import type { ScoredHead } from "./scored-head.js";

/** One test image decided wrongly. */
export interface MistakenRow {
  /** Index within the scored rows. */
  readonly index: number;
  /** Class indices that are true, and that were given. */
  readonly truth: readonly number[];
  readonly decided: readonly number[];
  /** The probability behind the worst wrong cell: p of a label wrongly given, 1 − p of one wrongly withheld. */
  readonly confidence: number;
}

/** Images with a wrong decision, most confident first. Unknown labels cannot be wrong. Labels and decisions `[n, K]`. */
export function findMistakes(
  labels: Int8Array,
  { probabilities, decisions }: Pick<ScoredHead, "probabilities" | "decisions">,
  classes: number,
): MistakenRow[] {
  const mistakes: MistakenRow[] = [];
  for (let index = 0; index * classes < labels.length; index++) {
    const truth: number[] = [];
    const decided: number[] = [];
    let confidence = -1;
    for (let k = 0; k < classes; k++) {
      const cell = index * classes + k;
      if (labels[cell] === YES) truth.push(k);
      if (decisions[cell] === 1) decided.push(k);
      if (labels[cell] < 0 || labels[cell] === decisions[cell]) continue;
      confidence = Math.max(confidence, decisions[cell] === 1 ? probabilities[cell] : 1 - probabilities[cell]);
    }
    if (confidence >= 0) mistakes.push({ index, truth, decided, confidence });
  }
  return mistakes.sort((a, b) => b.confidence - a.confidence || a.index - b.index);
}
