import { UserError } from "../../errors.js";
import { EMBEDDING, IMAGE, LOGITS } from "../../onnx/surgery.js";
import type { WorkOptions } from "../../progress.js";
import type { Head, Task } from "../../task.js";
import type { BackboneOptions } from "../options.js";
import type { Counts } from "../parts.js";

/** The options of `retrain`, named after retrain.py's flags. Percentages are whole numbers of 100. */
export interface RetrainOptions extends Omit<BackboneOptions, "views">, WorkOptions {
  /** Folder with one folder of images per class. Its text, as given, is hashed into the split. */
  readonly imageDir?: string | undefined;
  /** Folder with `<image>.txt` per image, one label per line: an image may then have any number of labels. */
  readonly imageLabelsDir?: string | undefined;
  /** Where bottleneck text files are read and written; none are by default. */
  readonly bottleneckDir?: string | undefined;
  /** TensorBoard events go to `<summariesDir>/{train,validation}`; none are written without it. */
  readonly summariesDir?: string | undefined;
  /** The ONNX file to write. */
  readonly outputGraph: string;
  /** The text file to write: one label per line, in output order. */
  readonly outputLabels: string;
  readonly force?: boolean | undefined;
  /** Default 4000. */
  readonly howManyTrainingSteps?: number | undefined;
  /** Default 0.01. */
  readonly learningRate?: number | undefined;
  /** Default 10. */
  readonly testingPercentage?: number | undefined;
  /** Default 10. */
  readonly validationPercentage?: number | undefined;
  /** Default 100. */
  readonly trainBatchSize?: number | undefined;
  /** Default 100; −1 is every validation image. */
  readonly validationBatchSize?: number | undefined;
  /** Default −1, every test image. */
  readonly testBatchSize?: number | undefined;
  /** Steps between two evaluations. Default 10. */
  readonly evalStepInterval?: number | undefined;
  /** A second name for the probabilities. Default `final_result`. */
  readonly finalTensorName?: string | undefined;
  /** softmax by default, sigmoid with `imageLabelsDir`. */
  readonly finalActivation?: Head | undefined;
  /** Mirror half of the training images. */
  readonly flipLeftRight?: boolean | undefined;
  /** Margin around the random crop, in percent of the input size. Default 0. */
  readonly randomCrop?: number | undefined;
  /** How far images are enlarged at most, in percent. Default 0. */
  readonly randomScale?: number | undefined;
  /** How far pixels are multiplied up or down at most, in percent. Default 0. */
  readonly randomBrightness?: number | undefined;
  /** Decides first weights, batches, distortions and random features. Default 1. */
  readonly seed?: number | undefined;
  /** Seconds since 1970, for the TensorBoard events; the clock by default. Nothing else depends on it. */
  readonly wallTime?: (() => number) | undefined;
  /** Told of every evaluation. */
  readonly onStep?: ((report: StepReport) => void) | undefined;
}

/** What is known every `evalStepInterval` steps. */
export interface StepReport {
  readonly step: number;
  /** On the batch of this step, after the update. */
  readonly trainAccuracy: number;
  readonly crossEntropy: number;
  /** Undefined where no image is in the validation part. */
  readonly validation: { readonly accuracy: number; readonly crossEntropy: number; readonly count: number } | undefined;
}

/** A test image whose decided labels are not its own. */
export interface Misclassified {
  readonly file: string;
  readonly decided: readonly string[];
}

/** What `retrain` tells its caller. */
export interface RetrainResult {
  readonly task: Task;
  readonly head: Head;
  readonly classes: readonly string[];
  readonly counts: Counts;
  /** `accuracy` and `crossEntropy` as logged, then the metrics of the task; empty where no image is in the test part. */
  readonly test: Readonly<Record<string, number>>;
  /** Test images scored. */
  readonly testCount: number;
  readonly misclassified: readonly Misclassified[];
  /** Path of the ONNX file. */
  readonly classifier: string;
  /** What the ONNX file takes: images, or embeddings where no backbone is known. */
  readonly input: "image" | "embedding";
}

/** Every setting that has a default, with retrain.py's. */
export const RETRAIN_DEFAULTS = {
  howManyTrainingSteps: 4000,
  learningRate: 0.01,
  testingPercentage: 10,
  validationPercentage: 10,
  trainBatchSize: 100,
  validationBatchSize: 100,
  testBatchSize: -1,
  evalStepInterval: 10,
  finalTensorName: "final_result",
  flipLeftRight: false,
  randomCrop: 0,
  randomScale: 0,
  randomBrightness: 0,
} as const;

/** Options with every default filled in. */
export type RetrainSettings = { readonly [K in keyof typeof RETRAIN_DEFAULTS]: NonNullable<RetrainOptions[K]> };

/**
 * Fills in the defaults and checks what no single flag can know.
 *
 * @throws UserError `usage`
 */
export function retrainSettings(options: RetrainOptions): RetrainSettings {
  const given = Object.entries(options).filter(([key, value]) => Object.hasOwn(RETRAIN_DEFAULTS, key) && value !== undefined);
  // The keys were just checked, and RetrainOptions says what their values are.
  const settings = { ...RETRAIN_DEFAULTS, ...Object.fromEntries(given) } as RetrainSettings;
  const { testingPercentage, validationPercentage } = settings;
  if (testingPercentage + validationPercentage >= 100) {
    throw new UserError(
      "usage",
      `--testing_percentage ${testingPercentage} and --validation_percentage ${validationPercentage} leave nothing to train on`,
      { hint: "Together they must be below 100; 10 and 10 are usual." },
    );
  }
  const { finalTensorName } = settings;
  // TensorFlow's rule for names; the others are outputs and inputs of every classifier.
  if (!/^[\w.][\w.\\/-]*$/.test(finalTensorName) || RESERVED.includes(finalTensorName)) {
    throw new UserError(
      "usage",
      `--final_tensor_name ${JSON.stringify(finalTensorName)}: cannot be a name of the probabilities`,
      {
        hint: `Use letters, digits and . _ - / like final_result, but not ${RESERVED.join(", ")}.`,
      },
    );
  }
  for (const [key, flag] of BATCHES) {
    if (settings[key] !== 0) continue;
    throw new UserError("usage", `${flag} 0: a batch of no images`, { hint: "Give 1 or more, or -1 for all of them." });
  }
  return settings;
}

const RESERVED: readonly string[] = [IMAGE, EMBEDDING, LOGITS];

const BATCHES = [
  ["trainBatchSize", "--train_batch_size"],
  ["validationBatchSize", "--validation_batch_size"],
  ["testBatchSize", "--test_batch_size"],
] as const;

/** Whether training images are changed at random, so that their bottlenecks differ from step to step. */
export function distorts({ flipLeftRight, randomCrop, randomScale, randomBrightness }: RetrainSettings): boolean {
  return flipLeftRight || randomCrop !== 0 || randomScale !== 0 || randomBrightness !== 0;
}
