import { DEFAULT_MIN_PRECISION, GOALS } from "../learn/thresholds.js";
import { NORMALIZE_METHODS } from "../model/input-normalization.js";
import { DEFAULT_SEED } from "../random.js";
import { INTERPOLATIONS } from "../raster/preprocess.js";
import { PIXEL_VALUES } from "../raster/values.js";
import { HEADS, TASKS } from "../task.js";
import { decimal, type Flag, integer, list } from "./command.js";

/** Flags shared by every command that reads a labelled dataset. */
export const DATA_FLAGS = {
  labels: { value: "file", describe: "label file: CSV, TSV, JSON, JSONL, or a folder of label text files" },
  task: {
    value: "task",
    choices: TASKS,
    describe: "multiclass: one label per image; multilabel: any number",
    shownDefault: "found from the labels",
  },
  classes: {
    value: "a,b,c",
    parse: list,
    describe: "class names in output order",
    shownDefault: "the sorted names of the labels",
  },
} as const satisfies Record<string, Flag>;

/** Flags shared by the commands that divide a dataset. */
export const SPLIT_FLAGS = {
  split: {
    value: "file|method",
    describe: "split file with the columns file,split; or hash, stratified, iterative, blocks (of ground)",
    shownDefault: "hash for multiclass, iterative for multilabel; 70 % train, 10 % validation, 20 % test",
  },
  groupBy: {
    value: "column|regex",
    describe:
      "keep images of one place together: a column of the label file, or a regular expression whose first group is the place; with --split blocks: which images share coordinates",
  },
  blockSize: {
    value: "size",
    parse: decimal(Number.MIN_VALUE),
    describe: "side of the blocks, in units of the coordinates (degrees stay degrees: nothing is projected)",
    shownDefault: "a tenth of what the coordinates span",
  },
  buffer: {
    value: "distance",
    parse: decimal(0),
    describe: "with --split blocks: leave out images nearer than this to one that judges them",
    shownDefault: "0",
  },
  coordinates: {
    value: "regex",
    describe: "for --split blocks: captures one or two numbers in the file name, like '_(\\d+)_(\\d+)'",
    shownDefault: "columns of the label file: lon,lat; x,y; easting,northing; col,row",
  },
  seed: {
    value: "n",
    parse: integer(0),
    describe: "decides everything that is drawn at random",
    shownDefault: `${DEFAULT_SEED}`,
  },
} as const satisfies Record<string, Flag>;

/** For the commands that decide on several labels per image. */
export const RULE_FLAGS = {
  rule: {
    value: "rule",
    repeatable: true,
    describe:
      'what must hold between labels: "urban excludes primary", "crop implies field", "exclusive: clear, haze"; repeatable',
  },
  rules: { value: "file", describe: "text file with one rule a line; # begins a comment" },
} as const satisfies Record<string, Flag>;

/** Flags shared by the commands that run a backbone. */
export const BACKBONE_FLAGS = {
  backbone: {
    value: "name|file|address",
    describe: "rcf: random features of your own images; stats: band statistics; an ONNX file; https://…; hf:<repo>/<path>",
    shownDefault: "rcf",
  },
  bands: {
    value: "a,b,c",
    parse: list,
    describe: "bands to look at, in input order; ndvi, ndwi, mndwi, ndbi, nbr, evi2 and savi are made of others",
    shownDefault: "those that most images have",
  },
  derive: {
    value: "name=formula",
    repeatable: true,
    describe: 'a band made of others: "ratio=nir / red"; looked at like the others',
  },
  values: {
    value: "unit",
    choices: PIXEL_VALUES,
    describe: "reflectance: stored numbers by the scale and offset that the images state",
    shownDefault: "stored",
  },
  views: {
    value: "n",
    parse: views,
    describe: "8: train on the 8 flips and rotations of every image and average over them; costs 8 times the work",
    shownDefault: "1",
  },
  size: { value: "pixels", parse: integer(1, 4096), describe: "input size of an ONNX backbone without a preprocessing file" },
  scale: {
    value: "factor",
    parse: decimal(-1e6, 1e6),
    describe: "pixel values are multiplied by this first, like 0.00392 (1/255)",
  },
  mean: { value: "r,g,b", parse: numbers, describe: "subtracted after scaling" },
  std: { value: "r,g,b", parse: numbers, describe: "divided by after subtracting" },
  normalize: {
    value: "method",
    choices: NORMALIZE_METHODS,
    describe:
      "each band of an ONNX backbone's images, by the training part: standardize to mean 0, deviation 1; stretch 2 to 98 % over the values it takes",
    shownDefault: "none: as the network's description says",
  },
  channelOrder: { value: "order", choices: ["rgb", "bgr"], describe: "channel order the network expects" },
  resample: {
    value: "filter",
    choices: INTERPOLATIONS,
    describe: "resampling filter for a network without a preprocessing file",
  },
  embedding: {
    value: "tensor",
    describe: "tensor to cut the network at (sigmax backbone inspect lists them)",
    shownDefault: "found by itself",
  },
  cache: { value: "folder", describe: "where computed embeddings are kept", shownDefault: "your user's cache folder" },
  noCache: { describe: "compute everything, keep nothing" },
  threads: { value: "n", parse: integer(1, 1024), describe: "images computed at the same time", shownDefault: "one per core" },
  runtime: { value: "name", choices: ["auto", "native", "wasm"], describe: "what runs the networks", shownDefault: "auto" },
} as const satisfies Record<string, Flag>;

