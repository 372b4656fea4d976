import { describe, expect, it } from "vitest";
import { memoryBytes } from "../bytes/bytes.js";
import { blockNumbers, countOf, numberOf, numbersOf, readDirectories, textOf } from "./directory.js";
import { plainTags, tiffBytes } from "./tiff-file.cases.js";

const read = (bytes: Uint8Array, onWarning?: (message: string) => void) =>
  readDirectories(memoryBytes(bytes, "scene.tif"), onWarning);
const page = { tags: plainTags(3, 2), blocks: [Uint8Array.of(1, 2, 3, 4, 5, 6)] };

/** Directories whose tags all have the same `count` bytes (BYTE) for values. */
function repeated({ directories, tags, count }: { directories: number; tags: readonly number[]; count: number }): Uint8Array {
  const directoryBytes = 2 + 12 * tags.length + 4;
  const bytes = new Uint8Array(8 + count + directories * directoryBytes);
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49, 42, 0]);
  view.setUint32(4, 8 + count, true);
  for (let i = 0, at = 8 + count; i < directories; i++, at += directoryBytes) {
    view.setUint16(at, tags.length, true);
    tags.forEach((tag, index) => {
      const entry = at + 2 + 12 * index;
      view.setUint16(entry, tag, true);
      view.setUint16(entry + 2, 1, true);
      view.setUint32(entry + 4, count, true);
      view.setUint32(entry + 8, 8, true);
    });
    if (i + 1 < directories) view.setUint32(at + directoryBytes - 4, at + directoryBytes, true);
  }
  return bytes;
}

describe("directories of a TIFF", () => {
  it.each([
    { little: true, big: false },
    { little: false, big: false },
    { little: true, big: true },
    { little: false, big: true },
  ])("are read in either byte order, classic or Big: %o", async (form) => {
    const tags = { ...page.tags, pixelScale: { doubles: [10, 0.5, 0] }, gdalNodata: "-9999" };
    const [directory] = await read(tiffBytes([{ ...page, tags }], form));
    expect(numberOf(directory, "width", 0)).toBe(3);
    expect([...(numbersOf(directory, "pixelScale") ?? [])]).toEqual([10, 0.5, 0]);
    expect(textOf(directory, "gdalNodata")).toBe("-9999");
    expect(countOf(directory, "stripOffsets")).toBe(1);
    expect([...(await blockNumbers(directory, "stripByteCounts"))]).toEqual([6]);
    expect(numberOf(directory, "predictor", 1)).toBe(1);
  });

  it("are read without a time of writing that cannot be one", async () => {
    const timed = (dateTime: string | number[]) => read(tiffBytes([{ ...page, tags: { ...page.tags, dateTime } }]));
    const [directory] = await timed("2021:03:02 10:00:00");
    expect(textOf(directory, "dateTime")).toBe("2021:03:02 10:00:00");
    for (const none of ["x".repeat(65), [2021]]) {
      const [other] = await timed(none);
      expect([textOf(other, "dateTime"), numberOf(other, "width", 0)]).toEqual([undefined, 3]);
    }
  });

  it("end after 64, and where a chain bites its tail", async () => {
    const warnings: string[] = [];
    expect(await read(tiffBytes(Array(70).fill(page)), (warning) => warnings.push(warning))).toHaveLength(64);
    expect(warnings).toHaveLength(1);
    const loop = tiffBytes([page]);
    loop.copyWithin(loop.length - 4, 4, 8);
    expect(await read(loop)).toHaveLength(1);
  });

  it("behind the first that cannot be read are left out and told", async () => {
    const bytes = tiffBytes([page]);
    bytes.set([0xff, 0xff, 0, 0], bytes.length - 4);
    const warnings: string[] = [];
    expect(await read(bytes, (warning) => warnings.push(warning))).toHaveLength(1);
    expect(warnings[0]).toContain("cut off");
  });

  it.each<[why: string, bytes: Uint8Array, message: RegExp]>([
    ["nothing", new Uint8Array(0), /the file is empty/],
    ["something else", Uint8Array.of(1, 2, 3, 4), /is not a TIFF/],
    ["a magic number only", Uint8Array.of(0x49, 0x49, 42, 0), /cut off: it has 4 bytes/],
    ["no directory", Uint8Array.of(0x49, 0x49, 42, 0, 0, 0, 0, 0), /no image/],
    ["a directory beyond the end", Uint8Array.of(0x49, 0x49, 42, 0, 9, 0, 0, 0), /cut off: its first directory lies at byte 9/],
    ["entries beyond the end", Uint8Array.of(0x49, 0x49, 42, 0, 8, 0, 0, 0, 255, 255), /65535 entries/],
  ])("of %s are refused", async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toMatchObject({
      name: "UserError",
      code: "bad-file",
      message: expect.stringMatching(message),
    });
  });

  it("keep no more of a file than 128 MiB, however often tags point at the same bytes", async () => {
    const count = 2 ** 18;
    await expect(read(repeated({ directories: 40, tags: [320, 33922], count }))).rejects.toMatchObject({
      code: "limit",
      message: expect.stringMatching(/scene.tif: its tags .* more than 134217728 bytes/),
    });
    expect(await read(repeated({ directories: 20, tags: [320, 33922], count }))).toHaveLength(20);
    // Offsets and byte counts of blocks are kept too, once they are read.
    const directories = await read(repeated({ directories: 64, tags: [273, 279], count: 2 ** 20 }));
    const all = async () => {
      for (const directory of directories) await blockNumbers(directory, "stripOffsets");
    };
    await expect(all()).rejects.toMatchObject({ code: "limit" });
  });

  it.each<[tag: string, tags: object]>([
    ["256", { width: "3" }],
    ["273", { stripOffsets: { doubles: [8] } }],
    ["33550", { pixelScale: "1,1" }],
    ["42113", { gdalNodata: [7] }],
  ])("whose tag %s has a type of another kind are refused", async (tag, tags) => {
    await expect(read(tiffBytes([{ ...page, tags: { ...page.tags, ...tags } }]))).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringMatching(new RegExp(`tag ${tag} has the field type`)),
    });
  });

  it("are refused at every length a file can be cut off to, without other errors", async () => {
    const bytes = tiffBytes([page], { big: true });
    for (let length = 0; length < bytes.length - 8; length++) {
      await expect(read(bytes.slice(0, length))).rejects.toMatchObject({ code: "bad-file" });
    }
  });
});
