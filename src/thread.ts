import { parentPort, Worker, type WorkerOptions } from "node:worker_threads";
import { receivedError, type SentError, sentError, UserError } from "./errors.js";

/** A worker thread that answers requests. */
export interface Thread<Request, Result> {
  /** Rejects if it cannot start. */
  readonly ready: Promise<unknown>;
  /** Requests under way. */
  load(): number;
  /** Rejects with the error of this one request, or of the thread if that has ended. `transfer` is handed over: no longer to be used. */
  run(request: Request, transfer?: readonly ArrayBuffer[]): Promise<Result>;
  /** Ends it at once; what is under way rejects as `aborted`. */
  close(): Promise<void>;
}

/** What a thread is started with. */
export interface ThreadOptions {
  /** A compiled module that calls `serveThread`; see `compiledFile`. */
  readonly file: URL;
  /** Anything that can be structured-cloned. */
  readonly workerData: unknown;
  /** What it is called in errors: "an image worker". */
  readonly name: string;
  readonly onNotice?: ((message: string) => void) | undefined;
  /**
   * For work that may go wrong: the heap is bounded, what it prints is dropped, and the process can end while nothing is under way.
   * Memory of WebAssembly and of typed arrays is not in that heap.
   */
  readonly confined?: { readonly heapMb: number } | undefined;
}

interface Job<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

interface ThreadRequest<Request> {
  readonly id: number;
  readonly request: Request;
}

type ThreadReply<Result> =
  | { readonly kind: "ready" }
  | { readonly kind: "notice"; readonly message: string }
  | { readonly kind: "result"; readonly id: number; readonly result: Result }
  | { readonly kind: "error"; readonly id: number | undefined; readonly error: SentError };

/** Starts a worker thread. */
export function openThread<Request, Result>({
  file,
  workerData,
  name,
  onNotice,
  confined,
}: ThreadOptions): Thread<Request, Result> {
  const worker = new Worker(file, { workerData, ...(confined && confinement(confined.heapMb)) });
  const jobs = new Map<number, Job<Result>>();
  let nextId = 0;
  let failure: unknown;
  let settleReady: Job<unknown>;
  const ready = new Promise<unknown>((resolve, reject) => {
    settleReady = { resolve, reject };
  });
  ready.catch(() => {}); // whoever waits for it sees it; a thread closed before that is no unhandled rejection

  if (confined !== undefined) worker.unref();
  const end = (id: number) => {
    jobs.delete(id);
    if (confined !== undefined && jobs.size === 0) worker.unref();
  };

  const failAll = (error: unknown) => {
    failure ??= error;
    settleReady.reject(error);
    for (const job of jobs.values()) job.reject(error);
    jobs.clear();
  };
  worker.on("message", (reply: ThreadReply<Result>) => {
    switch (reply.kind) {
      case "ready":
        settleReady.resolve({});
        return;
      case "notice":
        onNotice?.(reply.message);
        return;
      case "result":
        jobs.get(reply.id)?.resolve(reply.result);
        end(reply.id);
        return;
      case "error": {
        const error = receivedError(reply.error);
        if (reply.id === undefined) {
          failAll(error);
        } else {
          jobs.get(reply.id)?.reject(error);
          end(reply.id);
        }
        return;
      }
      default: {
        const exhaustive: never = reply;
        throw new Error(`unexpected reply ${JSON.stringify(exhaustive)}`);
      }
    }
  });
  worker.on("error", failAll);
  worker.on("exit", (code) => failAll(new Error(`${name} ended with code ${code}`)));

  return {
    ready,
    load: () => jobs.size,
    run(request, transfer = []) {
      if (failure !== undefined) return Promise.reject(failure);
      const id = nextId++;
      if (confined !== undefined) worker.ref();
      return new Promise((resolve, reject) => {
        jobs.set(id, { resolve, reject });
        const message: ThreadRequest<Request> = { id, request };
        worker.postMessage(message, transfer);
      });
    },
    async close() {
      worker.removeAllListeners("exit");
      await worker.terminate();
      failAll(new UserError("aborted", `${name} was closed`));
    },
  };
}

/** What it prints stays with the streams, unread: a stream that is read keeps the process alive. */
function confinement(heapMb: number): WorkerOptions {
  return { stdout: true, stderr: true, resourceLimits: { maxOldGenerationSizeMb: heapMb } };
}

/** What a thread answers, and the memory that goes over with it. */
export interface Answer<Result> {
  readonly result: Result;
  readonly transfer?: readonly ArrayBuffer[];
}

/**
 * Makes a module the other end of `openThread`: `open` prepares whatever is needed and returns what answers a request. Requests are
 * answered as they come; the next may begin before the last is done.
 */
export async function serveThread<Request, Result>(
  open: (notice: (message: string) => void) => Promise<(request: Request) => Promise<Answer<Result>>>,
): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error("this file runs as a worker thread only");
  const reply = (message: ThreadReply<Result>, transfer: readonly ArrayBuffer[] = []) => port.postMessage(message, transfer);
  try {
    const answer = await open((message) => reply({ kind: "notice", message }));
    port.on("message", async ({ id, request }: ThreadRequest<Request>) => {
      try {
        const { result, transfer } = await answer(request);
        reply({ kind: "result", id, result }, transfer);
      } catch (error) {
        reply({ kind: "error", id, error: sentError(error) });
      }
    });
    reply({ kind: "ready" });
  } catch (error) {
    reply({ kind: "error", id: undefined, error: sentError(error) });
  }
}
