import { freemem, platform, totalmem } from "node:os";
import { OPTIMIZERS } from "../learn/optimizers.js";
import { NETWORKS } from "../model/networks.js";
import { type AugmentOptions, DEFAULT_AUGMENT } from "../raster/augment/augmentations.js";
import type { FinetunePlan } from "../train/finetune/finetune.js";
import { gigabytes } from "../train/finetune/memory.js";
import { RATE_SCHEDULES } from "../train/finetune/rates.js";
import { HEAD_RECIPES, RECIPE_OPTIONS, type RecipeOptions } from "../train/finetune/recipe.js";
import { decimal, type Flag, type Input, integer } from "./command.js";

const shown = (name: keyof RecipeOptions): string => {
  const { finetune, scratch } = RECIPE_OPTIONS[name];
  return finetune === scratch ? `${finetune}` : `${finetune}; with --network ${scratch}`;
};
const count = integer(1, 1e6);
const share = decimal(0, 0.999_999);

/** What is trained beyond the last layer. */
export const NETWORK_FLAGS = {
  finetune: { describe: "train the whole backbone, not only the last layer; needs an ONNX --backbone" },
  network: {
    value: "name",
    choices: Object.keys(NETWORKS),
    describe: "train this network from scratch; --size is its input, 64 by default",
  },
  checkpointEvery: {
    value: "seconds",
    parse: decimal(0, 86_400),
    describe: "how often a whole network's training is saved, to go on from after a stop; 0: after every step",
    shownDefault: "30",
  },
  memory: {
    value: "GB",
    parse: decimal(0.1, 1e6),
    describe: "most that training a whole network may take: a batch that needs more is refused",
    shownDefault: "what is free",
  },
} as const satisfies Record<string, Flag>;

/** How long a network is trained and how its rates change on the way. */
const COURSE_FLAGS = {
  epochs: {
    value: "n",
    parse: count,
    describe: "how often each image is seen",
    shownDefault: `${HEAD_RECIPES.sigmoid.finetune.epochs} for several labels, ${shown("epochs")}`,
  },
  schedule: {
    value: "name",
    choices: Object.keys(RATE_SCHEDULES),
    describe: "how the rates change over the training",
    shownDefault: shown("schedule"),
  },
  warmup: {
    value: "share",
    parse: share,
    describe: "share of the steps in which the rates climb",
    shownDefault: "0.3 of one-cycle, 0.05 of cosine, 0 of the others",
  },
  ema: {
    value: "decay",
    parse: share,
    describe: "average the weights over the steps, like 0.99; 0: no",
    shownDefault: shown("ema"),
  },
  patience: {
    value: "epochs",
    parse: integer(0),
    describe: "stop after so many epochs without a lower validation loss; 0: never",
    shownDefault: shown("patience"),
  },
  refit: {
    value: "share",
    parse: share,
    describe: "of the epochs, once more on train and validation together, after validation has had its say; 0: none",
    shownDefault: shown("refit"),
  },
} as const satisfies Record<string, Flag>;

/** What decides a single step. */
export const STEP_FLAGS = {
  batch: { value: "n", parse: count, describe: "images at once", shownDefault: shown("batch") },
  accumulate: {
    value: "n",
    parse: count,
    describe: "batches to one update: more images without more memory",
    shownDefault: shown("accumulate"),
  },
  optimizer: {
    value: "name",
    choices: Object.keys(OPTIMIZERS),
    describe: "how weights follow gradients",
    shownDefault: shown("optimizer"),
  },
  lr: {
    value: "rate",
    parse: decimal(1e-9, 1e3),
    describe: "highest learning rate of the last layer; sigmax lr-find suggests one",
    shownDefault: shown("lr"),
  },
  lrBackbone: {
    value: "rate",
    parse: decimal(1e-9, 1e3),
    describe: "highest learning rate of the rest",
    shownDefault: "a third of --lr; with --network the same",
  },
  momentum: {
    value: "share",
    parse: share,
    describe: "of SGD (Nesterov's) and RMSprop; Adam's β₁",
    shownDefault: shown("momentum"),
  },
  weightDecay: {
    value: "rate",
    parse: decimal(0, 1e3),
    describe: "of weights, never of norms and biases",
    shownDefault: shown("weightDecay"),
  },
  labelSmoothing: {
    value: "share",
    parse: share,
    describe: "of each target, spread over all answers",
    shownDefault: shown("labelSmoothing"),
  },
  clip: { value: "length", parse: decimal(0), describe: "longest gradient; 0: any", shownDefault: shown("clip") },
  batchNorm: {
    value: "how",
    choices: ["batch", "frozen"],
    describe: "normalise by the batch, or as the backbone came",
    shownDefault: shown("batchNorm"),
  },
  batchNormMomentum: {
    value: "share",
    parse: decimal(1e-6, 1),
    describe: "of the running statistics that a batch replaces",
    shownDefault: shown("batchNormMomentum"),
  },
  mixup: {
    value: "alpha",
    parse: decimal(0, 100),
    describe: "mix images in pairs, like 0.2; 0: no",
    shownDefault: shown("mixup"),
  },
  cutmix: {
    value: "alpha",
    parse: decimal(0, 100),
    describe: "set a piece of one image into another, like 1; 0: no",
    shownDefault: shown("cutmix"),
  },
  crop: {
    value: "share",
    parse: decimal(0.01, 1),
    describe: "least side of the random crops, of the image's; 1: no crops",
    shownDefault: `${(DEFAULT_AUGMENT.crop?.minShare ?? 1).toFixed(2)}`,
  },
  brightness: { value: "share", parse: share, describe: "brighten and darken by up to this, like 0.2", shownDefault: "0" },
  contrast: { value: "share", parse: share, describe: "raise and lower contrast by up to this", shownDefault: "0" },
  cutout: { value: "share", parse: share, describe: "cover a square of this share of the side", shownDefault: "0" },
  noTurns: { describe: "no flips and rotations: for images with an upright" },
  freezeUntil: {
    value: "node|share",
    describe: "leave what comes before this node, or this share of the layers, as it is",
    shownDefault: "everything learns",
  },
} as const satisfies Record<string, Flag>;

