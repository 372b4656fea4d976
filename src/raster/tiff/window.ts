import type { Raster } from "../raster.js";
import type { PixelWindow } from "../resample.js";
import { decodeBlock } from "./block.js";
import type { TiffImage } from "./check.js";
import { type BlockPlace, blocksOf, sharedPart } from "./layout.js";
import { fillPart, type PlaneTarget, placeBand } from "./place.js";

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

/**
 * Reads bands of a window, block by block in the order of the file; each block is decoded once.
 *
 * @throws UserError `bad-file` naming file and block
 */
export async function readPlanes(image: TiffImage, { window, bands, empty, signal }: PlanesWanted): Promise<void> {
  const { grid, offsets, byteCounts, directory } = image;
  const together = grid.planes === 1;
  const samples = together ? image.samples : 1;
  const targets = new Map<number, { readonly sample: number; readonly to: PlaneTarget }[]>();
  for (const { band, data, start } of bands) {
    const plane = together ? 0 : band;
    const ofPlane = targets.get(plane) ?? [];
    targets.set(plane, ofPlane);
    ofPlane.push({ sample: together ? band : 0, to: { data, start, window } });
  }
  const planes = [...targets.keys()].sort((a, b) => a - b);
  const pieceOf = ({ index }: BlockPlace) => ({ offset: offsets[index], length: byteCounts[index] });
  const pieces = () => Array.from(blocksOf(grid, window, planes), pieceOf).filter(({ length }) => length > 0);
  const source = directory.source.ahead?.(pieces(), signal) ?? directory.source;
  for (const place of blocksOf(grid, window, planes)) {
    signal?.throwIfAborted();
    const { index, plane, leftPx, topPx } = place;
    const part = sharedPart(grid, place, window);
    if (byteCounts[index] === 0) {
      for (const { to } of targets.get(plane) ?? []) fillPart(empty, part, to);
      continue;
    }
    const bytes = await source.read(offsets[index], byteCounts[index]);
    const block = { data: await decodeBlock(image, place, bytes), leftPx, topPx, widthPx: grid.widthPx, samples };
    for (const { sample, to } of targets.get(plane) ?? []) placeBand(block, sample, part, to);
  }
}
