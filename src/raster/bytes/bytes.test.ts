import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { memoryBytes } from "./bytes.js";
import { fileBytes } from "./file.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-bytes-"));
afterAll(() => rmSync(folder, { recursive: true }));
const BYTES = Uint8Array.of(1, 2, 3, 4, 5);
const path = join(folder, "five");
writeFileSync(path, BYTES);

describe.each([
  ["memory", async () => memoryBytes(BYTES, "five")],
  ["a file", () => fileBytes(path)],
] as const)("bytes of %s", (_, open) => {
  it("are read at any place, into memory of their own", async () => {
    const source = await open();
    expect(source.size).toBe(5);
    const bytes = await source.read(1, 3);
    expect([...bytes]).toEqual([2, 3, 4]);
    bytes.fill(0);
    expect([...(await source.read(0, 5))]).toEqual([1, 2, 3, 4, 5]);
    expect(await source.read(5, 0)).toHaveLength(0);
    await source.close();
  });

  it("beyond the end are refused before they are allocated", async () => {
    const source = await open();
    for (const [offset, length] of [
      [0, 6],
      [5, 1],
      [2 ** 52, 1],
      [0, 2 ** 52],
      [-1, 1],
      [Number.NaN, 1],
    ]) {
      await expect(source.read(offset, length)).rejects.toMatchObject({
        code: "bad-file",
        message: expect.stringContaining("cut off"),
      });
    }
    await source.close();
  });
});

it.skipIf(process.platform === "win32")("a pipe is refused at once", async () => {
  const pipe = join(folder, "pipe");
  spawnSync("mkfifo", [pipe]);
  await expect(fileBytes(pipe)).rejects.toMatchObject({ code: "bad-file" });
});
