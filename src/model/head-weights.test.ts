import { describe, expect, it } from "vitest";
import { mixTargets } from "../learn/mixing.js";
import { createRandom } from "../random.js";
import { CELL_WEIGHTS } from "./head-weights.js";

describe("cell weights mixed by mixTargets", () => {
  it("softmax: the soft target of each image is λ of its own and 1 − λ of its partner's", () => {
    // Row 1 has no label: it and its share of its partner teach nothing.
    const labels = Int8Array.from([1, 0, 0, -1, -1, -1, 0, 1, 0, 0, 0, 1]);
    const { positive, negative } = CELL_WEIGHTS.softmax(labels, 3);
    const mixed = mixTargets(positive, 3, { lambda: 0.75 });
    const third = 1 / 3;
    const expected = [0.75, 0, 0.25, 0, 0.25, 0, 0, 0.75, 0, 0.25, 0, 0.75].map((share) => share * third);
    mixed.forEach((value, j) => {
      expect(value).toBeCloseTo(expected[j], 7); // float32
    });
    expect(mixTargets(negative, 3, { lambda: 0.75 })).toHaveLength(0);
  });

  it("sigmoid: both weights are mixed, and an unknown cell leaves the other's share alone", () => {
    const labels = Int8Array.from([1, 0, -1, 0, 1, 1]); // two rows, three classes
    const { positive, negative } = CELL_WEIGHTS.sigmoid(labels, 3);
    const mix = { lambda: 0.75 };
    // Per class: known in both (mean over 2), known in both, known in the second only (mean over 1).
    const expectedPositive = [0.375, 0.125, 0.25, 0.125, 0.375, 0.75];
    const expectedNegative = [0.125, 0.375, 0, 0.375, 0.125, 0];
    expect([...mixTargets(positive, 3, mix)]).toEqual(expectedPositive);
    expect([...mixTargets(negative, 3, mix)]).toEqual(expectedNegative);
  });

  it("leaves the weight of every class as it was", () => {
    const random = createRandom(8);
    const labels = Int8Array.from({ length: 7 * 4 }, () => random.int(3) - 1);
    const { positive, negative } = CELL_WEIGHTS.sigmoid(labels, 4);
    const mix = { lambda: 0.3 };
    const sum = (weights: Float32Array, k: number) => weights.reduce((total, weight, j) => total + (j % 4 === k ? weight : 0), 0);
    for (let k = 0; k < 4; k++) {
      expect(sum(mixTargets(positive, 4, mix), k)).toBeCloseTo(sum(positive, k), 6);
      expect(sum(mixTargets(negative, 4, mix), k)).toBeCloseTo(sum(negative, k), 6);
    }
  });

  it("gives the loss that λ of one labelling and 1 − λ of the other give", () => {
    const labels = Int8Array.from([0, 1, 0, 0, 0, 1]);
    const reversed = Int8Array.from([0, 0, 1, 0, 1, 0]);
    const logits = [0.3, -1.2, 2, 0.5, 0.1, -0.7];
    const logSum = [0, 3].map((row) => Math.log(logits.slice(row, row + 3).reduce((sum, z) => sum + Math.exp(z), 0)));
    const loss = (weights: Float32Array) => weights.reduce((sum, w, j) => sum - w * (logits[j] - logSum[Math.floor(j / 3)]), 0);
    const { positive } = CELL_WEIGHTS.softmax(labels, 3);
    const mixed = loss(mixTargets(positive, 3, { lambda: 0.6 }));
    expect(mixed).toBeCloseTo(0.6 * loss(positive) + 0.4 * loss(CELL_WEIGHTS.softmax(reversed, 3).positive), 6);
  });
});
