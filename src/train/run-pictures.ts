import { type Sample, YES } from "../data/dataset.js";
import { UserError } from "../errors.js";
import { throwIfAborted } from "../progress.js";
import { THUMBNAIL_BYTES, thumbnailOrder } from "../report/run/thumbnail-order.js";
import type { Explained, MistakeGroup, NovelImage, RunReport } from "../report/run-data.js";
import { type Explainer, explanationPicture } from "./explain.js";
import { readRaster } from "./image-files.js";
import { groupByLikeness, novelty } from "./likeness.js";
import { findMistakes, type MistakenRow } from "./mistakes.js";
import { pickRows } from "./parts.js";
import { THUMBNAIL_PX, thumbnailsWithin } from "./thumbnails.js";

/** Most mistakes shown one by one, and of them with a map of what speaks for the label that was given. */
const SHOWN_MISTAKES = 24;
const EXPLAINED_MISTAKES = 12;
const EXPLAINED_RIGHT = 12;
const SHOWN_NOVEL = 12;
/** Images nearer to the training images than this many times the usual are nothing new. */
const NOVEL_RATIO = 1.5;
/** Mistakes beyond these are not grouped: the groups would say no more. */
const GROUPED_MISTAKES = 2000;

/** The images of a test, and what a classifier said of them. */
export interface Tested {
  readonly classes: readonly string[];
  /** n of them. */
  readonly samples: readonly Sample[];
  /** `[n, K]` of 1, 0 and −1 (unknown). */
  readonly labels: Int8Array;
  /** `[n, K]`. */
  readonly probabilities: Float32Array;
  /** `[n, K]` of 1 and 0. */
  readonly decisions: Uint8Array;
  /** `[n, D]`; without them likeness is left out. */
  readonly features?: Float32Array;
}

/** What helps to choose and to draw. */
export interface PictureOptions {
  readonly seed: number;
  /** Features of the images that were trained on, `[N, D]`; without them nothing is called new. */
  readonly reference?: Float32Array | undefined;
  readonly explainer?: Explainer | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What of the test images a report shows as pictures. */
export type RunPictures = Required<Pick<RunReport, "mistakes" | "explained" | "mistakeGroups" | "novel" | "predictions">>;

/** Chooses and draws the pictures of a report. */
export async function runPictures(tested: Tested, options: PictureOptions): Promise<RunPictures> {
  const { classes, samples, labels, probabilities, decisions } = tested;
  const wrong = findMistakes(labels, tested, classes.length);
  const novel = await novelImages(tested, options);
  const telling = thumbnailOrder(labels, decisions, probabilities, classes.length);
  const first = [...wrong.slice(0, SHOWN_MISTAKES).map(({ index }) => index), ...novel.map(({ image }) => image)];
  const order = [...new Set([...first, ...telling])];
  const pictures = await thumbnailsWithin(THUMBNAIL_BYTES, samples, order, { signal: options.signal });
  const maps = await explain(tested, wrong, options);
  return {
    predictions: {
      images: samples.map(({ file }, i) => {
        const thumbnail = pictures.get(i);
        return { file, ...(thumbnail !== undefined && { thumbnail }) };
      }),
      labels,
      probabilities,
    },
    mistakes: wrong.slice(0, SHOWN_MISTAKES).map(({ index, truth, decided, confidence }) => {
      const cam = maps.wrong.get(index);
      return {
        file: samples[index].file,
        image: index,
        ...(cam !== undefined && { cam }),
        truth: truth.map((k) => classes[k]),
        decided: decided.map((k) => classes[k]),
        confidence,
      };
    }),
    explained: maps.right,
    mistakeGroups: groupMistakes(tested, wrong, options.seed),
    novel,
  };
}

/** Mistakes that look alike, where there are several of a kind. */
function groupMistakes({ features, samples }: Tested, wrong: readonly MistakenRow[], seed: number): readonly MistakeGroup[] {
  if (features === undefined || samples.length === 0) return [];
  const size = features.length / samples.length;
  const rows = wrong.slice(0, GROUPED_MISTAKES).map(({ index }) => index);
  return groupByLikeness(pickRows(features, size, rows), size, { seed })
    .filter((group) => group.length > 1)
    .map((group) => ({ images: group.map((i) => rows[i]) }));
}

/** Test images farther from the training images than usual, the farthest first. */
async function novelImages(
  { features, samples }: Tested,
  { reference, signal }: PictureOptions,
): Promise<readonly (NovelImage & { readonly image: number })[]> {
  if (features === undefined || reference === undefined || samples.length === 0) return [];
  const ratios = await novelty(reference, features, features.length / samples.length, { signal });
  return [...ratios.keys()]
    .filter((i) => ratios[i] > NOVEL_RATIO)
    .sort((a, b) => ratios[b] - ratios[a] || a - b)
    .slice(0, SHOWN_NOVEL)
    .map((image) => ({ file: samples[image].file, image, ratio: ratios[image] }));
}

/** Maps of the worst mistakes by row, and one right example of as many classes as there is room for. */
async function explain(
  { classes, samples, labels, probabilities }: Tested,
  wrong: readonly MistakenRow[],
  { explainer, signal }: PictureOptions,
): Promise<{ readonly wrong: ReadonlyMap<number, string>; readonly right: readonly Explained[] }> {
  const maps = new Map<number, string>();
  const right: Explained[] = [];
  if (explainer === undefined) return { wrong: maps, right };
  const pictureOf = async (image: number, k: number): Promise<string | undefined> => {
    throwIfAborted(signal);
    const { path, file } = samples[image];
    try {
      return await explanationPicture(await explainer.explain(await readRaster(path, file), k, { file }), THUMBNAIL_PX);
    } catch (error) {
      if (error instanceof UserError) return undefined; // became unreadable meanwhile, or cannot be shown
      throw error;
    }
  };
  for (const { index, truth, decided } of wrong.slice(0, EXPLAINED_MISTAKES)) {
    // What was wrongly said; where something was only missed, what was missed.
    const k = decided.find((given) => !truth.includes(given)) ?? truth.find((missed) => !decided.includes(missed));
    const cam = k === undefined ? undefined : await pictureOf(index, k);
    if (cam !== undefined) maps.set(index, cam);
  }
  for (const [k, label] of classes.entries()) {
    if (right.length === EXPLAINED_RIGHT) break;
    const image = surest(k, labels, probabilities, classes.length);
    const cam = image === undefined ? undefined : await pictureOf(image, k);
    if (image === undefined || cam === undefined) continue;
    const probability = probabilities[image * classes.length + k];
    right.push({ file: samples[image].file, image, cam, label, probability, right: true });
  }
  return { wrong: maps, right };
}

/** The image of a class that the classifier is surest of. */
function surest(k: number, labels: Int8Array, probabilities: Float32Array, classes: number): number | undefined {
  let best: number | undefined;
  for (let i = 0; i * classes < labels.length; i++) {
    if (labels[i * classes + k] !== YES) continue;
    if (best === undefined || probabilities[i * classes + k] > probabilities[best * classes + k]) best = i;
  }
  return best;
}
