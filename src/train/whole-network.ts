import { join } from "node:path";
import type { Dataset } from "../data/dataset.js";
import { UserError } from "../errors.js";
import type { Metrics } from "../learn/metrics/report.js";
import { makeBackbone } from "../model/backbones/make-backbone.js";
import type { LinearHead } from "../model/head-fit.js";
import { type HeadLayer, readModel } from "../onnx/index.js";
import { HEADLINES, wordsOf } from "../report/metric-words.js";
import type { Head } from "../task.js";
import { MAX_CHECKPOINT_BYTES, refuseOther } from "./finetune/checkpoint.js";
import { type FinetuneOptions, type FinetunePlan, type FinetuneResult, finetune } from "./finetune/finetune.js";
import { settingsFingerprint } from "./finetune/fingerprint.js";
import type { History } from "./finetune/history.js";
import { type Beginning, completeRecipe, type Recipe, refitRecipe } from "./finetune/recipe.js";
import { fittingRecipe, type LabelledImages, prepareTraining, updatesPerEpoch } from "./finetune/training.js";
import { imagesOf, openNetworkFor, startOfNetwork } from "./network-start.js";
import type { TrainOptions } from "./options.js";
import type { PlacedSample } from "./parts.js";
import { type EmbeddedData, embedData, type SplitData } from "./prepare.js";
import { logitsOf, meanOverViews } from "./score.js";
import { type ScoredHead, scoreFit } from "./scored-head.js";

/** What is told of a training of a whole network. */
export interface NetworkTraining {
  readonly beginning: Beginning;
  readonly recipe: Recipe;
  /** Until validation had chosen the weights. */
  readonly history: History;
  /** What followed on train and validation together, where anything did. */
  readonly refit?: History;
  /** Its updates are those of both. */
  readonly plan: Omit<FinetunePlan, "resumedFrom">;
  /** The same backbone untouched under a last layer of its own, on the test part: what the training started from. */
  readonly frozen?: Metrics;
}

/** Images embedded by the network that came out, its last layer scored, and how it came about. */
export interface TrainedWhole {
  readonly embedded: EmbeddedData;
  readonly scored: ScoredHead;
  readonly training: NetworkTraining;
}

/** Folder, among the checkpoints, of the training by which validation chooses the weights. */
const CHOSEN = "chosen";

type Options = TrainOptions & { readonly seed: number };

/** What lies beside a training. */
export interface Beside {
  /** Folder in which a training that is stopped leaves what it needs to go on. */
  readonly checkpoints: string;
  /** Bytes that a checkpoint may have. Default: as many as can be read again. */
  readonly checkpointLimit?: number | undefined;
  /** Told once the same training would go on from what is saved. */
  readonly onSaved?: (() => void) | undefined;
  /** Told of checkpoints that are passed over, which says nothing of the result. */
  readonly onNotice?: ((message: string) => void) | undefined;
}

/**
 * Trains a whole network: fine-tunes a backbone from the last layer that fits it best, or trains a network from scratch. Calibration
 * and thresholds come from the validation part, which no gradient has seen.
 *
 * @throws UserError `usage` for a goal of thresholds without a validation part, and as `finetune`
 */
