import { refuseToOverwrite } from "../../files.js";
import { throwIfAborted } from "../../progress.js";
import type { Georeference, RasterDType } from "../raster.js";
import { assembleCog } from "./assemble.js";
import { type BlockForm, blockBytes, type Pixels, predictorOf } from "./block.js";
import { type CompressionName, compressionOf } from "./compressions.js";
import type { BandNotes } from "./gdal-metadata.js";
import { levelSizes, openPyramid, type ReductionName } from "./overviews.js";
import { openSpool, type Spool } from "./spool.js";
import { assembleCrew, openStoredBlocks, type StoredBlocks } from "./stored-blocks.js";
import { bandsOfBlocks, checkImage, fileTags, storedNodata } from "./tags.js";
import { CLASSIC_BYTES } from "./tiff.js";
import { type BlockPlace, blocksOf, cut } from "./window.js";

/** What is to be written. */
export interface CogOptions {
  readonly path: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly dtype: RasterDType;
  readonly bands: readonly BandNotes[];
  readonly georeference?: Georeference | undefined;
  readonly nodata?: number | undefined;
  /** Red, green and blue, 0 to 255, of the values 0, 1, 2, … of a single uint8 or uint16 band. */
  readonly palette?: readonly (readonly [number, number, number])[] | undefined;
  /** Names of the values 0, 1, 2, … of the first band; they stand in `<path>.aux.xml`. */
  readonly categories?: readonly string[] | undefined;
  /** Items of the file, for GDAL's metadata. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Default deflate, which every browser reads. */
  readonly compression?: CompressionName | undefined;
  /** Side of a block, a multiple of 16. Default 512. */
  readonly blockPx?: number | undefined;
  /** How overviews are made: by default mode for a palette, else average. */
  readonly overviews?: ReductionName | "none" | undefined;
  /** Replaces a file that is there. */
  readonly force?: boolean | undefined;
  /** A file that would end behind this many bytes becomes a BigTIFF. Default just below 4 GiB. */
  readonly classicBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A raster being written. Until `finish` there is nothing under its name. */
export interface RasterWriter {
  /**
   * Takes a window `[C, h, w]` whose left and top are multiples of `blockPx`, and whose width and height are too unless it ends at
   * the edge; in any order, each place once. The samples may be reused when the promise is kept.
   *
   * @throws RangeError for a window that lies or is filled otherwise
   * @throws UserError `io` if the disk refuses, `aborted`
   */
  write(left: number, top: number, raster: Pixels): Promise<void>;
  /**
   * Makes the file appear whole under its name. Blocks never written are sparse: they read as nodata, or as 0 without one.
   *
   * What lay beside an old file (`.aux.xml`, `.msk`, `.ovr`) is gone with it.
   *
   * @throws UserError `io` if the disk refuses, `aborted`; then nothing is left behind, unless only `<path>.aux.xml` is missing
   */
  finish(): Promise<void>;
  /** Gives up what is not finished: nothing is left behind. Does nothing after `finish`. */
  close(): Promise<void>;
}

const BLOCK_PX = 512;
/** Tiles of a TIFF are multiples of 16; larger ones than this need too much memory of readers. */
const TILE_STEP_PX = 16;
const MOST_BLOCK_PX = 4096;
/** Node compresses on four threads. */
const MOST_UNDER_WAY = 4;
const OVERVIEW_MEMORY_BYTES = 2 ** 27;

/**
 * Opens a cloud-optimised GeoTIFF for writing, block by block: tiled, compressed, directories first, overviews from the smallest
 * up, then the full raster. Memory is bounded by a few blocks and 128 MiB of unfinished overviews; the same pixels give the same
 * bytes, whatever the order of the windows.
 *
 * @throws UserError `exists` if the file is there and `force` was not given; `io` if the disk refuses; `usage` for a compression
 *   that this Node cannot write
 * @throws RangeError for sizes, bands or a palette that no TIFF holds
 */
export async function createCog(options: CogOptions): Promise<RasterWriter> {
  const { path, widthPx, heightPx, dtype, bands, nodata, palette, blockPx = BLOCK_PX, force = false } = options;
  const { georeference, metadata, categories, signal, classicBytes = CLASSIC_BYTES } = options;
  const { overviews = palette === undefined ? "average" : "mode" } = options;
  checkImage({ dtype, bands, palette }, widthPx, heightPx);
  if (blockPx % TILE_STEP_PX !== 0 || blockPx < TILE_STEP_PX || blockPx > MOST_BLOCK_PX) {
    throw new RangeError(
      `blocks are ${TILE_STEP_PX} to ${MOST_BLOCK_PX} pixels a side in steps of ${TILE_STEP_PX}, not ${blockPx}`,
    );
  }
  const compression = compressionOf(options.compression ?? "deflate");
  refuseToOverwrite(path, force);

  const groups = bandsOfBlocks(bands.length);
  const stored = storedNodata(dtype, nodata);
  const fill = stored ?? 0;
  const form: BlockForm = { dtype, predictor: predictorOf(dtype), widthPx: blockPx, heightPx: blockPx, fill };
  const sizes = overviews === "none" ? [{ widthPx, heightPx }] : levelSizes(widthPx, heightPx, blockPx);
  const gridOf = (size: { widthPx: number; heightPx: number }) => ({
    columns: Math.ceil(size.widthPx / blockPx),
    rows: Math.ceil(size.heightPx / blockPx),
  });

  const crew = assembleCrew(MOST_UNDER_WAY);
  const levels: StoredBlocks[] = [];
  let spool: Spool | undefined;
  const closeAll = async () => {
    await crew.done().catch(() => undefined);
    for (const level of levels) await level.close();
    await spool?.close();
  };
  try {
    for (const size of sizes) {
      const { columns, rows } = gridOf(size);
      levels.push(await openStoredBlocks(path, groups.length * columns * rows, crew));
    }
    spool = await openSpool(path);
  } catch (error) {
    await closeAll();
    throw error;
  }

  const put = async (level: number, column: number, row: number, block: Pixels) => {
    const { columns, rows } = gridOf(sizes[level]);
    for (const [group, bandsInside] of groups.entries()) {
      const bytes = blockBytes(block, bandsInside, form);
      await levels[level].put((group * rows + row) * columns + column, () => compression.compress(bytes));
    }
  };
  const pyramid = openPyramid({
    ...{ levels: sizes, bands: bands.length, blockPx, dtype, fill, spool, put },
    nodata: stored,
    reduction: overviews === "none" ? "average" : overviews,
    memoryBytes: OVERVIEW_MEMORY_BYTES,
  });

  const writeBlocks = async (places: readonly BlockPlace[], left: number, top: number, window: Pixels) => {
    for (const { column, row } of places) {
      throwIfAborted(signal);
      const block = cut(window, column * blockPx - left, row * blockPx - top, blockPx);
      await put(0, column, row, block);
      await pyramid.add(0, column, row, block);
    }
  };

  const assemble = async () => {
    throwIfAborted(signal);
    await pyramid.finish();
    await crew.done();
    const notes = { dtype, bands, nodata, palette, compression: compression.code };
    await assembleCog({
      ...{ path, notes, blockPx, categories, classicBytes, signal },
      fileTags: fileTags(notes, { georeference, metadata }),
      levels: sizes.map((size, level) => ({ size, blocks: levels[level] })),
    });
  };

  let isOpen = true;
  /** Calls that overlap take turns. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const mine = turn.then(() => {
      if (!isOpen) throw new RangeError(`${path} is not being written any more`);
      return work();
    });
    turn = mine.catch(() => undefined);
    return mine;
  };
  const end = async () => {
    isOpen = false;
    await closeAll();
  };
  return {
    write: (left, top, window) =>
      inTurn(async () => {
        const places = blocksOf(left, top, window, { widthPx, heightPx, dtype, bands: bands.length, blockPx });
        const { columns } = gridOf(sizes[0]);
        for (const { column, row } of places) {
          if (levels[0].has(row * columns + column))
            throw new RangeError(`${path}: column ${column}, row ${row} of the blocks is there`);
        }
        try {
          await writeBlocks(places, left, top, window);
        } catch (error) {
          await end();
          throw error;
        }
      }),
    finish: () => inTurn(() => assemble().finally(end)),
    async close() {
      await turn;
      if (isOpen) await end();
    },
  };
}