/** How a network is trained: for --finetune and --network. */
export const RECIPE_FLAGS = { ...COURSE_FLAGS, ...STEP_FLAGS };

/** The flags that change the images at random. */
interface AugmentFlags {
  readonly crop?: number;
  readonly brightness?: number;
  readonly contrast?: number;
  readonly cutout?: number;
  readonly noTurns?: boolean;
}

/** The flags of RECIPE_FLAGS as a recipe; what was not given has its default. */
export function recipeOptions({ flags }: Input): RecipeOptions {
  const given = flags as RecipeOptions & AugmentFlags; // as the flags' parse gives them
  const names = Object.keys(RECIPE_OPTIONS) as (keyof RecipeOptions)[]; // its keys are those of Recipe
  const recipe = Object.fromEntries(names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])));
  return {
    ...recipe,
    ...(flags.freezeUntil !== undefined && { freezeUntil: nodeOrShare(String(flags.freezeUntil)) }),
    ...(AUGMENT_FLAGS.some((name) => given[name] !== undefined) && { augment: augmentOptions(given) }),
  };
}

const AUGMENT_FLAGS = ["crop", "brightness", "contrast", "cutout", "noTurns"] as const satisfies (keyof AugmentFlags)[];

function augmentOptions({ crop, brightness = 0, contrast = 0, cutout = 0, noTurns = false }: AugmentFlags): AugmentOptions {
  const cropped = crop === undefined ? DEFAULT_AUGMENT.crop : { minShare: crop, maxShare: 1 };
  const around = (share: number) => [1 - share, 1 + share] as const;
  return {
    ...(crop !== 1 && { crop: cropped }),
    ...(!noTurns && { turn: DEFAULT_AUGMENT.turn }),
    ...(brightness > 0 && { brightness: around(brightness) }),
    ...(contrast > 0 && { contrast: around(contrast) }),
    ...(cutout > 0 && { cutout: { share: cutout, fill: "mean" } }),
  };
}

/** A share has a point; nodes may have whole numbers for names. */
function nodeOrShare(text: string): string | number {
  return /^(0|\d*\.\d+)$/.test(text) ? Number(text) : text;
}

/** Bytes that training may take: what was said, or what this process has and may still get. */
export function memoryLimit({ flags }: Input): number {
  if (typeof flags.memory === "number") return flags.memory * 1e9;
  // macOS tells only what nothing uses at all, not what its caches would give back.
  if (platform() === "darwin") return totalmem();
  // The limit of a container is known to Node 20.13 and 22 on.
  const { availableMemory }: { availableMemory?: () => number } = process;
  return (availableMemory?.() ?? freemem()) + process.memoryUsage.rss();
}

/** What a training will take, in one line. */
export function describePlan({ updates, resumedFrom, parameters, peakBytes, layout }: FinetunePlan): string {
  const resumed = resumedFrom > 0 ? ` Going on after step ${resumedFrom}.` : "";
  return `Training ${parameters.toLocaleString("en")} parameters in ${updates} steps, ${layout} layout; about ${gigabytes(peakBytes)} of memory.${resumed}`;
}
