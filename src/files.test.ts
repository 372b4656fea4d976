import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { refuseToOverwrite, writeFileAtomic } from "./files.js";

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
