import { UserError } from "../../errors.js";
import { type CellDate, decideDates, type TransitionModel } from "../../learn/hidden-markov.js";
import { usualTransitions } from "../../learn/staying-odds.js";
import type { ClassifierFile } from "../../model/classifier.js";
import type { Task } from "../../task.js";
import { CELL, type CellRow, type Journal } from "../journal.js";
import { type ChangedCells, draw, MOST_WEIGHT } from "./changed-cells.js";

export interface DecideChangeOptions {
  readonly columns: number;
  readonly rows: number;
  readonly classifier: Pick<ClassifierFile, "manifest">;
  /** By date, whole. */
  readonly journals: readonly Pick<Journal, "read">[];
  /** How probable it is that a cell keeps its class, or a label its presence, from one date to the next. Default `usualTransitions`. */
  readonly stay?: number | undefined;
  /** How probable a change must be. */
  readonly confidence?: number | undefined;
}

/** Bytes of labels that are held at once. */
const MOST_LABELS = 2 ** 29;

/** @throws UserError `limit` where more cells than memory holds would change between dates */
export function refuseTooManyCells(
  cells: { readonly columns: number; readonly rows: number },
  classes: number,
  dates: number,
): void {
  const labels = cells.columns * cells.rows * classes * (dates + 1);
  if (labels <= MOST_LABELS) return;
  throw new UserError(
    "limit",
    `${cells.columns} × ${cells.rows} cells of ${classes} classes on ${dates} dates are too many to compare`,
    {
      hint: "Choose larger cells: --stride.",
    },
  );
}

/** The usual transitions, but for what somebody said. */
export function transitionsOf(
  task: Task,
  { classes, dates }: { readonly classes: number; readonly dates: number },
  { stay, confidence }: { readonly stay?: number | undefined; readonly confidence?: number | undefined },
): ReturnType<typeof usualTransitions> {
  const usual = usualTransitions(task, classes, dates);
  return { ...usual, stay: stay ?? usual.stay, confidence: confidence ?? usual.confidence };
}

/** The land of every cell on all dates together, and how many cells differ between dates with too little evidence for a change. */
export function decideChange(options: DecideChangeOptions): ChangedCells & { readonly undecided: number } {
  const { columns, rows, classifier, journals, stay, confidence } = options;
  const { task, classes, thresholds } = classifier.manifest;
  const [count, dates] = [classes.length, journals.length];
  const model: TransitionModel = { task, thresholds, ...transitionsOf(task, { classes: count, dates }, { stay, confidence }) };
  const cells = columns * rows;
  const found: ChangedCells = {
    ...{ columns, rows, task, classes: count, answered: new Uint8Array(cells) },
    present: journals.map(() => new Uint8Array(cells * count)),
    steady: new Uint8Array(cells * count),
    drawn: journals.map(() => new Uint16Array(cells)),
    weight: new Uint8Array(cells * count),
    evidence: new Uint8Array(cells),
  };
  let [undecided, row] = [0, 0];
  for (const dated of together(journals)) {
    undecided += decideRow(found, model, dated, row++ * columns);
  }
  if (row !== rows) throw new RangeError(`${row} rows of cells for ${rows}, on ${dates} dates`);
  draw(found);
  return { ...found, undecided };
}

/** Rows of all dates, from the first to the last. */
function* together(journals: DecideChangeOptions["journals"]): Generator<readonly CellRow[]> {
  const readers = journals.map((journal) => journal.read());
  for (;;) {
    const rows = readers.map((reader) => reader.next().value);
    if (rows.some((row) => row === undefined)) return;
    yield rows as CellRow[]; // none is missing
  }
}

/** Decides a row of cells whose first is `start`; returns how many of them are undecided. */
function decideRow(found: ChangedCells, model: TransitionModel, rows: readonly CellRow[], start: number): number {
  const { classes, present, steady, weight, evidence } = found;
  const dates = rows.map(({ probabilities, states }): CellDate => {
    return { probabilities, answered: states.map((state) => (state === CELL.answered ? 1 : 0)) };
  });
  const decided = decideDates(model, dates);
  const width = rows[0].states.length;
  const chains = decided.changed.length / width;
  const put = LABELS[model.task];
  let undecided = 0;
  for (let cell = 0; cell < width; cell++) {
    const at = start + cell;
    if (dates[0].answered[cell] === 0 || dates[dates.length - 1].answered[cell] === 0) continue;
    found.answered[at] = 1;
    const chain = cell * chains;
    put(decided.steady, chain, classes, steady, at * classes);
    dates.forEach((_, date) => {
      put(decided.states, date * width * chains + chain, classes, present[date], at * classes);
    });
    weigh(dates, cell * classes, weight.subarray(at * classes, (at + 1) * classes));
    let [most, isUndecided] = [0, false];
    for (let c = chain; c < chain + chains; c++) {
      most = Math.max(most, decided.changed[c]);
      if (decided.undecided[c] === 1) isUndecided = true;
    }
    evidence[at] = Math.floor(100 * most);
    if (isUndecided) undecided++;
  }
  return undecided;
}

/** Writes states of a cell as labels `[K]` of 1 and 0: that of its one chain, or of the chain of each label. */
const LABELS: Readonly<
  Record<Task, (states: Uint16Array, from: number, classes: number, labels: Uint8Array, to: number) => void>
> = {
  multiclass: (states, from, _, labels, to) => {
    labels[to + states[from]] = 1;
  },
  multilabel: (states, from, classes, labels, to) => {
    for (let k = 0; k < classes; k++) labels[to + k] = states[from + k];
  },
};

/** Writes the mean probability of each label over the dates that have an answer. */
function weigh(dates: readonly CellDate[], start: number, out: Uint8Array): void {
  const answering = dates.filter(({ answered }) => answered[start / out.length] === 1);
  for (let k = 0; k < out.length; k++) {
    const sum = answering.reduce((total, { probabilities }) => total + probabilities[start + k], 0);
    out[k] = Math.round((MOST_WEIGHT * sum) / answering.length);
  }
}
