import { describe, expect, it } from "vitest";
import { GREY, RGB } from "./bands.js";
import { encodeJpeg, encodePng, encodeTransparentPng, squareTile, thumbnail, thumbnailJpeg } from "./encode.js";
import { decodeAlpha } from "./formats/sharp.js";
import { decodeRaster } from "./formats.js";
import type { Raster } from "./raster.js";

const COLOUR: Raster = {
  bands: RGB,
  widthPx: 40,
  heightPx: 20,
  dtype: "uint8",
  data: Uint8Array.from({ length: 2400 }, (_, i) => Math.floor(i / 800) * 60 + (i % 40)),
};
const GREY_RASTER: Raster = { ...COLOUR, bands: GREY, data: COLOUR.data.slice(0, 800) };
const DEEP: Raster = { ...GREY_RASTER, dtype: "uint16", data: Uint16Array.from(GREY_RASTER.data, (value) => value * 257 + 1) };

describe("encodePng", () => {
  it.each([
    ["colour", COLOUR],
    ["grey", GREY_RASTER],
    ["16 bits", DEEP],
  ])("is read back without a change: %s", async (_, raster) => {
    expect(await decodeRaster(await encodePng(raster), { file: "made.png" })).toEqual(raster);
  });

  it("refuses what is no picture", async () => {
    const many: Raster = { ...COLOUR, bands: ["a", "b"], heightPx: 30 };
    expect(() => encodePng(many)).toThrow("2 bands of uint8 cannot be shown");
  });
});

describe("encodeJpeg", () => {
  it("keeps the picture to a few levels and shows 16 bits as 8", async () => {
    for (const raster of [COLOUR, GREY_RASTER, DEEP]) {
      const scale = raster.dtype === "uint16" ? 257 : 1;
      const read = await decodeRaster(await encodeJpeg(raster, 95), { file: "made.jpg" });
      expect(read.bands).toEqual(raster.bands);
      expect(
        Array.from(read.data).reduce((max, value, i) => Math.max(max, Math.abs(value - raster.data[i] / scale)), 0),
      ).toBeLessThan(8);
    }
  });
});

describe("thumbnail", () => {
  it("is a data URI whose longer side has the pixels asked for", async () => {
    const uri = await thumbnail(COLOUR, 16);
    expect(uri).toMatch(/^data:image\/jpeg;base64,/);
    const { widthPx, heightPx, bands } = await decodeRaster(Buffer.from(uri.split(",")[1], "base64"), { file: "thumbnail" });
    expect([widthPx, heightPx, bands]).toEqual([16, 8, RGB]);
  });

  it("never enlarges, and shows the colours of a raster with more bands", async () => {
    const raster: Raster = { ...COLOUR, bands: [...RGB, "nir"], data: new Uint8Array(3200) };
    const uri = await thumbnail(raster, 500);
    expect(await decodeRaster(Buffer.from(uri.split(",")[1], "base64"), { file: "thumbnail" })).toMatchObject({
      widthPx: 40,
      heightPx: 20,
    });
  });
});

describe("thumbnailJpeg", () => {
  it("says how large the picture is that it made", async () => {
    const { widthPx, heightPx, jpeg } = await thumbnailJpeg(COLOUR, 10);
    expect([widthPx, heightPx]).toEqual([10, 5]);
    expect(await decodeRaster(jpeg, { file: "made.jpg" })).toMatchObject({ widthPx, heightPx });
  });
});

describe("squareTile", () => {
  it("shows the whole image as 8-bit red, green and blue, whatever it was", () => {
    const grey = squareTile(GREY_RASTER, 8);
    expect(grey).toMatchObject({ bands: RGB, widthPx: 8, heightPx: 8, dtype: "uint8" });
    expect(squareTile(COLOUR, 8).data).toHaveLength(192);
    for (const raster of [DEEP, { ...COLOUR, dtype: "float32" as const, data: Float32Array.from(COLOUR.data) }]) {
      const tile = squareTile(raster, 8);
      expect(tile).toMatchObject({ bands: RGB, widthPx: 8, heightPx: 8, dtype: "uint8" });
      expect(new Set(tile.data).size).toBeGreaterThan(4);
    }
    expect(squareTile({ ...COLOUR, bands: ["b8", "b4", "b3"] }, 8)).toEqual(squareTile(COLOUR, 8));
  });
});

describe("encodeTransparentPng", () => {
  it("keeps colours and what can be seen through", async () => {
    const alpha = Uint8Array.from({ length: 800 }, (_, i) => i % 256);
    const png = await encodeTransparentPng(COLOUR, alpha);
    expect(await decodeRaster(png, { file: "made.png" })).toEqual(COLOUR);
    expect(Buffer.from(await decodeAlpha(png, 800))).toEqual(Buffer.from(alpha));
    expect(() => encodeTransparentPng(GREY_RASTER, alpha)).toThrow("1 bands");
  });
});
