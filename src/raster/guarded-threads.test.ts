import { describe, expect, it } from "vitest";
import { type GuardedThreads, guardedThreads, LostThread } from "./guarded-threads.js";

type Request = "answer" | "hang" | "die" | "throw" | "allocate";

/** Speaks the protocol of `serveThread`; "answer" says which thread it is. */
const WORKER = `
import { parentPort, threadId } from "node:worker_threads";
parentPort.on("message", ({ id, request }) => {
  if (request === "hang") for (;;);
  if (request === "die") process.exit(7);
  if (request === "allocate") for (const kept = []; ; ) kept.push(Array(1e5).fill(0.5));
  if (request === "throw") parentPort.postMessage({ kind: "error", id, error: { message: "unreachable" } });
  else parentPort.postMessage({ kind: "result", id, result: threadId });
});
parentPort.postMessage({ kind: "ready" });`;

function threadsOf(threads: number): GuardedThreads<Request, number> {
  const file = new URL(`data:text/javascript,${encodeURIComponent(WORKER)}`);
  return guardedThreads({ file, name: "a test thread", threads, heapMb: 32 });
}

const run = (threads: GuardedThreads<Request, number>, request: Request, limitMs = 20_000) =>
  threads.run(request, { limitMs, transfer: [] });

describe("guarded threads", () => {
  it("start one when all are busy, and no more than they may", async () => {
    const threads = threadsOf(2);
    const first = await run(threads, "answer");
    expect(await run(threads, "answer")).toBe(first);
    const many = await Promise.all(Array.from({ length: 8 }, () => run(threads, "answer")));
    expect(new Set(many).size).toBe(2);
  });

  it.each<[request: Request, limitMs: number, why: RegExp]>([
    ["hang", 100, /takes more than 0.1 s/],
    ["die", 20_000, /ended with code 7/],
    ["throw", 20_000, /unreachable/],
    ["allocate", 20_000, /memory/],
  ])("fail one request that makes them %s, and answer the next in another thread", async (request, limitMs, why) => {
    const threads = threadsOf(1);
    const before = await run(threads, "answer");
    const failing = run(threads, request, limitMs);
    const waiting = run(threads, "answer");
    await expect(failing).rejects.toSatisfy((error) => error instanceof LostThread && why.test(error.message));
    expect(await waiting).not.toBe(before);
    expect(await run(threads, "answer")).toBe(await waiting);
  });

  it("say that they are not built, which is nobody's request's fault", async () => {
    const threads = guardedThreads<Request, number>({
      file: new URL("file:///nowhere/worker.js"),
      name: "a test thread",
      threads: 1,
      heapMb: 32,
    });
    await expect(run(threads, "answer")).rejects.toThrow(/a test thread does not start: .*is sigmax built\?/s);
    await expect(run(threads, "answer")).rejects.not.toBeInstanceOf(LostThread);
  });
});
