import { limited, mapInOrder } from "../../concurrency.js";
import { throwIfAborted } from "../../progress.js";
import type { BlockCache } from "../block-cache.js";
import type { Raster } from "../raster.js";
import { release } from "../release.js";
import type { PixelWindow } from "../resample.js";
import { decodeBlock } from "./block.js";
import type { TiffImage } from "./check.js";
import { type BlockPlace, blocksOf, isDone, sharedPart } from "./layout.js";
import { fillPart, type PlaneTarget, placeBlock } from "./place.js";

/** A band of an image, and the plane `[H, W]` it is written to. */
export interface BandWanted {
  readonly band: number;
  readonly data: Raster["data"];
  /** Index of the plane's first sample. */
  readonly start: number;
}

/** What is read of an image. */
export interface PlanesWanted {
  readonly window: PixelWindow;
  /** A band may be wanted more than once. */
  readonly bands: readonly BandWanted[];
  /** What blocks that were never written are filled with. */
  readonly empty: number;
  readonly signal: AbortSignal | undefined;
}

/** How blocks are decoded and kept. */
export interface BlockWork {
  readonly cache: BlockCache;
  /** Blocks that are decoded at the same time; 0: on the calling thread. */
  readonly threads: number;
}

/** Blocks that are read while others are decoded and one is placed: whoever decodes then has the next one at hand. */
const AHEAD = 3;
/** Memory for blocks that are under way, unless a single one is larger. */
const UNDER_WAY_BYTES = 2 ** 27;

/**
 * Reads bands of a window, in the order of the file; each block is decoded once. Several are under way at a time, and what comes out
 * does not depend on how many.
 *
 * @throws UserError `bad-file` naming file and block
 */
export async function readPlanes(
  image: TiffImage,
  { window, bands, empty, signal }: PlanesWanted,
  { cache, threads }: BlockWork,
): Promise<void> {
  const { grid, offsets, byteCounts, directory } = image;
  const together = grid.planes === 1;
  const targets = new Map<number, PlaneTarget[]>();
  for (const { band, data, start } of bands) {
    const plane = together ? 0 : band;
    const ofPlane = targets.get(plane) ?? [];
    targets.set(plane, ofPlane);
    ofPlane.push({ sample: together ? band : 0, data, start, window });
  }
  const planes = [...targets.keys()].sort((a, b) => a - b);
  const kept = cache.of(image);
  const pieceOf = ({ index }: BlockPlace) => (kept.has(index) ? NOTHING : { offset: offsets[index], length: byteCounts[index] });
  const pieces = () => Array.from(blocksOf(grid, window, planes), pieceOf).filter(({ length }) => length > 0);
  const source = directory.source.ahead?.(pieces(), signal) ?? directory.source;
  const slots = limited(Math.max(1, threads));
  const load = async (place: BlockPlace) => {
    const { index } = place;
    const part = sharedPart(grid, place, window);
    if (byteCounts[index] === 0) return { place, part };
    const decode = async () => {
      const bytes = await source.read(offsets[index], byteCounts[index]);
      const decoded = await slots(() => decodeBlock(image, place, bytes, { isInline: threads === 0 }));
      const isAlone = bytes.byteLength === bytes.buffer.byteLength;
      if (decoded.buffer === bytes.buffer) return isAlone ? decoded : decoded.slice();
      if (isAlone) release(bytes);
      return decoded;
    };
    return { place, part, block: await kept.get(index, !isDone(grid, place, part), decode) };
  };
  const atOnce = Math.max(1, Math.min(threads === 0 ? 1 : threads + AHEAD, Math.floor(UNDER_WAY_BYTES / image.mostBytes)));
  const places = function* () {
    for (const place of blocksOf(grid, window, planes)) {
      throwIfAborted(signal);
      yield place;
    }
  };
  try {
    for await (const { place, part, block } of mapInOrder(places(), atOnce, load)) {
      throwIfAborted(signal);
      const { plane, leftPx, topPx } = place;
      const ofPlane = targets.get(plane) ?? [];
      if (block === undefined) {
        for (const to of ofPlane) fillPart(empty, part, to);
        continue;
      }
      const samples = together ? image.samples : 1;
      placeBlock({ data: block.data, leftPx, topPx, widthPx: grid.widthPx, samples }, part, ofPlane);
      block.giveBack();
    }
  } catch (error) {
    // What a file says that was closed meanwhile is of no interest.
    throwIfAborted(signal);
    throw error;
  }
}

const NOTHING = { offset: 0, length: 0 };
