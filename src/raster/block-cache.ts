import type { Raster } from "./raster.js";
import { release } from "./release.js";

/** Decoded blocks of rasters, for windows that need them again; those that were not needed for longest go first. */
export interface BlockCache {
  /** The blocks of one image, which is told from others by what it is. */
  of(image: object): KeptBlocks;
}

/** A decoded block that somebody uses. */
export interface LentBlock {
  /** Not to be written to. */
  readonly data: Raster["data"];
  /** Says that it is no longer used: of a block that is not kept, the memory is freed with its last user. */
  giveBack(): void;
}

/** What is kept of one image. */
export interface KeptBlocks {
  /** Whether a block is there, or on its way. */
  has(index: number): boolean;
  /**
   * A block that is there or on its way; else what `decode` makes.
   *
   * @param isKept whether it is worth keeping
   */
  get(index: number, isKept: boolean, decode: () => Promise<Raster["data"]>): Promise<LentBlock>;
  /** Forgets all of it, also what is on its way. */
  drop(): void;
}

const SHARED_BYTES = 64 * 2 ** 20;
/** Of memory that a kept block holds beyond its own. */
const MOST_SURPLUS = 1.25;

interface BlockUnderWay {
  readonly data: Promise<Raster["data"]>;
  isKept: boolean;
  users: number;
}

async function lend(block: BlockUnderWay): Promise<LentBlock> {
  const data = await block.data;
  return {
    data,
    giveBack() {
      block.users--;
      if (block.users === 0 && !block.isKept) release(data);
    },
  };
}

/** The cache that readers without one of their own share. */
const shared = createBlockCache(SHARED_BYTES);

/** The cache of a reader that may keep so many bytes; by default the one of 64 MiB that all readers of this process share. */
export function blockCache(mostBytes: number | undefined): BlockCache {
  return mostBytes === undefined ? shared : createBlockCache(mostBytes);
}

/** A cache of at most so many bytes. Blocks that are decoded at the moment come on top. */
export function createBlockCache(mostBytes: number): BlockCache {
  /** The one that was used last is the last. */
  const kept = new Map<string, Raster["data"]>();
  let keptBytes = 0;
  const forget = (key: string, { byteLength }: Raster["data"]) => {
    kept.delete(key);
    keptBytes -= byteLength;
  };
  const keep = (key: string, data: Raster["data"]) => {
    if (data.byteLength > mostBytes) return false;
    const own = data.buffer.byteLength > MOST_SURPLUS * data.byteLength ? data.slice() : data;
    kept.set(key, own);
    keptBytes += own.byteLength;
    for (const [oldest, old] of kept) {
      if (keptBytes <= mostBytes) break;
      forget(oldest, old);
    }
    return true;
  };

  const images = new WeakMap<object, KeptBlocks>();
  let opened = 0;
  const open = (): KeptBlocks => {
    const id = opened++;
    const keyOf = (index: number) => `${id} ${index}`;
    const underWay = new Map<number, BlockUnderWay>();
    return {
      has: (index) => underWay.has(index) || kept.has(keyOf(index)),
      async get(index, isKept, decode) {
        const key = keyOf(index);
        const there = kept.get(key);
        if (there !== undefined) {
          kept.delete(key);
          kept.set(key, there);
          return { data: there, giveBack() {} };
        }
        const coming = underWay.get(index);
        if (coming !== undefined) {
          coming.users++;
          coming.isKept ||= isKept;
          return lend(coming);
        }
        const block = { data: decode(), isKept, users: 1 };
        underWay.set(index, block);
        try {
          const data = await block.data;
          // Those who wait for it too go on after this.
          block.isKept &&= underWay.get(index) === block && keep(key, data);
          return await lend(block);
        } finally {
          if (underWay.get(index) === block) underWay.delete(index);
        }
      },
      drop() {
        underWay.clear();
        for (const [key, data] of kept) if (key.startsWith(`${id} `)) forget(key, data);
      },
    };
  };
  return {
    of(image) {
      const blocks = images.get(image) ?? open();
      images.set(image, blocks);
      return blocks;
    },
  };
}
