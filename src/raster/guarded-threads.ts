import { messageOf } from "../errors.js";
import { openThread, type Thread } from "../thread.js";

/** Work that may trap, abort or never end, in threads that are replaced when it does. */
export interface GuardedThreads<Request, Result> {
  /**
   * Waits for a thread that is free. `transfer` is lent and no longer to be used.
   *
   * @param limitMs the thread is ended when the request, once a thread has it, takes this long
   * @throws LostThread where the request took its thread with it
   */
  run(request: Request, options: { readonly limitMs: number; readonly transfer: readonly ArrayBuffer[] }): Promise<Result>;
}

export interface GuardedOptions {
  /** A compiled module that calls `serveThread` and throws only what leaves it unfit for more; see `compiledFile`. */
  readonly file: URL;
  /** What a thread is called in errors: "a decoder". */
  readonly name: string;
  /** Threads at the most; they start when they are needed, and stay. */
  readonly threads: number;
  readonly heapMb: number;
}

/** What is wrong when a thread had to be ended: its request is to blame, others are not touched. */
export class LostThread extends Error {
  constructor(what: string, options?: { cause: unknown }) {
    super(what, options);
    this.name = "LostThread";
  }
}

interface Waiting<Request, Result> {
  readonly take: (thread: Thread<Request, Result>) => void;
}

/** Opens threads for guarded work: none until the first request, one request in each at a time. They do not keep the process alive. */
export function guardedThreads<Request, Result>({
  file,
  name,
  threads,
  heapMb,
}: GuardedOptions): GuardedThreads<Request, Result> {
  const free: Thread<Request, Result>[] = [];
  const waiting: Waiting<Request, Result>[] = [];
  let open = 0;

  const start = () => openThread<Request, Result>({ file, workerData: undefined, name, confined: { heapMb } });
  const taken = (): Thread<Request, Result> | Promise<Thread<Request, Result>> => {
    const idle = free.pop();
    if (idle !== undefined) return idle;
    if (open === threads) return new Promise((take) => waiting.push({ take }));
    open++;
    return start();
  };
  const giveBack = (thread: Thread<Request, Result>) => {
    const next = waiting.shift();
    if (next === undefined) free.push(thread);
    else next.take(thread);
  };
  const replace = async (thread: Thread<Request, Result>) => {
    await thread.close();
    const next = waiting.shift();
    if (next === undefined) open--;
    else next.take(start());
  };

  return {
    async run(request, { limitMs, transfer }) {
      const thread = await taken();
      let timer: NodeJS.Timeout | undefined;
      const running = thread.run(request, transfer);
      running.catch(() => {}); // seen below, or late
      try {
        try {
          // What it takes to start says nothing against the request.
          await thread.ready;
        } catch (cause) {
          throw new Error(`${name} does not start: ${messageOf(cause)}; is sigmax built?`, { cause });
        }
        const late = new Promise<never>((_, reject) => {
          timer = setTimeout(() => reject(new LostThread(`takes more than ${limitMs / 1000} s`)), limitMs);
        });
        const result = await Promise.race([lost(running), late]);
        giveBack(thread);
        return result;
      } catch (error) {
        await replace(thread);
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

async function lost<Result>(running: Promise<Result>): Promise<Result> {
  try {
    return await running;
  } catch (cause) {
    throw new LostThread(messageOf(cause), { cause });
  }
}
