import { UserError } from "../errors.js";
import type { Metrics } from "../learn/metrics/report.js";
import type { Backbone } from "../model/backbone.js";
import { makeBackbone } from "../model/backbones/make-backbone.js";
import { DEFAULT_SIZE_PX, openNetwork } from "../model/backbones/network.js";
import { BACKBONES } from "../model/backbones.js";
import { networkName } from "../model/networks.js";
import { type Model, readModel } from "../onnx/index.js";
import type { Head } from "../task.js";
import { type FinetunePlan, finetune } from "./finetune/finetune.js";
import type { History } from "./finetune/history.js";
import { type Beginning, completeRecipe, type Recipe } from "./finetune/recipe.js";
import type { TrainOptions } from "./options.js";
import { labelMatrix, type PlacedSample } from "./parts.js";
import { backboneContext, type EmbeddedData, embedData, openBackboneFor, type SplitData, trainingSamples } from "./prepare.js";
import { logitsOf, meanOverViews } from "./score.js";
import { fitAndScore, type ScoredHead, scoreFit } from "./scored-head.js";

/** What is told of a training of a whole network. */
export interface NetworkTraining {
  readonly beginning: Beginning;
  readonly recipe: Recipe;
  readonly history: History;
  readonly plan: FinetunePlan;
  /** The same backbone untouched under a last layer of its own, on the test part: what the training started from. */
  readonly frozen?: Metrics;
}

/** Images embedded by the network that came out, its last layer scored, and how it came about. */
export interface TrainedWhole {
  readonly embedded: EmbeddedData;
  readonly scored: ScoredHead;
  readonly training: NetworkTraining;
}

type Options = TrainOptions & { readonly seed: number };

/** Whether more than the last layer is to be trained. @throws UserError `usage` for options that contradict each other */
export function trainsWhole({ finetune, network, backbone, embeddings, recipe }: TrainOptions): boolean {
  const whole = finetune === true || network !== undefined;
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
  if (whole && embeddings !== undefined) {
    refuse("--embeddings cannot go with --finetune or --network", "A network learns from images: leave --embeddings out.");
  }
  if (!whole && Object.values(recipe ?? {}).some((value) => value !== undefined)) {
    const given = Object.keys(recipe ?? {}).join(", ");
    refuse(`${given}: nothing of it applies to a last layer alone`, "Add --finetune or --network <name>.");
  }
  return whole;
}

/**
 * Trains a whole network: fine-tunes a backbone from the last layer that fits it best, or trains a network from scratch. Calibration
 * and thresholds come from the validation part, which no gradient has seen.
 *
 * @param checkpoints folder in which a training that is stopped leaves what it needs to go on
 * @throws UserError as `finetune`
 */
export async function trainWholeNetwork(
  data: SplitData,
  head: Head,
  options: Options,
  checkpoints: string,
): Promise<TrainedWhole> {
  const start = await (options.network === undefined ? startFromBackbone : startFromScratch)(data, head, options);
  const { backbone, beginning, placed, frozen } = start;
  const { task, classes } = data.dataset;
  const recipe = completeRecipe(beginning, options.recipe);
  const { loss, classWeights, seed, runtime, threads, memoryLimit, signal, onProgress, onWarning } = options;
  const part = (name: PlacedSample["part"]) => {
    const chosen = placed.filter((sample) => sample.part === name);
    return { samples: chosen.map(({ sample }) => sample), labels: labelMatrix(chosen, classes.length) };
  };
  const { network, layer, history, layout, peakBytes, updates, resumedFrom, parameters } = await finetune({
    network: networkOf(backbone),
    preprocess: backbone.preprocess,
    start: frozen && { weights: frozen.raw.weights, bias: frozen.raw.bias },
    train: part("train"),
    validation: part("validation"),
    classes,
    task,
    head,
    loss,
    classWeights,
    recipe,
    seed,
    checkpoints,
    runtime,
    threads,
    memoryLimit,
    onPlan: options.onPlan,
    signal,
    onProgress,
    onWarning,
  });
  const trained = makeBackbone(
    beginning === "finetune" ? `${backbone.id} fine-tuned` : backbone.id,
    network,
    backbone.preprocess,
  );
  // A network that nobody else has is not worth a cache.
  const embedded = await embedData(data.placed, trained, { ...options, cache: undefined });
  const rows = embedded.rows.validation;
  const features = meanOverViews(embedded.embeddings, embedded.views, trained.embeddingSize, rows);
  const weights = { weights: layer.weights.data, bias: layer.bias.data };
  const fit = { head: weights, l2: 0, grid: [], outOfFold: { rows, logits: await logitsOf(weights, features) }, leftOut: 0 };
  return {
    embedded,
    scored: await scoreFit(data, embedded, head, fit, options),
    training: {
      beginning,
      recipe,
      history,
      plan: { layout, peakBytes, updates, resumedFrom, parameters },
      ...(frozen && { frozen: frozen.metrics }),
    },
  };
}

interface Start {
  readonly beginning: Beginning;
  readonly backbone: Backbone;
  readonly placed: readonly PlacedSample[];
  /** The last layer of the untouched backbone, before calibration, and what it achieves. */
  readonly frozen?: { readonly raw: { readonly weights: Float32Array; readonly bias: Float32Array }; readonly metrics: Metrics };
}

async function startFromBackbone(data: SplitData, head: Head, options: Options): Promise<Start> {
  const backbone = await openBackboneFor(data, options);
  const embedded = await embedData(data.placed, backbone, { ...options, views: 1, stage: "embed, frozen" });
  const scored = await fitAndScore(data, embedded, head, { ...options, outOfFold: true, intervals: false });
  const { weights, bias } = scored.uncalibrated.head;
  return {
    beginning: "finetune",
    backbone,
    placed: embedded.placed,
    frozen: { raw: { weights, bias }, metrics: scored.metrics },
  };
}

async function startFromScratch(data: SplitData, _head: Head, options: Options): Promise<Start> {
  const name = networkName(options.network ?? "");
  const sizePx = options.preprocessing?.sizePx ?? DEFAULT_SIZE_PX;
  const backbone = await openNetwork(name, backboneContext(trainingSamples(data), options), { sizePx });
  return { beginning: "scratch", backbone, placed: data.placed };
}

function networkOf({ model, id }: Backbone): Model {
  return readModel(model, { file: id });
}
