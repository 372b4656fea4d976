import { createHash } from "node:crypto";
import { checkContent, checkLabels, describeUnreadable, type Unreadable } from "../data/checks.js";
import type { Dataset, Sample } from "../data/dataset.js";
import { countLabels } from "../data/inspect.js";
import { openDataset } from "../data/open.js";
import { divideDataset, SPLIT_METHODS, type SplitOptions } from "../data/split.js";
import { UserError } from "../errors.js";
import { type Rule, violations } from "../learn/rules.js";
import type { Backbone, BackboneContext, EmbeddingOrigin } from "../model/backbone.js";
import { openBackbone } from "../model/backbones.js";
import { rulesFor } from "../model/classifier.js";
import type { WorkOptions } from "../progress.js";
import { canonicalBand } from "../raster/bands.js";
import type { Part } from "../task.js";
import { readArrayEmbeddings } from "./array-embeddings.js";
import { embedImages, readSpread, type Views } from "./embeddings.js";
import type { NamedFile } from "./image-files.js";
import type { BackboneOptions, DataOptions, ValuesOptions } from "./options.js";
import { type Counts, countParts, labelMatrix, type PlacedSample, placeSamples, rowsByPart } from "./parts.js";

/** A dataset whose samples have their parts. */
export interface SplitData {
  readonly dataset: Dataset;
  /** Labelled samples that have a part. */
  readonly placed: readonly PlacedSample[];
  readonly counts: Counts;
  /** What must hold between labels. */
  readonly rules: readonly Rule[];
  /** What the split kept together; undefined where every sample stood alone. */
  readonly by?: string;
  /** Samples without any known label, and samples that the split does not name. */
  readonly left: { readonly unlabelled: number; readonly withoutPart: number };
}

/** Images turned into numbers, ready for a head. */
export interface EmbeddedData {
  readonly backbone: EmbeddingOrigin;
  readonly views: Views;
  /** The placed samples whose image could be read, in dataset order. */
  readonly placed: readonly PlacedSample[];
  readonly rows: Readonly<Record<Part, readonly number[]>>;
  readonly counts: Counts;
  /** `[N, K]`. */
  readonly labels: Int8Array;
  /** `[N, V, D]`. */
  readonly embeddings: Float32Array;
  readonly unreadable: readonly Unreadable[];
}

/** Reads the dataset, splits it, and warns of what looks wrong. */
export async function openSplitData(options: DataOptions & WorkOptions & { readonly seed: number }): Promise<SplitData> {
  const { seed, signal, onProgress, onWarning } = options;
  const work = { signal, onProgress, onWarning };
  const opened = await openDataset(options.data, {
    labels: options.labels,
    task: options.task,
    classes: options.classes,
    groupBy: options.groupBy,
    ...work,
  });
  const { dataset, split: parts, by } = divideDataset(opened, { ...splitOptions(options), seed, onWarning });
  const content = await checkContent(dataset, parts, work);
  for (const { message } of [...checkLabels(countLabels(dataset, parts)), ...content.findings]) onWarning?.(message);
  const placed = placeSamples(dataset, parts);
  const rows = rowsByPart(placed);
  if (rows.train.length === 0) {
    throw new UserError("bad-data", `${options.data}: no labelled image belongs to the training part`, {
      hint: "Give labels with --labels <file>, or check the split file: sigmax data inspect <data>.",
    });
  }
  const labelled = dataset.samples.filter((sample) => sample.labels.some((label) => label >= 0)).length;
  return {
    dataset,
    placed,
    counts: countParts(rows),
    rules: rulesOf(dataset, options),
    ...(by !== undefined && { by }),
    left: { unlabelled: dataset.samples.length - labelled, withoutPart: labelled - placed.length },
  };
}

