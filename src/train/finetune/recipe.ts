import { flagOf, nearest, UserError } from "../../errors.js";
import { checkMix } from "../../learn/mixing.js";
import { OPTIMIZERS, type OptimizerName } from "../../learn/optimizers.js";
import { type AugmentOptions, checkAugment, DEFAULT_AUGMENT } from "../../raster/augment/augmentations.js";
import type { Head } from "../../task.js";
import { RATE_SCHEDULES, type RateSchedule } from "./rates.js";

/** Where a training begins: at a network that was trained before, or at random weights. */
export type Beginning = "finetune" | "scratch";

/** Everything that decides how a network is trained, apart from the data, the network and the head. */
export interface Recipe {
  /** How often each image is seen. */
  readonly epochs: number;
  /** Images that go through the network at once: normalisation by the batch is of these. */
  readonly batch: number;
  /** Batches that make one update: more images without more memory. */
  readonly accumulate: number;
  readonly optimizer: OptimizerName;
  /** Highest learning rate of the last layer. */
  readonly lr: number;
  /** Highest learning rate of everything else. A third of `lr` when fine-tuning, `lr` from scratch. */
  readonly lrBackbone: number;
  /** What holds of a gradient for the next step (Adam: β₁); the one-cycle schedule moves it between 0.85 and 0.95. */
  readonly momentum: number;
  /** Of weights; norms and biases do not decay. */
  readonly weightDecay: number;
  readonly schedule: RateSchedule;
  /** Share of the steps in which the rates climb; left out, that of the schedule. */
  readonly warmup: number | undefined;
  /** Share of each target that is spread over all answers. */
  readonly labelSmoothing: number;
  /** Longest gradient, over all parameters; 0: any. */
  readonly clip: number;
  /** Decay of an average of the weights over the steps, which then takes their place; 0: none. */
  readonly ema: number;
  /** Normalise by the batch and move the running statistics, or keep to those of the start. */
  readonly batchNorm: "batch" | "frozen";
  /** Share of the running statistics that a batch replaces; at least as much as lets one epoch replace most of them. */
  readonly batchNormMomentum: number;
  /** `{}`: none. */
  readonly augment: AugmentOptions;
  /** α of mixup; 0: none. */
  readonly mixup: number;
  /** α of cutmix; 0: none. */
  readonly cutmix: number;
  /** Epochs without a lower validation loss after which the training ends; 0: never. */
  readonly patience: number;
  /**
   * Share of the epochs that follow on train and validation together, at a tenth of the rates, once validation has chosen the weights
   * and told how sure they may be; 0: none.
   */
  readonly refit: number;
  /** Only what is first used at or after this node (or share of the learned layers) learns. */
  readonly freezeUntil: string | number | undefined;
}

interface Row<Value> {
  readonly finetune: Value;
  readonly scratch: Value;
  /** What would be right, where a value is not. */
  readonly wants: (value: Value) => string | undefined;
}

const when = (isRight: boolean, wanted: string) => (isRight ? undefined : wanted);
const count = (value: number) => when(Number.isSafeInteger(value) && value >= 1, "a whole number from 1 on");
const wholeOrZero = (value: number) => when(Number.isSafeInteger(value) && value >= 0, "a whole number from 0 on");
const positive = (value: number) => when(value > 0 && value < Number.POSITIVE_INFINITY, "a number above 0");
const notNegative = (value: number) => when(value >= 0 && value < Number.POSITIVE_INFINITY, "a number from 0 on");
const share = (value: number) => when(value >= 0 && value < 1, "a number from 0 up to, but not, 1");
const oneOf =
  (names: readonly string[]) =>
  (value: string): string | undefined =>
    when(names.includes(value), names.join(", "));

/**
 * Every option of a recipe with its defaults. The rates, the schedule, the crops and the momentum of the normalisation are those of
 * the reference training that the benchmark repeats in PyTorch (bench/README.md).
 */
export const RECIPE_OPTIONS: { readonly [Name in keyof Recipe]: Row<Recipe[Name]> } = {
  epochs: { finetune: 15, scratch: 40, wants: count },
  batch: { finetune: 32, scratch: 32, wants: count },
  accumulate: { finetune: 1, scratch: 1, wants: count },
  optimizer: { finetune: "adamw", scratch: "adamw", wants: oneOf(Object.keys(OPTIMIZERS)) },
  lr: { finetune: 3e-3, scratch: 3e-3, wants: positive },
  lrBackbone: { finetune: 1e-3, scratch: 3e-3, wants: positive },
  momentum: { finetune: 0.9, scratch: 0.9, wants: share },
  weightDecay: { finetune: 0.01, scratch: 0.01, wants: notNegative },
  schedule: { finetune: "one-cycle", scratch: "one-cycle", wants: oneOf(Object.keys(RATE_SCHEDULES)) },
  warmup: { finetune: undefined, scratch: undefined, wants: (value) => (value === undefined ? undefined : share(value)) },
  labelSmoothing: { finetune: 0.1, scratch: 0.1, wants: share },
  clip: { finetune: 1, scratch: 1, wants: notNegative },
  ema: { finetune: 0, scratch: 0, wants: share },
  batchNorm: { finetune: "batch", scratch: "batch", wants: oneOf(["batch", "frozen"]) },
  batchNormMomentum: {
    finetune: 0.05,
    scratch: 0.1,
    wants: (value) => when(value > 0 && value <= 1, "a number above 0, up to 1"),
  },
  augment: { finetune: DEFAULT_AUGMENT, scratch: DEFAULT_AUGMENT, wants: () => undefined },
  mixup: { finetune: 0, scratch: 0, wants: notNegative },
  cutmix: { finetune: 0, scratch: 0, wants: notNegative },
  patience: { finetune: 0, scratch: 0, wants: wholeOrZero },
  refit: { finetune: 0.2, scratch: 0.2, wants: share },
  freezeUntil: {
    finetune: undefined,
    scratch: undefined,
    wants: (value) =>
      typeof value === "number"
        ? when(value >= 0 && value < 1, "the name of a node, or a share from 0 up to, but not, 1")
        : undefined,
  },
};

