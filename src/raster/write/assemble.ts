import { type AtomicFile, openAtomicFile, writeFileAtomic } from "../../files.js";
import { throwIfAborted } from "../../progress.js";
import { encodeDirectories, type Tag } from "./directory.js";
import type { LevelSize } from "./overviews.js";
import { categorySidecar, setSidecarsAside, sidecarPath } from "./sidecar.js";
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
 * Puts head and blocks together in a temporary file, makes it appear under its name, then the sidecar with its categories.
 *
 * @throws UserError `io` naming the file if the disk refuses, `aborted`; then nothing is left behind, and what was there is as it
 *   was, unless the sidecar is the file that is named: then the raster is whole without it
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
    await replace(path, file);
  } finally {
    await file.discard();
  }
  if (categories !== undefined) writeFileAtomic(sidecarPath(path), categorySidecar(categories));
}

/**
 * Makes the file appear under its name. What lies beside an old one speaks of the pixels that are replaced, and would be believed
 * of the new ones: it goes first, and comes back if the new file cannot appear. Killed in between, the process leaves the old file
 * without its sidecars, which lie there under hidden names; killed later, the new file whole, without the names of its values.
 * At no time has a file the mask, the overviews or the names of another.
 */
async function replace(path: string, file: AtomicFile): Promise<void> {
  const sidecars = setSidecarsAside(path);
  try {
    await file.finish();
  } catch (error) {
    sidecars.restore();
    throw error;
  }
  sidecars.remove();
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
