import { expect, test } from "vitest";
import { CELL, type CellRow } from "../journal.js";
import { decideChange } from "./decide.js";

const journalOf = (rows: readonly CellRow[]) => ({
  *read() {
    yield* rows;
  },
});

/** Rows of cells from the probabilities of each cell; null for no answer. */
function rowsOf(rows: readonly (readonly (readonly number[] | null)[])[], classes: number): CellRow[] {
  return rows.map((cells) => ({
    probabilities: Float32Array.from(cells.flatMap((cell) => cell ?? new Array<number>(classes).fill(0))),
    states: Uint8Array.from(cells, (cell) => (cell === null ? CELL.nodata : CELL.answered)),
  }));
}

// What is asked of a classifier here.
const manifestOf = (task: "multiclass" | "multilabel", classes: readonly string[]) =>
  ({ task, classes, thresholds: classes.map(() => 0.5) }) as unknown as Parameters<
    typeof decideChange
  >[0]["classifier"]["manifest"];

/** Land that nobody doubts, behind the cells of a test: it settles how common each class is. */
const REST = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? [0.98, 0.02] : [0.02, 0.98]));

test("a clear change is decided, a faint one is not, and no answer on either date is none", () => {
  const before = rowsOf([[[0.98, 0.02], [0.98, 0.02], [0.6, 0.4], null, ...REST]], 2);
  const after = rowsOf([[[0.97, 0.03], [0.01, 0.99], [0.45, 0.55], [0.02, 0.98], ...REST]], 2);
  const found = decideChange({
    ...{ columns: 24, rows: 1, stay: 0.9, confidence: 0.5 },
    classifier: { manifest: manifestOf("multiclass", ["forest", "field"]) },
    journals: [journalOf(before), journalOf(after)],
  });
  expect([...found.answered.subarray(0, 4)]).toEqual([1, 1, 1, 0]);
  expect(found.drawn.map((numbers) => [...numbers.subarray(0, 3)])).toEqual([
    [0, 0, 0],
    [0, 1, 0],
  ]);
  expect([...found.present[1].subarray(0, 6)]).toEqual([1, 0, 0, 1, 1, 0]);
  expect(found.undecided).toBe(1);
  expect(found.evidence[1]).toBeGreaterThan(70);
  expect(found.evidence[0]).toBeLessThan(10);
});

test("labels of a sigmoid come and go one by one; a cell may have none", () => {
  const before = rowsOf([[[0.98, 0.99], [0.03, 0.02], ...REST]], 2);
  const after = rowsOf([[[0.97, 0.01], [0.99, 0.02], ...REST]], 2);
  const found = decideChange({
    ...{ columns: 22, rows: 1, stay: 0.9, confidence: 0.5 },
    classifier: { manifest: manifestOf("multilabel", ["forest", "road"]) },
    journals: [journalOf(before), journalOf(after)],
  });
  expect(found.present.map((labels) => [...labels.subarray(0, 4)])).toEqual([
    [1, 1, 0, 0],
    [1, 0, 1, 0],
  ]);
  // The most probable of the labels that are there is drawn.
  expect(found.drawn.map((numbers) => [...numbers.subarray(0, 2)])).toEqual([
    [1, 2],
    [0, 0],
  ]);
});

test("a flicker between dates is smoothed; a date in between without an answer does not matter", () => {
  const dates = [
    [
      [0.95, 0.05],
      [0.95, 0.05],
    ],
    [[0.3, 0.7], null],
    [
      [0.95, 0.05],
      [0.04, 0.96],
    ],
    [
      [0.96, 0.04],
      [0.03, 0.97],
    ],
  ];
  const found = decideChange({
    ...{ columns: 22, rows: 1, stay: 0.9, confidence: 0.5 },
    classifier: { manifest: manifestOf("multiclass", ["forest", "field"]) },
    journals: dates.map((cells) => journalOf(rowsOf([[...cells, ...REST]], 2))),
  });
  expect(found.drawn.map((numbers) => numbers[0])).toEqual([0, 0, 0, 0]);
  expect(found.drawn[3][1]).toBe(1);
  expect(found.drawn[0][1]).toBe(0);
});
