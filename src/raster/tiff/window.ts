import type { Raster } from "../raster.js";
import type { PixelWindow } from "../resample.js";
import { decodeBlock } from "./block.js";
import type { TiffImage } from "./check.js";
import { blocksOf, sharedPart } from "./layout.js";
import { fillPart, placeBand } from "./place.js";

/** What is read of an image. */
export interface PlanesWanted {
  readonly window: PixelWindow;
  /** Of the image, in the order wanted. */
  readonly bands: readonly number[];
  /** `[bands, H, W]`, written to. */
  readonly data: Raster["data"];
  /** What blocks that were never written are filled with. */
  readonly empty: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads bands of a window into `data`, block by block in the order of the file; each block is decoded once.
 *
 * @throws UserError `bad-file` naming file and block
 */
export async function readPlanes(image: TiffImage, { window, bands, data, empty, signal }: PlanesWanted): Promise<void> {
  const { grid, offsets, byteCounts, directory } = image;
  const together = grid.planes === 1;
  const pixels = window.widthPx * window.heightPx;
  const planes = together ? [0] : [...new Set(bands)].sort((a, b) => a - b);
  for (const place of blocksOf(grid, window, planes)) {
    signal?.throwIfAborted();
    const { index, plane, leftPx, topPx } = place;
    const part = sharedPart(grid, place, window);
    const targets = bands.flatMap((band, order) =>
      together || band === plane ? [{ sample: together ? band : 0, to: { data, start: order * pixels, window } }] : [],
    );
    if (byteCounts[index] === 0) {
      for (const { to } of targets) fillPart(empty, part, to);
      continue;
    }
    const bytes = await directory.source.read(offsets[index], byteCounts[index]);
    const samples = together ? image.samples : 1;
    const block = { data: await decodeBlock(image, place, bytes), leftPx, topPx, widthPx: grid.widthPx, samples };
    for (const { sample, to } of targets) placeBand(block, sample, part, to);
  }
}
