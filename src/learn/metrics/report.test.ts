import { describe, expect, it } from "vitest";
import { expectClose } from "../../../test/golden.js";
import { createRandom } from "../../random.js";
import { TASKS, type Task } from "../../task.js";
import { DECIDE } from "../decide.js";
import { calibrationError, reliability } from "./calibration.js";
import { coOccurrence } from "./co-occurrence.js";
import { confusion, normalizeRows, topK } from "./multiclass.js";
import { METRICS, type Metrics, openMetrics } from "./report.js";
import { METRIC_ROWS } from "./rows.js";

/** Random labels, some unknown, and scores with ties, some of them exactly 0 or 1. */
function predictions(task: Task, rows: number, classes: number, seed: number, grid = 0) {
  const random = createRandom(seed);
  const labels = new Int8Array(rows * classes);
  const probabilities = new Float32Array(rows * classes);
  for (let start = 0; start < labels.length; start += classes) {
    const own = random.next() < 0.1 ? -1 : random.int(classes);
    for (let k = 0; k < classes; k++) {
      const draw = random.next();
      if (task === "multiclass") labels[start + k] = own < 0 ? -1 : k === own ? 1 : 0;
      else labels[start + k] = draw < 0.1 ? -1 : draw < 0.35 ? 1 : 0;
      const score = 0.3 * Math.max(0, labels[start + k]) + 0.7 * random.next();
      probabilities[start + k] = grid === 0 ? score : Math.round(score * grid) / grid;
    }
  }
  return { labels, probabilities, decisions: DECIDE[task](probabilities, classes) };
}

/** The slow way: rows written out as often as their weights say. */
function repeatRows(task: Task, classes: number, given: ReturnType<typeof predictions>, weights: Float64Array): Metrics {
  const cells = Array.from(weights, (weight, row) =>
    new Array<number[]>(weight).fill(Array.from({ length: classes }, (_, k) => row * classes + k)).flat(),
  ).flat();
  const pick = (values: ArrayLike<number>) => cells.map((cell) => values[cell]);
  return METRICS[task](Int8Array.from(pick(given.labels)), pick(given.probabilities), pick(given.decisions), classes);
}

function expectSameMetrics(actual: Metrics, expected: Metrics): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  expectClose(Object.values(actual), Object.values(expected), { relative: 1e-11, absolute: 1e-13 });
}

describe("metrics under weights", () => {
  for (const task of TASKS) {
    for (const [rows, classes, grid] of [
      [1, 1, 0],
      [1, 5, 0],
      [40, 2, 4],
      [60, 1, 3],
      [150, 6, 10],
      [80, 40, 0],
    ]) {
      it(`equal those of repeated rows: ${task}, ${rows} × ${classes}${grid ? `, scores in steps of 1/${grid}` : ""}`, () => {
        const given = predictions(task, rows, classes, rows + classes, grid);
        const measure = openMetrics(task, given.labels, given.probabilities, given.decisions, classes);
        const random = createRandom(7);
        for (let draw = 0; draw < 8; draw++) {
          const weights = new Float64Array(rows);
          for (let row = 0; row < rows; row++) weights[random.int(rows)]++;
          expectSameMetrics(measure(weights), repeatRows(task, classes, given, weights));
        }
        expectSameMetrics(measure(), repeatRows(task, classes, given, new Float64Array(rows).fill(1)));
        expect(measure(new Float64Array(rows))).toEqual({});
      });
    }
  }

  it("leave out an infinite loss where its row is not drawn", () => {
    const measure = openMetrics("multilabel", Int8Array.of(1, 0, 1, 0), [0, 0.5, 0.5, 0.5], [0, 1, 1, 1], 2);
    expect(measure().logLoss).toBeUndefined();
    expect(measure(Float64Array.of(0, 2)).logLoss).toBeCloseTo(Math.log(2), 14);
  });
});

