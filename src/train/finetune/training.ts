import { availableParallelism } from "node:os";
import { UserError } from "../../errors.js";
import type { LinearHead } from "../../model/head-fit.js";
import { foldShapes } from "../../onnx/fold-shapes.js";
import type { Layout } from "../../onnx/layouts.js";
import { graphOf, type Model } from "../../onnx/model.js";
import { namedWeights } from "../../onnx/named-weights.js";
import { appendLogits, type HeadLayer, IMAGE } from "../../onnx/surgery.js";
import type { TrainingStep } from "../../onnx/training-step.js";
import { tensorTypeOf } from "../../onnx/types.js";
import type { WorkOptions } from "../../progress.js";
import { createRandom, DEFAULT_SEED } from "../../random.js";
import type { Preprocess } from "../../raster/preprocess.js";
import { probeLayout } from "../../runtime/layout.js";
import type { RuntimeChoice } from "../../runtime/session.js";
import type { Head, HeadLoss, Task } from "../../task.js";
import { float32, sizeOf } from "../../tensor.js";
import type { NamedFile } from "../image-files.js";
import { type BatchLoader, openBatchLoader } from "./batch-loader.js";
import type { BatchPlace } from "./batch-order.js";
import { refuseUnsavable } from "./checkpoint-size.js";
import { decodedBytes, KEPT_BYTES } from "./kept-images.js";
import { learnedAfter } from "./learned.js";
import { peakBytes, refuseTooLarge } from "./memory.js";
import { mixOf, type Recipe } from "./recipe.js";
import { classifierStep } from "./step.js";
import { openTargets, type Targets } from "./targets.js";

/** Images with their labels. */
export interface LabelledImages {
  readonly samples: readonly NamedFile[];
  /** `[N, K]` of 1, 0 and −1 (unknown). */
  readonly labels: Int8Array;
}

/** What is trained, on what, and how. */
export interface TrainingOptions extends WorkOptions {
  /** An embedding model: `image` `[N, C, H, W]` in source range to `embedding` `[N, D]`. */
  readonly network: Model;
  readonly preprocess: Preprocess;
  /** The last layer to begin with; drawn at random where there is none. */
  readonly start?: LinearHead | undefined;
  readonly train: LabelledImages;
  readonly classes: readonly string[];
  readonly task: Task;
  readonly head: Head;
  /** The tensors that learn. Default: those that the recipe does not freeze. */
  readonly learns?: readonly string[] | undefined;
  /** Default cross-entropy. */
  readonly loss?: HeadLoss | undefined;
  readonly classWeights?: "none" | "balanced" | undefined;
  /** See `completeRecipe`. */
  readonly recipe: Recipe;
  /** Order, augmentation, mixing and a last layer that is drawn. */
  readonly seed?: number | undefined;
  /** The fastest that works here by default. */
  readonly layout?: Layout | undefined;
  readonly runtime?: RuntimeChoice | undefined;
  /** Threads of the training; all cores by default. The same number gives the same bytes. */
  readonly threads?: number | undefined;
  /** Bytes that the process may have in use. Default: any number. */
  readonly memoryLimit?: number | undefined;
  /** Bytes that a checkpoint may have. Default: any number. */
  readonly checkpointLimit?: number | undefined;
}

/** A training that is ready to begin. */
export interface Training {
  /** As given, but for batches that cannot be filled. */
  readonly recipe: Recipe;
  readonly layout: Layout;
  /** The last layer to begin with. */
  readonly start: HeadLayer;
  readonly step: TrainingStep;
  readonly targets: Targets;
  /** Estimate of the most memory that the process has in use. */
  readonly peakBytes: number;
  openLoader(place: BatchPlace): Promise<BatchLoader>;
}

/** Updates of the weights in one pass over so many images. What fills no whole update is left out. */
export function updatesPerEpoch({ batch, accumulate }: Pick<Recipe, "batch" | "accumulate">, images: number): number {
  return Math.floor(Math.floor(images / batch) / accumulate);
}

const AHEAD = 3;

/**
 * Makes the step of a training and everything that follows from its options.
 *
 * @param judged images that are judged beside it
 * @throws UserError `bad-model`, `limit`, `bad-data` and `usage`, before anything has been decoded or run
 */
