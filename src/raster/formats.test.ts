import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { RGB, toBands } from "./bands.js";
import { checkImage, decodeRaster, IMAGE_EXTENSIONS } from "./formats.js";
import type { Raster } from "./raster.js";

const GOLDEN = process.env.SIGMAX_GOLDEN ?? "../shared/golden";
const DATA = process.env.SIGMAX_DATA ?? "../shared/data";

interface DecodeCase {
  readonly id: string;
  readonly kind: string;
  readonly source: string;
  readonly expectedPng: string;
  readonly alternativePng?: string;
  readonly tolerance: string;
  readonly values16?: readonly number[];
}

function referenceCases(): DecodeCase[] {
  const path = join(GOLDEN, "preprocess/preprocess.json");
  if (!existsSync(path)) {
    console.warn(`SKIPPED: no reference values at ${path}; set SIGMAX_GOLDEN`);
    return [];
  }
  const { cases }: { cases: DecodeCase[] } = JSON.parse(readFileSync(path, "utf8"));
  return cases.filter(({ kind }) => kind === "decode" || kind === "exif");
}

/** "max <= 2" → 2, "mean abs <= 0.8" → 0.8; "exact" means 0 and what is not said is not limited. */
function limitsOf(tolerance: string): { max: number; mean: number } {
  const limit = (word: string) => Number(new RegExp(`${word}[^<]*<= ([\\d.]+)`).exec(tolerance)?.[1] ?? Number.POSITIVE_INFINITY);
  return tolerance.startsWith("exact") ? { max: 0, mean: 0 } : { max: limit("max"), mean: limit("mean") };
}

function decodeFile(name: string): Promise<Raster> {
  return decodeRaster(readFileSync(join(GOLDEN, "preprocess", name)), { file: name });
}

function difference(actual: Raster, expected: Raster): { max: number; mean: number } {
  expect([actual.bands, actual.widthPx, actual.heightPx]).toEqual([expected.bands, expected.widthPx, expected.heightPx]);
  const scale = actual.dtype === "uint16" ? 257 : 1;
  let max = 0;
  let sum = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const error = Math.abs(actual.data[i] / scale - expected.data[i]);
    max = Math.max(max, error);
    sum += error;
  }
  return { max, mean: sum / expected.data.length };
}

describe("images decode as Pillow decodes them", () => {
  const cases = referenceCases();
  it.skipIf(cases.length === 0).each(cases)("$id: $tolerance", async ({ source, expectedPng, tolerance, values16 }) => {
    const stored = await decodeFile(source);
    const { max, mean } = difference(toBands(stored, RGB), toBands(await decodeFile(expectedPng), RGB));
    const limits = limitsOf(tolerance);
    expect(Number.isFinite(limits.max) || Number.isFinite(limits.mean), `"${tolerance}" states a limit`).toBe(true);
    expect(max).toBeLessThanOrEqual(limits.max);
    expect(mean).toBeLessThanOrEqual(limits.mean);
    if (values16 !== undefined) expect(Array.from(stored.data.subarray(0, values16.length))).toEqual(values16);
  });
});

const WIDTH = 40;
const HEIGHT = 24;
const pixels = (channels: 1 | 3 | 4) =>
  sharp(
    Uint8Array.from({ length: WIDTH * HEIGHT * channels }, (_, i) => (i * 7919) % 251),
    { raw: { width: WIDTH, height: HEIGHT, channels } },
  );

