import type { Raster } from "../raster.js";
import type { PixelWindow } from "../resample.js";

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
  readonly data: Raster["data"];
  /** Index of the plane's first sample. */
  readonly start: number;
  readonly window: PixelWindow;
}

type StridedCopy = (
  source: Raster["data"],
  from: number,
  stride: number,
  target: Raster["data"],
  to: number,
  count: number,
) => void;

/** One loop for each type in use: a loop that sees all of them is several times slower. */
function stridedCopy(): StridedCopy {
  return (source, from, stride, target, to, count) => {
    for (let i = 0, at = from; i < count; i++, at += stride) target[to + i] = source[at];
  };
}
const COPIES = new Map<unknown, StridedCopy>();

/**
 * Copies one band of the part that a block and a window share.
 *
 * @param sample which of the S samples of a pixel
 */
export function placeBand(block: PlacedBlock, sample: number, part: PixelWindow, { data, start, window }: PlaneTarget): void {
  const copy = COPIES.get(block.data.constructor) ?? stridedCopy();
  COPIES.set(block.data.constructor, copy);
  for (let row = 0; row < part.heightPx; row++) {
    const from = ((part.topPx + row - block.topPx) * block.widthPx + part.leftPx - block.leftPx) * block.samples + sample;
    const to = start + (part.topPx + row - window.topPx) * window.widthPx + part.leftPx - window.leftPx;
    if (block.samples === 1) data.set(block.data.subarray(from, from + part.widthPx), to);
    else copy(block.data, from, block.samples, data, to, part.widthPx);
  }
}

/** Fills the part of a window that a block which was never written covers. */
export function fillPart(value: number, part: PixelWindow, { data, start, window }: PlaneTarget): void {
  for (let row = 0; row < part.heightPx; row++) {
    const to = start + (part.topPx + row - window.topPx) * window.widthPx + part.leftPx - window.leftPx;
    data.fill(value, to, to + part.widthPx);
  }
}
