import { readModel } from "../onnx/index.js";
import { DEFAULT_SEED } from "../random.js";
import { HEAD_OF_TASK } from "../task.js";
import { checkOptions } from "./check-options.js";
import { findLearningRate, type LearningRateOptions, type RateCurve } from "./finetune/learning-rate.js";
import { completeRecipe, RECIPE_OPTIONS } from "./finetune/recipe.js";
import { beginningOf, imagesOf, type StartOptions, startOfNetwork } from "./network-start.js";
import { openSplitData } from "./prepare.js";

/** What decides a training, and how far the rate rises. */
export type RateFinderOptions = Omit<StartOptions, "seed" | "onPlan"> &
  Pick<LearningRateOptions, "from" | "to" | "steps"> & { readonly seed?: number | undefined };

/** What `sigmax lr-find` tells. */
export interface FoundRate extends RateCurve {
  /** What the recipe takes where no rate is given. */
  readonly defaultRate: number;
  /** Rate of everything before the last layer, of that of the last layer: as it was tried. */
  readonly backboneRatio: number;
}

/**
 * Trains a network as `train` would with these options for some steps while the learning rate rises, and suggests the rate at which
 * the loss falls fastest.
 *
 * @throws UserError `usage` where no whole network is trained, and as `train`
 */
export async function findRate(options: RateFinderOptions): Promise<FoundRate> {
  checkOptions(options, ["data"]);
  const given = { ...options, seed: options.seed ?? DEFAULT_SEED, finetune: options.network === undefined ? true : undefined };
  beginningOf(given);
  const data = await openSplitData(given);
  const { task, classes } = data.dataset;
  const head = options.head ?? HEAD_OF_TASK[task];
  const { backbone, beginning, placed, frozen } = await startOfNetwork(data, head, given);
  const recipe = completeRecipe(beginning, options.recipe, head);
  const found = await findLearningRate({
    ...given,
    network: readModel(backbone.model, { file: backbone.id }),
    preprocess: backbone.preprocess,
    start: frozen?.start,
    train: imagesOf(placed, ["train"], classes.length),
    classes,
    task,
    head,
    recipe,
  });
  return { ...found, defaultRate: RECIPE_OPTIONS.lr[beginning], backboneRatio: recipe.lrBackbone / recipe.lr };
}
