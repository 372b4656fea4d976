import type { Raster } from "../raster.js";
import type { PixelWindow } from "../resample.js";
import { HOST_LITTLE } from "../samples.js";

/** A decoded block `[H, W, S]` and where its upper left pixel lies. */
export interface PlacedBlock {
  readonly data: Raster["data"];
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  /** S: bands that lie together in it. */
  readonly samples: number;
}

/** One band of a window, in memory for all of them. */
export interface PlaneTarget {
  /** Which of the S samples of a pixel. */
  readonly sample: number;
  readonly data: Raster["data"];
  /** Index of the plane's first sample. */
  readonly start: number;
  readonly window: PixelWindow;
}

/** Samples as whole numbers, or as floats, of their size: only their bits matter here. */
type Words = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** target[to + i] = source[from + i · stride] for i < count */
type StridedCopy<Word> = (source: Word, from: number, stride: number, target: Word, to: number, count: number) => void;

// One loop for each size: a loop that sees arrays of several kinds takes several times as long.
const copy8: StridedCopy<Uint8Array> = (source, from, stride, target, to, count) => {
  const end = to + count;
  let [o, at] = [to, from];
  for (; o + 4 <= end; o += 4, at += 4 * stride) {
    target[o] = source[at];
    target[o + 1] = source[at + stride];
    target[o + 2] = source[at + 2 * stride];
    target[o + 3] = source[at + 3 * stride];
  }
  for (; o < end; o++, at += stride) target[o] = source[at];
};
const copy16: StridedCopy<Uint16Array> = (source, from, stride, target, to, count) => {
  for (let o = to, at = from, end = to + count; o < end; o++, at += stride) target[o] = source[at];
};
/** Even `to` and `count`: two samples in each write, since the window is far larger than any cache. */
const copy16InPairs = (source: Uint16Array, from: number, stride: number, pairs: Uint32Array, to: number, count: number) => {
  // No shifts: a window may have more than 2^31 samples.
  const end = (to + count) / 2;
  let [o, at] = [to / 2, from];
  for (; o + 2 <= end; o += 2, at += 4 * stride) {
    pairs[o] = source[at] | (source[at + stride] << 16);
    pairs[o + 1] = source[at + 2 * stride] | (source[at + 3 * stride] << 16);
  }
  if (o < end) pairs[o] = source[at] | (source[at + stride] << 16);
};
const copy32: StridedCopy<Uint32Array> = (source, from, stride, target, to, count) => {
  const end = to + count;
  let [o, at] = [to, from];
  for (; o + 4 <= end; o += 4, at += 4 * stride) {
    target[o] = source[at];
    target[o + 1] = source[at + stride];
    target[o + 2] = source[at + 2 * stride];
    target[o + 3] = source[at + 3 * stride];
  }
  for (; o < end; o++, at += stride) target[o] = source[at];
};
const copy64: StridedCopy<Float64Array> = (source, from, stride, target, to, count) => {
  const end = to + count;
  let [o, at] = [to, from];
  for (; o + 4 <= end; o += 4, at += 4 * stride) {
    target[o] = source[at];
    target[o + 1] = source[at + stride];
    target[o + 2] = source[at + 2 * stride];
    target[o + 3] = source[at + 3 * stride];
  }
  for (; o < end; o++, at += stride) target[o] = source[at];
};

/** A plane of a window as words. */
interface PlaneWords {
  readonly words: Words;
  /** The same memory, two samples of 16 bits at a time; undefined where it cannot be had. */
  readonly pairs: Uint32Array | undefined;
}

function copyWords(source: Words, from: number, stride: number, { words, pairs }: PlaneWords, to: number, count: number): void {
  if (stride === 1) words.set(source.subarray(from, from + count), to);
  else if (source instanceof Uint16Array && words instanceof Uint16Array) {
    if (pairs === undefined) copy16(source, from, stride, words, to, count);
    else copy16Whole(source, from, stride, { words, pairs }, to, count);
  } else if (source instanceof Uint32Array && words instanceof Uint32Array) copy32(source, from, stride, words, to, count);
  else if (source instanceof Uint8Array && words instanceof Uint8Array) copy8(source, from, stride, words, to, count);
  else if (source instanceof Float64Array && words instanceof Float64Array) copy64(source, from, stride, words, to, count);
  else throw new TypeError("a block and its window have samples of different sizes");
}

/** In pairs but for a first sample at an odd place, and for a last one that is left over. */
function copy16Whole(
  source: Uint16Array,
  from: number,
  stride: number,
  { words, pairs }: { readonly words: Uint16Array; readonly pairs: Uint32Array },
  to: number,
  count: number,
): void {
  const before = to % 2;
  const after = count - ((count - before) % 2);
  copy16(source, from, stride, words, to, before);
  copy16InPairs(source, from + before * stride, stride, pairs, to + before, after - before);
  copy16(source, from + after * stride, stride, words, to + after, count - after);
}

function planeWords(data: Raster["data"]): PlaneWords {
  const words = wordsOf(data);
  const { buffer, byteOffset, length } = words;
  const isPaired = words instanceof Uint16Array && HOST_LITTLE && byteOffset % 4 === 0;
  return { words, pairs: isPaired ? new Uint32Array(buffer, byteOffset, Math.floor(length / 2)) : undefined };
}

function wordsOf({ buffer, byteOffset, length, BYTES_PER_ELEMENT: size }: Raster["data"]): Words {
  if (size === 1) return new Uint8Array(buffer, byteOffset, length);
  if (size === 2) return new Uint16Array(buffer, byteOffset, length);
  return size === 4 ? new Uint32Array(buffer, byteOffset, length) : new Float64Array(buffer, byteOffset, length);
}

/** Copies some bands of the part that a block and a window share; row by row, so that a row of the block is read from memory once. */
export function placeBlock(block: PlacedBlock, part: PixelWindow, targets: readonly PlaneTarget[]): void {
  const source = wordsOf(block.data);
  const planes = targets.map(({ sample, data, start, window }) => {
    const first = start + (part.topPx - window.topPx) * window.widthPx + part.leftPx - window.leftPx;
    return { sample, words: planeWords(data), first, rowLength: window.widthPx };
  });
  for (let row = 0; row < part.heightPx; row++) {
    const from = ((part.topPx + row - block.topPx) * block.widthPx + part.leftPx - block.leftPx) * block.samples;
    for (const { sample, words, first, rowLength } of planes) {
      copyWords(source, from + sample, block.samples, words, first + row * rowLength, part.widthPx);
    }
  }
}

/** Fills the part of a window that a block which was never written covers. */
export function fillPart(value: number, part: PixelWindow, { data, start, window }: PlaneTarget): void {
  for (let row = 0; row < part.heightPx; row++) {
    const to = start + (part.topPx + row - window.topPx) * window.widthPx + part.leftPx - window.leftPx;
    data.fill(value, to, to + part.widthPx);
  }
}
