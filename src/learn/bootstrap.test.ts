import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { bootstrapIntervals, type Interval, pairedDifferences } from "./bootstrap.js";
import { DECIDE } from "./decide.js";
import { type Measure, openMetrics } from "./metrics/report.js";

/** The weighted mean of values `[N]`: accuracy, where they are 0 and 1. */
function meanMeasure(values: ArrayLike<number>): Measure {
  return (weights) => {
    let [total, sum] = [0, 0];
    for (let row = 0; row < values.length; row++) {
      const weight = weights?.[row] ?? 1;
      total += weight;
      sum += weight * values[row];
    }
    return { accuracy: sum / total };
  };
}

const width = ([low, high]: Interval) => high - low;

/** Rows of a two-class problem whose right class is the more probable one with the given chance. */
function judged(rows: number, chance: number, seed: number) {
  const random = createRandom(seed);
  const labels = new Int8Array(2 * rows);
  const probabilities = new Float32Array(2 * rows);
  for (let row = 0; row < rows; row++) {
    const truth = random.int(2);
    const sure = 0.5 + random.next() / 2;
    labels[2 * row + truth] = 1;
    const said = random.next() < chance ? truth : 1 - truth;
    probabilities[2 * row + said] = sure;
    probabilities[2 * row + 1 - said] = 1 - sure;
  }
  return { labels, probabilities };
}

const open = ({ labels, probabilities }: ReturnType<typeof judged>) =>
  openMetrics("multiclass", labels, probabilities, DECIDE.multiclass(probabilities, 2), 2);

describe("bootstrap intervals", () => {
  it("hold the true accuracy in about 95 of 100 samples", () => {
    const random = createRandom(5);
    const [sets, rows, truth] = [300, 120, 0.8];
    let held = 0;
    for (let set = 0; set < sets; set++) {
      const hits = Float64Array.from({ length: rows }, () => (random.next() < truth ? 1 : 0));
      const [low, high] = bootstrapIntervals(meanMeasure(hits), { rows, seed: set, resamples: 250 }).accuracy;
      if (low <= truth && truth <= high) held++;
    }
    expect(held / sets).toBeGreaterThan(0.9);
    expect(held / sets).toBeLessThan(0.98);
  });

  it("hold the truth for samples in groups only when groups are drawn whole", () => {
    const random = createRandom(6);
    const [sets, groupCount, size, truth] = [200, 40, 5, 0.7];
    const rows = groupCount * size;
    const groups = Array.from({ length: rows }, (_, row) => `scene ${Math.floor(row / size)}`);
    const held = { together: 0, alone: 0 };
    for (let set = 0; set < sets; set++) {
      // All images of a scene are right or wrong together.
      const right = Array.from({ length: groupCount }, () => (random.next() < truth ? 1 : 0));
      const measure = meanMeasure(groups.map((_, row) => right[Math.floor(row / size)]));
      const together = bootstrapIntervals(measure, { rows, groups, seed: set, resamples: 200 }).accuracy;
      const alone = bootstrapIntervals(measure, { rows, seed: set, resamples: 200 }).accuracy;
      expect(width(together)).toBeGreaterThan(width(alone));
      if (together[0] <= truth && truth <= together[1]) held.together++;
      if (alone[0] <= truth && truth <= alone[1]) held.alone++;
    }
    expect(held.together / sets).toBeGreaterThan(0.88);
    expect(held.alone / sets).toBeLessThan(0.75);
  });

  it("are the same for the same seed and others for another", () => {
    const measure = open(judged(200, 0.8, 1));
    const of = (seed: number) => bootstrapIntervals(measure, { rows: 200, classes: 2, seed });
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
    expect(Object.keys(of(1)).sort()).toEqual(Object.keys(measure()).sort());
    for (const [name, [low, high]] of Object.entries(of(1))) {
      expect(low, name).toBeLessThanOrEqual(measure()[name]);
      expect(high, name).toBeGreaterThanOrEqual(measure()[name]);
    }
  });

  it("do not depend on names of groups, and rows without a group stand alone", () => {
    const measure = open(judged(50, 0.8, 1));
    const alone = bootstrapIntervals(measure, { rows: 50, seed: 1 });
    const named = Array.from({ length: 50 }, (_, row) => (row % 2 === 0 ? `group ${row}` : undefined));
    expect(bootstrapIntervals(measure, { rows: 50, groups: named, seed: 1 })).toEqual(alone);
  });

  it("are not given where a metric is undefined in half of the resamples, or for one group", () => {
    // A row of twenty is drawn in 64 % of the resamples, exactly once in 38 %.
    const only =
      (row: number): Measure =>
      (weights) =>
        (weights?.[row] ?? 1) > 0 ? { kept: 1 } : { accuracy: 1 };
    expect(bootstrapIntervals(only(0), { rows: 20, seed: 1 })).toEqual({ kept: [1, 1] });
    const rare: Measure = (weights) => ((weights?.[0] ?? 1) === 1 ? { once: 1 } : {});
    expect(bootstrapIntervals(rare, { rows: 20, seed: 1 })).toEqual({});
    const groups = new Array<string>(20).fill("one scene");
    expect(bootstrapIntervals(meanMeasure(new Float64Array(20)), { rows: 20, groups, seed: 1 })).toEqual({});
    expect(bootstrapIntervals(() => ({}), { rows: 0, seed: 1 })).toEqual({});
  });

  it("draw fewer times where that would take long, a hundred times at least", () => {
    const draws = (rows: number, classes: number) => {
      let calls = 0;
      const measure: Measure = (weights) => {
        if (weights) calls++;
        return {};
      };
      bootstrapIntervals(measure, { rows, classes, seed: 1 });
      return calls;
    };
    expect(draws(100, 10)).toBe(1000);
    expect(draws(10_000, 200)).toBe(250);
    expect(draws(10_000, 5_000)).toBe(100);
  });
});

