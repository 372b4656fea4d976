import type { BytePiece, ByteSource } from "./bytes.js";

/** Of one read, unless a single piece is larger. */
const MOST_BYTES = 2 ** 20;
/** Between two pieces that are read together: some writers note sizes between blocks. */
const MOST_GAP_BYTES = 2 ** 10;

/** Pieces that are read at once. */
interface Run {
  readonly offset: number;
  end: number;
}

/**
 * Reads pieces in their order, those that lie side by side in one read. What is read may share memory with its neighbours, never
 * with what another call gave.
 */
export function joined(source: Pick<ByteSource, "read">, pieces: readonly BytePiece[]): Pick<ByteSource, "read"> {
  const runs = new Map<number, Run>();
  let last: Run = { offset: 0, end: Number.NEGATIVE_INFINITY };
  for (const { offset, length } of pieces) {
    const gap = offset - last.end;
    if (gap >= 0 && gap <= MOST_GAP_BYTES && offset + length - last.offset <= MOST_BYTES) last.end = offset + length;
    else last = { offset, end: offset + length };
    runs.set(offset, last);
  }
  // Only the last run is remembered: whoever waits for an earlier one holds it.
  let current: { readonly run: Run; readonly bytes: Promise<Uint8Array> } | undefined;
  return {
    async read(offset, length) {
      const run = runs.get(offset);
      if (run === undefined || offset + length > run.end || run.end - run.offset === length) return source.read(offset, length);
      runs.delete(offset);
      if (current?.run !== run) current = { run, bytes: source.read(run.offset, run.end - run.offset) };
      const bytes = await current.bytes;
      return bytes.subarray(offset - run.offset, offset - run.offset + length);
    },
  };
}