/** Options as somebody gives them: what is undefined has its default. */
export type RecipeOptions = { readonly [Name in keyof Recipe]?: Recipe[Name] | undefined };

/** Where a head has a default of its own: why 30 epochs for several labels, docs/decisions/0022-fine-tuning.md. */
export const HEAD_RECIPES: Readonly<Record<Head, Readonly<Record<Beginning, RecipeOptions>>>> = {
  softmax: { finetune: {}, scratch: {} },
  sigmoid: { finetune: { epochs: 30 }, scratch: {} },
};

/**
 * Fills in what was not given and checks what was.
 *
 * @throws UserError `usage` naming the option, its value and what would be right
 */
export function completeRecipe(beginning: Beginning, options: RecipeOptions = {}, head: Head = "softmax"): Recipe {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(RECIPE_OPTIONS, name)) continue;
    const meant = nearest(name, Object.keys(RECIPE_OPTIONS));
    throw new UserError("usage", `a recipe has no "${name}"${meant ? `; did you mean "${meant}"?` : ""}`, {
      hint: `Its options are ${Object.keys(RECIPE_OPTIONS).join(", ")}.`,
    });
  }
  const chosen = <Name extends keyof Recipe>(name: Name): Recipe[Name] => {
    const row: Row<Recipe[Name]> = RECIPE_OPTIONS[name];
    const ofHead = HEAD_RECIPES[head][beginning][name];
    const usual = ofHead === undefined ? row[beginning] : (ofHead as Recipe[Name]); // undefined was just ruled out
    const given = options[name];
    const value = given === undefined ? usual : (given as Recipe[Name]); // likewise
    const wanted = row.wants(value);
    if (wanted === undefined) return value;
    throw new UserError("usage", `${flagOf(name)} ${value}: ${wanted} would be right`, {
      hint: `Correct it, or leave it out${usual === undefined ? "" : `: the default is ${usual}`}.`,
    });
  };
  const lr = chosen("lr");
  // Somebody who changes one rate means both to keep their ratio.
  const ratio = RECIPE_OPTIONS.lrBackbone[beginning] / RECIPE_OPTIONS.lr[beginning];
  const recipe: Recipe = {
    epochs: chosen("epochs"),
    batch: chosen("batch"),
    accumulate: chosen("accumulate"),
    optimizer: chosen("optimizer"),
    lr,
    lrBackbone: options.lrBackbone === undefined ? lr * ratio : chosen("lrBackbone"),
    momentum: chosen("momentum"),
    weightDecay: chosen("weightDecay"),
    schedule: chosen("schedule"),
    warmup: chosen("warmup"),
    labelSmoothing: chosen("labelSmoothing"),
    clip: chosen("clip"),
    ema: chosen("ema"),
    batchNorm: chosen("batchNorm"),
    batchNormMomentum: chosen("batchNormMomentum"),
    augment: chosen("augment"),
    mixup: chosen("mixup"),
    cutmix: chosen("cutmix"),
    patience: chosen("patience"),
    refit: chosen("refit"),
    freezeUntil: chosen("freezeUntil"),
  };
  checkAugment(recipe.augment);
  checkMix(mixOf(recipe));
  return recipe;
}

/** The recipe of the epochs after those that validation has judged. */
export function refitRecipe(recipe: Recipe): Recipe {
  return {
    ...recipe,
    epochs: Math.round(recipe.refit * recipe.epochs),
    lr: REFIT_RATE * recipe.lr,
    lrBackbone: REFIT_RATE * recipe.lrBackbone,
    patience: 0,
  };
}

/** Enough to take in images that are like those already known, too little to forget. */
const REFIT_RATE = 0.1;

/** How a recipe mixes images, as the batch loader takes it. */
export function mixOf({ mixup, cutmix }: Pick<Recipe, "mixup" | "cutmix">): { mixup?: number; cutmix?: number } {
  return { ...(mixup > 0 && { mixup }), ...(cutmix > 0 && { cutmix }) };
}
