import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { bestF1Threshold, bestF1Thresholds } from "./thresholds.js";

function f1At(labels: readonly number[], probabilities: readonly number[], threshold: number): number {
  let tp = 0;
  let said = 0;
  let positives = 0;
  labels.forEach((label, i) => {
    if (label < 0) return;
    if (label === 1) positives++;
    if (probabilities[i] < threshold) return;
    said++;
    if (label === 1) tp++;
  });
  return (2 * tp) / (said + positives);
}

describe("thresholds", () => {
  it("no other threshold reaches a higher F1, ties and unknown labels included", () => {
    const random = createRandom(7);
    for (let round = 0; round < 50; round++) {
      const probabilities = Array.from({ length: 40 }, () => random.int(12) / 11);
      const labels = probabilities.map((p) => (random.next() < 0.1 ? -1 : random.next() < p ? 1 : 0));
      if (!labels.includes(1)) continue;
      const best = bestF1Threshold(labels, probabilities);
      const brute = Math.max(...[...probabilities, 0].map((threshold) => f1At(labels, probabilities, threshold)));
      expect(best?.f1).toBeCloseTo(brute, 12);
      expect(f1At(labels, probabilities, best?.threshold ?? Number.NaN)).toBeCloseTo(brute, 12);
    }
  });

  it("a class without a positive keeps the fallback", () => {
    expect(bestF1Thresholds([0, 1, 0, 0], [0.3, 0.4, 0.2, 0.1], 2)).toEqual([0.5, 0.25]);
  });
});
