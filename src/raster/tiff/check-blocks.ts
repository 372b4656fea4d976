import type { UserError } from "../../errors.js";
import { cutOff } from "../bytes/bytes.js";
import type { Codec } from "./codecs.js";
import { blockNumbers, countOf, type Directory } from "./directory.js";
import { type BlockGrid, blockCount } from "./layout.js";

/** Where the blocks of an image lie, in bytes of the file; a block of 0 bytes was never written. */
export interface Blocks {
  readonly offsets: Float64Array;
  readonly byteCounts: Float64Array;
}

/** Makes an error that names the file. */
export type Refuse = (what: string, hint?: string) => UserError;

/** Strips without compression are read in pieces of about this size, so that a window costs what it holds. */
const PIECE_BYTES = 1 << 20;

/**
 * Checks where the blocks lie: as many as the image takes, all of them inside the file.
 *
 * @throws UserError `bad-file` naming what is wrong, `limit` where their places take too much memory
 */
export async function checkBlocks(
  directory: Directory,
  grid: BlockGrid,
  { codec, bytesPerRow }: { codec: Codec; bytesPerRow: number },
  refuse: Refuse,
): Promise<Blocks> {
  const block = grid.tiled ? "tile" : "strip";
  const [offsetTag, countTag] =
    grid.tiled && countOf(directory, "tileOffsets") > 0
      ? (["tileOffsets", "tileByteCounts"] as const)
      : (["stripOffsets", "stripByteCounts"] as const);
  const blocks = blockCount(grid);
  const [offsetCount, sizeCount] = [countOf(directory, offsetTag), countOf(directory, countTag)];
  if (offsetCount === 0) throw refuse(`has no ${block} offsets: nothing says where its pixels are`);
  const isSingle = blocks === 1 && codec.name === "none";
  if (sizeCount !== offsetCount && !(sizeCount === 0 && isSingle)) {
    throw refuse(`has ${offsetCount} ${block} offsets, but ${sizeCount} byte counts`);
  }
  if (offsetCount !== blocks) {
    throw refuse(
      `has ${offsetCount} ${block}s where ${grid.imageWidthPx} × ${grid.imageHeightPx} pixels in ${grid.widthPx} × ${grid.heightPx} take ${blocks}`,
    );
  }
  const bytesOf = (index: number) => bytesPerRow * rowsOf(grid, index);
  const offsets = await blockNumbers(directory, offsetTag);
  const byteCounts = sizeCount === 0 ? new Float64Array(1) : await blockNumbers(directory, countTag);
  // A single strip without compression goes without a byte count: its size follows from its rows.
  if (isSingle && byteCounts[0] === 0 && (sizeCount === 0 || offsets[0] !== 0)) byteCounts[0] = bytesOf(0);
  checkPlaces(directory, { offsets, byteCounts }, block, refuse);
  if (codec.name === "none") {
    for (let i = 0; i < blocks; i++) {
      if (byteCounts[i] === 0) continue;
      if (byteCounts[i] < bytesOf(i)) throw refuse(`${block} ${i + 1} holds ${byteCounts[i]} of ${bytesOf(i)} bytes`);
      // What lies behind the rows of a block is never read.
      byteCounts[i] = bytesOf(i);
    }
  }
  return { offsets, byteCounts };
}

function checkPlaces(
  { source: { name, size } }: Directory,
  { offsets, byteCounts }: Blocks,
  block: "tile" | "strip",
  refuse: Refuse,
): void {
  let beyond = 0;
  let end = 0;
  for (let i = 0; i < offsets.length; i++) {
    // Never written is only what has neither; a place without bytes is damage, not zeros.
    if (byteCounts[i] === 0 && offsets[i] === 0) continue;
    if (byteCounts[i] === 0)
      throw refuse(`${block} ${i + 1} lies at byte ${offsets[i]}, but has 0 bytes`, "Export the file again.");
    end = Math.max(end, offsets[i] + byteCounts[i]);
    if (!(offsets[i] >= 0 && byteCounts[i] > 0 && offsets[i] + byteCounts[i] <= size)) beyond++;
  }
  if (beyond === 0) return;
  const lie = beyond === 1 ? "lies" : "lie";
  throw cutOff(
    name,
    `${beyond} of ${offsets.length} blocks ${lie} beyond its end (${size} bytes, the last block ends at byte ${end})`,
  );
}

function rowsOf({ tiled, columns, rows, heightPx, imageHeightPx }: BlockGrid, index: number): number {
  if (tiled) return heightPx;
  return Math.min(heightPx, imageHeightPx - (Math.floor(index / columns) % rows) * heightPx);
}

/**
 * Long strips without compression in pieces of as many rows as `PIECE_BYTES` hold and divide them; strips that no such number
 * divides as they are, and those that the file is not large enough for: sparse ones could make any number of pieces out of nothing.
 */
export function cutStrips(grid: BlockGrid, bytesPerRow: number, fileBytes: number): BlockGrid {
  const isWhole = grid.imageHeightPx * grid.planes * bytesPerRow <= fileBytes;
  if (grid.tiled || !isWhole || bytesPerRow * grid.heightPx <= PIECE_BYTES) return grid;
  const most = Math.max(1, Math.floor(PIECE_BYTES / bytesPerRow));
  let heightPx = most;
  if (grid.rows > 1) while (grid.heightPx % heightPx !== 0) heightPx--;
  if (heightPx * 16 < most) return grid;
  return { ...grid, heightPx, rows: Math.ceil(grid.imageHeightPx / heightPx) };
}

/** The places of the pieces of strips that `cutStrips` cut. */
export function cutBlocks(stored: BlockGrid, grid: BlockGrid, bytesPerRow: number, { offsets, byteCounts }: Blocks): Blocks {
  const blocks = blockCount(grid);
  const cut = { offsets: new Float64Array(blocks), byteCounts: new Float64Array(blocks) };
  for (let index = 0; index < blocks; index++) {
    const topPx = (index % grid.rows) * grid.heightPx;
    const strip = Math.floor(index / grid.rows) * stored.rows + Math.floor(topPx / stored.heightPx);
    if (byteCounts[strip] === 0) continue;
    cut.offsets[index] = offsets[strip] + (topPx % stored.heightPx) * bytesPerRow;
    cut.byteCounts[index] = rowsOf(grid, index) * bytesPerRow;
  }
  return cut;
}
