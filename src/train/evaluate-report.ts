import { basename, dirname, resolve } from "node:path";
import { type ClassifierFile, preprocessOf } from "../model/classifier.js";
import { cutAt, EMBEDDING, readModel, writeModel } from "../onnx/index.js";
import { headLayerOf } from "../onnx/surgery.js";
import type { RunReport } from "../report/run-data.js";
import { VERSION } from "../version.js";
import type { EvaluateOptions, EvaluateResult } from "./evaluate.js";
import { type Explainer, openExplainer } from "./explain.js";
import { countPositives } from "./parts.js";
import type { PredictedPart } from "./predict-part.js";
import { testReport } from "./test-report.js";

/** What an evaluation found, before it is shown. */
export interface Evaluated {
  readonly classifier: ClassifierFile;
  readonly result: EvaluateResult;
  readonly predicted: PredictedPart;
  readonly options: EvaluateOptions & { readonly seed: number };
}

/** Gathers what the report of an evaluation shows: that of a training, as far as a classifier and labelled images tell. */
export async function evaluateReport({ classifier, result, predicted, options }: Evaluated): Promise<RunReport> {
  const { manifest, file } = classifier;
  const { task, head, classes } = manifest;
  const { kept, labels, probabilities, decisions, unreadable } = predicted;
  const tuned = manifest.tuning ?? null;
  const explainer = await openClassifierExplainer(classifier);
  try {
    return {
      run: `${basename(dirname(resolve(file)))}/${basename(file)}`,
      dataset: basename(resolve(options.data)),
      task,
      head,
      classes,
      backbone: manifest.backbone.id,
      seed: options.seed,
      counts: { ...manifest.dataset.counts, test: kept.length },
      classCounts: { train: [], validation: [], test: Array.from(countPositives(labels, [...kept.keys()], classes.length)) },
      unseen: false,
      rules: classifier.rules.map(({ text }) => text),
      ...(result.labelsFrom && { labelsFrom: result.labelsFrom }),
      test: result.test,
      intervals: result.intervals,
      ...(tuned !== null && { atHalf: result.atHalf }),
      baseline: {},
      ...(await testReport(
        task,
        { classes, samples: kept.map(({ sample }) => sample), labels, probabilities, decisions },
        { thresholds: manifest.thresholds, tuned },
        { seed: options.seed, explainer, signal: options.signal },
      )),
      summary: { unreadable },
      warnings: [],
      command: options.command ?? "",
      version: VERSION,
      versions: { node: process.version },
    };
  } finally {
    await explainer?.close();
  }
}

/** Maps of a classifier that exists: its own network up to the embedding. None where flips are averaged before it. */
async function openClassifierExplainer({ bytes, manifest, file }: ClassifierFile): Promise<Explainer | undefined> {
  const model = readModel(bytes, { file });
  const layer = headLayerOf(model, manifest.head);
  if (layer === undefined || manifest.backbone.views !== 1) return undefined;
  const preprocess = preprocessOf(manifest, file);
  return openExplainer({ ...manifest.backbone, preprocess, model: writeModel(cutAt(model, EMBEDDING)) }, layer);
}
