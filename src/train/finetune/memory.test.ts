import { describe, expect, it } from "vitest";
import { UserError } from "../../errors.js";
import { buildNetwork } from "../../model/networks.js";
import { GraphBuilder } from "../../onnx/builder.js";
import { foldShapes } from "../../onnx/fold-shapes.js";
import { PORTABLE } from "../../onnx/layouts.js";
import { appendLogits } from "../../onnx/surgery.js";
import { float32, int64 } from "../../tensor.js";
import { activationBytes, peakBytes, refuseTooLarge } from "./memory.js";
import { classifierStep } from "./step.js";

describe("activationBytes", () => {
  it("counts what lives at one time, views once, and neither inputs nor outputs", () => {
    const graph = new GraphBuilder();
    const x = graph.input("x", "float32", [10, 10]);
    const a = graph.op("Relu", [x]); // 400 bytes, until the end
    const view = graph.op("Reshape", [a, graph.constant(int64([1], [100]))]);
    const b = graph.op("Exp", [x]); // 400 bytes, until c is there
    const c = graph.op("ReduceSum", [b, graph.constant(int64([1], [1]))], { keepdims: 1 }); // 40 bytes
    const d = graph.op("Add", [c, a]); // 400 bytes, with a and c
    graph.output(graph.op("Add", [graph.op("Reshape", [d, graph.constant(int64([1], [100]))]), view], {}, "y"));
    expect(activationBytes(graph.build())).toBe(400 + 400 + 40);
  });
});

describe("peakBytes", () => {
  const layer = { weights: float32([4, 512], new Float32Array(2048)), bias: float32([4], new Float32Array(4)) };
  const network = appendLogits(buildNetwork("chipnet", { bands: 3, sizePx: 32, seed: 1 }), layer);
  const stepOf = (batch: number) =>
    classifierStep({ network, inputShape: [batch, 3, 32, 32], classes: 4, head: "softmax", layout: PORTABLE });
  const recipe = { optimizer: "sgd", ema: 0, accumulate: 1 } as const;

  it("grows in proportion to the batch", () => {
    const [small, middle, large] = [16, 32, 48].map((batch) => peakBytes({ step: stepOf(batch), recipe }));
    expect(middle - small).toBeGreaterThan(0);
    expect(Math.abs(large - middle - (middle - small))).toBeLessThan(0.05 * (middle - small));
  });

  it("counts moments, averages and a second set of gradients by the size of the weights", () => {
    const step = stepOf(2);
    const weights = step.parameters.reduce((sum, { value }) => sum + value.data.byteLength, 0);
    const least = peakBytes({ step, recipe });
    expect(peakBytes({ step, recipe: { ...recipe, optimizer: "adamw" } }) - least).toBe(weights);
    expect(peakBytes({ step, recipe: { ...recipe, ema: 0.99 } }) - least).toBe(weights);
    expect(peakBytes({ step, recipe: { ...recipe, accumulate: 2 } }) - least).toBe(weights);
  });

  it("counts the session that judges", () => {
    const step = stepOf(16);
    const judging = foldShapes(network, { image: [16, 3, 32, 32] });
    const more = peakBytes({ step, judging, recipe }) - peakBytes({ step, recipe });
    expect(more).toBeGreaterThan(activationBytes(judging));
    expect(activationBytes(judging)).toBeGreaterThan(16 * 32 * 16 * 16 * 4);
    expect(activationBytes(judging)).toBeLessThan(activationBytes(step.model));
  });
});

describe("refuseTooLarge", () => {
  const peakOf = ({ batch, accumulate }: { batch: number; accumulate: number }) => 1e9 + batch * 1e8 + (accumulate > 1 ? 1e8 : 0);

  it("names the largest batch that fits with the gradients that are gathered beside it", () => {
    expect(() => refuseTooLarge(peakOf, { batch: 20, accumulate: 1 }, 3e9)).not.toThrow();
    try {
      refuseTooLarge(peakOf, { batch: 64, accumulate: 1 }, 3.05e9);
      expect.fail("it was accepted");
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      expect(error.message).toBe("training with a batch of 64 takes about 7.4 GB of memory; 3.0 GB may be taken");
      expect(error.hint).toBe("--batch 19 fits; --accumulate 4 beside it keeps the images of an update together.");
    }
  });

  it("keeps the images of an update together where batches are accumulated already", () => {
    expect(() => refuseTooLarge(peakOf, { batch: 64, accumulate: 4 }, 2.75e9)).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/^--batch 16 fits; --accumulate 16 /) }),
    );
  });

  /** A network whose weights, five copies of which are there in any case, weigh more than two images. */
  const heavy = ({ batch, accumulate }: { batch: number; accumulate: number }) =>
    0.19e9 + (accumulate > 1 ? 6 : 5) * 0.35e9 + batch * 0.15e9;
  const hintOf = (batches: { batch: number; accumulate: number }, limit: number) => {
    try {
      refuseTooLarge(heavy, batches, limit);
    } catch (error) {
      if (error instanceof UserError) return error.hint;
      throw error;
    }
    return "it was accepted";
  };

  it("names a smaller batch alone where there is no room for a second set of gradients", () => {
    const alone = "without --accumulate, for which there is no room: an update then sees fewer images.";
    expect(hintOf({ batch: 3, accumulate: 1 }, 2.3e9)).toBe(`--batch 2 fits ${alone}`);
    expect(hintOf({ batch: 2, accumulate: 2 }, 2.3e9)).toBe(`--batch 2 fits ${alone}`);
    expect(hintOf({ batch: 3, accumulate: 1 }, 2.1e9)).toBe(`--batch 1 fits ${alone}`);
    for (const batch of [1, 3]) {
      expect(hintOf({ batch, accumulate: 1 }, 2e9)).toBe(
        "Even a single image takes 2.1 GB: take smaller images or a smaller network, freeze more of it, or keep fewer copies of its weights (--optimizer sgd, --ema 0).",
      );
    }
  });

  it("names nothing that would be refused again", () => {
    for (const accumulate of [1, 2]) {
      for (let batch = 1; batch <= 20; batch++) {
        for (let limit = 1.9e9; limit < 5.2e9; limit += 0.07e9) {
          const [, size, more] =
            /^--batch (\d+) fits(?:; --accumulate (\d+))?/.exec(hintOf({ batch, accumulate }, limit) ?? "") ?? [];
          if (size === undefined) continue;
          expect(heavy({ batch: Number(size), accumulate: Number(more ?? 1) })).toBeLessThanOrEqual(limit);
        }
      }
    }
  });
});
