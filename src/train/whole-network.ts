import { join } from "node:path";
import type { Metrics } from "../learn/metrics/report.js";
import { makeBackbone } from "../model/backbones/make-backbone.js";
import type { LinearHead } from "../model/head-fit.js";
import { type HeadLayer, type Model, readModel } from "../onnx/index.js";
import type { Head } from "../task.js";
import { type FinetunePlan, finetune } from "./finetune/finetune.js";
import type { History } from "./finetune/history.js";
import { type Beginning, completeRecipe, type Recipe, refitRecipe } from "./finetune/recipe.js";
import { imagesOf, startOfNetwork } from "./network-start.js";
import type { TrainOptions } from "./options.js";
import type { PlacedSample } from "./parts.js";
import { type EmbeddedData, embedData, type SplitData } from "./prepare.js";
import { logitsOf, meanOverViews } from "./score.js";
import { type ScoredHead, scoreFit } from "./scored-head.js";

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
  const { backbone, beginning, placed, frozen } = await startOfNetwork(data, head, options);
  const { task, classes } = data.dataset;
  const recipe = completeRecipe(beginning, options.recipe);
  const { loss, classWeights, seed, runtime, threads, memoryLimit, signal, onProgress, onWarning } = options;
  const part = (...parts: readonly PlacedSample["part"][]) => imagesOf(placed, parts, classes.length);
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
    discardOther: options.force,
    checkpointSeconds: options.checkpointSeconds,
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
        start: linearHead(chosen.layer),
        train: part("train", "validation"),
        validation: part(),
        recipe: again,
        stage: "refit",
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
  const logits = await logitsOf(linearHead(chosen.layer), features);
  const fit = {
    head: linearHead(final.layer),
    l2: 0,
    grid: [],
    outOfFold: { rows: embedded.rows.validation, logits },
    leftOut: 0,
  };
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

function linearHead({ weights, bias }: HeadLayer): LinearHead {
  return { weights: weights.data, bias: bias.data };
}
