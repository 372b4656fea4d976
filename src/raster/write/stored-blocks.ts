import { openSpool, type Spool } from "./spool.js";
import type { BlockPlaces } from "./tags.js";

/** The compressed blocks of one level, in a temporary file until all are known. */
export interface StoredBlocks {
  /** Whether a block is there, or on its way. */
  has(index: number): boolean;
  /**
   * Takes a block; returns as soon as another may be taken.
   *
   * @throws what compressing or storing any earlier block threw
   */
  put(index: number, compressed: () => Promise<Uint8Array>): Promise<void>;
  /** Where each block will lie when the first lies at `start`, in the order of their numbers; and where the last one ends. */
  placed(start: number): BlockPlaces & { readonly end: number };
  /** The blocks in the order of their numbers, in pieces of bounded size. */
  pieces(): AsyncGenerator<Uint8Array>;
  close(): Promise<void>;
}

/** Work of which only so much is under way. */
export interface Crew {
  /** Starts work, as soon as there is room for it. @throws what earlier work threw */
  start(work: () => Promise<void>): Promise<void>;
  /** Waits for all of it. @throws what any of it threw */
  done(): Promise<void>;
}

/** How much is copied at once. */
const PIECE_BYTES = 2 ** 23;

/** At most `limit` pieces of work at a time; the first failure is told to whoever asks next. */
export function assembleCrew(limit: number): Crew {
  const underWay = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const tell = () => {
    if (failure !== undefined) throw failure.error;
  };
  return {
    async start(work) {
      while (underWay.size >= limit) await Promise.race(underWay);
      tell();
      const job = work()
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => underWay.delete(job));
      underWay.add(job);
    },
    async done() {
      await Promise.all(underWay);
      tell();
    },
  };
}

/** Opens the store of a level with so many blocks, for the output at `path`. @throws UserError `io` naming the output */
export async function openStoredBlocks(path: string, count: number, crew: Crew): Promise<StoredBlocks> {
  const spool: Spool = await openSpool(path);
  const taken = new Uint8Array(count);
  /** In the spool, in the order in which blocks came. */
  const offsets = new Float64Array(count);
  /** 0: not there. No compressed block is empty. */
  const lengths = new Uint32Array(count);
  return {
    has: (index) => taken[index] === 1,
    async put(index, compressed) {
      taken[index] = 1;
      await crew.start(async () => {
        const bytes = await compressed();
        offsets[index] = await spool.append(bytes);
        lengths[index] = bytes.length;
      });
    },
    placed(start) {
      let end = start;
      const places = Float64Array.from(lengths, (length) => {
        end += length;
        return length === 0 ? 0 : end - length;
      });
      return { offsets: places, lengths, end };
    },
    async *pieces() {
      let [from, size] = [0, 0];
      for (let index = 0; index < count; index++) {
        if (lengths[index] === 0) continue;
        // Blocks that came in order are read together.
        const joins = offsets[index] === from + size && size + lengths[index] <= PIECE_BYTES;
        if (!joins) {
          if (size > 0) yield await spool.read(from, size);
          [from, size] = [offsets[index], 0];
        }
        size += lengths[index];
      }
      if (size > 0) yield await spool.read(from, size);
    },
    close: () => spool.close(),
  };
}
