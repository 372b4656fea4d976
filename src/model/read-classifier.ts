import { readWholeFile } from "../files.js";
import type { WorkOptions } from "../progress.js";
import { MAX_MODEL_BYTES, probeModel } from "../runtime/probe.js";
import type { RuntimeChoice } from "../runtime/session.js";
import { type ClassifierFile, parseClassifier, preprocessOf } from "./classifier.js";
import type { Manifest } from "./manifest.js";

export interface OpenClassifierOptions extends Pick<WorkOptions, "signal" | "onWarning"> {
  readonly runtime?: RuntimeChoice | undefined;
  /** The file is yours and needs no trial in a child process first. Default false. */
  readonly trusted?: boolean | undefined;
}

const HINT = "Give the classifier.onnx of a run folder.";

/**
 * Reads a classifier, and lets a child process try it first unless it is trusted. One that was read already is given back.
 *
 * @throws UserError `not-found`, `bad-file`, `bad-model` or `limit`, naming the file
 */
export async function readClassifier(
  source: string | Uint8Array | ClassifierFile,
  { trusted = false, runtime, signal }: OpenClassifierOptions = {},
): Promise<ClassifierFile> {
  if (typeof source === "object" && "manifest" in source) return source;
  const file = typeof source === "string" ? source : "the classifier";
  const bytes = typeof source === "string" ? readWholeFile(source, { maxBytes: MAX_MODEL_BYTES, hint: HINT }) : source;
  if (!trusted) await refuseUnfit(bytes, { file, runtime, signal });
  const classifier = parseClassifier(bytes, file);
  preprocessOf(classifier.manifest, file);
  return classifier;
}

/** Files above this are not read in this process before a child has passed them. */
const SMALL_BYTES = 16 * 2 ** 20;

/** @throws UserError what `probeModel` says; of a classifier of embeddings, that it is one */
async function refuseUnfit(
  bytes: Uint8Array,
  options: { readonly file: string } & Pick<OpenClassifierOptions, "runtime" | "signal">,
): Promise<void> {
  try {
    await probeModel(bytes, options);
  } catch (error) {
    const { file } = options;
    const manifest = bytes.length <= SMALL_BYTES ? manifestIn(bytes, file) : undefined;
    if (manifest !== undefined) preprocessOf(manifest, file);
    throw error;
  }
}

function manifestIn(bytes: Uint8Array, file: string): Manifest | undefined {
  try {
    return parseClassifier(bytes, file).manifest;
  } catch {
    return undefined;
  }
}
