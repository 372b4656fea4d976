import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { mapInOrder } from "../concurrency.js";
import { messageOf } from "../errors.js";
import type { WorkOptions } from "../progress.js";
import { PARTS, type Part } from "../task.js";
import type { Dataset, Sample } from "./dataset.js";
import type { LabelCounts } from "./inspect.js";
import type { Split } from "./split/explicit.js";
import { compareCodePoints } from "./text.js";

/** Below this many images a class is hardly learnt; retrain.py's limit. */
const FEW_IMAGES = 20;

/** How many files are looked at together. */
const CONCURRENCY = 8;

/** What can be wrong with the pixels themselves. */
export type PixelFault =
  | "constant"
  | "almost-empty"
  | "saturated"
  | "grey-among-colour"
  | "mixed-dtypes"
  | "narrow-range"
  | "sixteen-as-eight"
  | "eight-as-sixteen"
  | "mixed-scales"
  | "nodata-in-statistics"
  | "eight-bit-in-sixteen"
  | "alpha-dropped"
  | "alpha-as-band"
  | "measurement-as-alpha"
  | "turned"
  | "mixed-formats"
  | "mixed-sizes";

/** What can be wrong between the pixels and a network. */
export type InputFault =
  | "missing-bands"
  | "distorted"
  | "cut-off"
  | "enlarged"
  | "shrunk"
  | "unusual-normalisation"
  | "values-off";

/** Something about a dataset that deserves attention. */
export interface Finding {
  readonly kind:
    | "one-class"
    | "few-images"
    | "no-positives"
    | "empty-part"
    | "duplicates"
    | "duplicates-across-parts"
    | "unlabelled"
    | PixelFault
    | InputFault;
  /** One sentence. */
  readonly message: string;
  /** The classes concerned. */
  readonly classes?: readonly string[];
  /** The files concerned; for duplicates each entry is one set of equal files. */
  readonly files?: readonly (readonly string[])[];
}

/** What the counts alone show: classes with few images or none, parts without a class, a single class. */
export function checkLabels({ task, classes, samples, labelled, parts }: LabelCounts): readonly Finding[] {
  const findings: Finding[] = [];
  const tell = (kind: Finding["kind"], names: readonly string[], message: string) => {
    if (names.length > 0) findings.push({ kind, message, classes: names });
  };
  const shown = (names: readonly string[]) => `${names.slice(0, 8).join(", ")}${names.length > 8 ? `, … (${names.length})` : ""}`;
  if (task === "multiclass" && classes.length < 2) {
    const names = classes.map(({ name }) => name);
    tell("one-class", names, `There is only one class (${shown(names)}): nothing to tell apart.`);
  }
  const few = classes.filter(({ yes }) => yes > 0 && yes < FEW_IMAGES).map(({ name }) => name);
  tell("few-images", few, `Fewer than ${FEW_IMAGES} images: ${shown(few)}. Results for them will vary.`);
  const none = classes.filter(({ yes }) => yes === 0).map(({ name }) => name);
  tell("no-positives", none, `No image at all: ${shown(none)}.`);
  if (samples > labelled)
    findings.push({ kind: "unlabelled", message: `${samples - labelled} of ${samples} images have no known label.` });
  for (const part of parts === undefined ? [] : PARTS) {
    if (parts![part] === 0) findings.push({ kind: "empty-part", message: `The ${part} part is empty.` });
    else {
      const absent = classes.filter((row) => row.yes > 0 && row.parts![part] === 0).map(({ name }) => name);
      tell("no-positives", absent, `Not in the ${part} part: ${shown(absent)}.`);
    }
  }
  return findings;
}

/** An image that could not be read, and why: what embedding and prediction collect instead of ending. */
export interface Unreadable {
  readonly file: string;
  readonly reason: string;
}

/** A summary of unreadable images for people: the count, and the first few with their reasons. */
export function describeUnreadable(unreadable: readonly Unreadable[], total: number): string {
  const lines = unreadable.slice(0, 10).map(({ file, reason }) => `  ${reason.startsWith(file) ? reason : `${file}: ${reason}`}`);
  const more = unreadable.length > 10 ? [`  … and ${unreadable.length - 10} more`] : [];
  return [`${unreadable.length} of ${total} images could not be read:`, ...lines, ...more].join("\n");
}

/** What looking at the bytes of the images shows. */
export interface ContentCheck {
  readonly findings: readonly Finding[];
  readonly unreadable: readonly Unreadable[];
}

/** Finds images with the same bytes; only files of the same size are hashed. Files that cannot be read are listed. */
export async function checkContent(
  dataset: Dataset,
  split?: Split,
  { signal, onProgress }: WorkOptions = {},
): Promise<ContentCheck> {
  const unreadable: Unreadable[] = [];
  const collect = async <T>(sample: Sample, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      unreadable.push({ file: sample.file, reason: messageOf(error) });
      return undefined;
    }
  };
  const bySize = new Map<number, number[]>();
  const sizes = mapInOrder(
    dataset.samples.keys(),
    CONCURRENCY,
    async (i) => ({ i, size: await collect(dataset.samples[i], async () => (await stat(dataset.samples[i].path)).size) }),
    signal,
  );
  for await (const { i, size } of sizes) {
    if (size === 0) unreadable.push({ file: dataset.samples[i].file, reason: "an empty file" });
    else if (size !== undefined) add(bySize, size, i);
  }
  const suspects = [...bySize.values()].filter((members) => members.length > 1).flat();
  const byHash = new Map<string, number[]>();
  const hashes = mapInOrder(
    suspects,
    CONCURRENCY,
    async (i) => ({ i, hash: await collect(dataset.samples[i], () => sha256Of(dataset.samples[i].path)) }),
    signal,
  );
  let done = 0;
  for await (const { i, hash } of hashes) {
    if (hash !== undefined) add(byHash, hash, i);
    onProgress?.({ stage: "duplicates", done: ++done, total: suspects.length, unit: "images" });
  }
  const sets = [...byHash.values()].filter((members) => members.length > 1);
  return {
    findings: duplicateFindings(sets, dataset, split),
    unreadable: unreadable.sort((a, b) => compareCodePoints(a.file, b.file)),
  };
}

function duplicateFindings(
  sets: readonly (readonly number[])[],
  { samples }: Dataset,
  split: Split | undefined,
): readonly Finding[] {
  const names = (chosen: readonly (readonly number[])[]) => chosen.map((members) => members.map((i) => samples[i].file));
  const partsOf = (members: readonly number[]) =>
    new Set(members.map((i) => split?.[i]).filter((part): part is Part => part !== undefined));
  const across = sets.filter((members) => partsOf(members).size > 1);
  const within = sets.filter((members) => partsOf(members).size <= 1);
  const findings: Finding[] = [];
  if (across.length > 0) {
    const message = `${across.length} images stand in several parts under different names: the test part is not independent.`;
    findings.push({ kind: "duplicates-across-parts", message, files: names(across) });
  }
  if (within.length > 0) {
    findings.push({
      kind: "duplicates",
      message: `${within.length} images stand there more than once, byte for byte.`,
      files: names(within),
    });
  }
  return findings;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function add<K>(table: Map<K, number[]>, key: K, value: number): void {
  const known = table.get(key);
  if (known === undefined) table.set(key, [value]);
  else known.push(value);
}
