import { describe, expect, it } from "vitest";
import { expectClose, readGolden } from "../../test/golden.js";
import { UserError } from "../errors.js";
import { createRandom } from "../random.js";
import type { LossBatch, LossOptions, Reduction } from "./loss.js";
import { LOSSES, type LossName } from "./losses.js";

const FUNCTIONS: Readonly<Record<string, LossName>> = {
  softmax_cross_entropy: "softmax-cross-entropy",
  softmax_focal_loss: "softmax-focal",
  sigmoid_bce_with_logits: "sigmoid-cross-entropy",
  sigmoid_focal_loss: "sigmoid-focal",
};
const REDUCTION_NAMES: Readonly<Record<string, Reduction>> = {
  none: "sum",
  sum: "sum",
  mean: "mean",
  mean_over_N: "mean-over-n",
};
const golden = readGolden("losses.json");
const TOLERANCE = { relative: 1e-10, absolute: 1e-12 };

describe.skipIf(!golden)("losses equal the reference values", () => {
  for (const test of golden?.cases ?? []) {
    it(test.id, () => {
      const loss = LOSSES[FUNCTIONS[test.fn]];
      const { batch, options } = readCase(test);
      // Whatever torch lets through as NaN or infinity is reported here, as are labels outside the simplex.
      if (test.policy || test.expected.error || test.expected.gradAutograd || !allFinite(test.expected.loss)) {
        expect(() => loss(batch, options)).toThrow(UserError);
        return;
      }
      const result = loss(batch, options);
      if (test.reduction === "none") expectClose(result.values, test.expected.loss.flat(), TOLERANCE);
      else expectClose([result.loss], [test.expected.loss], TOLERANCE);
      if (test.expected.grad) expectClose(result.gradient, test.expected.grad.flat(), TOLERANCE);
      if (test.targetWithNaN) {
        const unmasked = loss({ ...batch, targets: test.targetWithNaN.flat() }, options);
        expect(unmasked).toEqual(result);
      }
    });
  }
});

function allFinite(loss: number | number[] | number[][]): boolean {
  return [loss].flat(2).every((value) => Number.isFinite(value));
}

// biome-ignore lint/suspicious/noExplicitAny: a case of the reference file
function readCase(test: any): { batch: LossBatch; options: LossOptions } {
  const [, columns] = test.shape ?? [test.logits.length, test.logits[0].length];
  return {
    batch: { logits: test.logits.flat(), targets: test.target.flat(), classes: columns },
    options: {
      reduction: REDUCTION_NAMES[test.reduction],
      targetKind: test.targetKind === "prob" ? "probability" : "index",
      classWeights: test.classWeights ?? undefined,
      posWeight: test.posWeight ?? undefined,
      mask: test.mask?.flat(),
      sampleWeights: test.sampleWeights,
      labelSmoothing: test.labelSmoothing ?? 0,
      ignoreIndex: test.ignoreIndex ?? -100,
      ...(test.gamma === undefined ? {} : { gamma: test.gamma }),
      ...(typeof test.alpha === "number" ? { alpha: test.alpha } : {}),
    },
  };
}

describe("gradients are the slopes of the losses", () => {
  const random = createRandom(1);
  const classes = 4;
  const logits = Float64Array.from({ length: 24 }, () => 3 * random.normal());
  const soft = Float64Array.from({ length: 24 }, () => random.next());
  const options: LossOptions[] = [
    {},
    { gamma: 0.5, gammaPositive: 0.5, gammaNegative: 1, margin: 0 },
    { reduction: "sum", labelSmoothing: 0.2 },
  ];
  for (const [name, loss] of Object.entries(LOSSES)) {
    it(name, () => {
      for (const option of options) {
        const at = (z: Float64Array) => loss({ logits: z, targets: soft, classes }, { ...option, targetKind: "probability" });
        const { gradient } = at(logits);
        for (let i = 0; i < logits.length; i++) {
          const step = 1e-5;
          const up = at(logits.with(i, logits[i] + step)).loss;
          const down = at(logits.with(i, logits[i] - step)).loss;
          expect(gradient[i]).toBeCloseTo((up - down) / (2 * step), 8);
        }
      }
    });
  }
});

describe("asymmetric loss", () => {
  it("is sigmoid cross-entropy without focusing and margin", () => {
    const batch = { logits: [-3, 0.5, 40, -40], targets: [0, 1, 0, 1], classes: 2 };
    const plain = LOSSES.asymmetric(batch, { gammaPositive: 0, gammaNegative: 0, margin: 0 });
    expect(plain).toEqual(LOSSES["sigmoid-cross-entropy"](batch));
  });

  it("costs nothing for negatives below the margin", () => {
    const { values, gradient } = LOSSES.asymmetric({ logits: [-4, -3], targets: [0, 0], classes: 2 });
    expect([...values, ...gradient]).toEqual([0, 0, 0, 0]);
  });

  it("gives the published form (1 − p)^γ⁺ log p and pₘ^γ⁻ log(1 − pₘ)", () => {
    const p = 1 / (1 + Math.exp(-0.7));
    const { values } = LOSSES.asymmetric({ logits: [0.7, 0.7], targets: [1, 0], classes: 2 });
    expect(values[0]).toBeCloseTo(-(1 - p) * Math.log(p), 14);
    expect(values[1]).toBeCloseTo(-((p - 0.05) ** 4) * Math.log(1 - (p - 0.05)), 14);
  });
});
