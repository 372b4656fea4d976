import { join } from "node:path";
import { UserError } from "../errors.js";
import type { Metrics } from "../learn/metrics/report.js";
import { makeBackbone } from "../model/backbones/make-backbone.js";
import type { LinearHead } from "../model/head-fit.js";
import { type HeadLayer, type Model, readModel } from "../onnx/index.js";
import { HEADLINES, wordsOf } from "../report/metric-words.js";
import type { Head, Task } from "../task.js";
import { type FinetunePlan, finetune } from "./finetune/finetune.js";
import type { History } from "./finetune/history.js";
import { type Beginning, completeRecipe, type Recipe, refitRecipe } from "./finetune/recipe.js";
import { fittingRecipe, updatesPerEpoch } from "./finetune/training.js";
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

type Options = TrainOptions & { readonly seed: number };

/** What lies beside a training. */
export interface Beside {
  /** Folder in which a training that is stopped leaves what it needs to go on. */
  readonly checkpoints: string;
  /** Told of checkpoints that are passed over, which says nothing of the result. */
  readonly onNotice?: ((message: string) => void) | undefined;
}

/**
 * Trains a whole network: fine-tunes a backbone from the last layer that fits it best, or trains a network from scratch. Calibration
 * and thresholds come from the validation part, which no gradient has seen.
 *
 * @throws UserError `usage` for a goal of thresholds without a validation part, and as `finetune`
 */
export async function trainWholeNetwork(
  data: SplitData,
  head: Head,
  options: Options,
  { checkpoints, onNotice }: Beside,
): Promise<TrainedWhole> {
  checkJudges(data.counts.validation, options);
  const { backbone, beginning, placed, unreadable, frozen } = await startOfNetwork(data, head, options);
  const { task, classes } = data.dataset;
  const recipe = completeRecipe(beginning, options.recipe, head);
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
    signal,
    onProgress,
    onWarning,
    onNotice,
  };
  const everyone = part("train", "validation");
  const validation = part("validation");
  const judges = validation.samples.length;
  if (judges < data.counts.validation) checkJudges(judges, options);
  const again = refitRecipe(recipe);
  const isRefitted = again.epochs > 0 && judges > 0;
  const images = everyone.samples.length;
  const after = isRefitted ? again.epochs * updatesPerEpoch(fittingRecipe(again, images), images) : 0;
  const chosen = await finetune({
    ...common,
    network: readModel(backbone.model, { file: backbone.id }),
    start: frozen?.start,
    train: part("train"),
    validation,
    recipe,
    checkpoints: join(checkpoints, "chosen"),
    among: { before: 0, after },
    onPlan: options.onPlan,
  });
  const id = beginning === "finetune" ? `${backbone.id} fine-tuned` : backbone.id;
  const backboneOf = (network: Model) => makeBackbone(id, network, backbone.preprocess);
  // A network that nobody else has is not worth a cache.
  const embed = (samples: readonly PlacedSample[], network: Model) =>
    embedData(samples, backboneOf(network), { ...options, cache: undefined });
  const before = chosen.history.updates.length;
  const refitted = isRefitted
    ? await finetune({
        ...common,
        network: chosen.unfolded,
        start: linearHead(chosen.layer),
        train: everyone,
        validation: part(),
        recipe: again,
        stage: "refit",
        checkpoints: join(checkpoints, "refit"),
        among: { before, after: 0 },
        // Its batches are those that have had room so far: to refuse them now would be too late.
        memoryLimit: undefined,
        // Told already, but for a stop in here.
        onPlan: (plan) => plan.resumedFrom > before && options.onPlan?.(plan),
      })
    : undefined;
  const final = refitted ?? chosen;
  const found = await embed(placed, final.network);
  const embedded = { ...found, unreadable: [...unreadable, ...found.unreadable] };
  // Calibration and thresholds are of the network that had not seen the validation part.
  const judged = refitted
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
  const scored = await scoreFit(data, embedded, head, fit, options);
  if (frozen) warnIfWorse(task, scored.metrics, frozen.metrics, onWarning);
  const { layout, peakBytes, parameters, history } = chosen;
  return {
    embedded,
    scored,
    training: {
      beginning,
      recipe,
      history,
      ...(refitted && { refit: refitted.history }),
      plan: { layout, peakBytes, parameters, updates: before + (refitted?.history.updates.length ?? 0) },
      ...(frozen && { frozen: frozen.metrics }),
    },
  };
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
function warnIfWorse(task: Task, tuned: Metrics, untouched: Metrics, onWarning: Options["onWarning"]): void {
  const [metric] = HEADLINES[task];
  const [after, before] = [tuned[metric], untouched[metric]];
  if (after === undefined || before === undefined || after >= before) return;
  onWarning?.(
    `Fine-tuning has not helped: ${wordsOf(metric).label} ${after.toFixed(3)} on the test part, ${before.toFixed(3)} without it. Keep the simpler one: train without --finetune.`,
  );
}

function linearHead({ weights, bias }: HeadLayer): LinearHead {
  return { weights: weights.data, bias: bias.data };
}
