// The public API of sigmax, grouped by what one wants to do. Blank lines keep the groups apart.

// Predict

export type { Classifier } from "./model/classifier.js";
export type { Manifest } from "./model/manifest.js";
export type { Prediction } from "./model/prediction.js";
export type { OpenClassifierOptions } from "./model/read-classifier.js";
export {
  type ImageInput,
  openClassifier,
  type PredictedImage,
  type PredictFilesOptions,
  predictFiles,
} from "./train/predict.js";

// Measure

export {
  type BootstrapOptions,
  bootstrapIntervals,
  type Interval,
  type Intervals,
  type PairedDifference,
  pairedDifferences,
} from "./learn/bootstrap.js";
export { calibrationError, type ReliabilityBin, reliability } from "./learn/metrics/calibration.js";
export { coOccurrence } from "./learn/metrics/co-occurrence.js";
export { AVERAGES, type CellCounts, classScores, countCells, type Scores } from "./learn/metrics/counts.js";
export { precisionRecallCurve, rocCurve } from "./learn/metrics/curves.js";
export { confusion, kappa, kappaDeltaVariance, matthews, normalizeRows, pairwiseAuc, topK } from "./learn/metrics/multiclass.js";
export { jaccardSamples, sampleScores } from "./learn/metrics/multilabel.js";
export { averagePrecision, type LabelRanking, labelRanking, perClass, rocAuc } from "./learn/metrics/ranking.js";
export { METRICS, type Measure, type Metrics, openMetrics } from "./learn/metrics/report.js";
export { METRIC_ROWS } from "./learn/metrics/rows.js";

// Train, score, compare

export type { CompareReport } from "./report/compare-data.js";
export type { ImbalanceReport } from "./report/compare-imbalance-data.js";
export { type CompareOptions, type CompareResult, compare } from "./train/compare.js";
export { type CompareImbalanceOptions, type CompareImbalanceResult, compareImbalance } from "./train/compare-imbalance.js";
export { type EvaluateOptions, type EvaluateResult, evaluate } from "./train/evaluate.js";
export type { Leakage } from "./train/leakage.js";
export type { BackboneOptions, DataOptions, PreprocessingFlags, TrainOptions } from "./train/options.js";
export type { Counts } from "./train/parts.js";
export type { StepReport } from "./train/retrain/options.js";
export { type RetrainOptions, type RetrainResult, retrain } from "./train/retrain/retrain.js";
export { type ThresholdsOptions, type ThresholdsResult, tuneClassifier } from "./train/retune.js";
export { type TrainResult, train } from "./train/train.js";

// Train whole networks: `train` with `finetune` or `network`, and how

export { buildNetwork, NETWORKS, type NetworkName, type NetworkOptions } from "./model/networks.js";
export type { AugmentOptions } from "./raster/augment/augmentations.js";
export type { FinetunePlan } from "./train/finetune/finetune.js";
export { RECIPE_OPTIONS, type Recipe, type RecipeOptions } from "./train/finetune/recipe.js";
export { type FoundRate, findRate, type RateFinderOptions } from "./train/rate-finder.js";

// Scenes: cut them into labelled chips, map them

export type { Agreement } from "./map/agreement.js";
export { type ChipSceneOptions, type ChipSceneResult, chipScene } from "./map/chip/chip.js";
export { type MapOptions, type MapResult, mapScene } from "./map/map.js";
export type { MapMode, ModeReport } from "./map/mode.js";
export type { BandFitness, PixelFitness } from "./model/pixel-fitness.js";
export type { SceneMask } from "./raster/scene/mask.js";
export { type OpenSceneOptions, openScene, type Scene, type SceneInput } from "./raster/scene/open.js";
export type { SceneScaling } from "./raster/scene/scaling.js";

// Change between dates, and areas from a checked sample

export {
  type AreaEstimate,
  type AreaEstimateOptions,
  type Estimate,
  estimateAreas,
  type SampleGroup,
  type Stratum,
} from "./learn/area-estimate.js";
export { allocateSamples, expectedStandardError, sampleSize } from "./learn/sample-sizes.js";
export { type AreaDesignOptions, type AreaDesignResult, designArea } from "./map/area/design.js";
export { type AreaEstimateFileOptions, estimateAreaOf } from "./map/area/estimate.js";
export { type AnswerFromTruthOptions, answerFromTruth } from "./map/area/truth.js";
export { type ChangeOptions, type ChangeResult, changeScenes } from "./map/change/change.js";
export { writeChangeReport } from "./map/change/report.js";
export type { AreaEstimates, EstimatedArea } from "./report/area-estimates.js";
export type { ChangeReportData } from "./report/change-data.js";

// Run models, and follow their gradients: see `sigmax/onnx`

export {
  createOptimizer,
  OPTIMIZERS,
  type OptimizerName,
  type OptimizerOptions,
  type OptimizerSettings,
  type OptimizerState,
  optimizerStep,
} from "./learn/optimizers.js";
export { probeLayout } from "./runtime/layout.js";
export { type OpenSessionOptions, openSession } from "./runtime/open.js";
export type { RuntimeChoice, Session, SessionPort } from "./runtime/session.js";
export { type DType, float32, int64, type Tensor } from "./tensor.js";

// Embeddings and the networks behind them

export { type BackboneReport, type InspectOptions, inspectBackbone } from "./model/inspect.js";
export { type EmbedOptions, type EmbedResult, embed } from "./train/embed.js";
export type { Views } from "./train/embeddings.js";

// Data

export type { Unreadable } from "./data/checks.js";
export { type Converted, type ConvertOptions, convertDataset } from "./data/convert.js";
export type { Dataset, Sample } from "./data/dataset.js";
export { type Inspection, inspectDataset } from "./data/inspect.js";
export { type ImageFile, listImages, type OpenOptions, openDataset } from "./data/open.js";
export { type Division, divideDataset, type SplitOptions, splitDataset } from "./data/split.js";
export { type CheckOptions, type CheckResult, checkData } from "./train/check.js";
export type { LabelIssue } from "./train/label-check.js";

// Pixels

export { type DecodeOptions, decodeRaster } from "./raster/formats.js";
export type { Crs, GeoKeys } from "./raster/geo/crs.js";
export type { Affine } from "./raster/geo/transform.js";
export type { Preprocess } from "./raster/preprocess.js";
export type { Georeference, Raster, RasterDType } from "./raster/raster.js";

// Generated land

export { LAND, type LandName } from "./land.js";
export { type ChipSet, type WriteChipSetOptions, writeChipSet } from "./synth/chip-set.js";
export { type ChipOptions, type GeneratedChip, generateChips } from "./synth/chips.js";
export { type Country, type CountryOptions, createCountry } from "./synth/country/country.js";
export { type CountryView, type CountryWindow, renderWindow } from "./synth/country/render-window.js";
export type { CountryBand } from "./synth/country/spectra.js";
export type { CountryTruth } from "./synth/country/truth.js";
export { type WriteCountryOptions, type WrittenCountry, writeCountry } from "./synth/country/write.js";
export { generateScene, type SceneOptions } from "./synth/scene.js";

// Words and errors

export { type ErrorCode, UserError } from "./errors.js";
export type { Progress, WorkOptions } from "./progress.js";
export { HEADS, type Head, PARTS, type Part, TASKS, type Task } from "./task.js";
export { VERSION } from "./version.js";
