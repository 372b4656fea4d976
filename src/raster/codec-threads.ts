import { availableParallelism } from "node:os";
import { isMainThread } from "node:worker_threads";
import { compiledFile } from "../compiled.js";
import { type GuardedThreads, guardedThreads, LostThread } from "./guarded-threads.js";
import type { LercBlob } from "./tiff/codecs/lerc-blob.js";

/** Work of codecs in WebAssembly, by codec. */
export interface CodecWork {
  readonly lerc: LercBlob;
  readonly "zstd-decompress": { readonly mostBytes: number };
  readonly "zstd-compress": { readonly level: number };
}

/** What a thread is asked for. */
export interface CodecRequest<Name extends keyof CodecWork = keyof CodecWork> {
  readonly name: Name;
  readonly bytes: Uint8Array;
  readonly options: CodecWork[Name];
}

/** What came out, or what is wrong with what went in; a thread that fails in any other way is not used again. */
export type CodecReply = { readonly bytes: Uint8Array<ArrayBuffer> } | { readonly damage: string };

const LIMIT_MS = 10_000;
/** Slow machines that are busy with other things decode more than this. */
const BYTES_PER_MS = 20_000;
const HEAP_MB = 128;

let threads: GuardedThreads<CodecRequest, CodecReply> | undefined;

/**
 * Runs a codec that hostile bytes could trap, or keep busy for ever, in a thread of its own: one of a few that the process keeps. Image and
 * map workers keep one each, below them, since the thread that waits for it could not be ended without all else it does.
 *
 * @param largestBytes of what goes in and what may come out, from which follows how long it may take
 * @returns what came out, or what is wrong in words
 */
export async function inCodecThread<Name extends keyof CodecWork>(
  { name, bytes, options }: CodecRequest<Name>,
  largestBytes: number,
): Promise<CodecReply> {
  threads ??= guardedThreads({
    file: compiledFile("./codec-worker.js", import.meta.url),
    name: "a decoder thread",
    threads: isMainThread ? availableParallelism() : 1,
    heapMb: HEAP_MB,
  });
  // A copy, for what lies around these bytes is the caller's; `slice` of a Buffer is none.
  const lent = new Uint8Array(bytes);
  try {
    return await threads.run(
      { name, bytes: lent, options },
      { limitMs: LIMIT_MS + largestBytes / BYTES_PER_MS, transfer: [lent.buffer] },
    );
  } catch (error) {
    if (!(error instanceof LostThread)) throw error;
    return { damage: `the decoder ${error.message}` };
  }
}
