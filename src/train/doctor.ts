import { availableParallelism } from "node:os";
import { mapInOrder } from "../concurrency.js";
import type { Finding, Unreadable } from "../data/checks.js";
import type { Sample } from "../data/dataset.js";
import { YES } from "../data/dataset.js";
import { checkPixels } from "../data/pixel-checks.js";
import { type ImageFacts, imageFacts, measuredOf, planeOf } from "../data/pixels.js";
import { UserError } from "../errors.js";
import type { Backbone } from "../model/backbone.js";
import { preprocessingSteps } from "../model/chain.js";
import { type ExpectedInput, expectedInput, judgeInput, rangeOf } from "../model/expected-input.js";
import { readModel } from "../onnx/index.js";
import { type InputValues, inputValues } from "../onnx/input-values.js";
import { throwIfAborted, type WorkOptions } from "../progress.js";
import { frameCrop, type PicturePair, shrinkPicture } from "../raster/contact-sheet.js";
import { decodeRaster } from "../raster/formats.js";
import { measureValues } from "../raster/measure.js";
import { toPicture } from "../raster/picture.js";
import { type Preprocess, toInput } from "../raster/preprocess.js";
import type { Raster } from "../raster/raster.js";
import { describeStored } from "../raster/stored.js";
import { type BandValues, bandValues, type Collected, collect, SHARES, scaled, sourceRange } from "./band-values.js";
import { readImageFile } from "./image-files.js";
import { checkPlacement } from "./input-checks.js";
import { spread } from "./spread.js";

/** Quantiles are taken of this many values of each band: of all images together, and of one of them. */
const ALL_VALUES = 400_000;
const MOST_VALUES = 2048;
const FEWEST_VALUES = 16;
/** Larger images are decoded one at a time. */
const LARGE_BYTES = 4 * 2 ** 20;
const PICTURE_PX = 256;

/** What a backbone's preprocessing makes of the images. */
export interface Preprocessing {
  readonly backbone: string;
  readonly preprocess: Preprocess;
  /** In words, from the most frequent kind of image to the network. */
  readonly steps: readonly string[];
  /** The network's values are pixel · factor + shift, in its order of channels. */
  readonly normalization: Pick<InputValues, "factor" | "shift">;
  readonly expected: ExpectedInput;
  /** What the network gets, in its order of channels. */
  readonly values: readonly BandValues[];
}

/** One image before and after preprocessing. */
export interface ShownImage extends PicturePair {
  readonly facts: ImageFacts;
  readonly labels: readonly string[];
}

/** What looking at the pixels of some images shows. */
export interface Examination {
  readonly lookedAt: number;
  readonly facts: readonly ImageFacts[];
  /** By type and band, as decoded. */
  readonly values: readonly BandValues[];
  /** Undefined without a backbone. */
  readonly preprocessing?: Preprocessing;
  readonly findings: readonly Finding[];
  readonly unreadable: readonly Unreadable[];
  readonly pictures: readonly ShownImage[];
}

/** Which images are looked at, and for which network. */
export interface ExamineOptions extends WorkOptions {
  readonly classes: readonly string[];
  readonly backbone?: Backbone | undefined;
  /** Images to decode, evenly spread. Default 200. */
  readonly limit?: number | undefined;
  /** Images to keep as pictures, spread over the classes. Default none. */
  readonly pictures?: number | undefined;
}

/**
 * Decodes a spread of the images, measures them before and after the backbone's preprocessing, and says what looks wrong. Each
 * image is held only while it is measured; the pictures that are kept are small.
 */
