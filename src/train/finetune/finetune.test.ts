import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../../errors.js";
import { convNorm, relu } from "../../model/networks/layers.js";
import { networkModel } from "../../model/networks.js";
import { PORTABLE } from "../../onnx/layouts.js";
import { graphOf, writeModel } from "../../onnx/model.js";
import type { Progress } from "../../progress.js";
import { createRandom } from "../../random.js";
import { RGB } from "../../raster/bands.js";
import { encodePng } from "../../raster/encode.js";
import type { Preprocess } from "../../raster/preprocess.js";
import type { NamedFile } from "../image-files.js";
import { type FinetuneOptions, type FinetunePlan, type FinetuneResult, finetune } from "./finetune.js";
import { judgedLoss } from "./history.js";
import { findLearningRate } from "./learning-rate.js";
import { completeRecipe, type RecipeOptions } from "./recipe.js";
import type { LabelledImages } from "./training.js";

const SIDE = 12;
const CLASSES = ["red", "green", "blue"];
const folder = mkdtempSync(join(tmpdir(), "finetune-"));
afterAll(() => rmSync(folder, { recursive: true }));

const preprocess: Preprocess = {
  widthPx: SIDE,
  heightPx: SIDE,
  fit: "stretch",
  interpolation: "bilinear",
  antialias: true,
  bands: RGB,
  range: [0, 255],
};
const network = networkModel(
  "tiny",
  (layers, image) => {
    const first = relu(layers)(convNorm(layers, image, { conv: "a", norm: "a.bn" }, { filters: 8, kernelPx: 3 }), "a.relu");
    return relu(layers)(convNorm(layers, first, { conv: "b", norm: "b.bn" }, { filters: 8, kernelPx: 3, stride: 2 }), "b.relu");
  },
  { bands: 3, sizePx: SIDE, seed: 1, mean: [128, 128, 128], std: [60, 60, 60] },
);

/** Noise in which one band is brighter than the others. */
const images = { train: 40, validation: 13 } as const;
const parts: Record<keyof typeof images, LabelledImages> = {
  train: { samples: [], labels: new Int8Array(0) },
  validation: { samples: [], labels: new Int8Array(0) },
};
beforeAll(async () => {
  for (const part of ["train", "validation"] as const) {
    const samples: NamedFile[] = [];
    const labels = new Int8Array(images[part] * CLASSES.length);
    for (let i = 0; i < images[part]; i++) {
      const random = createRandom(i, part);
      const k = i % CLASSES.length;
      labels[i * CLASSES.length + k] = 1;
      const data = new Uint8Array(3 * 256);
      for (let j = 0; j < data.length; j++) data[j] = random.int(200) + (Math.floor(j / 256) === k ? 40 : 0);
      const file = `${part}-${i}.png`;
      const path = join(folder, file);
      writeFileSync(path, await encodePng({ bands: RGB, widthPx: 16, heightPx: 16, dtype: "uint8", data }));
      samples.push({ file, path });
    }
    parts[part] = { samples, labels };
  }
});

const optionsOf = (recipe: RecipeOptions, more: Partial<FinetuneOptions> = {}): FinetuneOptions => ({
  network,
  preprocess,
  ...parts,
  classes: CLASSES,
  task: "multiclass",
  head: "softmax",
  recipe: completeRecipe("scratch", { epochs: 3, batch: 8, lr: 0.02, ...recipe }),
  seed: 7,
  layout: PORTABLE,
  threads: 1,
  ...more,
});
const bytesOf = ({ network, layer, validationLogits, history }: FinetuneResult) => ({
  network: Buffer.from(writeModel(network)).toString("base64"),
  layer,
  validationLogits,
  history,
});

