import { readModel } from "../onnx/index.js";
import { DEFAULT_SEED } from "../random.js";
import { HEAD_OF_TASK } from "../task.js";
import { checkOptions } from "./check-options.js";
import { findLearningRate, type LearningRateOptions, type RateCurve } from "./finetune/learning-rate.js";
import { completeRecipe, RECIPE_OPTIONS } from "./finetune/recipe.js";
import { prepareTraining } from "./finetune/training.js";
import { beginningOf, imagesOf, openNetworkFor, type StartOptions, startOfNetwork } from "./network-start.js";
import type { PlacedSample } from "./parts.js";
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
  const opened = await openNetworkFor(data, given);
  const { backbone, beginning } = opened;
  const recipe = completeRecipe(beginning, options.recipe, head);
  const network = readModel(backbone.model, { file: backbone.id });
  const common = { ...given, network, preprocess: backbone.preprocess, classes, task, head, recipe };
  const trained = (placed: readonly PlacedSample[]) => imagesOf(placed, ["train"], classes.length);
  // What would be refused is refused before any image goes through the network.
  const { layout } = await prepareTraining({ ...common, train: trained(data.placed), onWarning: undefined }, []);
  const { placed, frozen } = await startOfNetwork(data, head, opened, given);
  const found = await findLearningRate({ ...common, layout, start: frozen?.start, train: trained(placed) });
  return { ...found, defaultRate: RECIPE_OPTIONS.lr[beginning], backboneRatio: recipe.lrBackbone / recipe.lr };
}
