import { availableParallelism } from "node:os";
import { openThread, type ThreadOptions } from "../thread.js";

/** Worker threads that answer the same requests. */
export interface ThreadPool<Request, Result> {
  readonly threads: number;
  /** Rejects with the error of this one request; the pool goes on. `transfer` is handed over: no longer to be used. */
  run(request: Request, transfer?: readonly ArrayBuffer[]): Promise<Result>;
  close(): Promise<void>;
}

export interface ThreadPoolOptions extends Omit<ThreadOptions, "onNotice"> {
  /** One per core by default. */
  readonly threads?: number | undefined;
  /** How many requests will come, where that is known: there are never more threads. */
  readonly requests?: number | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Opens worker threads, of which the idlest takes each request. @throws what a thread throws when it starts */
export async function openThreadPool<Request, Result>({
  threads: wanted = availableParallelism(),
  requests = Number.POSITIVE_INFINITY,
  onWarning,
  ...options
}: ThreadPoolOptions): Promise<ThreadPool<Request, Result>> {
  const threads = Math.max(1, Math.min(wanted, requests));
  // Every worker gives the same notices; one of each is told.
  const told = new Set<string>();
  const onNotice = (message: string) => {
    if (!told.has(message)) onWarning?.(message);
    told.add(message);
  };
  const members = Array.from({ length: threads }, () => openThread<Request, Result>({ ...options, onNotice }));
  const close = async () => {
    await Promise.all(members.map((member) => member.close()));
  };
  try {
    await Promise.all(members.map((member) => member.ready));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    threads,
    run: (request, transfer) =>
      members.reduce((best, member) => (member.load() < best.load() ? member : best)).run(request, transfer),
    close,
  };
}
