import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Terminal } from "./command.js";
import { imagesOf } from "./inputs.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-inputs-"));
afterAll(() => rmSync(folder, { recursive: true }));

const terminal: Terminal = {
  signal: new AbortController().signal,
  json: false,
  print() {},
  say() {},
  onProgress() {},
  onWarning() {},
};

it("takes more images than a function takes arguments", async () => {
  const count = 200_000;
  const first = join(folder, "first.png");
  writeFileSync(first, "");
  const list = join(folder, "list.txt");
  writeFileSync(list, Array.from({ length: count }, (_, i) => `${i}.png\n`).join(""));
  const images = await imagesOf([first, list], terminal);
  expect(images).toHaveLength(count + 1);
  expect(images[0].file).toBe(first);
  expect(images[count].file).toMatch(/199999\.png$/);
});

it("has no images without a path", async () => {
  expect(await imagesOf(undefined, terminal)).toEqual([]);
});
