import { describe, expect, it } from "vitest";
import { readGolden } from "../../test/golden.js";
import { minimize, type Objective } from "./lbfgs.js";
import { LOSSES } from "./losses.js";

const golden = readGolden("optim.json");

/** Sum over classes of mean cross-entropy plus (l2/2)‖W‖² in float64; parameters are W `[K, D]`, then b `[K]`. */
// biome-ignore lint/suspicious/noExplicitAny: a case of the reference file
function objectiveOf(test: any, x: number[][]): { objective: Objective; size: number } {
  const { N: rows, D: width, K: classes } = test;
  const name = test.kind === "softmax" ? "softmax-cross-entropy" : "sigmoid-cross-entropy";
  const targets = (test.y ?? test.Y).flat();
  const objective: Objective = async (p) => {
    const logits = new Float64Array(rows * classes);
    for (let i = 0; i < rows; i++) {
      for (let k = 0; k < classes; k++) {
        let sum = p[classes * width + k];
        for (let j = 0; j < width; j++) sum += x[i][j] * p[k * width + j];
        logits[i * classes + k] = sum;
      }
    }
    const batch = { logits, targets, classes };
    const { loss, gradient } = LOSSES[name](batch, { reduction: "sum", classWeights: test.classWeights });
    let penalty = 0;
    const slopes = new Float64Array(p.length);
    for (let k = 0; k < classes; k++) {
      for (let j = 0; j < width; j++) {
        const w = p[k * width + j];
        penalty += w * w;
        slopes[k * width + j] = test.l2 * w;
        for (let i = 0; i < rows; i++) slopes[k * width + j] += (gradient[i * classes + k] * x[i][j]) / rows;
      }
      for (let i = 0; i < rows; i++) slopes[classes * width + k] += gradient[i * classes + k] / rows;
    }
    return { loss: loss / rows + (test.l2 / 2) * penalty, gradient: slopes };
  };
  return { objective, size: classes * (width + 1) };
}

describe.skipIf(!golden)("L-BFGS reaches the optimum of", () => {
  for (const test of golden?.cases ?? []) {
    if (!test.id.startsWith("convex")) continue;
    it(test.id, async () => {
      const x = test.X.sameAs ? golden.cases.find(({ id }: { id: string }) => id === test.X.sameAs).X : test.X;
      const { objective, size } = objectiveOf(test, x);
      const result = await minimize(objective, new Float64Array(size));
      expect(result.parameters.every(Number.isFinite)).toBe(true);
      if (test.expected.infimum !== undefined) {
        expect(result.loss).toBeGreaterThanOrEqual(test.expected.infimum);
        expect(result.loss).toBeLessThan(1e-5);
        return;
      }
      const optimum = test.expected.loss ?? test.expected.lossPerClass.reduce((a: number, b: number) => a + b, 0);
      expect(Math.abs(result.loss / optimum - 1)).toBeLessThan(1e-8);
      for (const [i, weight] of test.expected.W.flat().entries())
        expect(Math.abs(result.parameters[i] - weight)).toBeLessThan(1e-3);
    });
  }
});

describe("L-BFGS", () => {
  const rosenbrock: Objective = async ([x, y]) => ({
    loss: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
    gradient: [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)],
  });

  it("finds the end of Rosenbrock's valley", async () => {
    const { parameters, evaluations, reason } = await minimize(rosenbrock, [-1.2, 1], { gradientTolerance: 1e-9 });
    expect(parameters[0]).toBeCloseTo(1, 7);
    expect(parameters[1]).toBeCloseTo(1, 7);
    expect(reason).toBe("gradient");
    expect(evaluations).toBeLessThan(80);
  });

  it("stops at its limit", async () => {
    const { iterations, reason } = await minimize(rosenbrock, [-1.2, 1], { maxIterations: 3 });
    expect([iterations, reason]).toEqual([3, "limit"]);
  });

  it("ends when the loss is too coarse to show progress", async () => {
    const coarse: Objective = async (p) => {
      const { loss, gradient } = await rosenbrock(p);
      return { loss: Math.fround(loss + 1), gradient: Float32Array.from(gradient) };
    };
    const { loss } = await minimize(coarse, [-1.2, 1], { lossNoise: 1e-7, gradientTolerance: 0 });
    expect(loss).toBeCloseTo(1, 6);
  });

  it("backs out of a region where the loss is infinite", async () => {
    const barrier: Objective = async ([x]) => ({
      loss: x > 0 ? x - Math.log(x) : Number.POSITIVE_INFINITY,
      gradient: [1 - 1 / x],
    });
    const { parameters } = await minimize(barrier, [1e-3]);
    expect(parameters[0]).toBeCloseTo(1, 5);
  });

  it("refuses a start where the loss is not a number", async () => {
    await expect(minimize(async () => ({ loss: Number.NaN, gradient: [0] }), [0])).rejects.toMatchObject({ code: "numeric" });
  });

  it("stops when told to", async () => {
    await expect(minimize(rosenbrock, [0, 0], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
  });
});
