import { expect, test } from "vitest";
import { type ChangedCells, codesOf, draw, isChange, sieve, sinceOf } from "./changed-cells.js";
import { answerRules } from "./rule-answers.js";
import { changeRules } from "./rules.js";
import { areasCsv, countChange, transitionsCsv } from "./tables.js";

const NAMES = ["forest", "field", "urban"];

/** Cells of one label each, from classes by date; -1 for no answer. What did not change stays as on the first date. */
function cellsOf(columns: number, dates: readonly (readonly number[])[]): ChangedCells {
  const count = dates[0].length;
  const oneHot = (numbers: readonly number[]) => {
    const labels = new Uint8Array(count * NAMES.length);
    numbers.forEach((number, cell) => {
      if (number >= 0) labels[cell * NAMES.length + number] = 1;
    });
    return labels;
  };
  return {
    ...{ task: "multiclass", columns, rows: count / columns, classes: NAMES.length },
    weight: new Uint8Array(count * NAMES.length),
    answered: Uint8Array.from(dates[0], (_, cell) => (dates.every((numbers) => numbers[cell] >= 0) ? 1 : 0)),
    present: dates.map(oneHot),
    steady: oneHot(dates[0]),
    drawn: dates.map((numbers) => Uint16Array.from(numbers, (number) => Math.max(0, number))),
    evidence: new Uint8Array(count).fill(80),
  };
}

test("codes are before times K plus after plus 1, and 0 without an answer", () => {
  const cells = cellsOf(3, [
    [0, 0, -1],
    [0, 2, 1],
  ]);
  const codes = codesOf(cells, 3);
  expect([...codes]).toEqual([1, 3, 0]);
  expect([...codes].map((code) => isChange(code, 3))).toEqual([false, true, false]);
});

test("patches below the unit are taken back to what they were", () => {
  const cells = cellsOf(4, [
    [0, 0, 0, 0, 0, 0, 0, 0],
    [1, 1, 0, 2, 1, 0, 0, 0],
  ]);
  expect(sieve(cells, new Float64Array(8).fill(2), 6)).toBe(1);
  expect([...codesOf(cells, 3)]).toEqual([2, 2, 1, 1, 2, 1, 1, 1]);
  expect([...cells.present[1].subarray(9, 12)]).toEqual([1, 0, 0]);
});

test("a patch of as many hectares as the unit, as people write it, stays", () => {
  const cells = cellsOf(2, [
    [0, 0],
    [0, 1],
  ]);
  expect(sieve(cells, new Float64Array(2).fill(0.40998), 0.41)).toBe(0);
  expect(sieve(cells, new Float64Array(2).fill(0.409), 0.41)).toBe(1);
});

test("of several dates, land is as on the last from the date on after which it never was anything else", () => {
  const cells = cellsOf(4, [
    [0, 0, 0, 1],
    [1, 0, 1, 1],
    [1, 0, 0, 1],
    [2, 1, 1, 1],
  ]);
  expect([...sinceOf(cells)]).toEqual([3, 3, 3, 0]);
  const [cleared, built] = answerRules(changeRules(["cleared: forest -> field|urban", "built: * -> urban"], NAMES), cells);
  expect([...cleared.cells]).toEqual([1, 1, 1, 0]);
  // Forest was lost at the second date, and built over at the last.
  expect([...cleared.since]).toEqual([1, 3, 3, 0]);
  expect([...built.since]).toEqual([3, 0, 0, 0]);
});

test("cells and hectares are counted by label and date, by transition, and by rule", () => {
  const cells = cellsOf(2, [
    [0, 0, 0, -1],
    [0, 1, 2, 2],
  ]);
  const rules = answerRules(changeRules(["cleared: forest -> field|urban"], NAMES), cells);
  const counted = countChange({ cells, labels: NAMES, names: NAMES, rules, hectares: Float64Array.of(1, 2, 3, 100) });
  expect(counted.rules).toEqual([{ cells: 2, hectares: 5 }]);
  const dates = [
    { label: "1985", day: null },
    { label: "=2000", day: null },
  ];
  expect(transitionsCsv(counted, dates)).toContain("1985,'=2000,forest,field,1,2");
  const table = areasCsv(counted, { dates, rules, kind: "class", cellHectares: 2 });
  expect(table).toContain("1985,class,forest,3,6,2");
  expect(table).toContain("1985 to =2000,rule,cleared,2,5,2");
});

/** Cells of any labels, from the numbers of those that are there. */
function labelledCells(
  dates: readonly (readonly (readonly number[])[])[],
  weights: readonly (readonly number[])[],
): ChangedCells {
  const count = dates[0].length;
  const coded = (cells: readonly (readonly number[])[]) =>
    Uint8Array.from(cells.flatMap((labels) => NAMES.map((_, k) => (labels.includes(k) ? 1 : 0))));
  return {
    ...{ task: "multilabel", columns: count, rows: 1, classes: NAMES.length, answered: new Uint8Array(count).fill(1) },
    present: dates.map(coded),
    steady: coded(dates[0]),
    drawn: dates.map(() => new Uint16Array(count)),
    weight: Uint8Array.from(weights.flat()),
    evidence: new Uint8Array(count),
  };
}

test("of several labels a changed one is drawn, and without a change the same one on all dates", () => {
  // Both stay; the second goes; the third comes beside the first; all go; the second is there in between alone.
  const dates = [
    [[0, 1], [0, 1], [0], [0, 1], [0]],
    [[0, 1], [0, 1], [0], [0, 1], [0, 1]],
    [[0, 1], [0], [0, 2], [], [0]],
  ];
  const cells = labelledCells(
    dates,
    Array.from({ length: 5 }, () => [150, 140, 100]),
  );
  draw(cells);
  expect(cells.drawn.map((numbers) => [...numbers])).toEqual([
    [0, 1, 0, 0, 0],
    [0, 1, 0, 0, 0],
    [0, 0, 2, 3, 0],
  ]);
  expect([...sinceOf(cells)]).toEqual([0, 2, 2, 2, 0]);
});

test("of several labels each is taken back by itself, where too little land gained or lost it", () => {
  const cells = labelledCells(
    [
      [[0], [0], [0]],
      [[2], [0, 1], [1]],
    ],
    Array.from({ length: 3 }, () => [150, 140, 100]),
  );
  // Two hectares gain the second label; on one each the first is lost and the third is gained.
  expect(sieve(cells, new Float64Array(3).fill(1), 2)).toBe(2);
  expect([...cells.present[1]]).toEqual([1, 0, 0, 1, 1, 0, 1, 1, 0]);
});
