import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAtomicFile, readWholeFile, refuseToOverwrite, writeFileAtomic } from "./files.js";

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "sigmax-files-"));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

describe("writing a file", () => {
  it("makes the folders it needs and leaves no temporary file", () => {
    writeFileAtomic(join(work, "a/b.txt"), "héllo");
    writeFileAtomic(join(work, "a/b.txt"), new Uint8Array([1, 2]));
    expect([...readFileSync(join(work, "a/b.txt"))]).toEqual([1, 2]);
    expect(readdirSync(join(work, "a"))).toEqual(["b.txt"]);
  });

  it.each([
    ["a folder where a file stands", "file/inner.txt"],
    ["a name that is a folder", "."],
  ])("tells of %s as io, by name", (_, name) => {
    writeFileSync(join(work, "file"), "kept");
    expect(() => writeFileAtomic(join(work, name), "x")).toThrow(expect.objectContaining({ code: "io" }));
    expect(readFileSync(join(work, "file"), "utf8")).toBe("kept");
    expect(readdirSync(work)).toEqual(["file"]);
  });

  it("does not overwrite without force", () => {
    const path = join(work, "a.txt");
    refuseToOverwrite(path, false);
    writeFileSync(path, "");
    expect(() => refuseToOverwrite(path, false)).toThrow(expect.objectContaining({ code: "exists" }));
    refuseToOverwrite(path, true);
    expect(existsSync(path)).toBe(true);
  });
});

describe("writing a file piece by piece", () => {
  it("shows nothing under its name before it is whole, then all of it and no temporary file", async () => {
    const path = join(work, "a/b.bin");
    const file = await openAtomicFile(path);
    await file.write(new Uint8Array([1, 2]));
    expect(existsSync(path)).toBe(false);
    await file.write(new Uint8Array([3]));
    await file.finish();
    await file.discard();
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
    expect(readdirSync(join(work, "a"))).toEqual(["b.bin"]);
  });

  it("leaves the old file and nothing else when it is given up", async () => {
    const path = join(work, "b.bin");
    writeFileSync(path, "kept");
    const file = await openAtomicFile(path);
    await file.write(new Uint8Array([1]));
    await file.discard();
    await file.discard();
    expect(readFileSync(path, "utf8")).toBe("kept");
    expect(readdirSync(work)).toEqual(["b.bin"]);
    await expect(file.write(new Uint8Array([1]))).rejects.toThrow(expect.objectContaining({ code: "io" }));
  });

  it("tells of a folder where a file stands and of a name that is a folder as io, and cleans up", async () => {
    writeFileSync(join(work, "file"), "kept");
    await expect(openAtomicFile(join(work, "file/inner"))).rejects.toThrow(expect.objectContaining({ code: "io" }));
    mkdirSync(join(work, "folder"));
    const file = await openAtomicFile(join(work, "folder"));
    await expect(file.finish()).rejects.toThrow(expect.objectContaining({ code: "io" }));
    expect(readdirSync(work).sort()).toEqual(["file", "folder"]);
  });
});

describe("reading a whole file", () => {
  it("gives its bytes up to the limit, and nothing of an empty one", () => {
    const path = join(work, "a.bin");
    writeFileSync(path, new Uint8Array([1, 2, 3]));
    expect([...readWholeFile(path, { maxBytes: 3 })]).toEqual([1, 2, 3]);
    writeFileSync(path, "");
    expect(readWholeFile(path, { maxBytes: 3 })).toHaveLength(0);
  });

  it("refuses a file above the limit before it allocates, naming it as the caller does", () => {
    const path = join(work, "huge.bin");
    writeFileSync(path, "");
    truncateSync(path, 2 ** 40); // sparse: takes no space
    expect(() => readWholeFile(path, { maxBytes: 2 ** 31, file: "huge" })).toThrow(
      expect.objectContaining({
        code: "limit",
        message: expect.stringMatching(/^huge: 1099511627776 bytes /),
        hint: expect.any(String),
      }),
    );
  });

  it("tells a missing file and a folder apart, each with what to do", () => {
    mkdirSync(join(work, "folder"));
    expect(() => readWholeFile(join(work, "none"), { maxBytes: 9, hint: "Look again." })).toThrow(
      expect.objectContaining({
        code: "not-found",
        message: `${join(work, "none")}: there is no such file`,
        hint: "Look again.",
      }),
    );
    // Windows does not even open a folder.
    expect(() => readWholeFile(join(work, "folder"), { maxBytes: 9 })).toThrow(
      expect.objectContaining({ code: process.platform === "win32" ? "not-found" : "bad-file", hint: expect.any(String) }),
    );
  });

  const noPipes = process.platform === "win32";
  if (noPipes) console.warn("skipped: Windows has no named pipes in folders");
  it.skipIf(noPipes)("does not wait for a pipe that nobody writes to", () => {
    const path = join(work, "pipe");
    execFileSync("mkfifo", [path]);
    expect(() => readWholeFile(path, { maxBytes: 9 })).toThrow(expect.objectContaining({ code: "bad-file" }));
  });
});
