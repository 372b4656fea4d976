// The public API of sigmax, grouped by what one wants to do.

// Data
export { type Converted, type ConvertOptions, convertDataset } from "./data/convert.js";
export type { Dataset, Sample } from "./data/dataset.js";
export { type Inspection, inspectDataset } from "./data/inspect.js";
export { type ImageFile, listImages, type OpenOptions, openDataset } from "./data/open.js";
export { type SplitOptions, splitDataset } from "./data/split.js";
// Words and errors
export { type ErrorCode, UserError } from "./errors.js";
// Predict
export type { Classifier } from "./model/classifier.js";
export type { Manifest } from "./model/manifest.js";
export type { Prediction } from "./model/prediction.js";
export type { Progress, WorkOptions } from "./progress.js";
// Pixels
export { type DecodeOptions, decodeRaster } from "./raster/formats.js";
export type { Preprocess } from "./raster/preprocess.js";
export type { Georeference, Raster, RasterDType } from "./raster/raster.js";
export { type ChipSet, type WriteChipSetOptions, writeChipSet } from "./synth/chip-set.js";
// Generated data
export { type ChipOptions, type GeneratedChip, generateChips } from "./synth/chips.js";
export { generateScene, type SceneOptions } from "./synth/scene.js";
export { HEADS, type Head, PARTS, type Part, TASKS, type Task } from "./task.js";
// Train, score, compare
export { type CompareOptions, type CompareResult, compare } from "./train/compare.js";
// Embeddings
export { type EmbedFilesOptions, type EmbedResult, embed } from "./train/embed.js";
export { type EvaluateOptions, type EvaluateResult, evaluate } from "./train/evaluate.js";
export type { BackboneOptions, DataOptions, PreprocessingFlags, TrainOptions } from "./train/options.js";
export {
  type ImageInput,
  type OpenClassifierOptions,
  openClassifier,
  type PredictedImage,
  type PredictFilesOptions,
  predictFiles,
} from "./train/predict.js";
export { type RetrainOptions, type RetrainResult, retrain } from "./train/retrain/retrain.js";
export { type TrainResult, train } from "./train/train.js";
export { VERSION } from "./version.js";
