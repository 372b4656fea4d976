import { availableParallelism } from "node:os";
import { compiledFile } from "../../compiled.js";
import { UserError } from "../../errors.js";
import { openThread, type Thread } from "../../thread.js";
import type { Decoded, Encoded } from "./openjpeg.js";

/** Threads that decode, one picture each at a time. */
export interface Decoders {
  /** How many there may be. */
  readonly count: number;
  /**
   * @throws UserError `bad-file` with what is wrong with the picture, `limit` where it takes too long; without the name of a file
   */
  decode(encoded: Encoded): Promise<Decoded>;
  close(): Promise<void>;
}

interface Member {
  readonly thread: Thread<Encoded, Decoded>;
  /** Ends it when nothing has come for a while: an open reader must not keep a process from ending. */
  idle: NodeJS.Timeout | undefined;
}

/** More would take memory rather than time: each holds a tile several times over. */
const MAX_THREADS = 4;
/** Of JavaScript, which is little beside the memory of the codec. */
const HEAP_MB = 64;
const IDLE_MS = 5000;
/** A busy machine decodes a tenth of a million samples in a second; one that is not, ten times as many. */
const BASE_MS = 10_000;
const SAMPLES_PER_MS = 100;

/**
 * Starts threads as they are needed.
 *
 * @param limitMs how long a picture of so many samples may take
 */
export function openDecoders(limitMs = (samples: number) => BASE_MS + samples / SAMPLES_PER_MS): Decoders {
  const count = Math.min(MAX_THREADS, availableParallelism());
  const free: Member[] = [];
  const members = new Set<Member>();
  const waiting: ((member: Member) => void)[] = [];

  const started = (): Member => {
    const member: Member = {
      thread: openThread({
        file: compiledFile("./decode-thread.js", import.meta.url),
        workerData: undefined,
        name: "a thread that decodes JPEG 2000",
        resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
      }),
      idle: undefined,
    };
    members.add(member);
    return member;
  };
  const end = (member: Member): Promise<void> => {
    clearTimeout(member.idle);
    members.delete(member);
    return member.thread.close();
  };
  const taken = (): Promise<Member> => {
    const member = free.pop() ?? (members.size < count ? started() : undefined);
    if (member === undefined) return new Promise((resolve) => void waiting.push(resolve));
    clearTimeout(member.idle);
    return Promise.resolve(member);
  };
  const give = (member: Member) => {
    const next = waiting.shift();
    if (next !== undefined) return next(member);
    free.push(member);
    member.idle = setTimeout(() => {
      free.splice(free.indexOf(member), 1);
      void end(member);
    }, IDLE_MS);
  };

  return {
    count,
    async decode(encoded) {
      const member = await taken();
      try {
        await member.thread.ready;
        const decoded = await withinTime(member.thread, encoded, limitMs);
        give(member);
        return decoded;
      } catch (error) {
        // A thread that says what is wrong with a picture is fit for the next.
        if (error instanceof UserError && error.code === "bad-file") give(member);
        else {
          await end(member);
          const next = waiting.shift();
          if (next !== undefined) next(started());
        }
        throw error;
      }
    },
    async close() {
      await Promise.all([...members].map(end));
    },
  };
}

async function withinTime(
  thread: Thread<Encoded, Decoded>,
  encoded: Encoded,
  limitMs: (samples: number) => number,
): Promise<Decoded> {
  const mostMs = Math.ceil(limitMs(encoded.samples));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new UserError("limit", `was stopped because it did not finish within ${mostMs / 1000} s`));
    }, mostMs);
  });
  try {
    return await Promise.race([thread.run(encoded, [encoded.jp2.buffer]), late]);
  } finally {
    clearTimeout(timer);
  }
}
