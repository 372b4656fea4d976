import { rmSync } from "node:fs";
import { discard, openAtomicFile, unwritable, writeFileAtomic } from "../../files.js";
import { throwIfAborted } from "../../progress.js";
import { encodeDirectories, type Tag } from "./directory.js";
import type { LevelSize } from "./overviews.js";
import { categorySidecar, sidecarPath } from "./sidecar.js";
import type { StoredBlocks } from "./stored-blocks.js";
import { type ImageNotes, levelTags } from "./tags.js";

/** A COG of which everything is known. */
export interface CogParts {
  readonly path: string;
  readonly notes: ImageNotes;
  /** What only the first directory says. */
  readonly fileTags: readonly Tag[];
  /** The full raster, then its overviews. */
  readonly levels: readonly { readonly size: LevelSize; readonly blocks: StoredBlocks }[];
  readonly blockPx: number;
  readonly categories: readonly string[] | undefined;
  readonly classicBytes: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Puts head and blocks together in a temporary file, makes it appear under its name, and its sidecar before it.
 *
 * @throws UserError `io` naming the file if the disk refuses, `aborted`; then nothing is left behind
 */
export async function assembleCog(parts: CogParts): Promise<void> {
  const { path, levels, categories, classicBytes, signal } = parts;
  const classic = headOf(parts, { big: false });
  const { head } = classic.end <= classicBytes ? classic : headOf(parts, { big: true });
  const file = await openAtomicFile(path);
  try {
    await file.write(head);
    for (const { blocks } of levels.toReversed()) {
      for await (const piece of blocks.pieces()) {
        throwIfAborted(signal);
        await file.write(piece);
      }
    }
    writeSidecar(path, categories);
    await file.finish().catch((error: unknown) => {
      discard(sidecarPath(path));
      throw error;
    });
  } finally {
    await file.discard();
  }
}

/** The head of the file, and where the file ends with all blocks behind it. */
function headOf({ notes, fileTags, levels, blockPx }: CogParts, { big }: { readonly big: boolean }) {
  const startingAt = (start: number) => {
    let end = start;
    // The blocks of the smallest overview come first, its directory last.
    const placed = levels.toReversed().map(({ size, blocks }) => {
      const places = blocks.placed(end);
      end = places.end;
      return { size, places };
    });
    const directories = placed
      .toReversed()
      .map(({ size, places }, level) => [
        ...levelTags(notes, { ...size, blocks: { tilePx: blockPx }, places, isOverview: level > 0 }),
        ...(level === 0 ? fileTags : []),
      ]);
    return { head: encodeDirectories(directories, { big }), end };
  };
  // A head is as long wherever the blocks lie.
  return startingAt(startingAt(0).head.length);
}

/** A sidecar that is there speaks of the pixels that are replaced. */
function writeSidecar(path: string, categories: readonly string[] | undefined): void {
  const sidecar = sidecarPath(path);
  if (categories !== undefined) {
    writeFileAtomic(sidecar, categorySidecar(categories));
    return;
  }
  try {
    rmSync(sidecar, { force: true });
  } catch (error) {
    throw unwritable(sidecar, error);
  }
}
