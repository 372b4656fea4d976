import { UserError } from "../../errors.js";
import type { ByteSource } from "../bytes/bytes.js";
import { viewOf } from "../formats/header.js";
import type { Extent } from "./boxes.js";
import type { MainHeader } from "./codestream.js";

/** Where the parts of tiles lie, as far as a codestream can be followed. */
export interface TileParts {
  readonly tiles: ReadonlyMap<number, FoundTile>;
  /** What is wrong behind the last part; undefined where the codestream ends as it should. */
  readonly problem: string | undefined;
}

interface FoundTile {
  readonly parts: readonly Extent[];
  /** How many parts it says it has; 0 where it does not. */
  readonly claimed: number;
}

const SOT = 0xff90;
const EOC = 0xffd9;
/** Marker, length, tile, length of the part, its number, number of parts. */
export const SOT_BYTES = 12;
/** A start and the marker of data behind it. */
const MIN_PART_BYTES = SOT_BYTES + 2;
const MAX_PARTS = 2 ** 20;

/** Follows a codestream from part to part. Where it cannot go on, it stops: tiles before that can be read all the same. */
export async function findTileParts(
  source: ByteSource,
  { end }: Extent,
  { columns, rows, end: first }: Pick<MainHeader, "columns" | "rows" | "end">,
): Promise<TileParts> {
  const tiles = new Map<number, { parts: Extent[]; claimed: number }>();
  const stop = (problem: string): TileParts => ({ tiles, problem });
  for (let at = first, count = 0; ; count++) {
    if (at + 2 > end) return stop("it ends before the mark of its end");
    const head = viewOf(await source.read(at, Math.min(SOT_BYTES, end - at)));
    const marker = head.getUint16(0);
    if (marker === EOC) return { tiles, problem: undefined };
    if (marker !== SOT) return stop(`there is no tile at byte ${at}`);
    if (head.byteLength < SOT_BYTES) return stop(`it ends in the header of a tile at byte ${at}`);
    if (count === MAX_PARTS) return stop(`it has more than ${MAX_PARTS} parts of tiles`);
    const tile = head.getUint16(4);
    if (tile >= columns * rows) return stop(`at byte ${at} is tile ${tile + 1} of ${columns * rows}`);
    const length = head.getUint32(6);
    // 0: up to the end of the codestream, without its mark.
    const isLast = length === 0;
    const partEnd = isLast ? end - 2 : at + length;
    if (partEnd > end) return stop(`tile ${tile + 1} should end at byte ${partEnd}, it ends at byte ${end}`);
    if (partEnd - at < MIN_PART_BYTES) return stop(`a part of tile ${tile + 1} claims ${length} bytes`);
    if (isLast && viewOf(await source.read(partEnd, 2)).getUint16(0) !== EOC) {
      return stop("it ends before the mark of its end");
    }
    const found = tiles.get(tile) ?? { parts: [], claimed: 0 };
    tiles.set(tile, found);
    found.parts.push({ start: at, end: partEnd });
    found.claimed = Math.max(found.claimed, head.getUint8(11));
    at = partEnd;
  }
}

/**
 * The parts of one tile.
 *
 * @throws UserError `bad-file` where some of it is not there, or may not be
 */
export function partsOf(name: string, tile: number, { tiles, problem }: TileParts): readonly Extent[] {
  const { parts, claimed } = tiles.get(tile) ?? { parts: [], claimed: 0 };
  // Where a file breaks off, a further part of a tile that does not count them may have stood.
  const isWhole = parts.length > 0 && (claimed === 0 ? problem === undefined : parts.length === claimed);
  if (isWhole) return parts;
  const why = problem ?? (claimed > 0 ? `${parts.length} of its ${claimed} parts are there` : "it is not there");
  throw new UserError("bad-file", `${name}: tile ${tile + 1} is cut off: ${why}`, { hint: "Fetch or export the file again." });
}
