import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { compiledFile } from "./compiled.js";
import { ERRORS, type ErrorCode, UserError } from "./errors.js";

/** A piece of work that may hang, crash or eat the memory. */
export interface IsolateOptions {
  /** A compiled module that exports `task(input)`; see `compiledFile`. */
  readonly task: URL;
  /** Anything that can be structured-cloned. */
  readonly input: unknown;
  /** What the work is about, for messages: a file name. */
  readonly subject: string;
  /** The code of the error when the process crashes. */
  readonly crash: ErrorCode;
  /** The process is ended when the work, once its own code is loaded, takes this long. */
  readonly timeoutMs: number;
  /** The process is ended when its resident memory passes this. */
  readonly memoryMb: number;
  readonly signal?: AbortSignal | undefined;
}

/** What the child process says: that the task is loaded, then the outcome. */
export type IsolateReply =
  | { readonly ready: true }
  | { readonly result: unknown }
  | { readonly error: { readonly code: string | undefined; readonly message: string; readonly hint: string | undefined } };

/** Node and the task are ours: on a busy machine they start slowly, which says nothing against the input. */
const START_MS = 60_000;
/** How often the memory of the child is read. An allocation that is filled at 5 GB/s overshoots by 100 MB. */
const WATCH_MS = 20;

/**
 * Runs a task in a process of its own, which is ended when it takes too long or too much memory, and returns what the task
 * returned. What the process writes to its terminal is dropped.
 *
 * @throws UserError the task's own; `limit` past a limit; `crash` when the process died; `aborted`
 */
export async function isolate(options: IsolateOptions): Promise<unknown> {
  const { task, input, subject, crash, timeoutMs, memoryMb, signal } = options;
  if (signal?.aborted) throw new UserError("aborted", "stopped", { cause: signal.reason });
  const entry = compiledFile("./isolate-child.js", import.meta.url);
  const child = fork(entry, [task.href], {
    execArgv: [`--max-old-space-size=${memoryMb}`],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  return new Promise<unknown>((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      clearInterval(watch);
      signal?.removeEventListener("abort", abort);
      child.removeAllListeners();
      // A message still on its way to a process that is being ended must not surface as an unhandled error.
      child.on("error", () => {});
      child.kill("SIGKILL");
      settle();
    };
    const fail = (code: ErrorCode, message: string, hint?: string) =>
      end(() => reject(new UserError(code, message, hint === undefined ? {} : { hint })));
    const abort = () => fail("aborted", "stopped");
    let timer = setTimeout(
      () => end(() => reject(new Error(`${entry.href} does not start within ${START_MS / 1000} s`))),
      START_MS,
    );
    const late = () => fail("limit", `${subject}: was stopped because it did not finish within ${timeoutMs / 1000} s`, UNTRUSTED);
    const watch = setInterval(() => {
      const used = residentMb(child.pid);
      if (used > memoryMb) fail("limit", `${subject}: was stopped because it took more than ${memoryMb} MB of memory`, UNTRUSTED);
    }, WATCH_MS);
    signal?.addEventListener("abort", abort, { once: true });
    child.on("error", (error) => fail("io", `${subject}: no process to check it in could be started: ${error.message}`));
    let ready = false;
    child.on("exit", (code, killer) => {
      // Before it says that it is there, only the installation can be at fault.
      if (!ready) return end(() => reject(new Error(`${entry.href} does not start (status ${code}); is sigmax built?`)));
      fail(crash, `${subject}: crashed the process that tried it (${killer ?? `status ${code}`})`, UNTRUSTED);
    });
    child.on("message", (message) => {
      // The other end is isolate-child.ts, which sends nothing else.
      const reply = message as IsolateReply;
      if ("ready" in reply) {
        ready = true;
        clearTimeout(timer);
        timer = setTimeout(late, timeoutMs);
        child.send({ input });
        return;
      }
      if ("result" in reply) return end(() => resolve(reply.result));
      const { code, message: text, hint } = reply.error;
      if (isErrorCode(code)) return fail(code, text, hint);
      end(() => reject(new Error(text)));
    });
  });
}

const UNTRUSTED = "The file is damaged or hostile, or far larger than expected.";

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(ERRORS, code);
}

/** Resident memory of a process in MB; 0 where the system has no /proc, and time is the only limit on native memory. */
function residentMb(pid: number | undefined): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kilobytes ?? 0) / 1024;
  } catch {
    return 0;
  }
}
