import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildNetwork } from "../model/networks.js";
import { writeModel } from "../onnx/model.js";
import { createRandom } from "../random.js";
import { RGB } from "../raster/bands.js";
import { encodePng } from "../raster/encode.js";
import { openNetworkFor, type StartOptions, startOfNetwork } from "./network-start.js";
import { openSplitData, type SplitData } from "./prepare.js";
import { trainWholeNetwork } from "./whole-network.js";

const SIDE = 32;
const work = mkdtempSync(join(tmpdir(), "sigmax-whole-"));
afterAll(() => rmSync(work, { recursive: true }));
const chips = join(work, "chips");
const backbone = join(work, "net.onnx");

/** Noise in which one band is somewhat brighter than the others. */
beforeAll(async () => {
  for (const [k, name] of RGB.entries()) {
    mkdirSync(join(chips, name), { recursive: true });
    for (let i = 0; i < 40; i++) {
      const random = createRandom(i, name);
      const data = Uint8Array.from(
        { length: 3 * SIDE * SIDE },
        (_, j) => random.int(200) + (j < k * SIDE * SIDE || j >= (k + 1) * SIDE * SIDE ? 0 : 12),
      );
      const png = await encodePng({ bands: RGB, widthPx: SIDE, heightPx: SIDE, dtype: "uint8", data });
      writeFileSync(join(chips, name, `${i}.png`), png);
    }
  }
  writeFileSync(backbone, writeModel(buildNetwork("chipnet", { bands: 3, sizePx: SIDE, seed: 1 })));
});

const tuned = (more: Partial<StartOptions> = {}): StartOptions => ({
  data: chips,
  backbone,
  finetune: true,
  preprocessing: { sizePx: SIDE, scale: 1, mean: [0, 0, 0], std: [1, 1, 1] },
  seed: 1,
  ...more,
});
const scratch = (data: string, more: Partial<StartOptions> = {}): StartOptions => ({
  data,
  network: "chipnet",
  preprocessing: { sizePx: SIDE },
  seed: 1,
  ...more,
});

async function startOf(data: SplitData, options: StartOptions) {
  return startOfNetwork(data, "softmax", await openNetworkFor(data, options), options);
}

/** The same with the labels of one part moved on by one class. */
function mislabelled(data: SplitData, part: "validation" | "train"): SplitData {
  const placed = data.placed.map((row) => {
    if (row.part !== part) return row;
    const { labels } = row.sample;
    return { ...row, sample: { ...row.sample, labels: labels.map((_, k) => labels[(k + 1) % labels.length]) } };
  });
  return { ...data, placed };
}

describe("the start of fine-tuning", () => {
  it("has not seen the labels of the validation part, which is to judge it", async () => {
    const data = await openSplitData(tuned());
    const { frozen, beginning } = await startOf(data, tuned());
    expect(beginning).toBe("finetune");
    const other = await startOf(mislabelled(data, "validation"), tuned());
    expect(other.frozen?.start).toEqual(frozen?.start);
    // What it is compared with has, as a training without --finetune would have.
    expect(other.frozen?.metrics).not.toEqual(frozen?.metrics);
    const taught = await startOf(mislabelled(data, "train"), tuned());
    expect(taught.frozen?.start).not.toEqual(frozen?.start);
  });

  it("is of images as they stand; what it is compared with averages as many views as the classifier", async () => {
    const data = await openSplitData(tuned());
    const [one, eight] = [await startOf(data, tuned()), await startOf(data, tuned({ views: 8 }))];
    // The same images in batches of another size: sums of float32 in another order.
    const [a, b] = [one, eight].map(({ frozen }) => frozen?.start.weights ?? new Float32Array(0));
    expect(b.length).toBe(a.length);
    const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(a.every((value, i) => Math.abs(value - b[i]) < 1e-2 * largest)).toBe(true);
    expect(eight.frozen?.metrics).not.toEqual(one.frozen?.metrics);
  });
});

describe("images that cannot be read", () => {
  const damaged = join(work, "damaged");
  let file = "";
  beforeAll(async () => {
    cpSync(chips, damaged, { recursive: true });
    const { placed } = await openSplitData(scratch(damaged));
    const { sample } = placed.find(({ part }) => part === "train")!;
    file = sample.file;
    // Its header is whole.
    writeFileSync(sample.path, readFileSync(sample.path).subarray(0, -500));
  });

  it("are left out of a training from scratch before it begins, and warned of once", async () => {
    const warnings: string[] = [];
    const options = scratch(damaged, { onWarning: (message) => warnings.push(message) });
    const data = await openSplitData(options);
    const { placed, unreadable } = await startOf(data, options);
    expect(placed).toHaveLength(data.placed.length - 1);
    expect(placed.some(({ sample }) => sample.file === file)).toBe(false);
    expect(unreadable).toMatchObject([{ file }]);
    const told = warnings.filter((message) => message.includes("could not be read"));
    expect(told).toEqual([expect.stringMatching(/^1 of \d+ images could not be read:\n/)]);
    expect(told[0]).toContain(file);
  });

  it("end it there where that is asked for", async () => {
    const options = scratch(damaged, { unreadable: "fail" });
    const data = await openSplitData(options);
    await expect(startOf(data, options)).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringContaining(file),
    });
  });
});