/** For the commands that can start from embeddings instead of images. */
export const EMBEDDINGS_FLAG = {
  embeddings: {
    value: "file",
    describe: ".npy or .safetensors with one row per image, instead of computing them (rows are named by the CSV beside it)",
  },
} as const satisfies Record<string, Flag>;

/** For the commands that score a test part. */
export const ASSERT_FLAG = {
  assert: {
    value: "bound",
    repeatable: true,
    describe: "a bound that the result must keep, like 'accuracy>=0.9': else exit status 1, and nothing is written",
  },
} as const satisfies Record<string, Flag>;

/** For the commands that train one head. */
export const HEAD_FLAG = {
  head: { value: "head", choices: HEADS, describe: "last layer", shownDefault: "softmax for multiclass, sigmoid for multilabel" },
} as const satisfies Record<string, Flag>;

/** For the commands that read images. */
export const UNREADABLE_FLAG = {
  unreadable: {
    value: "what",
    choices: ["skip", "fail"],
    describe: "what to do with images that cannot be read",
    shownDefault: "skip",
  },
} as const satisfies Record<string, Flag>;

/** For the commands that tune thresholds. */
export const GOAL_FLAGS = {
  goal: {
    value: "goal",
    choices: GOALS,
    describe: "what each label's threshold is best for; recall: the most recall that keeps --min-precision (multi-label only)",
    shownDefault: "f1",
  },
  minPrecision: {
    value: "share",
    parse: decimal(0.01, 1),
    describe: "least precision of --goal recall",
    shownDefault: `${DEFAULT_MIN_PRECISION}`,
  },
} as const satisfies Record<string, Flag>;

/** What a scene may be. */
export const SCENE = "GeoTIFF; folder of bands, of Landsat Collection 2, Sentinel-2 .SAFE; or give --band";

/** For the commands that read a scene. */
export const SCENE_FLAGS = {
  band: {
    value: "name=file",
    repeatable: true,
    describe: "a band of the scene, instead of one file: nir=B08.tif, or nir=stack.tif:4 for the fourth band of a file",
  },
  bandNames: { value: "a,b,c", parse: list, describe: "names of the scene's bands in their order, where it has none" },
  mask: {
    value: "auto|none|file",
    describe:
      "clouds, cirrus and shadows are not measured; auto: by SCL or QA_PIXEL where the scene has it; scl:, qa_pixel: or binary: before a file say its kind",
    shownDefault: "auto",
  },
  reflectance: {
    value: "scale,offset|applied|none",
    describe: "how stored numbers become reflectance, if not as the scene's metadata say: 0.0001,-0.1",
  },
} as const satisfies Record<string, Flag>;

/** For the commands that write. */
export const OUT_FLAGS = {
  force: { describe: "replace an earlier result of the same name" },
} as const satisfies Record<string, Flag>;

function views(text: string): number {
  if (text !== "1" && text !== "8") throw new Error("expected 1 or 8");
  return Number(text);
}

function numbers(text: string): number[] {
  return list(text).map(decimal(-1e6, 1e6));
}
