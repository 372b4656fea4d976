import type { BytePiece } from "./bytes.js";
import type { FetchBytes } from "./pages.js";

/** Bytes that nobody asked for cost less than another request does. */
const MOST_GAP_BYTES = 2 ** 15;
export const MOST_JOINED_BYTES = 2 ** 23;
/** Ranges that are fetched while one is used. */
const AHEAD = 3;

/** Pieces that are fetched together. */
export interface JoinedRange extends BytePiece {
  readonly pieces: readonly BytePiece[];
}

/**
 * Joins pieces with at most 32 KiB between them into ranges of at most 8 MiB, in the order in which their first pieces come. A piece
 * that is larger is a range of its own; of pieces that begin at the same byte, the first counts.
 */
export function joinPieces(pieces: readonly BytePiece[]): readonly JoinedRange[] {
  const order = new Map<number, number>();
  for (const [i, { offset }] of pieces.entries()) if (!order.has(offset)) order.set(offset, i);
  const sorted = [...order.values()].sort((a, b) => pieces[a].offset - pieces[b].offset);
  const ranges: { offset: number; end: number; first: number; pieces: BytePiece[] }[] = [];
  for (const i of sorted) {
    const { offset, length } = pieces[i];
    const end = offset + length;
    const last = ranges.at(-1);
    if (last !== undefined && offset - last.end <= MOST_GAP_BYTES && Math.max(end, last.end) - last.offset <= MOST_JOINED_BYTES) {
      last.end = Math.max(end, last.end);
      last.first = Math.min(i, last.first);
      last.pieces.push(pieces[i]);
    } else {
      ranges.push({ offset, end, first: i, pieces: [pieces[i]] });
    }
  }
  ranges.sort((a, b) => a.first - b.first);
  return ranges.map(({ offset, end, pieces: joined }) => ({ offset, length: end - offset, pieces: joined }));
}

/**
 * Reads pieces that are known beforehand: those that lie near each other are fetched together, and some ranges ahead of the one that
 * is used. What was read once is not kept.
 *
 * @param otherwise reads what was not said beforehand
 */
export function joinedReads(pieces: readonly BytePiece[], fetchBytes: FetchBytes, otherwise: FetchBytes): FetchBytes {
  const ranges = joinPieces(pieces);
  const waiting = new Map<number, { readonly range: number; readonly length: number }>();
  for (const [range, { pieces: joined }] of ranges.entries()) {
    for (const { offset, length } of joined) waiting.set(offset, { range, length });
  }
  const unread = ranges.map(({ pieces: joined }) => joined.length);
  const fetched = new Map<number, Promise<Uint8Array>>();
  const started = new Set<number>();
  const start = (range: number) => {
    started.add(range);
    const bytes = fetchBytes(ranges[range]);
    // Whoever reads it hears of its failure.
    bytes.catch(() => {});
    fetched.set(range, bytes);
  };

  return async ({ offset, length }) => {
    const place = waiting.get(offset);
    if (place === undefined || place.length !== length) return otherwise({ offset, length });
    const { range } = place;
    waiting.delete(offset);
    for (let next = range; next <= range + AHEAD && next < ranges.length; next++) if (!started.has(next)) start(next);
    const whole = fetched.get(range);
    if (whole === undefined) return otherwise({ offset, length });
    unread[range]--;
    if (unread[range] === 0) fetched.delete(range);
    const bytes = await whole;
    const from = offset - ranges[range].offset;
    // Memory of its own: whoever reads it may change it, or let go of it.
    return length === bytes.length && unread[range] === 0 ? bytes : bytes.slice(from, from + length);
  };
}