describe("one rule for every image", () => {
  it("drops transparency and keeps the colour that lies under it", async () => {
    const png = await pixels(4).png().toBuffer();
    const { bands, data } = await decodeRaster(png, { file: "a.png" });
    expect(bands).toEqual(RGB);
    // red of pixel 1 is sample 4 of the interleaved source
    expect(data[1]).toBe((4 * 7919) % 251);
    expect(data[WIDTH * HEIGHT]).toBe(7919 % 251);
  });

  it("keeps grey as one band in every format that has it", async () => {
    for (const format of ["png", "jpeg", "tiff"] as const) {
      const bytes = await pixels(1).toColourspace("b-w").toFormat(format).toBuffer();
      expect((await decodeRaster(bytes, { file: format })).bands, format).toEqual(["grey"]);
    }
  });

  it("keeps 16 bits", async () => {
    const samples = Uint16Array.from({ length: 12 }, (_, i) => i * 5461);
    const png = await sharp(samples, { raw: { width: 4, height: 1, channels: 3 } })
      .toColourspace("rgb16")
      .png()
      .toBuffer();
    const { dtype, data } = await decodeRaster(png, { file: "deep.png" });
    expect(dtype).toBe("uint16");
    expect(Array.from(data)).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11].map((i) => i * 5461));
  });

  it("ignores an embedded colour profile", async () => {
    const plain = await pixels(3).png().toBuffer();
    const profiled = await sharp(plain).withIccProfile("p3", { attach: true }).png().toBuffer();
    const stored = await sharp(profiled, { ignoreIcc: true }).raw().toBuffer();
    const { data } = await decodeRaster(profiled, { file: "p3.png" });
    expect(data[0]).toBe(stored[0]);
    expect(data[WIDTH * HEIGHT + 5]).toBe(stored[3 * 5 + 1]);
  });

  it("finds the format by the bytes, whatever the name", async () => {
    const png = await pixels(3).png().toBuffer();
    expect((await decodeRaster(png, { file: "photo.jpg" })).widthPx).toBe(WIDTH);
    expect(IMAGE_EXTENSIONS).toContain(".jpeg");
  });

  it.each([
    { name: "flat JPEG", make: () => pixels(3).jpeg() },
    { name: "progressive JPEG", make: () => pixels(3).jpeg({ progressive: true }) },
    { name: "PNG", make: () => pixels(3).png() },
    { name: "interlaced PNG", make: () => pixels(3).png({ progressive: true }) },
    { name: "lossy WebP", make: () => pixels(3).webp() },
    { name: "lossless WebP with transparency", make: () => pixels(4).webp({ lossless: true }) },
    { name: "LZW TIFF", make: () => pixels(3).tiff({ compression: "lzw" }) },
    { name: "tiled TIFF", make: () => pixels(3).tiff({ tile: true, tileWidth: 16, tileHeight: 16, compression: "deflate" }) },
    { name: "GIF", make: () => pixels(3).gif() },
  ])("refuses a $name cut anywhere before its last pixel", async ({ make }) => {
    const whole = await make().toBuffer();
    const { data } = await decodeRaster(whole, { file: "whole" });
    for (let step = 0; step < 64; step++) {
      const length = Math.floor((whole.length * step) / 64);
      const outcome = await decodeRaster(whole.subarray(0, length), { file: "cut" }).catch((error: unknown) => error);
      // A GIF or TIFF may end in bytes that no pixel needs.
      const isWhole = !(outcome instanceof Error) && JSON.stringify(outcome).includes(JSON.stringify(data));
      expect(outcome instanceof UserError || isWhole, `${length} of ${whole.length} bytes`).toBe(true);
    }
  });
});

interface TiffTags {
  readonly samples: number;
  readonly photometric: number;
  readonly bits?: number;
  readonly extraSamples?: number;
  readonly sampleFormat?: number;
}

/** A TIFF of one pixel, little-endian and uncompressed. */
function tiff({ samples, photometric, bits = 8, extraSamples, sampleFormat = 1 }: TiffTags, pixel: readonly number[]): Buffer {
  const each = (value: number) => new Array<number>(samples).fill(value);
  const tags: [id: number, values: readonly number[]][] = [
    [256, [1]],
    [257, [1]],
    [258, each(bits)],
    [259, [1]],
    [262, [photometric]],
    [273, [512]],
    [277, [samples]],
    [278, [1]],
    [279, [pixel.length]],
    ...(extraSamples === undefined ? [] : ([[338, [extraSamples]]] satisfies [number, number[]][])),
    [339, each(sampleFormat)],
  ];
  const bytes = Buffer.alloc(512 + pixel.length);
  bytes.write("II*\0\x08\0\0\0", "latin1");
  bytes.writeUInt16LE(tags.length, 8);
  let free = 256;
  tags.forEach(([id, values], index) => {
    const entry = 10 + 12 * index;
    bytes.writeUInt16LE(id, entry);
    bytes.writeUInt16LE(3, entry + 2);
    bytes.writeUInt32LE(values.length, entry + 4);
    const start = values.length <= 2 ? entry + 8 : free;
    if (values.length > 2) {
      bytes.writeUInt32LE(free, entry + 8);
      free += 2 * values.length;
    }
    values.forEach((value, i) => {
      bytes.writeUInt16LE(value, start + 2 * i);
    });
  });
  bytes.set(pixel, 512);
  return bytes;
}

const bandNames = (count: number) => Array.from({ length: count }, (_, band) => `band${band + 1}`);