/** The rules that were given; says how many images break them. */
function rulesOf(dataset: Dataset, { rules: given, onWarning }: DataOptions & WorkOptions): readonly Rule[] {
  const rules = rulesFor(dataset, given);
  const { samples } = dataset;
  for (const rule of rules) {
    const breaking = samples.filter(({ labels }) => violations([rule], labels).length > 0);
    if (breaking.length === 0) continue;
    const some = `${breaking
      .slice(0, 3)
      .map(({ file }) => file)
      .join(", ")}${breaking.length > 3 ? ", …" : ""}`;
    onWarning?.(`${breaking.length} of ${samples.length} images break the rule "${rule.text}" (${some}).`);
  }
  return rules;
}

/** What the options of a command say of the split; `split` names a method or a file. */
export function splitOptions({
  split,
  groupBy,
  blockSize,
  buffer,
  coordinates,
}: Pick<DataOptions, "split" | "groupBy" | "blockSize" | "buffer" | "coordinates">): SplitOptions {
  const method = SPLIT_METHODS.find((name) => name === split);
  return { ...(method === undefined ? { file: split } : { method }), groupBy, blockSize, buffer, coordinates };
}

/** Opens the backbone; it may look at images of the training part, never at others. */
export async function openBackboneFor(
  data: SplitData,
  options: BackboneOptions & WorkOptions & { readonly seed: number },
): Promise<Backbone> {
  return openBackboneOn(trainingSamples(data), options);
}

/** The samples that a backbone may look at. */
export function trainingSamples(data: SplitData): readonly Sample[] {
  return data.placed.flatMap(({ part, sample }) => (part === "train" ? [sample] : []));
}

/** What a backbone is told of the samples that it may look at. */
export function backboneContext(
  samples: readonly NamedFile[],
  { seed, bands, derived, values, signal, onProgress, onWarning }: ValuesOptions & WorkOptions & { readonly seed: number },
): BackboneContext {
  return {
    seed,
    ...(bands && { bands: bands.map(canonicalBand) }),
    derived,
    values,
    trainingImages: (limit) => readSpread(samples, limit),
    signal,
    onProgress,
    onWarning,
  };
}

/** Opens the backbone, `rcf` by default; it may look at these images. */
export function openBackboneOn(
  samples: readonly NamedFile[],
  options: BackboneOptions & WorkOptions & { readonly seed: number },
): Promise<Backbone> {
  return openBackbone(options.backbone ?? "rcf", backboneContext(samples, options), {
    ...options.preprocessing,
    cache: options.cache,
    runtime: options.runtime,
  });
}

/** Embeds the data with the backbone asked for, or takes embeddings made elsewhere. */
export async function gatherEmbeddings(
  data: SplitData,
  options: BackboneOptions & Pick<DataOptions, "unreadable"> & WorkOptions & { readonly seed: number },
): Promise<EmbeddedData> {
  if (options.embeddings === undefined) return embedData(data.placed, await openBackboneFor(data, options), options);
  const { sha256, size, rowOf } = await readArrayEmbeddings(
    options.embeddings,
    data.dataset.samples.map(({ file }) => file),
  );
  // Without a backbone the classifier takes embeddings; with one, the file only spares its work.
  const origin: EmbeddingOrigin =
    options.backbone === undefined
      ? { id: "embeddings", sha256, embeddingSize: size, preprocess: null }
      : await openBackboneFor(data, options);
  if (options.views === 8) {
    throw new UserError("usage", "--embeddings holds one row per image: it cannot go with --views 8", {
      hint: "Leave --embeddings out, so that the backbone embeds every view.",
    });
  }
  if (origin.embeddingSize !== size) {
    throw new UserError(
      "bad-data",
      `${options.embeddings}: ${size} numbers a row, the backbone ${origin.id} gives ${origin.embeddingSize}`,
      {
        hint: "Give the backbone that made them, or none.",
      },
    );
  }
  const found = data.placed.flatMap((sample) => {
    const vector = rowOf(sample);
    return vector === undefined ? [] : [{ sample, vector }];
  });
  if (origin.preprocess !== null) await refuseForeignRows(options, origin, found);
  else
    options.onWarning?.(
      "The classifier takes embeddings, not images: give the --backbone that made them to predict from images.",
    );
  const missing = data.placed.length - found.length;
  if (missing > 0)
    options.onWarning?.(`${options.embeddings}: has no row for ${missing} of ${data.placed.length} images, which are left out`);
  const embeddings = new Float32Array(found.length * size);
  found.forEach(({ vector }, row) => {
    embeddings.set(vector, row * size);
  });
  return embedded({ backbone: origin, views: 1, placed: found.map(({ sample }) => sample), embeddings, unreadable: [] });
}

