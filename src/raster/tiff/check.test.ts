import { describe, expect, it } from "vitest";
import { memoryBytes } from "../bytes/bytes.js";
import { checkImage } from "./check.js";
import { readDirectories } from "./directory.js";
import { plainTags, type TiffPage, tiffBytes } from "./tiff-file.cases.js";

const STRIP = new Uint8Array(6);

async function check(page: TiffPage, maxBlockBytes = 1 << 20, onWarning?: (message: string) => void) {
  const [directory] = await readDirectories(memoryBytes(tiffBytes([page]), "scene.tif"));
  return checkImage(directory, { maxBlockBytes, onWarning });
}

describe("one image of a TIFF", () => {
  it.each<[tags: TiffPage["tags"], message: RegExp]>([
    [{ width: [0] }, /0 × 2 pixels/],
    [{ width: [2 ** 31] }, /2147483648 × 2 pixels/],
    [{ samplesPerPixel: [5000] }, /5000 samples a pixel/],
    [{ samplesPerPixel: [2], bitsPerSample: [8, 16] }, /different bits.*8, 16/],
    [{ samplesPerPixel: [3], bitsPerSample: [8, 8] }, /3 samples a pixel, bits .* for 2/],
    [{ bitsPerSample: [0] }, /uint of 0 bits/],
    [{ bitsPerSample: [65535] }, /uint of 65535 bits/],
    [{ sampleFormat: [9] }, /sample format 9/],
    [{ sampleFormat: [6], bitsPerSample: [32] }, /complex of 32 bits/],
    [{ compression: [34925] }, /LZMA.*not read/],
    [{ compression: [34887], bitsPerSample: [12] }, /LERC of uint12 .*not read/],
    [{ compression: [34887], lercParameters: [4, 9] }, /LERC within compression 9/],
    [{ compression: [7], bitsPerSample: [12] }, /JPEG of uint12 .*not read/],
    [{ compression: [7], photometric: [6] }, /JPEG in YCbCr, of which 1 lie together/],
    [{ compression: [50001] }, /WebP of uint8, bands apart/],
    [{ compression: [4711] }, /compression 4711/],
    [{ compression: [5], predictor: [99] }, /predictor 99/],
    [{ compression: [5], predictor: [3] }, /predictor 3 .* not defined for uint8/],
    [{ compression: [5], predictor: [2], bitsPerSample: [12] }, /not defined for uint12/],
    [{ photometric: [8] }, /L\*a\*b/],
    [{ planarConfiguration: [3] }, /planar configuration 3/],
    [{ rowsPerStrip: [0] }, /0 rows per strip/],
    [{ rowsPerStrip: [1] }, /1 strips where .* take 2/],
    [{ stripOffsets: [] }, /no strip offsets/],
    [{ stripByteCounts: [6, 6] }, /1 strip offsets, but 2 byte counts/],
    [{ stripOffsets: [100_000] }, /cut off: 1 of 1 blocks lies beyond its end/],
    [{ stripByteCounts: [2 ** 32 - 1] }, /cut off/],
    [{ stripByteCounts: [5] }, /strip 1 holds 5 of 6 bytes/],
    [{ tileWidth: [0], tileHeight: [16] }, /tiles of 0 × 16/],
  ])("is refused for %o", async (tags, message) => {
    await expect(check({ tags: { ...plainTags(3, 2), ...tags }, blocks: [STRIP] })).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/\w/),
    });
  });

  it("is refused for blocks larger than the limit, whatever the file holds", async () => {
    const tags = { ...plainTags(1, 1), tileWidth: [2 ** 30], tileHeight: [2 ** 30] };
    await expect(check({ tags, blocks: [STRIP] })).rejects.toMatchObject({ code: "limit" });
  });

  it("is refused for tiles that are much larger than it, one or all of them, since one pixel would cost them all", async () => {
    const tiled = (sidePx: number, samples: number, imagePx = 1) => ({
      tags: {
        ...plainTags(imagePx, imagePx, samples),
        ...{ planarConfiguration: [2], compression: [8], tileWidth: [sidePx], tileHeight: [sidePx] },
      },
      blocks: Array(samples).fill(STRIP),
    });
    for (const page of [tiled(16_384, 1), tiled(16_384, 4), tiled(512, 1025), tiled(8208, 1, 4000)]) {
      await expect(check(page, 2 ** 28)).rejects.toMatchObject({
        code: "limit",
        message: expect.stringMatching(/blocks of \d+ ×/),
      });
    }
    for (const page of [tiled(512, 1024), tiled(4096, 4), tiled(8208, 1, 4200)]) await check(page, 2 ** 28);
  });

  it("tells once of tiles that are no multiples of 16", async () => {
    const warnings: string[] = [];
    const tags = { ...plainTags(2, 2), tileWidth: [3], tileHeight: [2] };
    await check({ tags, blocks: [STRIP] }, 1000, (warning) => warnings.push(warning));
    expect(warnings).toEqual(["scene.tif: its tiles are 3 × 2 pixels, no multiples of 16"]);
  });

  it("may leave out the byte count of its only strip without compression, or have 0 there", async () => {
    for (const stripByteCounts of [[], [0]]) {
      const { byteCounts } = await check({ tags: { ...plainTags(3, 2), stripByteCounts }, blocks: [STRIP] });
      expect([...byteCounts]).toEqual([6]);
    }
  });

  it("has blocks that were never written only where they have neither place nor bytes", async () => {
    const tags = { ...plainTags(3, 2), rowsPerStrip: [1] };
    const { byteCounts } = await check({ tags, blocks: [undefined, STRIP] });
    expect([...byteCounts]).toEqual([0, 3]);
    const message = expect.stringMatching(/strip 2 lies at byte \d+, but has 0 bytes/);
    await expect(check({ tags: { ...tags, stripByteCounts: [3, 0] }, blocks: [STRIP, STRIP] })).rejects.toMatchObject({
      code: "bad-file",
      message,
    });
    const only = { ...plainTags(3, 2), compression: [8], stripByteCounts: [0] };
    await expect(check({ tags: only, blocks: [STRIP] })).rejects.toMatchObject({ code: "bad-file" });
  });

  it("has long strips without compression read in pieces", async () => {
    const [widthPx, heightPx] = [700_000, 3];
    const blocks = [new Uint8Array(widthPx * heightPx)];
    const { grid, block, offsets, byteCounts } = await check({ tags: plainTags(widthPx, heightPx), blocks });
    expect(block.heightPx).toBe(3);
    expect(grid).toMatchObject({ heightPx: 1, rows: 3 });
    expect([...byteCounts]).toEqual([widthPx, widthPx, widthPx]);
    expect(offsets[2] - offsets[0]).toBe(2 * widthPx);
  });
});
