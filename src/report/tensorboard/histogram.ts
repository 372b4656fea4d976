import type { Summary_Histogram, Tensor } from "./proto.js";
import { numbersOf, numberTensor } from "./tensor.js";

/** How many values lie between two edges; the right edge of the last bucket belongs to it. */
export interface Bucket {
  readonly left: number;
  readonly right: number;
  readonly count: number;
}

/** Buckets from left to right; none for no values. */
export type Histogram = readonly Bucket[];

/** As many as TensorBoard's own summaries have. */
const BUCKETS = 30;

/** 30 buckets of equal width from the least to the greatest value; one without width where all are equal. Only finite values count. */
export function histogramOf(values: ArrayLike<number>): Histogram {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  let finite = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    finite++;
    least = Math.min(least, values[i]);
    greatest = Math.max(greatest, values[i]);
  }
  if (finite === 0) return [];
  const width = (greatest - least) / BUCKETS;
  if (!(width > 0)) return [{ left: least, right: greatest, count: finite }];
  const counts = new Float64Array(BUCKETS);
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) counts[Math.min(BUCKETS - 1, Math.floor((values[i] - least) / width))]++;
  }
  return Array.from(counts, (count, i) => ({
    left: least + i * width,
    right: i === BUCKETS - 1 ? greatest : least + (i + 1) * width,
    count,
  }));
}

/** `[buckets, 3]` of left, right and count. */
export function histogramTensor(histogram: Histogram) {
  return numberTensor(
    [histogram.length, 3],
    Float64Array.from(histogram.flatMap(({ left, right, count }) => [left, right, count])),
  );
}

/** What {@link histogramTensor} wrote; undefined for any other tensor. */
export function readHistogram(tensor: Tensor): Histogram | undefined {
  const numbers = numbersOf(tensor);
  if (numbers === undefined || numbers.shape.length !== 2 || numbers.shape[1] !== 3) return undefined;
  const { data } = numbers;
  return Array.from({ length: numbers.shape[0] }, (_, i) => ({
    left: data[3 * i],
    right: data[3 * i + 1],
    count: data[3 * i + 2],
  }));
}

/** A histogram of TensorFlow 1 without the empty buckets at its ends; undefined when its edges and counts do not fit. */
export function readOldHistogram({ min, max, bucketLimit, bucket }: Summary_Histogram): Histogram | undefined {
  if (bucketLimit.length !== bucket.length) return undefined;
  const filled = bucket.flatMap((count, i) => (count > 0 ? [i] : []));
  if (filled.length === 0) return [];
  const first = filled[0];
  const last = filled[filled.length - 1];
  return bucket.slice(first, last + 1).map((count, i) => ({
    // The outermost edges of the file are the largest numbers there are.
    left: i === 0 ? min : bucketLimit[first + i - 1],
    right: first + i === last ? max : bucketLimit[first + i],
    count,
  }));
}
