import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../random.js";
import { decodeRaster } from "../formats.js";
import { openRaster, type RasterReader } from "../reader.js";

/** Four bands of 70 × 50 pixels of 16 bits in tiles of 32, reversible, parts by resolution; made by GDAL 3.6.2. */
const GOOD = new Uint8Array(readFileSync("test/fixtures/four-bands.jp2"));
const [WIDTH, HEIGHT] = [70, 50];
const valueAt = (band: number, row: number, column: number) =>
  (band * 977 + row * 31 + column * 17 + ((row * column) % 13)) % 3000;

const find = (bytes: Uint8Array, text: string) => Buffer.from(bytes).indexOf(Buffer.from(text, "latin1"));
const STREAM = find(GOOD, "jp2c") + 4;

/** A copy with other bytes at a place. */
function changed(at: number, ...values: readonly number[]): Uint8Array {
  const bytes = GOOD.slice();
  bytes.set(values, at);
  return bytes;
}
const long = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];

// While one file is open, the threads that decode stay.
let held: RasterReader;
beforeAll(async () => {
  held = await openRaster(GOOD);
});
afterAll(() => held.close());

async function readAll(bytes: Uint8Array, maxBlockBytes?: number) {
  const reader = await openRaster(bytes, { file: "scene.jp2", maxBlockBytes });
  try {
    return await reader.read();
  } finally {
    await reader.close();
  }
}

