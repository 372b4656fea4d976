import { describe, expect, it } from "vitest";
import { createRandom, type Random } from "../random.js";
import type { Task } from "../task.js";
import { type CellDate, decideDates } from "./hidden-markov.js";
import { oddsOfStaying, usualTransitions } from "./staying-odds.js";

/** Shares that add up to 1, of very different sizes. */
function drawShares(random: Random, count: number): number[] {
  const drawn = Array.from({ length: count }, () => random.next() ** 3 + 0.001);
  const sum = drawn.reduce((total, value) => total + value, 0);
  return drawn.map((value) => value / sum);
}

/** What a classifier of each task may say of a cell. */
const ROWS: Readonly<Record<Task, (random: Random, classes: number) => number[]>> = {
  multiclass: drawShares,
  multilabel: (random, classes) => Array.from({ length: classes }, () => random.next()),
};

/** Of the answers, a fifth is missing. */
function drawDates(
  random: Random,
  task: Task,
  { dates, cells, classes }: Record<"dates" | "cells" | "classes", number>,
): CellDate[] {
  return Array.from({ length: dates }, () => ({
    probabilities: Float32Array.from(Array.from({ length: cells }, () => ROWS[task](random, classes)).flat()),
    answered: Uint8Array.from({ length: cells }, () => Number(random.next() > 0.2)),
  }));
}

/** Probabilities of one cell, by date; null where there is no answer. */
function cellDates(...rows: readonly (readonly number[] | null)[]): CellDate[] {
  const classes = rows.find((row) => row !== null)?.length ?? 0;
  return rows.map((row) => ({
    probabilities: Float32Array.from(row ?? new Array<number>(classes).fill(Number.NaN)),
    answered: Uint8Array.of(row === null ? 0 : 1),
  }));
}

/** Every sequence of states that there is, each with its weight. */
function* sequences(prior: readonly number[], stay: number, rows: readonly (readonly number[] | null)[]) {
  const states = prior.length;
  for (let code = 0; code < states ** rows.length; code++) {
    const path = rows.map((_, t) => Math.floor(code / states ** t) % states);
    let weight = prior[path[0]];
    for (let t = 1; t < path.length; t++) {
      const [before, after] = [path[t - 1], path[t]];
      weight *= before === after ? stay : ((1 - stay) * prior[after]) / (1 - prior[before]);
    }
    for (const [t, row] of rows.entries()) if (row !== null) weight *= row[path[t]] / prior[path[t]];
    yield { path, weight };
  }
}

/** What is to be decided, by looking at every sequence. */
function enumerate(prior: readonly number[], stay: number, confidence: number, rows: readonly (readonly number[] | null)[]) {
  const all = [...sequences(prior, stay, rows)];
  const sum = (some: typeof all) => some.reduce((total, { weight }) => total + weight, 0);
  const ends = (path: readonly number[]) => path[0] * prior.length + path[path.length - 1];
  const isChange = (path: readonly number[]) => path[0] !== path[path.length - 1];
  const changed = sum(all.filter(({ path }) => isChange(path))) / sum(all);
  const pairs = Array.from(
    { length: prior.length ** 2 },
    (_, pair) => sum(all.filter(({ path }) => ends(path) === pair)) / sum(all),
  );
  const largest = (moved: boolean) =>
    Math.max(...all.filter(({ path }) => isChange(path) === moved).map(({ path }) => pairs[ends(path)]));
  const least = Math.min(0.5, confidence);
  const moves = changed >= confidence && largest(true) * (1 - least) > largest(false) * least;
  const possible = all.filter(({ path }) => isChange(path) === moves);
  const pair = possible.reduce((best, { path }) => (pairs[ends(path)] > pairs[best] ? ends(path) : best), ends(possible[0].path));
  const between = possible.filter(({ path }) => ends(path) === pair);
  const most = Math.max(...between.map(({ weight }) => weight));
  // Of those that are equal but for rounding, the one that changes last, from the end on.
  const equal = between.filter(({ weight }) => weight > most * (1 - 1e-9)).map((one) => one.path);
  const lateness = (path: readonly number[]) =>
    path.reduce((sum, state, t) => sum + (t > 0 && state !== path[t - 1] ? 2 ** t : 0), 0);
  const path = equal.reduce((best, one) => (lateness(one) > lateness(best) ? one : best));
  const top = (row: readonly number[]) => row.indexOf(Math.max(...row));
  const [first, last] = [rows[0], rows[rows.length - 1]];
  const differs = first !== null && last !== null && top(first) !== top(last);
  const constant = prior.map((_, state) => pairs[state * (prior.length + 1)]);
  const steady = constant.indexOf(Math.max(...constant));
  return { changed, pair: pairs[pair], path, undecided: Number(differs && !isChange(path)), steady };
}

