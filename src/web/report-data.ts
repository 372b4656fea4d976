import type { EmbeddedRun } from "../report/run/embedded.js";
import { LEVELS } from "../report/run/embedded.js";
import { type Answer, type Outcomes, outcomesAt } from "../report/run/thresholds.js";

/** Which images a cell of a table stands for: its kind and the two numbers in its `data-cell`. */
export interface CellPlace {
  readonly kind: string;
  readonly row: number;
  readonly column: number;
}

/** One image of a gallery. */
export interface GalleryImage {
  readonly row: number;
  /** Class indices. */
  readonly truth: readonly number[];
  readonly decided: readonly number[];
  /** The probability to show: of the label the cell is about, or of the decision. */
  readonly probability: number;
}

/** The predictions of a page, ready to be asked. Thresholds `[K]` are probabilities; multiclass ignores them. */
export interface PagePredictions {
  /** How label k fares at a threshold; undefined where the page has no probabilities of every label. */
  readonly outcomes?: (k: number, threshold: number) => Outcomes;
  /** Multiclass: every decision, for abstention. */
  readonly answers?: readonly Answer[];
  /** The images of a cell, most confident first. */
  readonly imagesOf: (cell: CellPlace, thresholds: readonly number[]) => GalleryImage[];
}

/** Decodes what the page embeds. */
export function readPredictions(run: EmbeddedRun): PagePredictions {
  return PAGES[run.task](run);
}

const PAGES: Readonly<Record<EmbeddedRun["task"], (run: EmbeddedRun) => PagePredictions>> = {
  multiclass({ truth, decided, confidence }) {
    const is = new Int32Array(bytes(truth));
    const said = new Int32Array(bytes(decided));
    const sure = Float64Array.from(new Uint16Array(bytes(confidence)), (level) => level / LEVELS);
    const rows = Array.from(is.keys());
    return {
      answers: rows.filter((row) => is[row] >= 0).map((row) => ({ confidence: sure[row], right: is[row] === said[row] })),
      imagesOf: (cell) =>
        rows
          .filter((row) => is[row] === cell.row && said[row] === cell.column)
          .map((row) => ({ row, truth: [is[row]], decided: [said[row]], probability: sure[row] }))
          .sort(byProbability),
    };
  },
  multilabel({ classes, labels, levels }) {
    const known = new Int8Array(bytes(labels));
    const values = Float64Array.from(new Uint16Array(bytes(levels)), (level) => level / LEVELS);
    const K = classes.length;
    const rows = Array.from({ length: known.length / K }, (_, row) => row);
    const every = Array.from(classes.keys());
    return {
      outcomes: (k, threshold) => outcomesAt({ labels: known, values, classes: K }, k, threshold),
      imagesOf(cell, thresholds) {
        const { about, holds, ascending = false } = CELL_KINDS[cell.kind];
        const k = about(cell);
        const found = rows
          .filter((row) =>
            holds(
              (label) => known[row * K + label],
              (label) => values[row * K + label] >= thresholds[label],
              cell,
            ),
          )
          .map((row) => ({
            row,
            truth: every.filter((label) => known[row * K + label] === 1),
            decided: every.filter((label) => values[row * K + label] >= thresholds[label]),
            probability: values[row * K + k],
          }))
          .sort(byProbability);
        return ascending ? found.reverse() : found;
      },
    };
  },
};

/** What an image must be like to belong to a cell of each kind. */
interface CellKind {
  /** The label whose probability is shown. */
  about(cell: CellPlace): number;
  holds(label: (k: number) => number, given: (k: number) => boolean, cell: CellPlace): boolean;
  /** Whether the least probable image is the most telling. */
  readonly ascending?: boolean;
}

const CELL_KINDS: Readonly<Record<string, CellKind>> = {
  tp: { about: ({ row }) => row, holds: (label, given, { row }) => label(row) === 1 && given(row) },
  fn: { about: ({ row }) => row, holds: (label, given, { row }) => label(row) === 1 && !given(row), ascending: true },
  fp: { about: ({ row }) => row, holds: (label, given, { row }) => label(row) === 0 && given(row) },
  tn: { about: ({ row }) => row, holds: (label, given, { row }) => label(row) === 0 && !given(row), ascending: true },
  together: { about: ({ column }) => column, holds: (label, given, { row, column }) => label(row) === 1 && given(column) },
};

function byProbability(a: GalleryImage, b: GalleryImage): number {
  return b.probability - a.probability || a.row - b.row;
}

function bytes(base64 = ""): ArrayBuffer {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)).buffer;
}
