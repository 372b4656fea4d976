import type { Task } from "../../task.js";
import { UNIT_TOLERANCE } from "./cell-hectares.js";
import { patchesOf } from "./patches.js";

/** The land of every cell of a place on two or more dates, decided together. Cells go from the north-west row by row. */
export interface ChangedCells {
  readonly columns: number;
  readonly rows: number;
  readonly task: Task;
  /** Labels of the classifier, K. */
  readonly classes: number;
  /** 1 where the first and the last date have an answer. */
  readonly answered: Uint8Array;
  /** By date `[cells, K]`: 1 for a label that is there. */
  readonly present: readonly Uint8Array[];
  /** `[cells, K]`: what would be there if the cell had not changed. */
  readonly steady: Uint8Array;
  /** Number drawn of each date: that of a label there, see `draw`, from 0 on; K for none. By date `[cells]`. */
  readonly drawn: readonly Uint16Array[];
  /** `[cells, K]`: mean probability over the dates that have an answer, 0 to 255. */
  readonly weight: Uint8Array;
  /** `[cells]`: probability that the cell changed, in percent. */
  readonly evidence: Uint8Array;
}

/** Codes of the cells, before · K + after + 1 with K drawn classes; 0 without an answer. */
export function codesOf({ answered, drawn }: ChangedCells, drawnClasses: number): Uint16Array {
  const [before, after] = [drawn[0], drawn[drawn.length - 1]];
  return Uint16Array.from(answered, (has, cell) => (has === 1 ? before[cell] * drawnClasses + after[cell] + 1 : 0));
}

/** Whether a code is of a cell whose drawn class changed. */
export function isChange(code: number, drawnClasses: number): boolean {
  return code > 0 && Math.floor((code - 1) / drawnClasses) !== (code - 1) % drawnClasses;
}

/** The date, counted from 0, from which on a cell that changed is drawn as on the last date; 0 where first and last date are alike. */
export function sinceOf({ answered, drawn }: ChangedCells): Uint8Array {
  const last = drawn[drawn.length - 1];
  return Uint8Array.from(answered, (has, cell) => {
    let since = drawn.length - 1;
    while (since > 0 && drawn[since - 1][cell] === last[cell]) since--;
    return has === 1 && drawn[0][cell] !== last[cell] ? since : 0;
  });
}

/**
 * Takes back changes below a mapping unit: of a label, what is gained or lost on less than `leastHectares` that hang together by their
 * sides. With one label per cell, a change is taken back where both what is lost and what is gained are less. What is taken back is as
 * if it had not changed.
 *
 * @param hectares of each cell
 * @returns how many cells were taken back, in part or as a whole
 */
export function sieve(cells: ChangedCells, hectares: Float64Array, leastHectares: number): number {
  const small = smallChanges(cells, hectares, leastHectares);
  const { classes, answered, present, steady, task } = cells;
  let taken = 0;
  for (let cell = 0; cell < answered.length; cell++) {
    const at = cell * classes;
    const labels = TAKEN_BACK[task](cells, small, at);
    if (labels.length === 0) continue;
    taken++;
    for (const k of labels) for (const all of present) all[at + k] = steady[at + k];
  }
  draw(cells);
  return taken;
}

/** `[cells, K]`: 1 where a label is gained or lost, on too little land. */
function smallChanges({ classes, columns, answered, present }: ChangedCells, hectares: Float64Array, least: number): Uint8Array {
  const [before, after] = [present[0], present[present.length - 1]];
  const small = new Uint8Array(before.length);
  for (let k = 0; k < classes; k++) {
    const changes = Uint8Array.from(answered, (has, cell) => {
      const [was, is] = [before[cell * classes + k], after[cell * classes + k]];
      return has === 0 || was === is ? 0 : is === 1 ? GAINED : LOST;
    });
    const { first } = patchesOf(changes, columns);
    const sums = new Float64Array(answered.length);
    for (let cell = 0; cell < sums.length; cell++) sums[first[cell]] += hectares[cell];
    for (let cell = 0; cell < sums.length; cell++) {
      if (changes[cell] !== 0 && sums[first[cell]] < least * (1 - UNIT_TOLERANCE)) small[cell * classes + k] = 1;
    }
  }
  return small;
}

const GAINED = 1;
const LOST = 2;

/** Labels of a cell that are taken back: each by itself, or all or none where they are one answer. */
const TAKEN_BACK: Readonly<Record<Task, (cells: ChangedCells, small: Uint8Array, at: number) => readonly number[]>> = {
  multiclass({ classes, present }, small, at) {
    const [before, after] = [present[0], present[present.length - 1]];
    const labels = Array.from({ length: classes }, (_, k) => k);
    const changed = labels.filter((k) => before[at + k] !== after[at + k]);
    return changed.length > 0 && changed.every((k) => small[at + k] === 1) ? labels : [];
  },
  multilabel({ classes }, small, at) {
    return Array.from({ length: classes }, (_, k) => k).filter((k) => small[at + k] === 1);
  },
};

/**
 * Draws every cell anew: of the labels that are there on a date, first one that the first or the last date lacks, then the most probable on
 * all dates together. So a cell is drawn as changed where a label changed, and nowhere else.
 */
export function draw({ classes, present, drawn, weight }: ChangedCells): void {
  const [before, after] = [present[0], present[present.length - 1]];
  for (const [date, numbers] of drawn.entries()) {
    for (let cell = 0; cell < numbers.length; cell++) {
      let [best, most] = [classes, -1];
      for (let k = 0, at = cell * classes; k < classes; k++, at++) {
        if (present[date][at] === 0) continue;
        const worth = weight[at] + (before[at] === after[at] ? 0 : MOST_WEIGHT + 1);
        if (worth > most) [best, most] = [k, worth];
      }
      numbers[cell] = best;
    }
  }
}

/** Of a label that is certain on all dates. */
export const MOST_WEIGHT = 255;
