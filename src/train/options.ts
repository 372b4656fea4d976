import type { OpenBackboneOptions } from "../model/backbones.js";
import type { WorkOptions } from "../progress.js";
import type { PixelValues } from "../raster/values.js";
import type { RuntimeChoice } from "../runtime/session.js";
import type { Head, HeadLoss, Task } from "../task.js";
import type { Views } from "./embeddings.js";
import type { FinetunePlan } from "./finetune/finetune.js";
import type { RecipeOptions } from "./finetune/recipe.js";
import type { GoalOptions } from "./tune.js";

/** Which images, with which labels, in which parts. */
export interface DataOptions {
  /** Folder of images. */
  readonly data: string;
  /** Label file, where the labels are not in the folder itself. */
  readonly labels?: string | undefined;
  /** Found from the labels by default. */
  readonly task?: Task | undefined;
  /** Class names in output order; sorted names of the labels by default. */
  readonly classes?: readonly string[] | undefined;
  /** A split file `file,split`, or a method: `hash`, `stratified`, `iterative`, `blocks`. By task by default: hash or iterative. */
  readonly split?: string | undefined;
  /**
   * Keeps samples of one place together: a column of the label file, or a regular expression whose first group is the place. With
   * `blocks`: which images share coordinates.
   */
  readonly groupBy?: string | undefined;
  /** For `blocks`: their side, in units of the coordinates. Default: a tenth of what the coordinates span. */
  readonly blockSize?: number | undefined;
  /** For `blocks`: images nearer than this to one that judges them are left out. Default 0. */
  readonly buffer?: number | undefined;
  /** For `blocks`: a regular expression that captures one or two numbers in the file name; columns of the label file by default. */
  readonly coordinates?: string | undefined;
  /** What must hold between labels: "urban excludes primary", "agriculture implies cultivation", "exclusive: clear, cloudy, haze". */
  readonly rules?: readonly string[] | undefined;
  /** What to do with images that cannot be read: leave them out and list them, or stop. Default `skip`. */
  readonly unreadable?: "skip" | "fail" | undefined;
}

/** How the images become embeddings. */
export interface BackboneOptions {
  /** `rcf` (default), `stats`, an ONNX file, an https:// address or `hf:<repo>/<path>`. */
  readonly backbone?: string | undefined;
  /** `.npy` or `.safetensors` of embeddings made elsewhere, one row per image; see `readArrayEmbeddings`. */
  readonly embeddings?: string | undefined;
  /** Bands to look at, in input order: of the images, of `derived`, or indices like "ndvi". Default those that most images have. */
  readonly bands?: readonly string[] | undefined;
  /** Formulas of further bands by name: see `parseFormula`. */
  readonly derived?: Readonly<Record<string, string>> | undefined;
  /** `reflectance`: stored numbers by the scale that the images state. Default `stored`. */
  readonly values?: PixelValues | undefined;
  /** Preprocessing of an ONNX backbone, where no file beside it says so. */
  readonly preprocessing?: PreprocessingFlags | undefined;
  /** Train on the 8 flips and rotations of each image, and average over them in the classifier: 8 times the work. Default 1. */
  readonly views?: Views | undefined;
  /** Folder of the embedding cache; none by default. */
  readonly cache?: string | undefined;
  readonly threads?: number | undefined;
  readonly runtime?: RuntimeChoice | undefined;
}

/** Which numbers of an image a backbone sees. */
export type ValuesOptions = Pick<BackboneOptions, "bands" | "derived" | "values">;

/** Preprocessing of an ONNX backbone, said by hand. */
export type PreprocessingFlags = Omit<OpenBackboneOptions, "cache" | "runtime">;

export interface TrainOptions extends DataOptions, BackboneOptions, GoalOptions, WorkOptions {
  /** softmax for multiclass, sigmoid for multilabel by default; every combination is valid. */
  readonly head?: Head | undefined;
  /** Run folder to write. */
  readonly out: string;
  readonly force?: boolean | undefined;
  /** Decides the split, the random features and the folds. Default 1. */
  readonly seed?: number | undefined;
  /** Strength of the L2 penalty; chosen on validation by default. */
  readonly l2?: number | undefined;
  /** `balanced`: rare classes count as much as frequent ones; for sigmoid, positives as much as negatives. Default none. */
  readonly classWeights?: "none" | "balanced" | undefined;
  /** Default cross-entropy; `asymmetric` is of the sigmoid head alone. `compare --across imbalance` shows what each does. */
  readonly loss?: HeadLoss | undefined;
  /** Train the whole backbone, an ONNX network, and not only the last layer. */
  readonly finetune?: boolean | undefined;
  /** Train a network of this name from scratch: a name of `NETWORKS`. */
  readonly network?: string | undefined;
  /** How a whole network is trained; what is left out has the default of `RECIPE_OPTIONS`. */
  readonly recipe?: RecipeOptions | undefined;
  /** While a network is trained, at most one checkpoint in so many seconds; 0: after every step. Default 30. */
  readonly checkpointSeconds?: number | undefined;
  /** Bytes that training a network may take; a batch that needs more is refused. Default: any number. */
  readonly memoryLimit?: number | undefined;
  /** Told what training a network will take, before it starts. */
  readonly onPlan?: ((plan: FinetunePlan) => void) | undefined;
  /** Bounds that the test part must keep, like `accuracy>=0.9`; where one is broken nothing is written. */
  readonly assert?: readonly string[] | undefined;
  /** The command line to show in the report. */
  readonly command?: string | undefined;
}
