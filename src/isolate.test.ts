import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, it } from "vitest";
import { isolate } from "./isolate.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-isolate-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;

/** Isolates a task given as the source of a function body with `input`. */
function attempt(body: string, options: { input?: unknown; timeoutMs?: number; memoryMb?: number; signal?: AbortSignal } = {}) {
  const path = join(folder, `task-${count++}.mjs`);
  writeFileSync(path, `export async function task(input) { ${body} }`);
  const defaults = { input: undefined, timeoutMs: 10_000, memoryMb: 400 };
  return isolate({ task: pathToFileURL(path), subject: "x.tif", crash: "bad-file", ...defaults, ...options });
}

it("returns what the task returns, typed arrays included", async () => {
  const input = { name: "a", data: Float32Array.of(1, 2, 3) };
  expect(await attempt("return { ...input, data: input.data.map((x) => 2 * x) }", { input })).toEqual({
    name: "a",
    data: Float32Array.of(2, 4, 6),
  });
});

it("ends a task that hangs, soon after its time is up", async () => {
  const started = performance.now();
  await expect(attempt("for (;;);", { timeoutMs: 500 })).rejects.toMatchObject({
    code: "limit",
    message: "x.tif: was stopped because it did not finish within 0.5 s",
  });
  expect(performance.now() - started).toBeLessThan(5000);
});

it("ends a task that eats memory outside the JavaScript heap", async () => {
  const eat = "const kept = []; for (;;) { kept.push(Buffer.alloc(2 ** 24, 1)); await new Promise((r) => setTimeout(r, 1)); }";
  await expect(attempt(eat, { memoryMb: 200 })).rejects.toMatchObject({ code: "limit", message: /more than 200 MB of memory/ });
});

it("survives a task that fills the heap or kills its process", async () => {
  const fill = "const kept = []; for (;;) kept.push(new Array(1000).fill({}));";
  await expect(attempt(fill, { memoryMb: 100 })).rejects.toMatchObject({ message: /^x\.tif: (crashed|was stopped)/ });
  await expect(attempt("process.abort()")).rejects.toMatchObject({ code: "bad-file", message: /crashed .* \(SIGABRT\)/ });
  await expect(attempt("process.exit(3)")).rejects.toMatchObject({ code: "bad-file", message: /status 3/ });
});

it("passes errors on, and keeps code and hint of those meant for users", async () => {
  await expect(attempt("throw new Error('inside')")).rejects.toThrow("inside");
  await expect(attempt("throw 5")).rejects.toThrow("5");
  const dist = new URL("./errors.js", import.meta.url).href.replace("/src/", "/dist/");
  const told = `const { UserError } = await import(${JSON.stringify(dist)}); throw new UserError("bad-data", "row 3", { hint: "fix it" });`;
  await expect(attempt(told)).rejects.toMatchObject({ name: "UserError", code: "bad-data", message: "row 3", hint: "fix it" });
});

it("stops when it is told to", async () => {
  const controller = new AbortController();
  const running = attempt("for (;;);", { signal: controller.signal });
  setTimeout(() => controller.abort(), 200);
  await expect(running).rejects.toMatchObject({ code: "aborted" });
  await expect(attempt("return 1", { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
});
