import zlib from "node:zlib";
import { inCodecThread } from "./codec-threads.js";

/** What Node has from 22.15 on. */
interface NativeZstd {
  zstdCompress(
    bytes: Uint8Array,
    options: { readonly params: Readonly<Record<number, number>> },
    done: (error: Error | null, result: Buffer) => void,
  ): void;
  zstdDecompress(
    bytes: Uint8Array,
    options: { readonly maxOutputLength: number; readonly chunkSize: number },
    done: (error: Error | null, result: Buffer) => void,
  ): void;
}

/** ZSTD_c_compressionLevel of zstd's interface. */
const LEVEL_PARAMETER = 100;
/** Node gives output in pieces of this size at most; one piece of the exact size saves a copy. */
const MOST_CHUNK_BYTES = 1 << 26;

/** Looked up by name: the types are those of the oldest Node that is supported, which has no ZSTD. */
function nativeZstd(library: object = zlib): NativeZstd | "none" {
  const has = "zstdDecompress" in library && "zstdCompress" in library;
  return has ? (library as NativeZstd) : "none"; // it has both functions
}

/** What came out, or what is wrong in words. */
export type ZstdOutcome = { readonly bytes: Uint8Array } | { readonly damage: string };

/**
 * Decompresses the first frame: Node does where it can, else WebAssembly in a thread. A frame that ends early may come back short.
 *
 * @param mostBytes no more come out
 * @param native "none": WebAssembly
 */
export async function zstdDecompress(bytes: Uint8Array, mostBytes: number, native = nativeZstd()): Promise<ZstdOutcome> {
  if (native === "none") {
    return inCodecThread({ name: "zstd-decompress", bytes, options: { mostBytes } }, Math.max(bytes.length, mostBytes));
  }
  return new Promise((resolve) => {
    const options = { maxOutputLength: mostBytes, chunkSize: Math.max(64, Math.min(mostBytes, MOST_CHUNK_BYTES)) };
    native.zstdDecompress(bytes, options, (error, result) => {
      if (error === null) resolve({ bytes: result });
      else resolve({ damage: "code" in error && error.code === "ERR_BUFFER_TOO_LARGE" ? TOO_LONG : error.message });
    });
  });
}

const TOO_LONG = "it goes on after all that belongs to the block";

/** Compresses: Node does where it can, else WebAssembly in a thread. */
export async function zstdCompress(bytes: Uint8Array, level: number, native = nativeZstd()): Promise<Uint8Array> {
  if (native === "none") {
    const reply = await inCodecThread({ name: "zstd-compress", bytes, options: { level } }, bytes.length);
    if ("damage" in reply) throw new Error(`ZSTD: ${reply.damage}`);
    return reply.bytes;
  }
  return new Promise((resolve, reject) => {
    native.zstdCompress(bytes, { params: { [LEVEL_PARAMETER]: level } }, (error, result) =>
      error === null ? resolve(result) : reject(error),
    );
  });
}