describe("trainWholeNetwork", () => {
  const beside = { checkpoints: join(work, "checkpoints") };

  it("tells of the refit beside what validation chose, and of a fine-tuning that was for nothing", async () => {
    const warnings: string[] = [];
    const plans: { updates: number; resumedFrom: number }[] = [];
    const stages = new Set<string>();
    const options = {
      // A rate that takes the network away from what its start knows.
      ...tuned({ recipe: { epochs: 2, refit: 0.5, batch: 16, lr: 1, lrBackbone: 1, schedule: "constant" } }),
      out: join(work, "none"),
      onWarning: (message: string) => warnings.push(message),
      onPlan: (plan: { updates: number; resumedFrom: number }) => plans.push(plan),
      onProgress: ({ stage }: { stage: string }) => stages.add(stage),
    };
    const data = await openSplitData(options);
    const { embedded, scored, training } = await trainWholeNetwork(data, "softmax", options, beside);
    expect(embedded.backbone.id).toBe("net.onnx fine-tuned");
    expect(embedded.placed).toHaveLength(data.placed.length);
    const { history, refit, plan, frozen } = training;
    expect(history.epochs).toHaveLength(2);
    expect(refit?.epochs).toHaveLength(1);
    expect(plan.updates).toBe(history.updates.length + (refit?.updates.length ?? 0));
    expect(plans).toMatchObject([{ updates: plan.updates, resumedFrom: 0 }]);
    expect([...stages]).toEqual(expect.arrayContaining(["embed, frozen", "train", "refit", "embed"]));
    expect(frozen!.accuracy).toBeGreaterThan(scored.metrics.accuracy);
    expect(warnings.at(-1)).toMatch(
      /^Fine-tuning has not helped: accuracy 0\.\d+ on the test part, 0\.\d+ without it\. Keep the simpler/,
    );
  });

  it("refuses what cannot be trained before any image goes through the network", async () => {
    const stages = new Set<string>();
    const options = (more: Partial<StartOptions>) => ({
      ...tuned({ onProgress: ({ stage }) => stages.add(stage), ...more }),
      out: join(work, "none"),
    });
    const data = await openSplitData(tuned());
    for (const [more, code, checkpointLimit] of [
      [{ recipe: { freezeUntil: "nowhere" } }, "usage", undefined],
      [{ memoryLimit: 1e8 }, "limit", undefined],
      [{}, "limit", 1e6],
    ] as const) {
      const refused = trainWholeNetwork(data, "softmax", options(more), { ...beside, checkpointLimit });
      await expect(refused).rejects.toMatchObject({ code });
    }
    expect([...stages]).toEqual([]);
  });

  it("refits again where another refit is asked for, without training again", async () => {
    const notices: string[] = [];
    const options = (refit: number) => ({
      ...tuned({ recipe: { epochs: 2, refit, batch: 16, freezeUntil: 0.5 } }),
      out: join(work, "none"),
    });
    const data = await openSplitData(options(0.5));
    const folder = { checkpoints: join(work, "another refit"), onNotice: (message: string) => notices.push(message) };
    const once = await trainWholeNetwork(data, "softmax", options(0.5), folder);
    expect(once.training.refit?.epochs).toHaveLength(1);
    const twice = await trainWholeNetwork(data, "softmax", options(0.9), folder);
    expect(twice.training.refit?.epochs).toHaveLength(2);
    expect(twice.training.history).toEqual(once.training.history);
    expect(notices).toEqual([expect.stringMatching(/another training.*removed/)]);
  });

  it("without a validation part says what that costs, and refuses a goal before anything is trained", async () => {
    const warnings: string[] = [];
    const options = { ...scratch(chips, { onWarning: (message) => warnings.push(message) }), out: join(work, "none") };
    const data = await openSplitData(options);
    const placed = data.placed.filter(({ part }) => part !== "validation");
    const without = { ...data, placed, counts: { ...data.counts, validation: 0 } };
    await expect(trainWholeNetwork(without, "softmax", { ...options, goal: "f2" }, beside)).rejects.toMatchObject({
      code: "usage",
    });
    const recipe = { epochs: 1, batch: 16 };
    const folder = { checkpoints: join(work, "without") };
    const { scored, training } = await trainWholeNetwork(without, "softmax", { ...options, recipe }, folder);
    expect(warnings).toContainEqual(expect.stringMatching(/^Without validation images the last weights are kept/));
    expect(scored.tuning.calibration.method).toBe("none");
    expect(training.refit).toBeUndefined();
  });
});
