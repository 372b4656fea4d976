// The public API of sigmax, grouped by what one wants to do.

// Predict
export type { Classifier } from "./model/classifier.js";
export type { Manifest } from "./model/manifest.js";
export type { Prediction } from "./model/prediction.js";
export {
  type ImageInput,
  type OpenClassifierOptions,
  openClassifier,
  type PredictedImage,
  type PredictFilesOptions,
  predictFiles,
} from "./train/predict.js";

// Train, score, compare
export { type CompareOptions, type CompareResult, compare } from "./train/compare.js";
export { type EvaluateOptions, type EvaluateResult, evaluate } from "./train/evaluate.js";
export type { BackboneOptions, DataOptions, PreprocessingFlags, TrainOptions } from "./train/options.js";
export { type RetrainOptions, type RetrainResult, retrain } from "./train/retrain.js";
export { type TrainResult, train } from "./train/train.js";

// Embeddings
export { type EmbedFilesOptions, type EmbedResult, embed } from "./train/embed.js";

// Data
export { type ConvertOptions, type Converted, convertDataset } from "./data/convert.js";
export type { Dataset, Sample } from "./data/dataset.js";
export { type Inspection, inspectDataset } from "./data/inspect.js";
export { type ImageFile, listImages, type OpenOptions, openDataset } from "./data/open.js";
export { type SplitOptions, splitDataset } from "./data/split.js";

// Pixels
export { type DecodeOptions, decodeRaster } from "./raster/formats.js";
export type { Preprocess } from "./raster/preprocess.js";
export type { Georeference, Raster, RasterDType } from "./raster/raster.js";

// Words and errors
export { type ErrorCode, UserError } from "./errors.js";
export type { Progress, WorkOptions } from "./progress.js";
export { type Head, HEADS, type Part, PARTS, type Task, TASKS } from "./task.js";
export { VERSION } from "./version.js";
