import type { Raster } from "../raster.js";

/** Decoded tiles that were asked for last: a scene that is read in strips meets each tile many times. */
export interface TileCache {
  /** What was decoded for a key, or what `decode` makes; asked again while it is under way, it is decoded once. */
  get(key: string, bytes: number, decode: () => Promise<Raster["data"]>): Promise<Raster["data"]>;
  has(key: string): boolean;
  /** Forgets all whose keys begin so. */
  forget(prefix: string): void;
}

interface Entry {
  readonly bytes: number;
  readonly data: Promise<Raster["data"]>;
}

/** Room for `maxBytes` of tiles, or for one that is larger. */
export function createTileCache(maxBytes: number): TileCache {
  // A map keeps the order in which keys were set: the first was asked for longest ago.
  const entries = new Map<string, Entry>();
  let held = 0;
  const drop = (key: string, entry: Entry) => {
    // Another may have taken its place.
    if (entries.get(key) !== entry) return;
    entries.delete(key);
    held -= entry.bytes;
  };
  return {
    get(key, bytes, decode) {
      const known = entries.get(key);
      if (known !== undefined) {
        entries.delete(key);
        entries.set(key, known);
        return known.data;
      }
      const entry = { bytes, data: decode() };
      entry.data.catch(() => drop(key, entry));
      held += bytes;
      for (const [oldest, old] of entries) {
        if (held <= maxBytes) break;
        drop(oldest, old);
      }
      entries.set(key, entry);
      return entry.data;
    },
    has: (key) => entries.has(key),
    forget(prefix) {
      for (const [key, entry] of entries) if (key.startsWith(prefix)) drop(key, entry);
    },
  };
}
