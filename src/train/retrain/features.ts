import { createHash } from "node:crypto";
import { mapInOrder } from "../../concurrency.js";
import type { Sample } from "../../data/dataset.js";
import type { Backbone } from "../../model/backbone.js";
import type { WorkOptions } from "../../progress.js";
import type { Random } from "../../random.js";
import { PARTS, type Part } from "../../task.js";
import { embedImages } from "../embeddings.js";
import { labelMatrix, type PlacedSample, pickRows } from "../parts.js";
import { bottleneckPath, readBottleneck, writeBottleneck } from "./bottlenecks.js";
import { openDistorter } from "./distort.js";
import type { RetrainOptions, RetrainSettings } from "./options.js";

/** How many bottleneck files are read at once. */
const CONCURRENCY = 16;

/** The samples of one part, ready to be drawn from. */
export interface Examples {
  readonly samples: readonly Sample[];
  /** `[n, K]` of 1, 0 and −1. */
  readonly labels: Int8Array;
  /** Embeddings `[rows, D]` of these samples. */
  readonly features: (rows: readonly number[]) => Promise<Float32Array>;
}

/** Every part's samples with their embeddings. Close it. */
export interface RetrainFeatures {
  readonly size: number;
  readonly parts: Readonly<Record<Part, Examples>>;
  close(): Promise<void>;
}

/** Examples whose embeddings `[N, D]` are in memory, one for each of the placed samples. */
export function examplesInMemory(placed: readonly PlacedSample[], embeddings: Float32Array, size: number): RetrainFeatures {
  const examples = (part: Part): Examples => {
    const own = placed.flatMap((sample, row) => (sample.part === part ? [row] : []));
    return examplesOf(
      own.map((row) => placed[row]),
      async (rows) =>
        pickRows(
          embeddings,
          size,
          rows.map((row) => own[row]),
        ),
    );
  };
  const [train, validation, test] = PARTS.map(examples);
  return { size, parts: { train, validation, test }, close: async () => {} };
}

/** Examples from images: from bottleneck files where they are good, else through the backbone. */
export async function examplesFromImages(
  placed: readonly PlacedSample[],
  backbone: Backbone,
  options: RetrainOptions,
): Promise<RetrainFeatures> {
  const { kept, embeddings } = await embedThroughBottlenecks(placed, backbone, options);
  return examplesInMemory(kept, embeddings, backbone.embeddingSize);
}

/** As `examplesFromImages`, but training images are distorted at random each time they are asked for. */
export async function examplesDistorted(
  placed: readonly PlacedSample[],
  backbone: Backbone,
  options: RetrainOptions & { readonly limits: RetrainSettings; readonly random: Random },
): Promise<RetrainFeatures> {
  const isTraining = ({ part }: PlacedSample) => part === "train";
  const heldOut = await examplesFromImages(
    placed.filter((sample) => !isTraining(sample)),
    backbone,
    options,
  );
  const training = placed.filter(isTraining).map(({ sample, part }) => ({ file: sample.file, path: sample.path, sample, part }));
  const distorter = await openDistorter(training, backbone, options);
  return {
    ...heldOut,
    parts: { ...heldOut.parts, train: examplesOf(distorter.files, distorter.embed) },
    close: distorter.close,
  };
}

function examplesOf(placed: readonly PlacedSample[], features: Examples["features"]): Examples {
  const samples = placed.map(({ sample }) => sample);
  return { samples, labels: labelMatrix(placed, samples[0]?.labels.length ?? 0), features };
}

async function embedThroughBottlenecks(placed: readonly PlacedSample[], backbone: Backbone, options: RetrainOptions) {
  const { bottleneckDir } = options;
  const size = backbone.embeddingSize;
  const embeddings = new Float32Array(placed.length * size);
  const pathOf = bottleneckDir === undefined ? undefined : pathsIn(bottleneckDir, backbone);
  const known = pathOf === undefined ? new Set<number>() : await readKnown(placed, pathOf, size, embeddings, options);

  const todo = placed.flatMap((_, row) => (known.has(row) ? [] : [row]));
  const unreadable = new Map<number, string>();
  const files = todo.map((row) => placed[row].sample);
  for await (const { index, vector, error } of embedImages(files, files.length, backbone, { ...options, views: 1 })) {
    const row = todo[index];
    if (error !== undefined) {
      unreadable.set(row, error.message);
      continue;
    }
    embeddings.set(vector, row * size);
    if (pathOf !== undefined) writeBottleneck(pathOf(placed[row].sample), vector);
  }
  if (unreadable.size === 0) return { kept: placed, embeddings };
  const shown = [...unreadable.values()].slice(0, 3).join("; ");
  options.onWarning?.(`${unreadable.size} of ${placed.length} images cannot be read and are left out: ${shown}`);
  const rows = placed.flatMap((_, row) => (unreadable.has(row) ? [] : [row]));
  return { kept: rows.map((row) => placed[row]), embeddings: pickRows(embeddings, size, rows) };
}

/** The name says which backbone and preprocessing the numbers are from, so that others are never mistaken for them. */
function pathsIn(bottleneckDir: string, { id, sha256, preprocess }: Backbone): (sample: Sample) => string {
  const identity = createHash("sha256")
    .update(JSON.stringify([sha256, preprocess]))
    .digest("hex")
    .slice(0, 12);
  return ({ file }) => bottleneckPath(bottleneckDir, file, `${id}-${identity}`);
}

/** Fills in what good bottleneck files know, and returns their rows. */
async function readKnown(
  placed: readonly PlacedSample[],
  pathOf: (sample: Sample) => string,
  size: number,
  embeddings: Float32Array,
  { signal, onProgress, onWarning }: WorkOptions,
): Promise<ReadonlySet<number>> {
  const known = new Set<number>();
  const bad: string[] = [];
  const read = async ({ sample }: PlacedSample) => ({
    path: pathOf(sample),
    bottleneck: await readBottleneck(pathOf(sample), sample.path),
  });
  let row = 0;
  for await (const { path, bottleneck } of mapInOrder(placed, CONCURRENCY, read, signal)) {
    if (bottleneck?.vector?.length === size) {
      embeddings.set(bottleneck.vector, row * size);
      known.add(row);
    } else if (bottleneck !== undefined) {
      bad.push(`${path}: ${bottleneck.reason ?? `${bottleneck.vector?.length} numbers instead of ${size}`}`);
    }
    row++;
    onProgress?.({ stage: "read", done: row, total: placed.length, unit: "bottlenecks" });
  }
  if (bad.length > 0) {
    onWarning?.(`${bad.length} bottleneck files cannot be used and are computed again: ${bad.slice(0, 3).join("; ")}`);
  }
  return known;
}
