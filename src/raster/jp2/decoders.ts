import { availableParallelism } from "node:os";
import { isMainThread } from "node:worker_threads";
import { compiledFile } from "../../compiled.js";
import { UserError } from "../../errors.js";
import { type GuardedThreads, guardedThreads, LostThread } from "../guarded-threads.js";
import type { Decoded, Encoded } from "./openjpeg.js";

/** What came out, or what is wrong with what went in. */
export type DecodeReply = { readonly decoded: Decoded } | { readonly damage: string };

/** More would take memory rather than time: each holds a tile several times over. */
const MAX_THREADS = 4;
/** How many pictures are decoded at the same time. */
export const DECODERS = isMainThread ? Math.min(MAX_THREADS, availableParallelism()) : 1;
/** Of JavaScript, which is little beside the memory of the codec. */
const HEAP_MB = 64;
/** A busy machine decodes a tenth of a million samples in a second; one that is not, ten times as many. */
const LIMIT_MS = 10_000;
const SAMPLES_PER_MS = 100;

let threads: GuardedThreads<Encoded, DecodeReply> | undefined;

/**
 * Decodes in a thread of its own, of a few that the process keeps: OpenJPEG may trap, or run for ever.
 *
 * @throws UserError `bad-file` with what is wrong with the picture, without the name of a file
 */
export async function decodeInThread(encoded: Encoded): Promise<Decoded> {
  threads ??= guardedThreads({
    file: compiledFile("./decode-thread.js", import.meta.url),
    name: "a thread that decodes JPEG 2000",
    threads: DECODERS,
    heapMb: HEAP_MB,
  });
  const limitMs = LIMIT_MS + Math.ceil(encoded.samples / SAMPLES_PER_MS);
  try {
    const reply = await threads.run(encoded, { limitMs, transfer: [encoded.jp2.buffer] });
    if ("decoded" in reply) return reply.decoded;
    throw new UserError("bad-file", reply.damage);
  } catch (error) {
    if (!(error instanceof LostThread)) throw error;
    throw new UserError("bad-file", `the decoder ${error.message}`, { cause: error });
  }
}
