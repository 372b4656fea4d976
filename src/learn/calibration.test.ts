import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { HEADS, TASKS } from "../task.js";
import { sigmoid, softmaxRows } from "./activations.js";
import { CALIBRATE, calibrate, identityCalibration, openPlatt } from "./calibration.js";
import { DECIDE } from "./decide.js";
import { averagePrecision, perClass } from "./metrics/ranking.js";

/** Logits that are off by a known line per label: P(yes) = σ(a z + b). */
function offByLines(rows: number, lines: readonly (readonly [number, number])[], seed: number) {
  const random = createRandom(seed, "lines");
  const logits = new Float32Array(rows * lines.length);
  const labels = Int8Array.from(logits, (_, j) => {
    const [a, b] = lines[j % lines.length];
    logits[j] = (2 * random.normal() - b) / a;
    return random.next() < sigmoid(a * logits[j] + b) ? 1 : 0;
  });
  return { labels, logits };
}

/** Logits of three classes that are T times too large. */
function offByTemperature(rows: number, temperature: number, seed: number) {
  const random = createRandom(seed, "temperature");
  const logits = Float32Array.from({ length: rows * 3 }, () => 2 * random.normal());
  const probabilities = softmaxRows(logits, 3);
  const labels = new Int8Array(rows * 3);
  for (let i = 0; i < rows; i++) {
    const at = random.next();
    const k = at < probabilities[3 * i] ? 0 : at < probabilities[3 * i] + probabilities[3 * i + 1] ? 1 : 2;
    labels[3 * i + k] = 1;
  }
  return { labels, logits: logits.map((z) => z * temperature) };
}

describe("temperature", () => {
  it.each([0.5, 1, 2, 5])("finds T = %f", (temperature) => {
    const { labels, logits } = offByTemperature(12_000, temperature, 3);
    const { method, scale, shift } = CALIBRATE.multiclass.softmax(labels, logits, 3);
    expect(method).toBe("temperature");
    expect(shift).toEqual([0, 0, 0]);
    expect(new Set(scale).size).toBe(1);
    expect(Math.abs(scale[0] * temperature - 1)).toBeLessThan(0.06);
  });

  it("is where the slope of the penalised loss vanishes", () => {
    const { labels, logits } = offByTemperature(50, 2, 4);
    const loss = (scale: number) => {
      const p = softmaxRows(
        Float64Array.from(logits, (z) => scale * z),
        3,
      );
      return 50 * (scale - 1) ** 2 - labels.reduce((sum, label, j) => sum + label * Math.log(p[j]), 0);
    };
    const { scale } = CALIBRATE.multiclass.softmax(labels, logits, 3);
    for (const other of [0.99, 1.01]) expect(loss(scale[0])).toBeLessThan(loss(other * scale[0]));
  });

  it("never changes a multiclass decision, whatever the head", () => {
    for (const head of HEADS) {
      const { labels, logits } = offByTemperature(500, 3, 5);
      const calibrated = calibrate(CALIBRATE.multiclass[head](labels, logits, 3), logits);
      expect(DECIDE.multiclass(calibrated, 3)).toEqual(DECIDE.multiclass(logits, 3));
    }
  });

  it("keeps to its bounds where labels mean everything, or the opposite", () => {
    const logits = Float32Array.from({ length: 20_000 }, (_, j) => (j % 4 === 0 || j % 4 === 3 ? 1e-3 : -1e-3));
    const right = Int8Array.from(logits, (z) => (z > 0 ? 1 : 0));
    const wrong = right.map((label) => 1 - label);
    const scaleOf = (labels: Int8Array, factor: number) =>
      CALIBRATE.multiclass.softmax(
        labels,
        logits.map((z) => factor * z),
        2,
      ).scale[0];
    expect(scaleOf(right, 1000)).toBeGreaterThan(1.5);
    expect(scaleOf(right, 1000)).toBeLessThan(32.01);
    expect(scaleOf(wrong, 1000)).toBeCloseTo(1 / 32, 6);
  });
});

