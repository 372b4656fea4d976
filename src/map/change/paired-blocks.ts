import { throwIfAborted } from "../../progress.js";
import type { Raster } from "../../raster/raster.js";
import type { RasterReader } from "../../raster/reader.js";
import type { PixelWindow } from "../../raster/resample.js";
import { integerRange } from "../../raster/samples.js";
import { incompletePixels } from "../../raster/values.js";

/** Means of the same small squares of ground on two dates. */
export interface PairedBlocks {
  /** By band `[n]`, in stored numbers. */
  readonly reference: readonly Float32Array[];
  readonly other: readonly Float32Array[];
  /** n */
  readonly count: number;
}

/** Of the columns or the rows of a raster. */
interface Stretch {
  readonly startPx: number;
  readonly lengthPx: number;
}

/** Grids that are a pixel off each other change the mean of a block of this side little. */
export const BLOCK_PX = 4;
const WINDOW_PX = 128;
/** Windows along a side: 14² · 32² are 200,704 blocks. */
const MOST_ALONG = 14;
/** Means that are kept in memory, of both dates and all bands: 32 MiB. */
const MOST_MEANS = 2 ** 23;

/**
 * Means over blocks of 4 × 4 pixels that were measured whole on both dates: of a small raster all of them, of a large one those in
 * windows that are spread evenly. Pixels at the highest number of their type are overexposed, and count as not measured.
 *
 * @throws UserError what reading throws; `aborted`
 */
export async function pairedBlocks(
  reference: RasterReader,
  other: RasterReader,
  { bands, signal }: { readonly bands: readonly number[]; readonly signal?: AbortSignal | undefined },
): Promise<PairedBlocks> {
  const { widthPx, heightPx } = reference.info;
  const along = Math.max(
    1,
    Math.min(MOST_ALONG, Math.floor(Math.sqrt(MOST_MEANS / (2 * bands.length)) / (WINDOW_PX / BLOCK_PX))),
  );
  const windows = windowsOf(stretches(widthPx, along), stretches(heightPx, along));
  const most = windows.length * (WINDOW_PX / BLOCK_PX) ** 2;
  const means = [reference, other].map(() => bands.map(() => new Float32Array(most)));
  let count = 0;
  for (const window of windows) {
    throwIfAborted(signal);
    const read: Raster[] = [];
    for (const reader of [reference, other]) read.push(await reader.read({ window, bands, signal }));
    const unusable = read.map(unusablePixels);
    for (let top = 0; top + BLOCK_PX <= window.heightPx; top += BLOCK_PX) {
      for (let left = 0; left + BLOCK_PX <= window.widthPx; left += BLOCK_PX) {
        const first = top * window.widthPx + left;
        if (unusable.some((pixels) => pixels !== undefined && holdsAny(pixels, first, window.widthPx))) continue;
        for (const [date, raster] of read.entries()) {
          for (let band = 0; band < bands.length; band++) {
            means[date][band][count] = meanOf(raster.data, band * window.widthPx * window.heightPx + first, window.widthPx);
          }
        }
        count++;
      }
    }
  }
  const [ofReference, ofOther] = means.map((planes) => planes.map((plane) => plane.subarray(0, count)));
  return { reference: ofReference, other: ofOther, count };
}

/** Equal parts of a length, so many that none is longer than a window; where that is too many, a window in the middle of each. */
function stretches(wholePx: number, most: number): readonly Stretch[] {
  const parts = Math.min(most, Math.ceil(wholePx / WINDOW_PX));
  return Array.from({ length: parts }, (_, part) => {
    const [start, end] = [part, part + 1].map((edge) => Math.floor((edge * wholePx) / parts));
    const lengthPx = Math.min(WINDOW_PX, end - start);
    return { startPx: start + Math.floor((end - start - lengthPx) / 2), lengthPx };
  });
}

/** Row by row: each column with each row. */
function windowsOf(columns: readonly Stretch[], rows: readonly Stretch[]): readonly PixelWindow[] {
  return rows.flatMap((row) =>
    columns.map((column) => {
      return { leftPx: column.startPx, topPx: row.startPx, widthPx: column.lengthPx, heightPx: row.lengthPx };
    }),
  );
}

/** 1 for pixels that some band did not measure, or not up to its brightness, `[H, W]`; undefined where there are none. */
function unusablePixels(raster: Raster): Uint8Array | undefined {
  const incomplete = incompletePixels(raster);
  const highest = integerRange(raster.dtype)?.[1];
  if (highest === undefined || !raster.data.includes(highest)) return incomplete;
  const pixels = incomplete ?? new Uint8Array(raster.widthPx * raster.heightPx);
  for (let at = 0; at < raster.data.length; at++) if (raster.data[at] === highest) pixels[at % pixels.length] = 1;
  return pixels;
}

function holdsAny(pixels: Uint8Array, first: number, stride: number): boolean {
  for (let row = 0, at = first; row < BLOCK_PX; row++, at += stride) {
    for (let column = 0; column < BLOCK_PX; column++) if (pixels[at + column] === 1) return true;
  }
  return false;
}

function meanOf(data: Raster["data"], first: number, stride: number): number {
  let sum = 0;
  for (let row = 0, at = first; row < BLOCK_PX; row++, at += stride) {
    for (let column = 0; column < BLOCK_PX; column++) sum += data[at + column];
  }
  return sum / BLOCK_PX ** 2;
}