/** Images whose rows are computed again, to see that the backbone is the one that made them. */
const PROVEN_ROWS = 8;

/** @throws UserError `bad-data` when the backbone gives other embeddings than the file holds */
async function refuseForeignRows(
  { embeddings, threads, runtime, signal }: BackboneOptions & WorkOptions,
  backbone: Backbone,
  rows: readonly { readonly sample: PlacedSample; readonly vector: Float32Array }[],
): Promise<void> {
  const some = rows.filter((_, i) => i % Math.ceil(rows.length / PROVEN_ROWS) === 0);
  const images = some.map(({ sample }) => sample.sample);
  for await (const { index, vector } of embedImages(images, images.length, backbone, { threads, runtime, signal })) {
    if (vector === undefined) continue;
    const expected = some[index].vector;
    const largest = expected.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
    const apart = vector.reduce((top, value, d) => Math.max(top, Math.abs(value - expected[d])), 0);
    if (apart <= 1e-3 * largest) continue;
    throw new UserError(
      "bad-data",
      `${embeddings}: the row of ${images[index].file} is not what the backbone ${backbone.id} gives for it`,
      {
        hint: "Give the backbone that made the file. Random features are drawn from the training images of each run: leave --embeddings out.",
      },
    );
  }
}

/** Adds to embeddings what follows from the samples they belong to. */
function embedded(given: Pick<EmbeddedData, "backbone" | "views" | "placed" | "embeddings" | "unreadable">): EmbeddedData {
  const rows = rowsByPart(given.placed);
  const classes = given.placed[0]?.sample.labels.length ?? 0;
  return { ...given, rows, counts: countParts(rows), labels: labelMatrix(given.placed, classes) };
}

/** Embeds every placed sample; unreadable images are left out and listed, or end the work. */
export async function embedData(
  placed: readonly PlacedSample[],
  backbone: Backbone,
  options: BackboneOptions & Pick<DataOptions, "unreadable"> & WorkOptions & { readonly stage?: string },
): Promise<EmbeddedData> {
  const views = options.views ?? 1;
  const width = views * backbone.embeddingSize;
  const all = new Float32Array(placed.length * width);
  const kept: PlacedSample[] = [];
  const unreadable: Unreadable[] = [];
  const { cache, threads, runtime, signal, onProgress, onWarning, stage } = options;
  const embedding = embedImages(
    placed.map(({ sample }) => sample),
    placed.length,
    backbone,
    { views, cache, threads, runtime, signal, onProgress, onWarning, ...(stage === undefined ? {} : { stage }) },
  );
  for await (const { index, vector, error } of embedding) {
    if (error !== undefined) {
      if (options.unreadable === "fail") throw error;
      unreadable.push({ file: placed[index].sample.file, reason: error.message });
      continue;
    }
    all.set(vector, kept.length * width);
    kept.push(placed[index]);
  }
  if (unreadable.length > 0) onWarning?.(describeUnreadable(unreadable, placed.length));
  return embedded({ backbone, views, placed: kept, embeddings: all.subarray(0, kept.length * width), unreadable });
}

/** sha256 over names, labels and parts: two datasets with the same fingerprint train the same classifier. */
export function fingerprint(classes: readonly string[], placed: readonly PlacedSample[]): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify(classes));
  for (const { sample, part } of placed) hash.update(JSON.stringify([sample.file, Array.from(sample.labels), part]));
  return hash.digest("hex");
}
