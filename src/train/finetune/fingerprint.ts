import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Layout } from "../../onnx/layouts.js";
import { writeModel } from "../../onnx/model.js";
import type { HeadLayer } from "../../onnx/surgery.js";
import { VERSION } from "../../version.js";
import type { NamedFile } from "../image-files.js";
import type { LabelledImages, TrainingOptions } from "./training.js";

/** What of a training is known before its images have been looked at. */
type Settings = Omit<TrainingOptions, "train" | "start">;

/** sha256 over what decides the result before any image has been looked at, as 64 hexadecimal digits. */
export function settingsFingerprint(options: Settings, layout: Layout): string {
  const { network, preprocess, classes, task, head, loss, classWeights, seed, runtime = "auto" } = options;
  // Sums are taken in another order with another number of threads.
  const { threads = availableParallelism() } = options;
  // What follows on this training does not change it.
  const { refit: _refit, ...recipe } = options.recipe;
  const settings = { preprocess, classes, task, head, loss, classWeights, seed, runtime, threads, recipe };
  return createHash("sha256")
    .update(JSON.stringify({ version: VERSION, ...settings, layout: [layout.name, layout.block] }))
    .update(writeModel(network))
    .digest("hex");
}

/**
 * Two sha256 over everything that decides the result: only a training with the same may go on from a checkpoint. The first is that of
 * the settings; the second is of start and images. Images count by name, size and time of change, since reading them all again would
 * take as long as an epoch.
 */
export function fingerprintOf(
  options: TrainingOptions & { readonly validation: LabelledImages },
  layout: Layout,
  start: HeadLayer,
): string {
  const hash = createHash("sha256");
  for (const { data } of [start.weights, start.bias]) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  for (const { samples, labels } of [options.train, options.validation]) {
    hash.update(JSON.stringify(samples.map(stampOf)));
    hash.update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  }
  return `${settingsFingerprint(options, layout)}${hash.digest("hex")}`;
}

/** What tells whether an image is still the same; the time is null where there is no such file. */
function stampOf({ file, path }: NamedFile): readonly [file: string, bytes: number | null, changedMs: number | null] {
  const { size = null, mtimeMs = null } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return [file, size, mtimeMs];
}