describe("finetune", () => {
  it("learns, reports, and judges every epoch", async () => {
    const events: Progress[] = [];
    const plans: unknown[] = [];
    const result = await finetune(
      optionsOf({ epochs: 8 }, { onProgress: (event) => events.push(event), onPlan: (plan) => plans.push(plan) }),
    );
    const { updates, epochs, best } = result.history;
    expect(updates).toHaveLength(8 * 5);
    expect(epochs).toHaveLength(8);
    expect(epochs[7].loss).toBeLessThan(0.8 * epochs[0].loss);
    const judged = epochs.map((_, epoch) => judgedLoss(epochs, epoch)!);
    expect(judged[best!]).toBe(Math.min(...judged));
    expect(epochs[best!].validation!.metric).toBeGreaterThan(0.6);
    expect(result.validationLogits).toHaveLength(13 * 3);
    expect(plans).toMatchObject([{ layout: "portable", updates: 40, resumedFrom: 0 }]);
    expect(events.at(-1)).toMatchObject({ stage: "train", done: 40, total: 40, unit: "steps" });
    expect(events.at(-1)!.note).toMatch(
      /^loss \d\.\d{3} · accuracy \d\.\d{3} · [\d.]+ images\/s · epoch 8 of 8 · validation loss \d\.\d{3}$/,
    );
    // Each step is told of once, those at the end of an epoch when it has been judged.
    expect(events.map(({ done }) => done)).toEqual(Array.from({ length: 41 }, (_, i) => i));
    expect(events.flatMap(({ done, isMilestone }) => (isMilestone ? [done] : []))).toEqual([5, 10, 15, 20, 25, 30, 35, 40]);
    // Normalisation by the batch is folded away.
    expect(graphOf(result.network).node.map(({ opType }) => opType)).not.toContain("BatchNormalization");
  });

  it("learns any number of labels with a sigmoid head", async () => {
    const { history } = await finetune(optionsOf({ epochs: 5, mixup: 0.2 }, { task: "multilabel", head: "sigmoid" }));
    expect(history.epochs[4].validation!.loss).toBeLessThan(history.epochs[0].validation!.loss);
    expect(history.epochs[4].validation!.metric).toBeGreaterThan(0.5);
  });

  it.each<RecipeOptions>([{ ema: 0.9, mixup: 0.5, cutmix: 1 }, { accumulate: 2 }, { optimizer: "sgd", freezeUntil: "b" }])(
    "goes on from a stop to the same bytes with %o",
    async (recipe) => {
      const whole = bytesOf(await finetune(optionsOf(recipe)));
      expect(bytesOf(await finetune(optionsOf(recipe)))).toEqual(whole);
      const checkpoints = mkdtempSync(join(folder, "stops-"));
      let stops = 0;
      for (;;) {
        const controller = new AbortController();
        // Stopped again and again, three updates later each time, in the middle of epochs and at their ends.
        const onProgress = ({ done }: Progress) => {
          if (done >= 3 * stops + 1) controller.abort();
        };
        const options = optionsOf(recipe, { checkpoints, checkpointSeconds: 3600, signal: controller.signal, onProgress });
        try {
          const result = await finetune(options);
          expect(stops).toBeGreaterThanOrEqual(2);
          expect(result.resumedFrom).toBeGreaterThan(0);
          expect(result.history).toEqual(whole.history);
          expect(bytesOf(result)).toEqual(whole);
          break;
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          expect(error.code).toBe("aborted");
          stops++;
        }
      }
    },
    // Half a dozen trainings, each with worker threads of its own.
    180_000,
  );

  it("that is stopped between the batches of one update goes on before that update, to the same bytes", async () => {
    const recipe = { accumulate: 2 };
    const whole = bytesOf(await finetune(optionsOf(recipe)));
    const checkpoints = join(folder, "within");
    const controller = new AbortController();
    const onProgress = ({ done }: Progress) => {
      // When the first batch of the next update is on its way.
      if (done === 3) setImmediate(() => controller.abort());
    };
    const options = optionsOf(recipe, { checkpoints, checkpointSeconds: 3600 });
    await expect(finetune({ ...options, signal: controller.signal, onProgress })).rejects.toMatchObject({
      code: "aborted",
      hint: "The same command goes on after step 3 of 6.",
    });
    const result = await finetune(options);
    expect(result.resumedFrom).toBe(3);
    expect(bytesOf(result)).toEqual(whole);
  });

  it("counts other trainings of the same command, and goes on whatever follows on it", async () => {
    const checkpoints = join(folder, "among");
    const plans: FinetunePlan[] = [];
    const onPlan = (plan: FinetunePlan) => plans.push(plan);
    const among = { before: 100, after: 7 };
    await finetune(optionsOf({ refit: 0.2 }, { checkpoints, among, onPlan }));
    await finetune(optionsOf({ refit: 0.5 }, { checkpoints, onPlan }));
    expect(plans).toMatchObject([
      { updates: 122, resumedFrom: 100 },
      { updates: 15, resumedFrom: 15 },
    ]);
    const controller = new AbortController();
    controller.abort();
    const stopped = finetune(optionsOf({}, { checkpoints: join(folder, "none yet"), among, signal: controller.signal }));
    await expect(stopped).rejects.toMatchObject({ code: "aborted" });
  });

  it("refuses checkpoints where an image has changed", async () => {
    const checkpoints = join(folder, "changed");
    await finetune(optionsOf({ epochs: 1 }, { checkpoints }));
    const [{ file, path }, ...others] = parts.train.samples;
    const changed = join(folder, `changed-${file}`);
    writeFileSync(changed, Buffer.concat([readFileSync(path), Buffer.alloc(1)]));
    const train = { ...parts.train, samples: [{ file, path: changed }, ...others] };
    await expect(finetune(optionsOf({ epochs: 1 }, { checkpoints, train }))).rejects.toMatchObject({ code: "bad-data" });
    await expect(finetune(optionsOf({ epochs: 1 }, { checkpoints, threads: 2 }))).rejects.toMatchObject({ code: "bad-data" });
  });

  it("tells of checkpoints that are passed over apart from what it warns of", async () => {
    const checkpoints = join(folder, "notices");
    await finetune(optionsOf({ epochs: 1 }, { checkpoints, checkpointSeconds: 0 }));
    const [, newest] = readdirSync(checkpoints).sort();
    writeFileSync(join(checkpoints, newest), "half");
    const [notices, warnings]: [string[], string[]] = [[], []];
    await finetune(
      optionsOf({ epochs: 1 }, { checkpoints, onNotice: (text) => notices.push(text), onWarning: (text) => warnings.push(text) }),
    );
    expect(notices).toEqual([expect.stringContaining("the checkpoint before it is used")]);
    expect(warnings).toEqual([]);
  });

  it("writes a checkpoint after every update where that is asked for, and refuses those of another training", async () => {
    const checkpoints = join(folder, "every");
    const first = bytesOf(await finetune(optionsOf({}, { checkpoints, checkpointSeconds: 0 })));
    expect(readdirSync(checkpoints).sort()).toEqual(["00000014.safetensors", "00000015.safetensors"]);
    // All is done already: what is kept comes from the checkpoint.
    const again = await finetune(optionsOf({}, { checkpoints }));
    expect(again.resumedFrom).toBe(15);
    expect(bytesOf(again)).toEqual(first);
    await expect(finetune(optionsOf({ lr: 0.01 }, { checkpoints }))).rejects.toMatchObject({ code: "bad-data" });
  });

  it("keeps the last weights where there is no validation part", async () => {
    const validation = { samples: [], labels: new Int8Array(0) };
    const { history, validationLogits } = await finetune(optionsOf({ epochs: 1 }, { validation }));
    expect(history.best).toBeUndefined();
    expect(validationLogits).toHaveLength(0);
  });

  it("ends early when the validation loss does not fall any more", async () => {
    // A rate at which nothing moves in float32.
    const { history } = await finetune(
      optionsOf({ epochs: 9, lr: 1e-12, schedule: "constant", patience: 2, batchNorm: "frozen", weightDecay: 0 }),
    );
    expect(history.epochs.length).toBeLessThan(9);
    expect(history.epochs.length - 1 - history.best!).toBe(2);
  });

  it("names epoch, step and images when the loss is not finite", async () => {
    const { weights, bias } = { weights: new Float32Array(24).fill(3e38), bias: new Float32Array(3) };
    await expect(finetune(optionsOf({}, { start: { weights, bias } }))).rejects.toMatchObject({
      code: "numeric",
      message: expect.stringMatching(/^epoch 1, step 1: the loss is .*train-\d+\.png.* and 4 more$/),
    });
  });

  it("refuses a batch that does not fit, with one that does", async () => {
    const recipe = { batch: 40 };
    const { peakBytes } = await finetune(optionsOf({ ...recipe, epochs: 1 }));
    const limited = (memoryLimit: number) => finetune(optionsOf({ ...recipe, epochs: 1 }, { memoryLimit }));
    await expect(limited(peakBytes - 1e5)).rejects.toMatchObject({
      code: "limit",
      hint: expect.stringMatching(/^--batch \d+ fits; --accumulate \d+ beside it/),
    });
    await expect(limited(1e6)).rejects.toMatchObject({ code: "limit", hint: expect.stringMatching(/^Even a single image/) });
  });

  it("makes smaller batches of few images, and says so", async () => {
    const warnings: string[] = [];
    const few = { samples: parts.train.samples.slice(0, 6), labels: parts.train.labels.slice(0, 18) };
    const { updates } = await finetune(
      optionsOf({ epochs: 2, batch: 32 }, { train: few, onWarning: (warning) => warnings.push(warning) }),
    );
    expect(updates).toBe(2);
    expect(warnings).toEqual(["The training part has 6 images: an update sees 6 of them instead of 32."]);
    expect(existsSync(join(folder, "train-0.png"))).toBe(true);
  });
});

describe("findLearningRate", () => {
  it("raises the rate until the loss grows, and suggests one where it falls", async () => {
    const options = optionsOf({ lr: 0.03, lrBackbone: 0.01 });
    const { curve, suggestion } = await findLearningRate({ ...options, steps: 40 });
    expect(curve[0]).toMatchObject({ lr: 1e-6 });
    for (let i = 1; i < curve.length; i++) expect(curve[i].lr).toBeGreaterThan(curve[i - 1].lr);
    expect(suggestion).toBeGreaterThan(1e-5);
    expect(suggestion).toBeLessThan(0.5);
    // As many images as there are: the same again.
    expect(await findLearningRate({ ...options, steps: 40 })).toEqual({ curve, suggestion });
  });
});
