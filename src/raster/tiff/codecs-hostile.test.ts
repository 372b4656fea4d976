import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../random.js";
import { openRaster } from "../reader.js";
import { zstdCompress } from "../zstd.js";
import { plainTags, type TiffPage, tiffBytes } from "./tiff-file.cases.js";

const SIDE_PX = 32;
const MOST_EXTRA_MB = 64;

/** A blob of LERC 2.4 that Esri's encoder made: 32 × 32 pixels of uint8, (3 · column + 5 · row) % 200. */
const LERC = Buffer.from(
  "TGVyYzIgBAAAANj9SrggAAAAIAAAAAEAAAAABAAACAAAAPsAAAABAAAAAAAAAAAA4D8AAAAAAAAAAAAAAAAA4GhAAAAAAADHAAEEAAAAAAEAAA" +
    "AAAAA8AAAAgjxDCAAAAAAAAAAAAAAAAMAAAIAU////H////9/////v////9/////v////9/////v//f////7/////f////7/////f////7////" +
    "/f////7//3////+/////3////+/////3////+/////3////+///f/P//O////5/////P//9/8///7/n///38/7/////3/////j//3/+fAPj/z0" +
    "RhdGE=",
  "base64",
);

interface Good {
  readonly codec: string;
  readonly tags: TiffPage["tags"];
  readonly block: () => Uint8Array | Promise<Uint8Array>;
}

const rgb = () =>
  sharp(Buffer.from(Uint8Array.from({ length: SIDE_PX ** 2 * 3 }, (_, i) => (i * 7) % 251)), {
    raw: { width: SIDE_PX, height: SIDE_PX, channels: 3 },
  });
const LERC_TAGS = { ...plainTags(SIDE_PX, SIDE_PX), compression: [34887] };
const RGB_TAGS = { ...plainTags(SIDE_PX, SIDE_PX, 3), photometric: [2] };

const GOOD: readonly Good[] = [
  {
    codec: "ZSTD",
    tags: { ...plainTags(SIDE_PX, SIDE_PX), compression: [50000] },
    block: () =>
      zstdCompress(
        Uint8Array.from({ length: SIDE_PX ** 2 }, (_, i) => (i * i) % 97),
        9,
      ),
  },
  { codec: "LERC", tags: { ...LERC_TAGS, lercParameters: [4, 0] }, block: () => LERC },
  { codec: "LERC", tags: { ...LERC_TAGS, lercParameters: [4, 1] }, block: () => deflateSync(LERC) },
  { codec: "LERC", tags: { ...LERC_TAGS, lercParameters: [4, 2] }, block: () => zstdCompress(LERC, 9) },
  { codec: "JPEG", tags: { ...RGB_TAGS, compression: [7], photometric: [6] }, block: () => rgb().jpeg().toBuffer() },
  { codec: "WebP", tags: { ...RGB_TAGS, compression: [50001] }, block: () => rgb().webp().toBuffer() },
];

/** Reads a file of one good and one other block: what it says of the other. */
async function read(tags: TiffPage["tags"], good: Uint8Array, other: Uint8Array): Promise<unknown> {
  const page = { tags: { ...tags, height: [2 * SIDE_PX], rowsPerStrip: [SIDE_PX] }, blocks: [good, other] };
  const reader = await openRaster(tiffBytes([page]), { file: "hostile.tif" });
  return reader.read().then(
    () => "read",
    (error: unknown) => error,
  );
}

describe.each(GOOD)("a block of $codec, $tags.lercParameters", ({ codec, tags, block }) => {
  let good: Uint8Array;
  beforeAll(async () => {
    good = await block();
  });
  const refusal = (what: RegExp) => ({
    name: "UserError",
    code: "bad-file",
    message: expect.stringMatching(new RegExp(`^hostile.tif: block 2 is damaged \\(${codec}\\): .*${what.source}`)),
    hint: expect.stringMatching(/\w/),
  });

  it("is read where it is whole", async () => {
    expect(await read(tags, good, good)).toBe("read");
  });

  it("is refused by file and number where it is cut off, wherever", async () => {
    for (let left = 1; left < good.length - 4; left += Math.ceil(good.length / 12)) {
      expect(await read(tags, good, good.slice(0, left)), `${left} of ${good.length} bytes`).toMatchObject(refusal(/\w/));
    }
  });

  it("is read or refused, whatever bytes are changed, and the next file is read", async () => {
    const random = createRandom(3);
    for (let round = 0; round < 60; round++) {
      const bytes = Uint8Array.from(good);
      for (let changes = 1 + random.int(3); changes > 0; changes--) bytes[random.int(bytes.length)] = random.int(256);
      const outcome = await read(tags, good, bytes);
      if (outcome !== "read") expect(outcome).toMatchObject(refusal(/\w/));
    }
    expect(await read(tags, good, good)).toBe("read");
  });
});