export async function prepareTraining(options: TrainingOptions, judged: readonly NamedFile[]): Promise<Training> {
  const { network, preprocess, train, head, loss, runtime, threads, seed = DEFAULT_SEED, signal, onWarning } = options;
  const { bands, heightPx, widthPx } = preprocess;
  const classes = options.classes.length;
  const recipe = checkedRecipe(options);
  const layout = options.layout ?? (await probeLayout({ runtime, threads }));
  const start = startLayer(options, seed);
  const model = appendLogits(namedWeights(network), start);
  const parameters =
    options.learns ?? learnedAfter(appendLogits(network, start), recipe.freezeUntil, { onWarning }).map(({ name }) => name);
  const { batchNorm } = recipe;
  // Statistics that lag behind the weights by epochs judge another network: with few steps an epoch each must count for more.
  const steps = Math.floor(train.samples.length / recipe.batch);
  const batchNormMomentum = Math.min(1, Math.max(recipe.batchNormMomentum, 1 / Math.max(2, steps)));
  const inputShape = [bands.length, heightPx, widthPx];
  const stepOf = (batch: number): TrainingStep => {
    const image = [batch, ...inputShape];
    return classifierStep({
      network: model,
      inputShape: image,
      classes,
      head,
      loss,
      parameters,
      batchNorm,
      batchNormMomentum,
      layout,
    });
  };
  const step = stepOf(recipe.batch);

  const workers = Math.max(1, Math.floor(availableParallelism() / 4));
  const keptBytes =
    (await decodedBytes(train.samples, { limit: KEPT_BYTES.train, workers, signal })) +
    (await decodedBytes(judged, { limit: KEPT_BYTES.validation, workers: 1, signal }));
  const peakOf = ({ batch, accumulate }: Pick<Recipe, "batch" | "accumulate">) =>
    peakBytes({
      step: batch === recipe.batch ? step : stepOf(batch),
      judging: judged.length > 0 ? foldShapes(model, { [IMAGE]: [Math.min(batch, judged.length), ...inputShape] }) : undefined,
      recipe: { ...recipe, accumulate },
      ahead: AHEAD,
      workers: workers + (judged.length > 0 ? 1 : 0),
      keptBytes,
    });
  if (options.checkpointLimit !== undefined) {
    const updates = recipe.epochs * updatesPerEpoch(recipe, train.samples.length);
    refuseUnsavable({ step, recipe, updates, isJudged: judged.length > 0 }, options.checkpointLimit);
  }
  if (options.memoryLimit !== undefined) refuseTooLarge(peakOf, recipe, options.memoryLimit);

  return {
    recipe,
    layout,
    start,
    step,
    targets: openTargets({
      labels: train.labels,
      classes,
      head,
      classWeights: options.classWeights,
      labelSmoothing: recipe.labelSmoothing,
      images: recipe.batch * recipe.accumulate,
    }),
    peakBytes: peakOf(recipe),
    openLoader: (place) =>
      openBatchLoader({
        samples: train.samples,
        preprocess,
        batch: recipe.batch,
        augment: recipe.augment,
        mix: mixOf(recipe),
        seed,
        start: place,
        threads: workers,
        ahead: AHEAD,
        keepBytes: KEPT_BYTES.train,
        signal,
        onWarning,
      }),
  };
}

/** A recipe whose batches so many images, at least one, can fill. */
export function fittingRecipe(recipe: Recipe, images: number): Recipe {
  const batch = Math.min(recipe.batch, images);
  return { ...recipe, batch, accumulate: Math.min(recipe.accumulate, Math.floor(images / batch)) };
}

/** The recipe with batches that can be filled. @throws UserError `bad-data` when there is nothing to learn from */
function checkedRecipe({ recipe, train, onWarning }: TrainingOptions): Recipe {
  const count = train.samples.length;
  if (count === 0) {
    throw new UserError("bad-data", "there are no training images", { hint: "Give labelled images, or another --split." });
  }
  const fitting = fittingRecipe(recipe, count);
  const [seen, wanted] = [fitting, recipe].map(({ batch, accumulate }) => batch * accumulate);
  if (seen < wanted) onWarning?.(`The training part has ${count} images: an update sees ${seen} of them instead of ${wanted}.`);
  return fitting;
}

/** The last layer to begin with. */
function startLayer({ network, start, classes, head }: TrainingOptions, seed: number): HeadLayer {
  const size = Number(tensorTypeOf(graphOf(network).output[0])?.shape?.[1]);
  if (!Number.isSafeInteger(size)) {
    throw new UserError("bad-model", "the network does not say how many numbers its embedding has", {
      hint: "Export it with fixed sizes but for the batch.",
    });
  }
  const shape = [classes.length, size];
  if (start) return { weights: float32(shape, start.weights), bias: float32([classes.length], start.bias), head };
  // Uniform within ±1/√D, as PyTorch's linear layer.
  const random = createRandom(seed, "last layer");
  const draw = () => (2 * random.next() - 1) / Math.sqrt(size);
  return {
    weights: float32(shape, Float32Array.from({ length: sizeOf(shape) }, draw)),
    bias: float32([classes.length], Float32Array.from(classes, draw)),
    head,
  };
}
