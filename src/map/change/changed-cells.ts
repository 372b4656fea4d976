import { patchesOf } from "./sieve.js";

/** The land of every cell of a place on two or more dates, decided together. Cells go from the north-west row by row. */
export interface ChangedCells {
  readonly columns: number;
  readonly rows: number;
  /** Labels of the classifier, K. */
  readonly classes: number;
  /** 1 where the first and the last date have an answer. */
  readonly answered: Uint8Array;
  /** By date `[cells, K]`: 1 for a label that is there. */
  readonly present: readonly Uint8Array[];
  /** `[cells, K]`: what would be there if the cell had not changed. */
  readonly steady: Uint8Array;
  /** Number drawn of each date: that of the most probable label there from 0 on, K for none. By date `[cells]`. */
  readonly drawn: readonly Uint16Array[];
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

/** The date, counted from 0, from which on a cell is drawn as on the last date; 0 where it always is. */
export function sinceOf({ answered, drawn }: ChangedCells): Uint8Array {
  const last = drawn[drawn.length - 1];
  return Uint8Array.from(answered, (has, cell) => {
    let since = drawn.length - 1;
    while (since > 0 && drawn[since - 1][cell] === last[cell]) since--;
    return has === 1 ? since : 0;
  });
}

/**
 * Takes back changes of patches of fewer cells than `least`: cells of one transition that hang together by their sides. What is taken
 * back is as if it had not changed.
 *
 * @returns how many cells were taken back
 */
export function sieve(cells: ChangedCells, drawnClasses: number, least: number): number {
  if (least <= 1) return 0;
  const codes = codesOf(cells, drawnClasses).map((code) => (isChange(code, drawnClasses) ? code : 0));
  const patches = patchesOf(codes, cells.columns);
  let taken = 0;
  for (let cell = 0; cell < codes.length; cell++) {
    if (codes[cell] === 0 || patches.cells[patches.first[cell]] >= least) continue;
    makeSteady(cells, cell);
    taken++;
  }
  return taken;
}

/** Lets a cell be on all dates what it would be if it had not changed. */
export function makeSteady({ classes, present, steady, drawn }: ChangedCells, cell: number): void {
  const labels = steady.subarray(cell * classes, (cell + 1) * classes);
  const dates = drawn.map((numbers) => numbers[cell]);
  // Of several labels that stay, the one that is drawn on any date is likely the most probable of them.
  const kept = dates.find((number) => labels[number] === 1) ?? (labels.includes(1) ? labels.indexOf(1) : classes);
  present.forEach((all, date) => {
    all.set(labels, cell * classes);
    drawn[date][cell] = kept;
  });
}
