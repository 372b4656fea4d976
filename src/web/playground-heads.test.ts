import { describe, expect, it } from "vitest";
import { HEADS } from "../task.js";
import { evaluateHeads, type PlaygroundState } from "./playground-heads.js";

const state: PlaygroundState = { classes: ["a", "b", "c"], logits: [2, -1, 0.5], truth: [true, false, true], temperature: 1.7 };

describe("the playground's arithmetic", () => {
  it("gives softmax a sum of 1 and sigmoid the sum of its own", () => {
    const { softmax, sigmoid } = evaluateHeads({ ...state, temperature: 1 });
    const exps = state.logits.map(Math.exp);
    const total = exps.reduce((sum, e) => sum + e, 0);
    expect(softmax.sum).toBeCloseTo(1, 12);
    for (const [k, p] of softmax.probabilities.entries()) expect(p).toBeCloseTo(exps[k] / total, 12);
    for (const [k, p] of sigmoid.probabilities.entries()) expect(p).toBeCloseTo(1 / (1 + Math.exp(-state.logits[k])), 12);
    expect(sigmoid.sum).toBeCloseTo(0.880797 + 0.268941 + 0.622459, 5);
  });

  it("splits softmax's target among the labels", () => {
    const { softmax, sigmoid } = evaluateHeads(state);
    expect(softmax.targets).toEqual([0.5, 0, 0.5]);
    expect(sigmoid.targets).toEqual([1, 0, 1]);
    const [p, , r] = softmax.probabilities;
    expect(softmax.loss).toBeCloseTo(-0.5 * Math.log(p) - 0.5 * Math.log(r), 12);
  });

  it.each(HEADS)("has the gradient (p − y) / T that finite differences confirm: %s", (head) => {
    const { gradient, probabilities, targets } = evaluateHeads(state)[head];
    const h = 1e-5;
    state.logits.forEach((logit, k) => {
      const lossAt = (z: number) => evaluateHeads({ ...state, logits: state.logits.with(k, z) })[head].loss!;
      expect(gradient![k]).toBeCloseTo((lossAt(logit + h) - lossAt(logit - h)) / (2 * h), 8);
      expect(gradient![k]).toBeCloseTo((probabilities[k] - targets![k]) / state.temperature, 12);
    });
  });

  it("has no softmax loss for an image without a label, and a finite sigmoid loss", () => {
    const { softmax, sigmoid } = evaluateHeads({ ...state, truth: [false, false, false] });
    expect([softmax.loss, softmax.gradient, softmax.targets]).toEqual([undefined, undefined, undefined]);
    expect(sigmoid.loss).toBeGreaterThan(0);
    expect(softmax.sum).toBeCloseTo(1, 12);
  });

  it("decides one label with softmax and any number with sigmoid", () => {
    expect(evaluateHeads({ ...state, logits: [3, 3, 3] }).softmax.decided).toEqual([0]);
    expect(evaluateHeads({ ...state, logits: [3, 3, 3] }).sigmoid.decided).toEqual([0, 1, 2]);
    expect(evaluateHeads({ ...state, logits: [-3, -3, -3] }).sigmoid.decided).toEqual([]);
  });

  it("goes to a step as the temperature goes to zero", () => {
    const { softmax, sigmoid } = evaluateHeads({ ...state, temperature: 0.001 });
    expect(sigmoid.probabilities.map((p) => Math.round(p * 1e9) / 1e9)).toEqual([1, 0, 1]);
    expect(softmax.probabilities[0]).toBeCloseTo(1, 9);
  });
});