describe("Platt", () => {
  const lines = [
    [1, 0],
    [0.8, -0.5],
    [1.3, 0.4],
  ] as const;

  it("finds each label's own line", () => {
    const { labels, logits } = offByLines(20_000, lines, 3);
    const { method, scale, shift } = CALIBRATE.multilabel.sigmoid(labels, logits, 3);
    expect(method).toBe("platt");
    lines.forEach(([a, b], k) => {
      expect(Math.abs(scale[k] / a - 1)).toBeLessThan(0.06);
      expect(Math.abs(shift[k] - b)).toBeLessThan(0.08);
    });
  });

  it("is where the slopes vanish: no line near by has less loss", () => {
    const { labels, logits } = offByLines(60, [[0.5, 1]], 8);
    const fitted = openPlatt(labels, logits, 1, { strength: 1 })();
    const positives = labels.filter((label) => label === 1).length;
    const targets = Array.from(labels, (label) => (label === 1 ? (positives + 1) / (positives + 2) : 1 / (60 - positives + 2)));
    const loss = ([a, b]: readonly [number, number]) =>
      ((a - 1) ** 2 + b ** 2) / 2 +
      targets.reduce(
        (sum, t, i) => sum - t * Math.log(sigmoid(a * logits[i] + b)) - (1 - t) * Math.log(sigmoid(-a * logits[i] - b)),
        0,
      );
    const [a, b] = fitted?.pooled ?? [0, 0];
    for (const [da, db] of [
      [0.01, 0],
      [-0.01, 0],
      [0, 0.01],
      [0, -0.01],
    ])
      expect(loss([a, b])).toBeLessThan(loss([a + da, b + db]));
  });

  it("keeps a label without positives, and one without negatives, at the line of all", () => {
    const { labels, logits } = offByLines(500, [...lines.slice(0, 2), [2, 1]], 3);
    for (let i = 0; i < 500; i++) {
      labels[3 * i] = 0;
      labels[3 * i + 1] = i % 2 === 0 ? 1 : -1;
    }
    const fitted = openPlatt(labels, logits, 3)();
    expect(fitted?.lines[0]).toEqual(fitted?.pooled);
    expect(fitted?.lines[1]).toEqual(fitted?.pooled);
    expect(fitted?.lines[2]).not.toEqual(fitted?.pooled);
  });

  it("leaves a rare label nearer to the line of all than a frequent one", () => {
    const { labels, logits } = offByLines(
      4000,
      [
        [1, 0],
        [0.3, 0],
      ],
      6,
    );
    const scaleWith = (rows: number) => {
      const some = labels.map((label, j) => (j % 2 === 1 && j > 2 * rows ? -1 : label));
      const fitted = openPlatt(some, logits, 2)();
      return fitted?.lines[1][0] ?? 0;
    };
    expect(scaleWith(20)).toBeGreaterThan(scaleWith(4000) + 0.2);
  });

  it("weights count rows", () => {
    const { labels, logits } = offByLines(40, lines, 3);
    const weights = Float64Array.from({ length: 40 }, (_, i) => i % 3);
    const again = [...weights.keys()].flatMap((i) => new Array<number>(weights[i]).fill(i));
    const pick = (matrix: Int8Array | Float32Array) => again.flatMap((i) => Array.from(matrix.subarray(3 * i, 3 * i + 3)));
    const weighted = openPlatt(labels, logits, 3)(weights)?.lines.flat() ?? [];
    const repeated = openPlatt(Int8Array.from(pick(labels)), pick(logits), 3)()?.lines.flat() ?? [];
    expect(weighted.length).toBe(6);
    for (const [i, value] of weighted.entries()) expect(value).toBeCloseTo(repeated[i], 5);
  });

  it("keeps finite scales above zero for separable, reversed and equal logits", () => {
    const labels = Int8Array.from({ length: 40 }, (_, i) => i % 2);
    for (const value of [1, -1, 0, 1e6, 1e-6]) {
      const { scale, shift } = CALIBRATE.multilabel.sigmoid(
        labels,
        Float32Array.from(labels, (label) => value * (2 * label - 1)),
        1,
      );
      expect(scale[0]).toBeGreaterThan(0);
      expect(Number.isFinite(scale[0]) && Number.isFinite(shift[0])).toBe(true);
    }
  });
});

describe("every calibration", () => {
  it.each(TASKS.flatMap((task) => HEADS.map((head) => [task, head] as const)))(
    "of %s with %s leaves the ranking within each label",
    (task, head) => {
      const { labels, logits } = offByLines(
        300,
        [
          [0.5, -1],
          [2, 1],
          [1, 0],
        ],
        9,
      );
      const { scale, shift } = CALIBRATE[task][head](labels, logits, 3);
      const calibrated = Float64Array.from(logits, (z, j) => scale[j % 3] * z + shift[j % 3]);
      expect(perClass(averagePrecision, labels, calibrated, 3)).toEqual(perClass(averagePrecision, labels, logits, 3));
      expect(Math.min(...scale)).toBeGreaterThan(0);
    },
  );

  it("is none where nothing is known", () => {
    const unknown = new Int8Array(6).fill(-1);
    for (const task of TASKS)
      for (const head of HEADS) expect(CALIBRATE[task][head](unknown, new Float32Array(6), 3)).toEqual(identityCalibration(3));
  });
});