describe("decideDates", () => {
  it.each([
    { dates: 2, classes: 4, stay: 0.9, confidence: 0.5 },
    { dates: 3, classes: 3, stay: 0.6, confidence: 0.5 },
    { dates: 4, classes: 3, stay: 0.97, confidence: 0.3 },
    { dates: 5, classes: 2, stay: 0.2, confidence: 0.8 },
  ])("decides as looking at every sequence does: $dates dates, $classes classes", ({ dates, classes, stay, confidence }) => {
    const random = createRandom(dates, "sequences");
    const cells = 60;
    const prior = drawShares(random, classes);
    const seen = drawDates(random, "multiclass", { dates, cells, classes });
    const decided = decideDates({ task: "multiclass", prior, stay, confidence }, seen);
    for (let cell = 0; cell < cells; cell++) {
      const rows = seen.map(({ probabilities, answered }) => {
        return answered[cell] === 0 ? null : Array.from(probabilities.subarray(cell * classes, (cell + 1) * classes));
      });
      const right = enumerate(prior, stay, confidence, rows);
      expect(decided.changed[cell]).toBeCloseTo(right.changed, 6);
      expect(decided.pair[cell]).toBeCloseTo(right.pair, 6);
      expect(seen.map((_, t) => decided.states[t * cells + cell])).toEqual(right.path);
      expect(decided.undecided[cell]).toBe(right.undecided);
      expect(decided.steady[cell]).toBe(right.steady);
    }
    // Or nothing of all this was looked at.
    expect(new Set(decided.undecided).size).toBe(2);
    expect(new Set(decided.states).size).toBe(classes);
  });

  it("follows each of several labels on its own, with even odds at its threshold", () => {
    const random = createRandom(1, "labels");
    const [dates, cells, classes] = [3, 40, 2];
    const [prior, thresholds, stay] = [[0.3, 0.05], [0.5, 0.2], 0.8];
    const seen = drawDates(random, "multilabel", { dates, cells, classes });
    const decided = decideDates({ task: "multilabel", prior, thresholds, stay }, seen);
    for (let at = 0; at < cells * classes; at++) {
      const label = at % classes;
      const threshold = thresholds[label];
      const rows = seen.map(({ probabilities, answered }) => {
        if (answered[(at - label) / classes] === 0) return null;
        const odds = ((probabilities[at] / (1 - probabilities[at])) * (1 - threshold)) / threshold;
        return [1 / (1 + odds), odds / (1 + odds)];
      });
      const right = enumerate([1 - prior[label], prior[label]], stay, 0.5, rows);
      expect(decided.changed[at]).toBeCloseTo(right.changed, 6);
      expect(decided.pair[at]).toBeCloseTo(right.pair, 6);
      expect(seen.map((_, t) => decided.states[t * cells * classes + at])).toEqual(right.path);
      expect(decided.undecided[at]).toBe(right.undecided);
    }
    expect(new Set(decided.states)).toEqual(new Set([0, 1]));
  });

  const model = { task: "multiclass", prior: [0.5, 0.3, 0.2], stay: 0.95 } as const;

  it("takes a weak difference for none and says so, and a strong one for a change", () => {
    const weak = decideDates(model, cellDates([0.55, 0.4, 0.05], [0.4, 0.55, 0.05]));
    expect([...weak.states]).toEqual([1, 1]);
    expect([...weak.undecided]).toEqual([1]);
    const strong = decideDates(model, cellDates([0.996, 0.002, 0.002], [0.002, 0.996, 0.002]));
    expect([...strong.states]).toEqual([0, 1]);
    expect([...strong.undecided]).toEqual([0]);
    expect(strong.changed[0]).toBeGreaterThan(0.9);
  });

  it("takes a flicker out, dates a change, and finds it across a date without an answer", () => {
    const [forest, field] = [
      [0.96, 0.03, 0.01],
      [0.03, 0.96, 0.01],
    ];
    expect([...decideDates(model, cellDates(forest, [0.3, 0.6, 0.1], forest, forest)).states]).toEqual([0, 0, 0, 0]);
    expect([...decideDates(model, cellDates(forest, forest, field, field)).states]).toEqual([0, 0, 1, 1]);
    const across = decideDates(model, cellDates(forest, null, field, field));
    expect([...across.states]).toEqual([0, 0, 1, 1]);
  });

  it("changes where it is sure to have become something else, whatever that is", () => {
    const usual = { task: "multiclass", ...usualTransitions("multiclass", 4, 2) } as const;
    const decided = decideDates(usual, cellDates([0.94, 0.02, 0.02, 0.02], [0.05, 0.35, 0.3, 0.3]));
    expect([...decided.states]).toEqual([0, 1]);
    const unsure = decideDates(usual, cellDates([0.94, 0.02, 0.02, 0.02], [0.25, 0.25, 0.25, 0.25]));
    expect([...unsure.states]).toEqual([0, 0]);
  });

  it("needs no answer on the first or the last date, nor any class that is met", () => {
    const open = decideDates({ ...model, prior: [0.6, 0.4, 0] }, cellDates(null, [0.1, 0.9, 0], null));
    expect([...open.states]).toEqual([1, 1, 1]);
    expect([...open.undecided]).toEqual([0]);
    expect(open.changed[0]).toBeGreaterThan(0);
    expect(open.changed[0]).toBeLessThan(0.2);
  });

  it("stays finite over many dates of certain answers that contradict each other", () => {
    const rows = Array.from({ length: 200 }, (_, t) => (t % 2 === 0 ? [1, 0, 0] : [0, 0, 1]));
    const decided = decideDates({ ...model, stay: 0.999 }, cellDates(...rows));
    expect(decided.changed[0]).toBe(1);
    expect(decided.pair[0]).toBe(1);
    expect([...decided.states]).toEqual(rows.map((row) => row.indexOf(1)));
  });

  it.each([0.6, 0.75, 0.9])("usually asks the same evidence of a class among many as of one label: %d", (sure) => {
    const [row, swapped] = [
      [sure, 1 - sure, 0, 0, 0, 0],
      [1 - sure, sure, 0, 0, 0, 0],
    ];
    const ofClass = decideDates({ task: "multiclass", ...usualTransitions("multiclass", 6, 2) }, cellDates(row, swapped));
    const ofLabel = decideDates({ task: "multilabel", ...usualTransitions("multilabel", 1, 2) }, cellDates([1 - sure], [sure]));
    expect(ofLabel.changed[0]).toBeCloseTo(ofClass.changed[0], 6);
    // Three to one against it.
    const [changes, stays] = [sure ** 2 + (1 - sure) ** 2, 2 * sure * (1 - sure)];
    expect(ofClass.changed[0]).toBeCloseTo(changes / (changes + 3 * stays), 6);
  });

  it.each([2, 3, 4, 6, 12])("usually see no change where nobody knows anything, however often: %d dates", (dates) => {
    const usual = { task: "multiclass", ...usualTransitions("multiclass", 7, dates) } as const;
    for (const row of [new Array(7).fill(1 / 7), [0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1]]) {
      const decided = decideDates(usual, cellDates(...Array.from({ length: dates }, () => row)));
      expect(new Set(decided.states).size).toBe(1);
    }
    expect(oddsOfStaying("multiclass", 7, dates, usual.stay)).toBeCloseTo(3, 9);
    // Nothing is known: the odds of one class against another are those of two dates.
    const open = decideDates(usual, cellDates(...Array.from({ length: dates }, () => new Array(7).fill(1 / 7))));
    expect(open.changed[0]).toBeCloseTo(6 / 9, 6);
  });

  it.each([
    [{ stay: 1 }, 2, "stay"],
    [{ stay: Number.NaN }, 2, "stay"],
    [{ confidence: 0 }, 2, "confidence"],
    [{ prior: [0.5, -0.1, 0.6] }, 2, "prior"],
    [{ prior: [0.5, 0.5] }, 2, "classes"],
    [{ prior: [1] }, 2, "class"],
    [{}, 1, "date"],
  ])("refuses %o with %d dates", (changes, count, word) => {
    const seen = cellDates(...Array.from({ length: count }, () => [0.2, 0.3, 0.5]));
    expect(() => decideDates({ ...model, ...changes }, seen)).toThrow(RangeError);
    expect(() => decideDates({ ...model, ...changes }, seen)).toThrow(word);
  });
});
