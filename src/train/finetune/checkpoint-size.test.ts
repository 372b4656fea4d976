import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { buildNetwork } from "../../model/networks.js";
import { PORTABLE } from "../../onnx/layouts.js";
import { appendLogits } from "../../onnx/surgery.js";
import { float32 } from "../../tensor.js";
import { checkpointBytes, refuseUnsavable } from "./checkpoint-size.js";
import type { Standing } from "./history.js";
import { openSaver } from "./saving.js";
import { classifierStep } from "./step.js";
import { openTrainer } from "./trainer.js";

const work = mkdtempSync(join(tmpdir(), "sigmax-size-"));
afterAll(() => rmSync(work, { recursive: true }));

const layer = { weights: float32([4, 512], new Float32Array(2048)), bias: float32([4], new Float32Array(4)) };
const network = appendLogits(buildNetwork("chipnet", { bands: 3, sizePx: 32, seed: 1 }), layer);
const step = classifierStep({ network, inputShape: [2, 3, 32, 32], classes: 4, head: "softmax", layout: PORTABLE });

/** At the end of a training of 3 epochs of 100 updates. */
const standing: Standing = {
  epoch: 3,
  update: 0,
  history: {
    updates: Array.from({ length: 300 }, () => ({ loss: 1, lr: 1, lrBackbone: 1, gradientNorm: 1 })),
    epochs: Array.from({ length: 3 }, () => ({ loss: 1, validation: { loss: 1, metric: 1 } })),
    best: 2,
  },
};

describe("checkpointBytes", () => {
  it.each([
    { optimizer: "sgd", ema: 0, isJudged: false },
    { optimizer: "adamw", ema: 0, isJudged: true },
    { optimizer: "adamw", ema: 0.9, isJudged: true },
  ] as const)("is what the last checkpoint takes, and a little more: %o", async ({ isJudged, ...recipe }) => {
    const trainer = await openTrainer({ step, recipe: { ...recipe, weightDecay: 0, clip: 0 }, threads: 1 });
    try {
      const folder = mkdtempSync(join(work, "of-"));
      const save = openSaver(trainer, { folder, fingerprint: "f".repeat(128), everySeconds: 0, now: () => 0 });
      await save(standing, isJudged ? trainer.learned() : undefined, "end");
      const [name] = readdirSync(folder);
      const { size } = statSync(join(folder, name));
      const bytes = checkpointBytes({ step, recipe: { ...recipe, epochs: 3 }, updates: 300, isJudged });
      expect(bytes).toBeGreaterThanOrEqual(size);
      expect(bytes).toBeLessThan(1.1 * size);
    } finally {
      await trainer.close();
    }
  });
});

describe("refuseUnsavable", () => {
  it("names the size of the checkpoint that would not fit, and what makes it smaller", () => {
    const options = { step, recipe: { optimizer: "adamw", ema: 0, epochs: 3 }, updates: 300, isJudged: true } as const;
    const bytes = checkpointBytes(options);
    expect(() => refuseUnsavable(options, bytes)).not.toThrow();
    expect(() => refuseUnsavable(options, bytes - 1)).toThrow(
      expect.objectContaining({
        code: "limit",
        message: expect.stringMatching(/^a checkpoint of this training takes up to 0\.\d+ GB; the limit is 0\.\d+ GB$/),
        hint: expect.stringContaining("--optimizer sgd"),
      }),
    );
  });
});
