import { ACTIVATIONS } from "../../learn/activations.js";
import { DECIDE } from "../../learn/decide.js";
import { METRICS } from "../../learn/metrics/report.js";
import { UserError } from "../../errors.js";
import { rowLosses } from "../../model/head-weights.js";
import { writeModel } from "../../onnx/model.js";
import { IMAGE, LOGITS } from "../../onnx/surgery.js";
import type { WorkOptions } from "../../progress.js";
import type { Preprocess } from "../../raster/preprocess.js";
import { openSession } from "../../runtime/open.js";
import type { RuntimeChoice } from "../../runtime/session.js";
import type { Head, HeadLoss, Task } from "../../task.js";
import { float32 } from "../../tensor.js";
import type { NamedFile } from "../image-files.js";
import { pickRows } from "../parts.js";
import { type BatchLoaderOptions, openBatchLoader } from "./batch-loader.js";
import { stepsPerEpoch } from "./batch-order.js";
import { logitsOf, type Trained } from "./trained.js";

/** How well a network does on images that it does not learn from. */
export interface Judgement {
  /** Mean of the loss over the images whose labels are known, without smoothing and class weights. */
  readonly loss: number;
  /** Accuracy for multiclass, mean average precision over the classes for multilabel; undefined where nothing can be said. */
  readonly metric: number | undefined;
  /** `[N, K]`; zeros where an image cannot be read. */
  readonly logits: Float32Array;
}

/** What is judged, over and over. Close it. */
export interface Validation {
  judge(trained: Trained): Promise<Judgement>;
  close(): Promise<void>;
}

export interface ValidationOptions extends WorkOptions, Pick<BatchLoaderOptions, "keepBytes"> {
  readonly samples: readonly NamedFile[];
  /** `[N, K]` of 1, 0 and −1 (unknown). */
  readonly labels: Int8Array;
  /** K. */
  readonly classes: number;
  readonly preprocess: Preprocess;
  /** Images in a run. */
  readonly batch: number;
  readonly task: Task;
  readonly head: Head;
  readonly loss?: HeadLoss | undefined;
  readonly runtime?: RuntimeChoice | undefined;
  readonly threads?: number | undefined;
}

/** The metric that each task is judged by, a key of `Metrics`. */
export const VALIDATION_METRIC: Readonly<Record<Task, string>> = { multiclass: "accuracy", multilabel: "mapMacro" };

/** Opens a worker thread that keeps the decoded images; each judgement opens a session of the network as it will be shipped. */
export async function openValidation(options: ValidationOptions): Promise<Validation> {
  const { samples, labels, classes, preprocess, task, head, loss, runtime, threads, keepBytes, signal, onWarning } = options;
  const batch = Math.min(options.batch, samples.length);
  const steps = stepsPerEpoch({ count: samples.length, batch, order: "given" });
  const loader = await openBatchLoader({
    samples,
    preprocess,
    batch,
    order: "given",
    threads: 1,
    ahead: 2,
    keepBytes,
    signal,
    onWarning,
  });
  const { bands, heightPx, widthPx } = preprocess;
  return {
    async judge(trained) {
      const session = await openSession(writeModel(logitsOf(trained)), { runtime, threads, file: "the trained network" });
      const logits = new Float32Array(samples.length * classes);
      const readable: number[] = [];
      try {
        for (let step = 0; step < steps; step++) {
          const { rows, pixels, unreadable } = await loader.next();
          const image = float32([rows.length, bands.length, heightPx, widthPx], pixels);
          const { data } = (await session.run({ [IMAGE]: image }, [LOGITS]))[LOGITS];
          // Others stand in the place of images that cannot be read: each image counts where it belongs.
          const left = new Set(unreadable);
          for (let i = 0; i < rows.length; i++) {
            const row = step * batch + i;
            if (left.has(row)) continue;
            readable.push(row);
            for (let k = 0; k < classes; k++) logits[row * classes + k] = Number(data[i * classes + k]);
          }
        }
      } finally {
        await session.close();
      }
      const known = pickRows(labels, classes, readable);
      const ofKnown = pickRows(logits, classes, readable);
      const losses = rowLosses(head, ofKnown, known, classes, loss);
      if (losses.length === 0) {
        throw new UserError("bad-data", "no validation image has a label that can be judged", {
          hint: "Check the labels of the validation part, or do without one: --split with parts train and test.",
        });
      }
      const probabilities = ACTIVATIONS[head](ofKnown, classes);
      const metrics = METRICS[task](known, probabilities, DECIDE[task](probabilities, classes), classes);
      return {
        loss: losses.reduce((sum, value) => sum + value, 0) / losses.length,
        metric: metrics[VALIDATION_METRIC[task]],
        logits,
      };
    },
    close: () => loader.close(),
  };
}