export async function trainWholeNetwork(data: SplitData, head: Head, options: Options, beside: Beside): Promise<TrainedWhole> {
  checkJudges(data.counts.validation, options);
  const opened = await openNetworkFor(data, options);
  const { beginning, backbone } = opened;
  const recipe = completeRecipe(beginning, options.recipe, head);
  const { task, classes } = data.dataset;
  const { loss, classWeights, seed, runtime, threads, memoryLimit, signal, onWarning } = options;
  const network = readModel(backbone.model, { file: backbone.id });
  const { preprocess, normalize } = backbone;
  const { checkpointLimit = MAX_CHECKPOINT_BYTES } = beside;
  const about = { network, preprocess, classes, task, head, loss, classWeights, recipe, seed };
  const common = { ...about, runtime, threads, checkpointLimit, signal };
  const imagesIn = (from: readonly PlacedSample[], ...parts: PlacedSample["part"][]) => imagesOf(from, parts, classes.length);
  // What would be refused is refused before any image goes through the network.
  const { samples } = imagesIn(data.placed, "validation");
  const { layout } = await prepareTraining({ ...common, train: imagesIn(data.placed, "train"), memoryLimit }, samples);
  if (options.force !== true) refuseOther(join(beside.checkpoints, CHOSEN), settingsFingerprint(common, layout));

  const start = await startOfNetwork(data, head, opened, options);
  const { placed, frozen } = start;
  const validation = imagesIn(placed, "validation");
  if (validation.samples.length < data.counts.validation) checkJudges(validation.samples.length, options);
  const { chosen, refit } = await trainThenRefit(
    {
      ...common,
      layout,
      start: frozen?.start,
      train: imagesIn(placed, "train"),
      validation,
      memoryLimit,
      discardOther: options.force,
      checkpointSeconds: options.checkpointSeconds,
      onProgress: options.onProgress,
      onPlan: options.onPlan,
      onWarning,
      onNotice: beside.onNotice,
    },
    imagesIn(placed, "train", "validation"),
    beside,
  );

  const id = beginning === "finetune" ? `${backbone.id} fine-tuned` : backbone.id;
  // A network that nobody else has is not worth a cache.
  const embed = (images: readonly PlacedSample[], { network }: FinetuneResult) =>
    embedData(images, { ...makeBackbone(id, network, preprocess), normalize }, { ...options, cache: undefined });
  const final = refit ?? chosen;
  const found = await embed(placed, final);
  const embedded = { ...found, unreadable: [...start.unreadable, ...found.unreadable] };
  // Calibration and thresholds are of the network that had not seen the validation part.
  const part = (sample: PlacedSample) => sample.part === "validation";
  const judged = refit ? await embed(placed.filter(part), chosen) : embedded;
  const features = meanOverViews(judged.embeddings, judged.views, judged.backbone.embeddingSize, judged.rows.validation);
  const logits = await logitsOf(linearHead(chosen.layer), features);
  const outOfFold = { rows: embedded.rows.validation, logits };
  const scored = await scoreFit(
    data,
    embedded,
    head,
    { head: linearHead(final.layer), l2: 0, grid: [], outOfFold, leftOut: 0 },
    options,
  );
  if (frozen) warnIfWorse(data.dataset, scored.metrics, frozen.metrics, onWarning);
  const { peakBytes, parameters, history } = chosen;
  const updates = history.updates.length + (refit?.history.updates.length ?? 0);
  return {
    embedded,
    scored,
    training: {
      beginning,
      recipe,
      history,
      ...(refit && { refit: refit.history }),
      plan: { layout: chosen.layout, peakBytes, parameters, updates },
      ...(frozen && { frozen: frozen.metrics }),
    },
  };
}

/** Trains until validation has chosen the weights; then, as the recipe says, on `everyone`. */
async function trainThenRefit(
  options: Omit<FinetuneOptions, "checkpoints" | "among" | "stage">,
  everyone: LabelledImages,
  { checkpoints, onSaved }: Beside,
): Promise<{ readonly chosen: FinetuneResult; readonly refit?: FinetuneResult }> {
  const images = everyone.samples.length;
  const recipe = refitRecipe(options.recipe);
  const after =
    options.validation.samples.length > 0 ? recipe.epochs * updatesPerEpoch(fittingRecipe(recipe, images), images) : 0;
  const chosen = await finetune({ ...options, checkpoints: join(checkpoints, CHOSEN), among: { before: 0, after } });
  onSaved?.();
  if (after === 0) return { chosen };
  const before = chosen.history.updates.length;
  const refit = await finetune({
    ...options,
    network: chosen.unfolded,
    start: linearHead(chosen.layer),
    learns: chosen.learns,
    train: everyone,
    validation: { samples: [], labels: new Int8Array(0) },
    recipe,
    stage: "refit",
    checkpoints: join(checkpoints, "refit"),
    among: { before, after: 0 },
    // Behind the same chosen training stands a refit that was asked for differently.
    discardOther: true,
    // Its batches are those that have had room so far: to refuse them now would be too late.
    memoryLimit: undefined,
    // Told already, but for a stop in here.
    onPlan: (plan) => plan.resumedFrom > before && options.onPlan?.(plan),
  });
  return { chosen, refit };
}

/** Calibration and thresholds come from the validation part alone. @throws UserError `usage` for a goal where there is none */
function checkJudges(images: number, { goal, onWarning }: Options): void {
  if (images > 0) return;
  const without = "a network that is trained whole takes calibration and thresholds from the validation part, which is empty";
  if (goal !== undefined) {
    throw new UserError("usage", `--goal ${goal}: ${without}`, {
      hint: "Give validation some images with --split, or leave --goal out.",
    });
  }
  onWarning?.(
    `Without validation images the last weights are kept, probabilities are not calibrated, and every threshold is 0.5: ${without}.`,
  );
}

/** Says so where all that work was for nothing. */
function warnIfWorse({ task, labelsFrom }: Dataset, tuned: Metrics, untouched: Metrics, onWarning: Options["onWarning"]): void {
  const [metric] = HEADLINES[task];
  const [after, before] = [tuned[metric], untouched[metric]];
  if (after === undefined || before === undefined || after >= before) return;
  onWarning?.(
    `Fine-tuning has not helped: ${wordsOf(metric, labelsFrom).label} ${after.toFixed(3)} on the test part, ${before.toFixed(3)} without it. Keep the simpler one: train without --finetune.`,
  );
}

function linearHead({ weights, bias }: HeadLayer): LinearHead {
  return { weights: weights.data, bias: bias.data };
}