/** Bytes with others in the place of some. */
function patched(bytes: Uint8Array, at: number, ...values: readonly number[]): Uint8Array {
  const out = Uint8Array.from(bytes);
  out.set(values, at);
  return out;
}

/** A frame of ZSTD by hand: blocks of one byte repeated, 128 KiB each, without a content size. */
function zstdBomb(blocks: number): Uint8Array {
  const run = (last: boolean) => {
    const header = ((128 * 1024) << 3) | (1 << 1) | (last ? 1 : 0);
    return [header & 255, (header >> 8) & 255, header >> 16, 0];
  };
  const runs = Array.from({ length: blocks }, (_, i) => run(i === blocks - 1));
  return Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, ...runs.flat()]);
}

describe("a block that claims or gives far more than it may", () => {
  const [zstd, lerc, lercDeflate, lercZstd, jpeg, webp] = GOOD;
  const frameOf = (bytes: Uint8Array) => Buffer.from(bytes).indexOf(Buffer.from([0xff, 0xc0]));
  it.each<[what: string, good: Good, bytes: (good: Uint8Array) => Uint8Array | Promise<Uint8Array>, why: RegExp]>([
    [
      "ZSTD that says 1 TB",
      zstd,
      () => Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0),
      /claims 1099511627776 bytes/,
    ],
    ["ZSTD that says 100 MB and gives them", zstd, () => zstdCompress(new Uint8Array(1e8), 1), /claims 100000000 bytes|goes on/],
    ["ZSTD that says nothing and gives 2 GB", zstd, () => zstdBomb(16_384), /more than its 1024 bytes|goes on/],
    ["ZSTD that wants a window of 2 TB", zstd, () => patched(zstdBomb(1), 5, 0xf8), /window of 2199023255552 bytes/],
    [
      "LERC of 65535 × 65535",
      lerc,
      (good) => patched(good, 14, 255, 255, 0, 0, 255, 255, 0, 0),
      /65535 × 65535 pixels, its block 32 × 32/,
    ],
    ["LERC of 65535 bands", lerc, (good) => patched(good, 22, 255, 255, 0, 0), /65535 bands, its block 1/],
    ["LERC of 64-bit numbers", lerc, (good) => patched(good, 38, 7), /another type/],
    ["LERC in 100 MB of Deflate", lercDeflate, () => deflateSync(new Uint8Array(1e8)), /inflates to more/],
    ["LERC in 2 GB of ZSTD", lercZstd, () => zstdBomb(16_384), /more than its|goes on/],
    [
      "JPEG of 65535 × 65535",
      jpeg,
      (good) => patched(good, frameOf(good) + 5, 255, 255, 255, 255),
      /65535 × 65535 pixels, its block 32 × 32/,
    ],
    ["JPEG of 255 components", jpeg, (good) => patched(good, frameOf(good) + 9, 255), /255 components/],
    [
      "JPEG of two frames",
      jpeg,
      (good) => Buffer.concat([good.subarray(0, 2), good.subarray(frameOf(good), frameOf(good) + 19), good.subarray(2)]),
      /2 frame headers/,
    ],
    ["WebP of 16383 × 16383", webp, (good) => patched(good, 26, 255, 63, 255, 63), /16383 × 16383 pixels, its block 32 × 32/],
    [
      "a WebP with another one in it",
      webp,
      async (good) =>
        Buffer.concat([
          Buffer.from("RIFF"),
          Buffer.from([good.length + 18, (good.length + 18) >> 8, 0, 0]),
          Buffer.from("WEBPVP8X"),
          Buffer.from([10, 0, 0, 0, 0, 0, 0, 0, 31, 0, 0, 31, 0, 0]),
          patched(good, 26, 255, 63).subarray(12),
        ]),
      /./,
    ],
  ])("%s", async (_, { codec, tags, block }, bytes, why) => {
    const good = await block();
    expect(await read(tags, good, good)).toBe("read");
    const bomb = await bytes(good);
    const before = process.resourceUsage().maxRSS;
    expect(await read(tags, good, bomb)).toMatchObject({
      name: "UserError",
      code: "bad-file",
      message: expect.stringMatching(new RegExp(`^hostile.tif: block 2 is damaged \\(${codec}\\): .*(${why.source})`)),
    });
    expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(MOST_EXTRA_MB);
    expect(await read(tags, good, good)).toBe("read");
  });
});
