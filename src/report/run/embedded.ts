import { argmax, DECIDE } from "../../learn/decide.js";
import type { Task } from "../../task.js";
import type { RunReport } from "../run-data.js";
import { thresholdsOf } from "./thresholds.js";
import { thumbnailOrder } from "./thumbnail-order.js";

/** Steps between probability 0 and 1 in the page. */
export const LEVELS = 65_535;

/** Above this many cells N × K the page would grow past what is pleasant to open: it stays without sliders. */
export const MAX_CELLS = 600_000;

/** What the scripts of a report read; numbers are base64 of little-endian arrays. */
export interface EmbeddedRun {
  readonly task: Task;
  readonly classes: readonly string[];
  /** `[N]` */
  readonly files: readonly string[];
  /** Thumbnails by row, those left out that stand in the page already. */
  readonly thumbnails: Readonly<Record<string, string>>;
  /** Multilabel, int8 `[N, K]`: 1, 0 or −1 (unknown). */
  readonly labels?: string;
  /** Multilabel, uint16 `[N, K]`: probabilities in steps of 1/65535. */
  readonly levels?: string;
  /** Multilabel: the thresholds that the classifier ships `[K]`. */
  readonly thresholds?: readonly number[];
  /** Multiclass, int32 `[N]`: the true class, −1 where unknown. */
  readonly truth?: string;
  /** Multiclass, int32 `[N]`: the decided class. */
  readonly decided?: string;
  /** Multiclass, uint16 `[N]`: the probability of the decided class. */
  readonly confidence?: string;
}

/** What the page of a run embeds; undefined where there is nothing to interact with. `shown`: rows whose thumbnails the page has. */
export function embedRun(data: RunReport, shown: ReadonlySet<number>, thumbnailBytes: number): EmbeddedRun | undefined {
  const { predictions, task, classes } = data;
  const cells = predictions && CELLS[task](data);
  if (predictions === undefined || cells === undefined) return undefined;
  const thumbnails: Record<string, string> = {};
  let room = thumbnailBytes;
  const { labels, probabilities, images } = predictions;
  const decisions = DECIDE[task](probabilities, classes.length, thresholdsOf(data));
  for (const row of thumbnailOrder(labels, decisions, probabilities, classes.length)) {
    const { thumbnail } = images[row];
    if (thumbnail === undefined || shown.has(row) || thumbnail.length > room) continue;
    room -= thumbnail.length;
    thumbnails[row] = thumbnail;
  }
  return { task, classes, files: images.map(({ file }) => file), thumbnails, ...cells };
}

/** What each task needs of the predictions. */
const CELLS: Readonly<Record<Task, (data: RunReport) => Partial<EmbeddedRun> | undefined>> = {
  multiclass({ predictions, classes }) {
    const { labels, probabilities } = predictions!;
    const K = classes.length;
    const decided = Int32Array.from({ length: labels.length / K }, (_, row) => argmax(probabilities, row * K, K));
    return {
      truth: base64(decided.map((_, row) => rowOf(labels, row, K).indexOf(1))),
      decided: base64(decided),
      confidence: base64(Uint16Array.from(decided, (k, row) => Math.round(probabilities[row * K + k] * LEVELS))),
    };
  },
  multilabel(data) {
    const { predictions, classes } = data;
    const { labels, probabilities } = predictions!;
    if (labels.length > MAX_CELLS) return undefined;
    const thresholds = thresholdsOf(data);
    const levels = Uint16Array.from(labels, (_, i) => levelOf(probabilities[i], [0.5, thresholds[i % classes.length]]));
    return { labels: base64(Int8Array.from(labels)), levels: base64(levels), thresholds };
  },
};

/**
 * A probability in steps of 1/65535 that stays on its side of every threshold, so that the page counts as the classifier does; of
 * two thresholds within one step the last counts.
 */
export function levelOf(probability: number, thresholds: readonly number[]): number {
  let level = Math.round(probability * LEVELS);
  for (const threshold of thresholds) {
    const lowest = Math.ceil(threshold * LEVELS);
    // Division may round a level onto the other side of the threshold.
    const first = lowest / LEVELS < threshold ? lowest + 1 : lowest;
    if (probability >= threshold) level = Math.max(level, Math.min(first, LEVELS));
    else level = Math.min(level, Math.max(first - 1, 0));
  }
  return level;
}

function rowOf(values: ArrayLike<number>, row: number, width: number): number[] {
  return Array.from({ length: width }, (_, k) => values[row * width + k]);
}

function base64({ buffer, byteOffset, byteLength }: Int8Array | Uint16Array | Int32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}