describe("TIFF", () => {
  it("reads red, green, blue with transparency, and black and white", async () => {
    const withAlpha = await decodeRaster(await pixels(4).tiff().toBuffer(), { file: "rgba.tif" });
    expect(withAlpha.bands).toEqual(RGB);
    const oneBit = await pixels(1).toColourspace("b-w").tiff({ bitdepth: 1 }).toBuffer();
    const { bands, data } = await decodeRaster(oneBit, { file: "bit.tif" });
    expect(bands).toEqual(["grey"]);
    expect(new Set(data)).toEqual(new Set([0, 255]));
  });

  it("keeps a fourth measurement beside red, green and blue", async () => {
    const pixel = [10, 20, 30, 40];
    const { bands, data } = await decodeRaster(tiff({ samples: 4, photometric: 2, extraSamples: 0 }, pixel), {
      file: "rgbn.tif",
    });
    expect(bands).toEqual([...RGB, "band4"]);
    expect(Array.from(data)).toEqual(pixel);
  });

  it("turns CMYK into red, green, blue as Pillow does", async () => {
    const { bands, data } = await decodeRaster(tiff({ samples: 4, photometric: 5 }, [16, 90, 139, 20]), { file: "cmyk.tif" });
    expect(bands).toEqual(RGB);
    expect(Array.from(data)).toEqual([220, 152, 107]);
  });

  it.each([
    ["16 bits", { samples: 3, photometric: 2, bits: 16 }, "uint16", ["red", "green", "blue"]],
    ["floating point", { samples: 1, photometric: 1, bits: 32, sampleFormat: 3 }, "float32", ["grey"]],
    ["signed bytes", { samples: 1, photometric: 1, sampleFormat: 2 }, "int16", ["grey"]],
    ["seven bands", { samples: 7, photometric: 1, extraSamples: 0 }, "uint8", bandNames(7)],
    ["a second band that is not said to be transparency", { samples: 2, photometric: 1 }, "uint8", bandNames(2)],
    ["two unnamed bands", { samples: 2, photometric: 1, extraSamples: 0 }, "uint8", bandNames(2)],
  ])("reads measurements: %s", async (_, tags, dtype, bands) => {
    const raster = await decodeRaster(tiff(tags, new Array(32).fill(1)), { file: "x.tif" });
    expect(raster).toMatchObject({ dtype, bands, widthPx: 1, heightPx: 1 });
    expect(await checkImage(tiff(tags, new Array(32).fill(1)), { file: "x.tif" })).toMatchObject({
      dtype,
      bands,
      colour: "bands",
    });
  });

  const landsat = join(DATA, "landsat-pucallpa/2020.tif");
  if (!existsSync(landsat)) console.warn(`SKIPPED: no real scene at ${landsat}; set SIGMAX_DATA`);
  it.skipIf(!existsSync(landsat))("four unnamed bands are measurements, not grey with transparency", async () => {
    const raster = await decodeRaster(readFileSync(landsat), { file: "2020.tif" });
    expect(raster).toMatchObject({ bands: bandNames(4), widthPx: 697, heightPx: 377, dtype: "uint8" });
    expect(raster.georeference?.crs?.epsg).toBe(4326);
  });
});

describe("what is no image", () => {
  let png: Buffer;
  beforeAll(async () => {
    png = await pixels(3).png().toBuffer();
  });

  it.each([
    ["version https://git-lfs.github.com/spec/v1\noid sha256:0\n", /Git LFS pointer/],
    ["\n<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", /SVG/],
    ["BM\0\0\0\0", /BMP/],
    ["\0\0\0\x18ftypheic", /HEIC/],
    ["<!DOCTYPE html><html>", /web page/],
    ["%PDF-1.7", /PDF/],
    ["hello", /text/],
    ["", /empty/],
  ])("is named: %j", async (start, message) => {
    await expect(decodeRaster(Buffer.from(start, "latin1"), { file: "x.png" })).rejects.toThrow(message);
  });

  it("counts against the limit on pixels before anything is decoded", async () => {
    expect(await checkImage(png, { file: "x.png", maxPixels: WIDTH * HEIGHT })).toMatchObject({
      widthPx: WIDTH,
      heightPx: HEIGHT,
    });
    await expect(checkImage(png, { file: "x.png", maxPixels: WIDTH * HEIGHT - 1 })).rejects.toThrow(
      /x\.png: too large: 40 × 24 pixels/,
    );
  });

  it("never takes a PNG with one byte changed for another picture in silence", async () => {
    const { data } = await decodeRaster(png, { file: "ok.png" });
    for (let offset = 0; offset < png.length; offset += 13) {
      const changed = Buffer.from(png);
      changed[offset] ^= 0x10;
      const outcome = await decodeRaster(changed, { file: "changed.png" }).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(UserError);
      else expect(outcome, `byte ${offset}`).toMatchObject({ data });
    }
  });
});