export async function examineImages(samples: readonly Sample[], options: ExamineOptions): Promise<Examination> {
  const { classes, backbone, limit = 200, signal, onProgress } = options;
  const chosen = spread(samples, limit);
  const shown = new Set(spreadOverClasses(chosen, options.pictures ?? 0));
  const facts: ImageFacts[] = [];
  const unreadable: Unreadable[] = [];
  const lacking: string[] = [];
  const before = new Map<string, Collected>();
  const after = new Map<string, Collected>();
  const pictures: ShownImage[] = [];
  const scratch = backbone && new Float32Array(inputSize(backbone.preprocess));

  const most = Math.max(FEWEST_VALUES, Math.min(MOST_VALUES, Math.floor(ALL_VALUES / Math.max(1, chosen.length))));
  let done = 0;
  for await (const { sample, raster, stored, error } of mapInOrder(chosen, concurrency(), decoder(), signal)) {
    throwIfAborted(signal);
    onProgress?.({ stage: "look at pixels", done: ++done, total: chosen.length, unit: "images" });
    if (error !== undefined) {
      unreadable.push({ file: sample.file, reason: error.message });
      continue;
    }
    const image = imageFacts(sample.file, raster, stored);
    facts.push(image);
    image.measures.forEach((measure, band) => {
      collect(before, { band: raster.bands[band], dtype: raster.dtype }, { measure, values: measuredOf(raster, band), most });
    });
    const input = backbone && scratch && inputOf(raster, backbone.preprocess, scratch);
    if (backbone && input === undefined) lacking.push(sample.file);
    for (const [band, name] of input?.bands.entries() ?? []) {
      const values = cutOff(planeOf(input!, band), backbone!, band);
      collect(after, { band: name, dtype: "float32" }, { measure: measureValues(values), values, most });
    }
    if (shown.has(sample)) pictures.push(pictureOf(image, sample, raster, { classes, input, preprocess: backbone?.preprocess }));
  }

  const preprocessing = backbone && facts.length > 0 ? preprocessingOf(backbone, facts, after) : undefined;
  return {
    lookedAt: chosen.length,
    facts,
    values: [...before.values()].map((collected) => bandValues(collected, sourceRange(collected))),
    ...(preprocessing && { preprocessing: preprocessing.found }),
    findings: [
      ...checkPixels(facts),
      ...(backbone && facts.length > 0 ? inputFindings(backbone, facts, lacking) : []),
      ...(preprocessing?.findings ?? []),
    ],
    unreadable,
    pictures,
  };
}

/** Large files wait for each other, so that memory is bounded by one of them and a few small ones. */
function decoder() {
  let turn: Promise<unknown> = Promise.resolve();
  const decode = async (sample: Sample, bytes: Uint8Array) => {
    const raster = await decodeRaster(bytes, { file: sample.file });
    return { sample, raster, stored: await describeStored(bytes), error: undefined };
  };
  return async (sample: Sample) => {
    try {
      const bytes = readImageFile(sample.path, sample.file);
      if (bytes.length < LARGE_BYTES) return await decode(sample, bytes);
      const mine = turn.then(() => decode(sample, bytes));
      turn = mine.catch(() => {});
      return await mine;
    } catch (error) {
      if (error instanceof UserError) return { sample, raster: undefined, stored: undefined, error };
      throw error;
    }
  };
}

/** The values of a band as a stretch leaves them: those beyond its ends are cut off. */
function cutOff(values: Raster["data"], backbone: Backbone, band: number): Raster["data"] {
  if (backbone.normalize?.method !== "stretch") return values;
  const [low, high] = rangeOf(backbone, band);
  return Float32Array.from(values, (value) => Math.min(high, Math.max(low, value)));
}

function concurrency(): number {
  return Math.min(4, availableParallelism() + 1);
}

function inputSize({ bands, widthPx, heightPx }: Preprocess): number {
  return bands.length * widthPx * heightPx;
}

/** The network's input as a raster in source range, in memory that the next image will use; undefined where a band is missing. */
function inputOf(raster: Raster, preprocess: Preprocess, data: Float32Array): Raster | undefined {
  try {
    toInput(raster, preprocess, data, 0);
  } catch (error) {
    if (error instanceof UserError && error.code === "bad-data") return undefined;
    throw error;
  }
  const { bands, widthPx, heightPx } = preprocess;
  return { bands, widthPx, heightPx, dtype: "float32", data };
}