describe("headline metrics", () => {
  it("have a row each, and every row is a metric", () => {
    const names = TASKS.flatMap((task) => {
      const { labels, probabilities, decisions } = predictions(task, 100, 5, 1);
      return Object.keys(METRICS[task](labels, probabilities, decisions, 5));
    });
    expect([...new Set(names)].sort()).toEqual(Object.keys(METRIC_ROWS).sort());
  });

  it("that need no decisions do not change with them", () => {
    for (const task of TASKS) {
      const { labels, probabilities, decisions } = predictions(task, 100, 5, 1);
      const one = METRICS[task](labels, probabilities, decisions, 5);
      const other = METRICS[task](
        labels,
        probabilities,
        DECIDE[task](
          probabilities.map((p) => p ** 3 % 0.7),
          5,
          [0.1, 0.1, 0.1, 0.1, 0.1],
        ),
        5,
      );
      for (const name of Object.keys(one)) expect(one[name] !== other[name], name).toBe(METRIC_ROWS[name].needsDecisions);
    }
  });

  it("count calibration over all cells, and the three most probable with the lowest index first", () => {
    const cells = predictions("multilabel", 200, 4, 3, 20);
    const known = [...cells.labels.keys()].filter((i) => cells.labels[i] >= 0);
    const bins = reliability(
      known.map((i) => cells.probabilities[i]),
      known.map((i) => cells.labels[i]),
    );
    const report = METRICS.multilabel(cells.labels, cells.probabilities, cells.decisions, 4);
    expect(report.ece).toBeCloseTo(calibrationError(bins)?.expected ?? Number.NaN, 13);
    const rows = predictions("multiclass", 200, 5, 3, 3);
    const exclusive = METRICS.multiclass(rows.labels, rows.probabilities, rows.decisions, 5);
    expect(exclusive.top3Accuracy).toBeCloseTo(topK(rows.labels, rows.probabilities, 5, 3) ?? Number.NaN, 13);
  });

  it("keep the loss of very small and of very many probabilities", () => {
    const labels = Int8Array.of(1, 0, ...new Array<number>(2000).fill(1));
    const probabilities = Float64Array.from(labels, (_, i) => (i < 2 ? 1e-300 : 1e-3));
    const { logLoss } = METRICS.multilabel(labels, probabilities, new Uint8Array(labels.length), labels.length);
    expect(logLoss).toBeCloseTo((300 + 2000 * 3) * (Math.LN10 / 2002), 10);
  });

  it("refuse a score that is NaN, unless its label is unknown", () => {
    for (const task of TASKS) {
      const measured = (label: number) =>
        METRICS[task](Int8Array.of(1, 0, label, label), [0.6, 0.4, Number.NaN, 0.5], [1, 0, 1, 0], 2);
      expect(() => measured(0)).toThrow(new RangeError("score 2 is not a number"));
      expect(measured(-1).accuracy ?? measured(-1).subsetAccuracy).toBe(1);
    }
  });

  it("rank scores beyond [0, 1], but do not take them for probabilities", () => {
    const labels = Int8Array.of(1, 0, 0, 1);
    const scores = [4, Number.NEGATIVE_INFINITY, -3, Number.POSITIVE_INFINITY];
    for (const task of TASKS) {
      const metrics = METRICS[task](labels, scores, [1, 0, 0, 1], 2);
      expect(metrics.aucMacro).toBe(1);
      for (const name of ["logLoss", "brier", "ece"]) expect(metrics).not.toHaveProperty(name);
    }
  });
});

describe("tables of labels", () => {
  it("count labels that stand together, true against decided", () => {
    const labels = [1, 1, 0, 1, -1, 1, 0, 0, 0];
    const decisions = [1, 0, 1, 1, 1, 1, 0, 0, 1];
    expect([...coOccurrence(labels, labels, 3)]).toEqual([2, 1, 1, 1, 1, 0, 1, 0, 1]);
    expect([...coOccurrence(decisions, decisions, 3)]).toEqual([2, 1, 2, 1, 1, 1, 2, 1, 3]);
    expect([...coOccurrence(labels, decisions, 3)]).toEqual([2, 1, 2, 1, 0, 1, 1, 1, 1]);
  });

  it("divide the rows of a confusion matrix by their sums", () => {
    const matrix = confusion([1, 0, 1, 0, 1, 0, 0, 1], [1, 0, 1, 0, 0, 1, 0, 1], 2);
    expect([...normalizeRows(matrix, 2)]).toEqual([2 / 3, 1 / 3, 0, 1]);
    expect([...normalizeRows(new Float64Array(4), 2)]).toEqual([0, 0, 0, 0]);
  });
});
