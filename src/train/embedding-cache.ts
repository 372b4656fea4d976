import { createHash, randomBytes } from "node:crypto";
import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readdirSync, readFileSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { messageOf, UserError } from "../errors.js";
import { makeFolder } from "../files.js";

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
  const places = new Map<string, { file: number; index: number; crc: number }>();
  const files: number[] = [];
  let damaged = 0;
  try {
    makeFolder(folder);
    for (const entry of readdirSync(folder).sort()) {
      if (!entry.endsWith(".keys")) continue;
      const vectorsPath = join(folder, entry.replace(/\.keys$/, ".vectors"));
      if (!existsSync(vectorsPath)) continue;
      const keys = readFileSync(join(folder, entry));
      const file = openSync(vectorsPath, "r");
      files.push(file);
      const whole = Math.min(Math.floor(keys.length / RECORD_BYTES), Math.floor(fstatSync(file).size / vectorBytes));
      if (whole * RECORD_BYTES !== keys.length) damaged++;
      for (let index = 0; index < whole; index++) {
        const record = keys.subarray(index * RECORD_BYTES, (index + 1) * RECORD_BYTES);
        if (crc32(record.subarray(0, 36)) !== record.readUInt32LE(36)) {
          damaged++;
          continue;
        }
        places.set(record.toString("latin1", 0, KEY_BYTES), { file, index, crc: record.readUInt32LE(32) });
      }
    }
  } catch (cause) {
    for (const file of files) closeSync(file);
    throw new UserError("io", `${folder}: the embedding cache cannot be used: ${messageOf(cause)}`, {
      hint: "Give another folder with --cache.",
      cause,
    });
  }
  const warnDamaged = (count: number) =>
    onWarning?.(`${folder}: ${count} damaged ${count === 1 ? "entry" : "entries"} of the embedding cache will be computed again`);
  if (damaged > 0) warnDamaged(damaged);

  let shard: { keys: number; vectors: number } | undefined;
  const bytes = Buffer.alloc(vectorBytes);
  return {
    found: places.size,
    read(key, into, offset) {
      const text = key.toString("latin1");
      const place = places.get(text);
      if (place === undefined) return false;
      const read = readSync(place.file, bytes, 0, vectorBytes, place.index * vectorBytes);
      if (read !== vectorBytes || crc32(bytes) !== place.crc) {
        places.delete(text);
        warnDamaged(1);
        return false;
      }
      new Uint8Array(into.buffer, into.byteOffset + offset * 4, vectorBytes).set(bytes);
      return true;
    },
    append(key, vector) {
      if (vector.length !== size) throw new RangeError(`a vector of ${vector.length} floats in a cache of ${size}`);
      if (shard === undefined) {
        const stem = join(folder, randomBytes(8).toString("hex"));
        shard = { vectors: openSync(`${stem}.vectors`, "wx"), keys: openSync(`${stem}.keys`, "wx") };
      }
      const raw = Buffer.from(vector.buffer, vector.byteOffset, vectorBytes);
      const record = Buffer.alloc(RECORD_BYTES);
      key.copy(record, 0, 0, KEY_BYTES);
      record.writeUInt32LE(crc32(raw), 32);
      record.writeUInt32LE(crc32(record.subarray(0, 36)), 36);
      writeAll(shard.vectors, raw);
      writeAll(shard.keys, record);
    },
    close() {
      for (const file of files) closeSync(file);
      files.length = 0;
      if (shard === undefined) return;
      fsyncSync(shard.vectors);
      fsyncSync(shard.keys);
      closeSync(shard.vectors);
      closeSync(shard.keys);
      shard = undefined;
    },
  };
}

function writeAll(file: number, bytes: Buffer): void {
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
  } catch (cause) {
    throw new UserError("io", `the embedding cache cannot be written: ${messageOf(cause)}`, {
      hint: "Free some space, or give another folder with --cache.",
      cause,
    });
  }
}
