import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { flagOf, UserError } from "../../errors.js";
import { RATE_SCHEDULES, ratesOf } from "./rates.js";
import { completeRecipe, RECIPE_OPTIONS, type RecipeOptions } from "./recipe.js";

describe("completeRecipe", () => {
  it("has defaults for both beginnings", () => {
    expect(completeRecipe("finetune")).toMatchObject({ epochs: 15, batch: 32, optimizer: "adamw", lr: 3e-3, clip: 1, ema: 0 });
    expect(completeRecipe("finetune").lrBackbone).toBeCloseTo(1e-3, 12);
    expect(completeRecipe("scratch")).toMatchObject({ epochs: 40, lr: 3e-3, lrBackbone: 3e-3 });
  });

  it("fine-tunes longer for several labels, where nothing else is said", () => {
    expect(completeRecipe("finetune", {}, "sigmoid")).toEqual({ ...completeRecipe("finetune"), epochs: 30 });
    expect(completeRecipe("finetune", { epochs: 4 }, "sigmoid").epochs).toBe(4);
    const wrong = () => completeRecipe("finetune", { epochs: 0 }, "sigmoid");
    expect(wrong).toThrow(expect.objectContaining({ hint: expect.stringContaining("the default is 30") }));
    expect(completeRecipe("scratch", {}, "sigmoid")).toEqual(completeRecipe("scratch"));
  });

  it("keeps the ratio of the rates where only one is given", () => {
    expect(completeRecipe("finetune", { lr: 0.3 }).lrBackbone).toBeCloseTo(0.1, 12);
    expect(completeRecipe("finetune", { lr: 0.3, lrBackbone: 0.2 }).lrBackbone).toBe(0.2);
  });

  it("takes what is undefined for the default, and no augmentation for none", () => {
    expect(completeRecipe("finetune", { augment: undefined, epochs: undefined })).toEqual(completeRecipe("finetune"));
    expect(completeRecipe("finetune", { augment: {} }).augment).toEqual({});
  });

  it("names the option that was meant", () => {
    // As a caller without types can write.
    const misspelt: object = { epoch: 3 };
    expect(() => completeRecipe("finetune", misspelt)).toThrow('a recipe has no "epoch"; did you mean "epochs"?');
    const augment: object = { cutt: 1 };
    expect(() => completeRecipe("finetune", { augment })).toThrow('no augmentation "cutt"');
  });

  it.each<RecipeOptions>([
    { epochs: 0 },
    { epochs: 1.5 },
    { batch: Number.NaN },
    { lr: -1 },
    { lrBackbone: 0 },
    { momentum: 1 },
    { warmup: 1 },
    { labelSmoothing: -0.1 },
    { clip: Number.POSITIVE_INFINITY },
    { batchNormMomentum: 0 },
    { freezeUntil: 1 },
    { mixup: -1 },
    { patience: -1 },
    // As a caller without types could.
    { schedule: "cosin" as never },
    { optimizer: "lamb" as never },
  ])("refuses %o, naming the option and what would be right", (options) => {
    const [name] = Object.keys(options);
    try {
      completeRecipe("finetune", options);
      expect.fail("it was accepted");
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      expect(error.code).toBe("usage");
      expect(error.message).toMatch(new RegExp(`^${flagOf(name)} .*: .* would be right$`));
    }
  });
});

describe("ratesOf", () => {
  const STEPS = 100;
  const all = (options: RecipeOptions) => {
    const rates = ratesOf(completeRecipe("finetune", options), STEPS);
    return Array.from({ length: STEPS }, (_, step) => rates(step));
  };

  it.each(Object.keys(RATE_SCHEDULES) as (keyof typeof RATE_SCHEDULES)[])("%s keeps head and backbone in step", (schedule) => {
    const rates = all({ schedule, lr: 0.3 });
    for (const { head, backbone } of rates) expect(backbone).toBeCloseTo(head / 3, 12);
    const highest = Math.max(...rates.map(({ head }) => head));
    expect(highest).toBeGreaterThan(0.299);
    expect(highest).toBeLessThanOrEqual(0.3 + 1e-12);
  });

  it("one-cycle climbs for 30 % of the steps from a 25th, and moves momentum the other way", () => {
    const rates = all({ lr: 1 });
    expect(rates[0].head).toBeCloseTo(0.04, 12);
    expect(rates[0].momentum).toBe(0.95);
    expect(rates[29].head).toBe(1);
    expect(rates[29].momentum).toBeCloseTo(0.85, 12);
    expect(rates.at(-1)!.head).toBeLessThan(1e-5);
  });

  it("gives a rate to every update of a training, however short it and its warm-up are", () => {
    for (const schedule of Object.keys(RATE_SCHEDULES) as (keyof typeof RATE_SCHEDULES)[]) {
      for (const warmup of [undefined, 0, 0.05, 0.1, 0.5, 0.99]) {
        for (let updates = 1; updates <= 40; updates++) {
          const rates = ratesOf(completeRecipe("finetune", { schedule, warmup }), updates);
          for (let update = 0; update < updates; update++) {
            const { head, backbone, momentum } = rates(update);
            const about = `${schedule}, warm-up ${warmup}, update ${update} of ${updates}`;
            expect([head, backbone, momentum].every(Number.isFinite), about).toBe(true);
          }
        }
      }
    }
  });

  it("cosine ends near 0, step drops to a hundredth, constant stays; a warm-up goes before each", () => {
    expect(all({ schedule: "cosine", lr: 1 }).at(-1)!.head).toBeLessThan(0.01);
    expect(all({ schedule: "step", lr: 1 }).at(-1)!.head).toBeCloseTo(0.01, 12);
    expect(new Set(all({ schedule: "constant", lr: 1 }).map(({ head }) => head))).toEqual(new Set([1]));
    const warmed = all({ schedule: "constant", lr: 1, warmup: 0.1 }).map(({ head }) => head);
    expect(warmed.slice(0, 11)).toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1]);
  });
});

describe("docs/fine-tuning.md", () => {
  it("has a line for every option of the recipe, with its defaults", () => {
    const page = readFileSync(new URL("../../../docs/fine-tuning.md", import.meta.url), "utf8");
    const rows = new Map(
      [...page.matchAll(/^\| `(--[a-z-]+)` \| ([^|]+) \| ([^|]+) \|/gm)].map(([, flag, ...cells]) => [flag, cells]),
    );
    for (const [name, { finetune, scratch }] of Object.entries(RECIPE_OPTIONS)) {
      if (name === "augment") continue; // several flags, of which each has a line
      const flag = flagOf(name);
      expect(rows.has(flag), flag).toBe(true);
      if (finetune !== undefined) expect(rows.get(flag), flag).toEqual([`${finetune}`, `${scratch}`]);
    }
  });
});
