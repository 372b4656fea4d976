import type { Unreadable } from "../data/checks.js";
import { UserError } from "../errors.js";
import type { Metrics } from "../learn/metrics/report.js";
import type { Backbone } from "../model/backbone.js";
import { makeBackbone } from "../model/backbones/make-backbone.js";
import { DEFAULT_SIZE_PX, openNetwork } from "../model/backbones/network.js";
import { statsModel } from "../model/backbones/stats.js";
import { BACKBONES } from "../model/backbones.js";
import type { LinearHead } from "../model/head-fit.js";
import { networkName } from "../model/networks.js";
import type { Head } from "../task.js";
import { type Beginning, completeRecipe } from "./finetune/recipe.js";
import type { LabelledImages } from "./finetune/training.js";
import type { TrainOptions } from "./options.js";
import { labelMatrix, type PlacedSample } from "./parts.js";
import { backboneContext, type EmbeddedData, embedData, openBackboneFor, type SplitData, trainingSamples } from "./prepare.js";
import { fitAndScore, fitHead } from "./scored-head.js";

/** What a start is made from. */
export type StartOptions = Omit<TrainOptions, "out"> & { readonly seed: number };

/**
 * Where the training of a whole network begins; undefined where only the last layer is trained.
 *
 * @throws UserError `usage` for options that contradict each other, and as `completeRecipe`
 */
export function beginningOf({
  finetune,
  network,
  backbone,
  embeddings,
  recipe,
  head,
}: Pick<TrainOptions, "finetune" | "network" | "backbone" | "embeddings" | "recipe" | "head">): Beginning | undefined {
  const refuse = (message: string, hint: string) => {
    throw new UserError("usage", message, { hint });
  };
  if (finetune === true && network !== undefined) {
    refuse("--finetune and --network exclude each other", "A backbone is fine-tuned; a network is trained from scratch.");
  }
  if (network !== undefined && backbone !== undefined) {
    refuse(
      "--network and --backbone exclude each other",
      "--network trains from scratch; to start from a backbone, use --finetune.",
    );
  }
  if (finetune === true && (backbone === undefined || Object.hasOwn(BACKBONES, backbone))) {
    refuse(
      `the backbone ${backbone ?? "rcf"} has nothing to fine-tune`,
      "Give an ONNX network with --backbone <file>, or train one from scratch with --network chipnet.",
    );
  }
  const beginning = finetune === true ? "finetune" : network === undefined ? undefined : "scratch";
  if (beginning !== undefined && embeddings !== undefined) {
    refuse("--embeddings cannot go with --finetune or --network", "A network learns from images: leave --embeddings out.");
  }
  const given = Object.entries(recipe ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (beginning === undefined && given.length > 0) {
    refuse(
      `recipe (${given.join(", ")}): nothing of it applies to a last layer alone`,
      "Train a whole network, with finetune or network, or leave it out.",
    );
  }
  if (beginning === "scratch" && recipe?.batchNorm === "frozen") {
    refuse(
      "--batch-norm frozen: an untrained network has no statistics that could be kept",
      "Leave it out, or start from a trained backbone with --finetune.",
    );
  }
  // Wrong options are told before any image is read.
  if (beginning !== undefined) completeRecipe(beginning, recipe, head);
  if (network !== undefined) networkName(network);
  return beginning;
}

/** What is trained, before any image has gone through it. */
export interface OpenedNetwork {
  readonly beginning: Beginning;
  readonly backbone: Backbone;
}

/** Where the training of a whole network begins. */
export interface NetworkStart extends OpenedNetwork {
  /** The samples whose image can be read, in dataset order. */
  readonly placed: readonly PlacedSample[];
  /** The others. They have been warned of. */
  readonly unreadable: readonly Unreadable[];
  /**
   * The untouched backbone: a last layer of one view of the training part alone, and what one of train and validation achieves with
   * as many views as the classifier averages.
   */
  readonly frozen?: { readonly start: LinearHead; readonly metrics: Metrics };
}

/** Opens the backbone that is to be fine-tuned, or the network that is to be trained from scratch. */
export async function openNetworkFor(data: SplitData, options: StartOptions): Promise<OpenedNetwork> {
  if (options.network === undefined) return { beginning: "finetune", backbone: await openBackboneFor(data, options) };
  const name = networkName(options.network);
  const sizePx = options.preprocessing?.sizePx ?? DEFAULT_SIZE_PX;
  const backbone = await openNetwork(name, backboneContext(trainingSamples(data), options), { sizePx });
  return { beginning: "scratch", backbone };
}

/** Looks at every image once: where a backbone is fine-tuned, through its eyes, to fit the last layer that it begins with. */
export function startOfNetwork(data: SplitData, head: Head, opened: OpenedNetwork, options: StartOptions): Promise<NetworkStart> {
  return opened.beginning === "finetune"
    ? startFromBackbone(data, head, opened, options)
    : startFromScratch(data, opened, options);
}

/** The images of some parts, with their labels. */
export function imagesOf(
  placed: readonly PlacedSample[],
  parts: readonly PlacedSample["part"][],
  classes: number,
): LabelledImages {
  const chosen = placed.filter(({ part }) => parts.includes(part));
  return { samples: chosen.map(({ sample }) => sample), labels: labelMatrix(chosen, classes) };
}

async function startFromBackbone(
  data: SplitData,
  head: Head,
  opened: OpenedNetwork,
  options: StartOptions,
): Promise<NetworkStart> {
  const embedded = await embedData(data.placed, opened.backbone, { ...options, stage: "embed, frozen" });
  const { metrics } = await fitAndScore(data, embedded, head, { ...options, intervals: false });
  // What judges the training must not have taught its start.
  const without = { ...firstView(embedded), rows: { ...embedded.rows, validation: [] } };
  const { head: start } = await fitHead(data, without, head, { ...options, outOfFold: false, onProgress: undefined });
  const { placed, unreadable } = embedded;
  return { ...opened, placed, unreadable, frozen: { start, metrics } };
}

/** The embeddings of the images as they stand, which is how a training sees them but for its augmentation. */
function firstView(embedded: EmbeddedData): EmbeddedData {
  const { views, embeddings, backbone, placed } = embedded;
  if (views === 1) return embedded;
  const size = backbone.embeddingSize;
  const first = new Float32Array(placed.length * size);
  for (let row = 0; row < placed.length; row++) {
    first.set(embeddings.subarray(row * views * size, (row * views + 1) * size), row * size);
  }
  return { ...embedded, views: 1, embeddings: first };
}

async function startFromScratch(data: SplitData, opened: OpenedNetwork, options: StartOptions): Promise<NetworkStart> {
  // Every image is decoded once, so that one that cannot be is told of now and not while the network learns.
  const { preprocess } = opened.backbone;
  const looking = makeBackbone("stats", statsModel(preprocess), preprocess);
  const { placed, unreadable } = await embedData(data.placed, looking, { ...options, views: 1, stage: "read images" });
  return { ...opened, placed, unreadable };
}
