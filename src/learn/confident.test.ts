import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { findSuspects, labelQuality, suggestLabels } from "./confident.js";
import { isInseparable, separations } from "./separation.js";

/** Three classes; the head believes in class i % 3 at 0.8. Rows in `flipped` are labelled as the next class. */
function singleLabels(rows: number, flipped: readonly number[]) {
  const labels = new Int8Array(rows * 3);
  const probabilities = new Float64Array(rows * 3).fill(0.1);
  for (let row = 0; row < rows; row++) {
    probabilities[row * 3 + (row % 3)] = 0.8;
    labels[row * 3 + ((row + Number(flipped.includes(row))) % 3)] = 1;
  }
  return { task: "multiclass", classes: 3, labels, probabilities } as const;
}

describe("single labels", () => {
  it("a label less probable than another class is suspected, with the class it probably is", () => {
    const suspects = findSuspects(singleLabels(30, [4, 9]));
    expect(suspects.map(({ row, kind, label, suggested }) => ({ row, kind, label, suggested }))).toEqual([
      { row: 4, kind: "wrong", label: 2, suggested: 1 },
      { row: 9, kind: "wrong", label: 1, suggested: 0 },
    ]);
    for (const { score, confident } of suspects) {
      expect(score).toBeCloseTo(0.9, 12);
      expect(confident).toBe(true);
    }
  });

  it("worst come first, and quality is the probability of the label", () => {
    const data = singleLabels(30, [4, 9]);
    data.probabilities.set([0.85, 0.05, 0.1], 27);
    data.probabilities[4 * 3 + 2] = 0.15;
    expect(findSuspects(data).map(({ row }) => row)).toEqual([9, 4]);
    const quality = labelQuality(data);
    expect([quality[4], quality[9], quality[0]]).toEqual([0.15, 0.05, 0.8]);
  });

  it("a class that could not be learned is neither suspected nor suggested", () => {
    const data = singleLabels(30, [4, 9]);
    expect(findSuspects({ ...data, judged: [true, false, true] }).map(({ row }) => row)).toEqual([]);
    expect(labelQuality({ ...data, judged: [true, false, true] })[9]).toBe(1);
  });

  it("confidence asks for what is usual of the other class", () => {
    const data = singleLabels(30, [4]);
    data.probabilities.set([0.3, 0.45, 0.25], 4 * 3);
    const [suspect] = findSuspects(data);
    // Class 1 is usually believed at 0.8 where it is given.
    expect(suspect).toMatchObject({ row: 4, suggested: 1, confident: false });
  });
});

describe("several labels", () => {
  const data = {
    task: "multilabel",
    classes: 2,
    labels: Int8Array.of(1, 0, 1, 0, 0, 1, 0, 1, -1, -1),
    probabilities: Float64Array.of(0.9, 0.1, 0.05, 0.2, 0.97, 0.9, 0.2, 0.8, 0.95, 0.4),
  } as const;

  it("finds both directions: given and not there, there and not given", () => {
    expect(findSuspects(data)).toEqual([
      { row: 2, label: 0, kind: "missing", score: 0.97, confident: true },
      { row: 1, label: 0, kind: "wrong", score: 0.95, confident: true },
    ]);
  });

  it("quality is that of the worst known label", () => {
    [0.9, 0.05, 0.03, 0.8, 1].forEach((expected, row) => {
      expect(labelQuality(data)[row]).toBeCloseTo(expected, 12);
    });
  });

  it("unknown labels are suggested and never suspected", () => {
    expect(suggestLabels(data)).toEqual([{ row: 4, label: 0, score: 0.95 }]);
    expect(findSuspects(data).some(({ row }) => row === 4)).toBe(false);
  });

  it("a rare label counts as missing where it is as probable as it usually is, be that under a half", () => {
    const rows = 40;
    const labels = Int8Array.from({ length: rows }, (_, i) => Number(i < 5));
    const probabilities = Float64Array.from({ length: rows }, (_, i) => (i < 5 ? 0.3 : i === 20 ? 0.35 : 0.02));
    const suspects = findSuspects({ task: "multilabel", classes: 1, labels, probabilities });
    expect(suspects.find(({ row }) => row === 20)).toMatchObject({ kind: "missing", confident: true });
    expect(suspects.filter(({ kind }) => kind === "missing").length).toBe(1);
  });
});

describe("classes that are told apart", () => {
  /** Classes 0 and 1 at random, class 2 apart from both. */
  function confusing() {
    const random = createRandom(5);
    const rows = 300;
    const labels = new Int8Array(rows * 3);
    const probabilities = new Float64Array(rows * 3);
    for (let row = 0; row < rows; row++) {
      labels[row * 3 + (row % 3)] = 1;
      const share = random.next();
      const own = row % 3 === 2 ? 0.85 + 0.1 * random.next() : 0.05 + 0.06 * random.next();
      probabilities.set([share * (1 - own), (1 - share) * (1 - own), own], row * 3);
    }
    return { task: "multiclass", classes: 3, labels, probabilities } as const;
  }

  it("two that look alike are found inseparable, and only they", () => {
    const found = separations(confusing());
    expect(found.filter(isInseparable).map(({ classes }) => classes)).toEqual([[0, 1]]);
    expect(found[0].confused).toBeGreaterThan(0.4);
    expect(found[0].images).toBe(200);
  });

  it("classes that are never confused are not listed", () => {
    expect(separations(singleLabels(30, []))).toEqual([]);
  });

  it("a label of several that is drawn at random is told apart from its absence by nothing", () => {
    const random = createRandom(6);
    const cells = 2 * 200;
    const labels = Int8Array.from({ length: cells }, () => random.int(2));
    const probabilities = Float64Array.from(labels, (label, i) =>
      i % 2 === 0 ? random.next() : 0.35 * random.next() + (label ? 0.5 : 0.2),
    );
    const found = separations({ task: "multilabel", classes: 2, labels, probabilities });
    expect(found.filter(isInseparable).map(({ classes }) => classes)).toEqual([[0]]);
  });

  it("the interval is that of Hanley and McNeil", () => {
    // 50 against 50 at an area of 0.8: their formula gives a standard error of 0.0447.
    const labels = new Int8Array(100);
    const probabilities = new Float64Array(100);
    for (let i = 0; i < 100; i++) {
      labels[i] = Number(i < 50);
      probabilities[i] = i < 50 ? (i < 40 ? 0.9 : 0.1) : 0.4;
    }
    const [{ auc, interval }] = separations({ task: "multilabel", classes: 1, labels, probabilities });
    expect(auc).toBeCloseTo(0.8, 12);
    expect((interval[1] - interval[0]) / 2 / 1.96).toBeCloseTo(0.0447, 3);
  });
});
