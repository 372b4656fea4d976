import type { Dataset } from "../data/dataset.js";
import type { Split } from "../data/split/explicit.js";
import { UserError } from "../errors.js";
import type { Backbone } from "../model/backbone.js";
import type { WorkOptions } from "../progress.js";
import { DEFAULT_SEED } from "../random.js";
import type { BackboneOptions } from "./options.js";
import { openBackboneOn } from "./prepare.js";

/**
 * The backbone whose preprocessing is looked at: as training would open it, from the training part, or from all images where
 * there is none. Without a wish, images that none can be made of are no error: then there is nothing to look at.
 */
export async function openInspectedBackbone(
  { samples }: Dataset,
  parts: Split,
  options: BackboneOptions & WorkOptions & { readonly seed?: number | undefined },
): Promise<Backbone | undefined> {
  const { backbone, seed = DEFAULT_SEED } = options;
  const train = samples.filter((_, i) => parts[i] === "train");
  const files = train.length > 0 ? train : samples;
  try {
    return await openBackboneOn(files, { ...options, seed });
  } catch (error) {
    if (backbone === undefined && error instanceof UserError && error.code === "bad-data") return undefined;
    throw error;
  }
}