describe("paired differences", () => {
  it("of equal predictions are exactly nothing", () => {
    const measure = open(judged(150, 0.8, 1));
    const found = pairedDifferences(measure, measure, { rows: 150, seed: 1 });
    expect(Object.keys(found)).toEqual(Object.keys(measure()));
    for (const { difference, interval } of Object.values(found)) {
      expect(difference).toBe(0);
      expect(interval).toEqual([0, 0]);
    }
  });

  it("tell the clearly better from the worse, and not the equally good", () => {
    const random = createRandom(3);
    const truth = judged(300, 1, 1);
    const spoilt = (share: number) => {
      const probabilities = truth.probabilities.slice();
      for (let row = 0; row < 300; row++) if (random.next() < share) probabilities.subarray(2 * row, 2 * row + 2).reverse();
      return open({ labels: truth.labels, probabilities });
    };
    const [good, bad, alike] = [spoilt(0.1), spoilt(0.3), spoilt(0.1)];
    const better = pairedDifferences(good, bad, { rows: 300, seed: 1 }).accuracy;
    expect(better.difference).toBeCloseTo(better.a - better.b, 15);
    expect(better.interval[0]).toBeGreaterThan(0);
    const [low, high] = pairedDifferences(good, alike, { rows: 300, seed: 1 }).accuracy.interval;
    expect(low).toBeLessThanOrEqual(0);
    expect(high).toBeGreaterThanOrEqual(0);
  });

  it("are narrower than those of unrelated samples, as errors are shared", () => {
    const hits = Float64Array.from({ length: 400 }, (_, row) => (row % 4 === 0 ? 0 : 1));
    const others = hits.slice();
    for (let row = 0; row < 8; row++) others[4 * row] = 1;
    const { interval } = pairedDifferences(meanMeasure(others), meanMeasure(hits), { rows: 400, seed: 1 }).accuracy;
    expect(interval[0]).toBeGreaterThan(0);
    expect(width(interval)).toBeLessThan(width(bootstrapIntervals(meanMeasure(hits), { rows: 400, seed: 1 }).accuracy) / 2);
  });
});