function preprocessingOf(backbone: Backbone, facts: readonly ImageFacts[], after: ReadonlyMap<string, Collected>) {
  const { preprocess, id } = backbone;
  const normalization = inputValues(readModel(backbone.model, { file: id }));
  const expected = expectedInput(backbone, normalization);
  const range = (band: number) => rangeOf(backbone, band);
  const pixels = preprocess.bands.flatMap((band) => after.get(`float32 ${band}`) ?? []);
  const values = normalization.order.flatMap((from, to) => {
    if (pixels[from] === undefined) return [];
    return [scaled(bandValues(pixels[from], range(from)), normalization.factor[to], normalization.shift[to])];
  });
  const found: Preprocessing = {
    backbone: id,
    preprocess,
    steps: preprocessingSteps(mostFrequent(facts), backbone, normalization),
    normalization: { factor: normalization.factor, shift: normalization.shift },
    expected,
    values,
  };
  const middle = [
    Math.min(...values.map((row) => row.quantiles[0])),
    Math.max(...values.map((row) => row.quantiles[SHARES.length - 1])),
  ] as const;
  const wrong = values.length === 0 ? [] : judgeInput(expected, normalization, { measures: values, middle, range });
  const kind = expected.usual ? ("values-off" as const) : ("unusual-normalisation" as const);
  return { found, findings: wrong.map((message): Finding => ({ kind, message })) };
}

function inputFindings(backbone: Backbone, facts: readonly ImageFacts[], lacking: readonly string[]): readonly Finding[] {
  const bad = new Set(lacking);
  const missing: Finding = {
    kind: "missing-bands",
    message: `Images that lack a band, ${lacking.length} of ${facts.length}: the network reads ${backbone.preprocess.bands.join(", ")}. They will be left out: export them with these bands.`,
    files: lacking.map((file) => [file]),
  };
  const used = facts.filter(({ file }) => !bad.has(file));
  return [...(lacking.length > 0 ? [missing] : []), ...checkPlacement(used, backbone)];
}

function mostFrequent(facts: readonly ImageFacts[]): ImageFacts {
  const kinds = new Map<string, { readonly first: ImageFacts; count: number }>();
  for (const image of facts) {
    const { widthPx, heightPx, format, dtype, bands } = image;
    const key = JSON.stringify([widthPx, heightPx, format, dtype, bands]);
    const kind = kinds.get(key) ?? { first: image, count: 0 };
    kind.count++;
    kinds.set(key, kind);
  }
  return [...kinds.values()].sort((a, b) => b.count - a.count)[0].first;
}

/** Samples in turn of each class, and of those without a label, until there are enough. */
function spreadOverClasses(samples: readonly Sample[], count: number): Sample[] {
  const byClass = new Map<number, Sample[]>();
  for (const sample of samples) {
    const first = sample.labels.indexOf(YES);
    const row = byClass.get(first);
    if (row) row.push(sample);
    else byClass.set(first, [sample]);
  }
  const each = Math.ceil(count / Math.max(1, byClass.size));
  const rows = [...byClass].sort(([a], [b]) => a - b).map(([, row]) => spread(row, each));
  return Array.from({ length: each }, (_, i) => rows.flatMap((row) => row[i] ?? []))
    .flat()
    .slice(0, count);
}

function pictureOf(
  facts: ImageFacts,
  { labels }: Sample,
  raster: Raster,
  {
    classes,
    input,
    preprocess,
  }: {
    readonly classes: readonly string[];
    readonly input: Raster | undefined;
    readonly preprocess: Preprocess | undefined;
  },
): ShownImage {
  const small = toPicture(shrinkPicture(raster, PICTURE_PX));
  return {
    facts,
    labels: classes.filter((_, k) => labels[k] === YES),
    before: input && preprocess ? frameCrop(small, raster, preprocess) : small,
    after: input && preprocess && shrinkPicture(toPicture(input, preprocess.range), PICTURE_PX),
  };
}
