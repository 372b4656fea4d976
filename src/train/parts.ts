import { type Dataset, isLabelled, type Sample } from "../data/dataset.js";
import type { Part } from "../task.js";

/** How many samples each part holds. */
export type Counts = Readonly<Record<Part, number>>;

/** A sample that takes part, with the part it belongs to. */
export interface PlacedSample {
  readonly sample: Sample;
  readonly part: Part;
}

/** The labelled samples that have a part, in dataset order. */
export function placeSamples(dataset: Dataset, parts: readonly (Part | undefined)[]): PlacedSample[] {
  const placed: PlacedSample[] = [];
  dataset.samples.forEach((sample, i) => {
    const part = parts[i];
    if (part !== undefined && isLabelled(sample)) placed.push({ sample, part });
  });
  return placed;
}

/** Indices into the placed samples, per part. */
export function rowsByPart(placed: readonly PlacedSample[]): Record<Part, number[]> {
  const rows: Record<Part, number[]> = { train: [], validation: [], test: [] };
  placed.forEach(({ part }, row) => {
    rows[part].push(row);
  });
  return rows;
}

/** How many rows each part has. */
export function countParts(rows: Readonly<Record<Part, readonly number[]>>): Counts {
  return { train: rows.train.length, validation: rows.validation.length, test: rows.test.length };
}

/** Labels of the placed samples, row-major `[N, K]`. */
export function labelMatrix(placed: readonly PlacedSample[], classes: number): Int8Array {
  const labels = new Int8Array(placed.length * classes);
  placed.forEach(({ sample }, row) => {
    labels.set(sample.labels, row * classes);
  });
  return labels;
}

/** How many of some rows of labels `[N, K]` have each label, `[K]`. */
export function countPositives(labels: Int8Array, rows: readonly number[], classes: number): Float64Array {
  const counts = new Float64Array(classes);
  for (const row of rows) for (let k = 0; k < classes; k++) if (labels[row * classes + k] === 1) counts[k]++;
  return counts;
}

/** Picks rows out of a row-major matrix `[N, width]`. */
export function pickRows<T extends Float32Array | Int8Array>(matrix: T, width: number, rows: readonly number[]): T {
  const picked = (
    matrix instanceof Float32Array ? new Float32Array(rows.length * width) : new Int8Array(rows.length * width)
  ) as T; // same constructor as matrix
  rows.forEach((row, i) => {
    picked.set(matrix.subarray(row * width, (row + 1) * width), i * width);
  });
  return picked;
}
