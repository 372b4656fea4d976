import { join } from "node:path";
import { UserError } from "../errors.js";
import type { Metrics } from "../learn/metrics/report.js";
import type { Backbone } from "../model/backbone.js";
import { makeBackbone } from "../model/backbones/make-backbone.js";
import { DEFAULT_SIZE_PX, openNetwork } from "../model/backbones/network.js";
import { BACKBONES } from "../model/backbones.js";
import type { LinearHead } from "../model/head-fit.js";
import { networkName } from "../model/networks.js";
import { type Model, readModel } from "../onnx/index.js";
import type { Head } from "../task.js";
import { type FinetunePlan, finetune } from "./finetune/finetune.js";
import type { History } from "./finetune/history.js";
import { type Beginning, completeRecipe, type Recipe, refitRecipe } from "./finetune/recipe.js";
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
  const part = (...names: readonly PlacedSample["part"][]) => {
    const chosen = placed.filter((sample) => names.includes(sample.part));
    return { samples: chosen.map(({ sample }) => sample), labels: labelMatrix(chosen, classes.length) };
  };
  const common = {
    preprocess: backbone.preprocess,
    classes,
    task,
    head,
    loss,
    classWeights,
    seed,
    runtime,
    threads,
    memoryLimit,
  };
  const work = { signal, onProgress, onWarning };
  const chosen = await finetune({
    ...common,
    ...work,
    network: readModel(backbone.model, { file: backbone.id }),
    start: frozen?.start,
    train: part("train"),
    validation: part("validation"),
    recipe,
    checkpoints: join(checkpoints, "chosen"),
    onPlan: options.onPlan,
  });
  const id = beginning === "finetune" ? `${backbone.id} fine-tuned` : backbone.id;
  const backboneOf = (network: Model) => makeBackbone(id, network, backbone.preprocess);
  // A network that nobody else has is not worth a cache.
  const embed = (samples: readonly PlacedSample[], network: Model) =>
    embedData(samples, backboneOf(network), { ...options, cache: undefined });
  const again = refitRecipe(recipe);
  const isRefitted = again.epochs > 0 && part("validation").samples.length > 0;
  const final = isRefitted
    ? await finetune({
        ...common,
        ...work,
        network: chosen.unfolded,
        start: { weights: chosen.layer.weights.data, bias: chosen.layer.bias.data },
        train: part("train", "validation"),
        validation: part(),
        recipe: again,
        checkpoints: join(checkpoints, "refit"),
      })
    : chosen;
  const embedded = await embed(data.placed, final.network);
  // Calibration and thresholds are of the network that had not seen the validation part.
  const judged = isRefitted
    ? await embed(
        placed.filter((sample) => sample.part === "validation"),
        chosen.network,
      )
    : embedded;
  const features = meanOverViews(judged.embeddings, judged.views, judged.backbone.embeddingSize, judged.rows.validation);
  const logits = await logitsOf({ weights: chosen.layer.weights.data, bias: chosen.layer.bias.data }, features);
  const weights = { weights: final.layer.weights.data, bias: final.layer.bias.data };
  const fit = { head: weights, l2: 0, grid: [], outOfFold: { rows: embedded.rows.validation, logits }, leftOut: 0 };
  const { layout, peakBytes, updates, resumedFrom, parameters, history } = chosen;
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
  /** The untouched backbone: a last layer of the training part alone, and what one of train and validation achieves. */
  readonly frozen?: { readonly start: LinearHead; readonly metrics: Metrics };
}

async function startFromBackbone(data: SplitData, head: Head, options: Options): Promise<Start> {
  const backbone = await openBackboneFor(data, options);
  const embedded = await embedData(data.placed, backbone, { ...options, views: 1, stage: "embed, frozen" });
  const { metrics } = await fitAndScore(data, embedded, head, { ...options, intervals: false });
  // What judges the training must not have taught its start.
  const without = { ...embedded, rows: { ...embedded.rows, validation: [] } };
  const alone = { ...options, outOfFold: false, intervals: false, onProgress: undefined };
  const { head: start } = (await fitAndScore(data, without, head, alone)).uncalibrated;
  return { beginning: "finetune", backbone, placed: embedded.placed, frozen: { start, metrics } };
}

async function startFromScratch(data: SplitData, _head: Head, options: Options): Promise<Start> {
  const name = networkName(options.network ?? "");
  const sizePx = options.preprocessing?.sizePx ?? DEFAULT_SIZE_PX;
  const backbone = await openNetwork(name, backboneContext(trainingSamples(data), options), { sizePx });
  return { beginning: "scratch", backbone, placed: data.placed };
}
