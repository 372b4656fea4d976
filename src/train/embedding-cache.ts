import { createHash, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, readSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";

import { crc32 } from "../crc32.js";
import { messageOf, UserError } from "../errors.js";
import { makeFolder, writeFileAtomic } from "../files.js";

const KEY_BYTES = 32;
/** A key record: sha256 of the image bytes, CRC-32 of its vector, CRC-32 of the 36 bytes before. */
const RECORD_BYTES = KEY_BYTES + 8;

/** Vectors on disk, looked up by the sha256 of the image they were computed from. */
export interface EmbeddingCache {
  /** How many vectors were there when it was opened. */
  readonly found: number;
  /** The vector of an image, or undefined if it is absent or damaged. `into` is filled from `offset`. */
  read(key: Buffer, into: Float32Array, offset: number): boolean;
  append(key: Buffer, vector: Float32Array): void;
  /** Makes everything appended so far survive a power cut. */
  close(): void;
}

export interface EmbeddingCacheOptions {
  /** The cache folder; made when it is missing. Deleting it is always safe. */
  readonly folder: string;
  /** What besides the image decides the vector: backbone sha256, preprocessing. */
  readonly identity: unknown;
  /** Floats per vector. */
  readonly size: number;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Where a vector lies. */
interface Place {
  readonly shard: Shard;
  readonly index: number;
  readonly crc: number;
}

/** Vectors `<name>.vectors` and their keys `<name>.keys`, written by one process. */
interface Shard {
  readonly stem: string;
  /** Opened when a vector of it is first read. */
  vectors: number | undefined;
  /** Records found to be damaged; they are blotted out on closing, so that they are told of once. */
  readonly damaged: Set<number>;
}

/**
 * Opens the shards of one backbone and preprocessing. Every process appends to shards of its own (`<name>.vectors` then
 * `<name>.keys`), so that two may work at once and a crash costs at most the record being written: a record counts only when its
 * key is whole and its vector's checksum agrees.
 */
export function openEmbeddingCache(options: EmbeddingCacheOptions): EmbeddingCache {
  const { size, onWarning } = options;
  const vectorBytes = size * 4;
  const name = createHash("sha256")
    .update(JSON.stringify([1, options.identity, size]))
    .digest("hex")
    .slice(0, 32);
  const folder = join(options.folder, "embeddings", name);
  const places = new Map<string, Place[]>();
  const shards: Shard[] = [];
  try {
    makeFolder(folder);
    for (const entry of readdirSync(folder).sort()) {
      if (!entry.endsWith(".keys")) continue;
      const shard: Shard = { stem: join(folder, entry.slice(0, -".keys".length)), vectors: undefined, damaged: new Set() };
      const vectors = statSync(`${shard.stem}.vectors`, { throwIfNoEntry: false });
      if (vectors === undefined) continue;
      shards.push(shard);
      const keys = readFileSync(`${shard.stem}.keys`);
      // What a crash left at the end is no record yet.
      const whole = Math.min(Math.floor(keys.length / RECORD_BYTES), Math.floor(vectors.size / vectorBytes));
      for (let index = 0; index < whole; index++) {
        const record = keys.subarray(index * RECORD_BYTES, (index + 1) * RECORD_BYTES);
        if (record.equals(BLOT)) continue;
        if (crc32(record.subarray(0, 36)) !== record.readUInt32LE(36)) {
          shard.damaged.add(index);
          continue;
        }
        const key = record.toString("latin1", 0, KEY_BYTES);
        places.set(key, [...(places.get(key) ?? []), { shard, index, crc: record.readUInt32LE(32) }]);
      }
    }
  } catch (cause) {
    throw new UserError("io", `${folder}: the embedding cache cannot be used: ${messageOf(cause)}`, {
      hint: "Give another folder with --cache.",
      cause,
    });
  }
  const warnDamaged = (count: number) =>
    onWarning?.(`${folder}: ${count} damaged ${count === 1 ? "entry" : "entries"} of the embedding cache will be computed again`);
  const damagedKeys = shards.reduce((sum, { damaged }) => sum + damaged.size, 0);
  if (damagedKeys > 0) warnDamaged(damagedKeys);

  let own: { keys: number; vectors: number } | undefined;
  const bytes = Buffer.alloc(vectorBytes);
  const readPlace = ({ shard, index, crc }: Place): boolean => {
    shard.vectors ??= openSync(`${shard.stem}.vectors`, "r");
    const read = readSync(shard.vectors, bytes, 0, vectorBytes, index * vectorBytes);
    if (read === vectorBytes && crc32(bytes) === crc) return true;
    shard.damaged.add(index);
    return false;
  };
  return {
    found: places.size,
    read(key, into, offset) {
      const text = key.toString("latin1");
      const candidates = places.get(text);
      if (candidates === undefined) return false;
      if (!candidates.some(readPlace)) {
        places.delete(text);
        warnDamaged(1);
        return false;
      }
      new Uint8Array(into.buffer, into.byteOffset + offset * 4, vectorBytes).set(bytes);
      return true;
    },
    append(key, vector) {
      if (vector.length !== size) throw new RangeError(`a vector of ${vector.length} floats in a cache of ${size}`);
      const raw = Buffer.from(vector.buffer, vector.byteOffset, vectorBytes);
      const record = Buffer.alloc(RECORD_BYTES);
      key.copy(record, 0, 0, KEY_BYTES);
      record.writeUInt32LE(crc32(raw), 32);
      record.writeUInt32LE(crc32(record.subarray(0, 36)), 36);
      try {
        if (own === undefined) {
          const stem = join(folder, randomBytes(8).toString("hex"));
          own = { vectors: openSync(`${stem}.vectors`, "wx"), keys: openSync(`${stem}.keys`, "wx") };
        }
        writeAll(own.vectors, raw);
        writeAll(own.keys, record);
      } catch (cause) {
        throw new UserError("io", `${folder}: the embedding cache cannot be written: ${messageOf(cause)}`, {
          hint: "Free some space, or give another folder with --cache.",
          cause,
        });
      }
    },
    close() {
      for (const shard of shards) {
        if (shard.vectors !== undefined) closeSync(shard.vectors);
        shard.vectors = undefined;
        if (shard.damaged.size > 0) blotOut(shard);
      }
      if (own === undefined) return;
      fsyncSync(own.vectors);
      fsyncSync(own.keys);
      closeSync(own.vectors);
      closeSync(own.keys);
      own = undefined;
    },
  };
}

/** A record that says: nothing here. */
const BLOT = Buffer.alloc(RECORD_BYTES);

function blotOut({ stem, damaged }: Shard): void {
  try {
    const keys = readFileSync(`${stem}.keys`);
    for (const index of damaged) BLOT.copy(keys, index * RECORD_BYTES);
    writeFileAtomic(`${stem}.keys`, keys);
    damaged.clear();
  } catch {
    // A cache that may not be mended is only told of again.
  }
}

function writeAll(file: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}