describe("a JPEG 2000 file", () => {
  it("gives any window of any bands, in any order", async () => {
    const reader = await openRaster(GOOD, { file: "scene.jp2" });
    expect(reader.info).toMatchObject({
      widthPx: WIDTH,
      heightPx: HEIGHT,
      dtype: "uint16",
      block: { widthPx: 32, heightPx: 32 },
    });
    expect(reader.info.georeference?.crs?.epsg).toBe(32618);
    for (const { window, bands } of [
      { window: { leftPx: 0, topPx: 0, widthPx: WIDTH, heightPx: HEIGHT }, bands: [3, 0, 1, 2, 3] },
      { window: { leftPx: 31, topPx: 30, widthPx: 35, heightPx: 5 }, bands: [3] },
      { window: { leftPx: 69, topPx: 49, widthPx: 1, heightPx: 1 }, bands: [2, 1] },
    ]) {
      const { data, georeference } = await reader.read({ window, bands });
      const expected = bands.flatMap((band) =>
        Array.from({ length: window.widthPx * window.heightPx }, (_, i) =>
          valueAt(band, window.topPx + Math.floor(i / window.widthPx), window.leftPx + (i % window.widthPx)),
        ),
      );
      expect([...data]).toEqual(expected);
      const [x, , , y] = georeference?.transform ?? [];
      expect([x, y]).toEqual([300_000 + 10 * window.leftPx, 4_500_000 - 10 * window.topPx]);
    }
    await expect(reader.read({ window: { leftPx: 60, topPx: 0, widthPx: 11, heightPx: 1 } })).rejects.toThrow(RangeError);
    await expect(reader.read({ level: 9 })).rejects.toThrow(RangeError);
    await reader.close();
  });

  it("is read as a bare codestream, without a place", async () => {
    const reader = await openRaster(GOOD.slice(STREAM), { file: "scene.j2k" });
    expect(reader.info.georeference).toBeUndefined();
    const { data } = await reader.read({ bands: [1], window: { leftPx: 3, topPx: 4, widthPx: 1, heightPx: 1 } });
    expect([...data]).toEqual([valueAt(1, 4, 3)]);
    await reader.close();
  });

  it("of a cut file gives the tiles that are whole, and names those that are not", async () => {
    const reader = await openRaster(GOOD.slice(0, GOOD.length - 100), { file: "scene.jp2" });
    const window = { leftPx: 0, topPx: 0, widthPx: 1, heightPx: 1 };
    expect([...(await reader.read({ window })).data]).toEqual([0, 1, 2, 3].map((band) => valueAt(band, 0, 0)));
    const last = { leftPx: 69, topPx: 49, widthPx: 1, heightPx: 1 };
    await expect(reader.read({ window: last })).rejects.toThrow(/scene\.jp2: tile 6 is cut off/);
    await reader.close();
  });

  it("is refused wherever it is cut: no tile passes with a part of its data", async () => {
    for (let cut = 0; cut < GOOD.length; cut += 97) {
      await expect(readAll(GOOD.slice(0, cut)), `at ${cut}`).rejects.toMatchObject({ name: "UserError", code: "bad-file" });
    }
  });

  const siz = STREAM + 2;
  it.each([
    ["a box of length 2", changed(12, ...long(2)), /claims 2 bytes/],
    ["a box of a long length of 0", changed(12, ...long(1), 0x66, 0x74, 0x79, 0x70, 0, 0, 0, 0, 0, 0, 0, 0), /claims 0 bytes/],
    ["a box that ends behind the file", changed(12, ...long(0x7fffffff)), /ftyp.* ends at byte/],
    ["a first box that reaches to the end", changed(12, ...long(0)), /no codestream/],
    ["a box of 2⁶³ bytes", changed(12, ...long(1), 0x66, 0x74, 0x79, 0x70, 0x7f, ...Array(7).fill(255)), /cut off/],
    ["a header of 2 GB", changed(find(GOOD, "jp2h") - 4, ...long(0x7fffffff)), /cut off/],
    ["a width of 2³² - 1", changed(siz + 6, ...long(0xffffffff)), /make no sense/],
    ["a corner behind its end", changed(siz + 14, ...long(71)), /make no sense/],
    ["tiles of no width", changed(siz + 22, ...long(0)), /make no sense/],
    ["a million tiles", changed(siz + 6, ...long(32_000_000)), /2000000 tiles/],
    ["a component of half the size", changed(siz + 41, 2), /different resolutions/],
    ["samples of 17 bits", changed(siz + 40, 16, 1, 1, 16, 1, 1, 16, 1, 1, 16), /17 bits/],
    ["components with different signs", changed(siz + 40, 0x8f), /different bits or signs/],
    ["5 components in the room of 4", changed(siz + 38, 0, 5), /5 components/],
  ])("with %s is refused when it is opened", async (_, bytes, message) => {
    const error = await openRaster(bytes, { file: "scene.jp2" }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "UserError", hint: expect.stringMatching(/\w/) });
    expect(String(error)).toMatch(message);
  });

  it("that is not read says how to convert it", async () => {
    const hint = "Convert it: gdal_translate -co COMPRESS=DEFLATE in.jp2 out.tif";
    await expect(openRaster(changed(siz + 41, 2))).rejects.toMatchObject({ code: "bad-file", hint });
    await expect(openRaster(GOOD, { maxBlockBytes: 16_000 })).rejects.toMatchObject({ code: "limit", hint });
    await expect(decodeRaster(GOOD, { file: "chip.jp2" })).rejects.toMatchObject({ code: "bad-file", hint });
  });

  it("that claims more tiles than it has is refused before memory is taken for them", async () => {
    // 2 000 000 × 50 pixels in tiles of 2 000 000 × 1 of four bands.
    const bytes = changed(siz + 6, ...long(2_000_000), ...long(50), ...long(0), ...long(0), ...long(2_000_000), ...long(1));
    const before = process.memoryUsage().arrayBuffers;
    await expect(readAll(bytes)).rejects.toThrow(/tile \d+ is cut off/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6);
  });

  it("whose bytes are changed is read or refused with words, and the next one is read", async () => {
    const random = createRandom(3);
    const outcomes = new Map<string, number>();
    for (let round = 0; round < 24; round++) {
      const bytes = GOOD.slice();
      // Half of them in sizes and coding.
      const [first, count] = round % 2 === 0 ? [STREAM, bytes.length - STREAM] : [STREAM + 2, 100];
      for (let changes = 1 + random.int(3); changes > 0; changes--) bytes[first + random.int(count)] = random.int(256);
      const outcome = await readAll(bytes).then(
        () => "read",
        (error: unknown) => (error instanceof Error ? error.name : "thrown"),
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect([...outcomes.keys()].sort()).toEqual(["UserError", "read"]);
    expect((await readAll(GOOD)).data[0]).toBe(valueAt(0, 0, 0));
  }, 60_000);
});
