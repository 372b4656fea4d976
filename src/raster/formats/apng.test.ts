import { describe, expect, it } from "vitest";
import { RGB } from "../bands.js";
import { encodePng } from "../encode.js";
import { decodeRaster } from "../formats.js";
import type { Raster } from "../raster.js";
import { animatedPng, pngChunks } from "./apng.js";
import { viewOf } from "./header.js";

const picture = (value: number, widthPx = 5): Raster => ({
  bands: RGB,
  widthPx,
  heightPx: 3,
  dtype: "uint8",
  data: Uint8Array.from({ length: 9 * widthPx }, (_, i) => value + i),
});
const still = (value: number, widthPx?: number) => encodePng(picture(value, widthPx));

describe("an animated PNG", () => {
  it("has a frame of each still picture, in turn, with the delay asked for", async () => {
    const chunks = pngChunks(animatedPng(await Promise.all([10, 60, 110].map((value) => still(value))), { delayMs: 1500 }));
    expect(chunks.map(({ type }) => type)).toEqual(["IHDR", "acTL", "fcTL", "IDAT", "fcTL", "fdAT", "fcTL", "fdAT", "IEND"]);
    expect([...chunks[1].data]).toEqual([0, 0, 0, 3, 0, 0, 0, 0]);
    const numbered = chunks.filter(({ type }) => type === "fcTL" || type === "fdAT");
    expect(numbered.map(({ data }) => viewOf(data).getUint32(0))).toEqual([0, 1, 2, 3, 4]);
    for (const { type, data } of chunks) {
      if (type !== "fcTL") continue;
      const view = viewOf(data);
      expect(data).toHaveLength(26);
      expect([4, 8, 12, 16].map((at) => view.getUint32(at))).toEqual([5, 3, 0, 0]);
      expect(view.getUint16(20) / view.getUint16(22)).toBe(1.5);
      expect([...data.subarray(24)]).toEqual([0, 0]);
    }
  });

  it("shows its first picture where animations are not known, and holds the pixels of the others as they were", async () => {
    const frames = await Promise.all([still(10), still(60)]);
    const animated = animatedPng(frames, { delayMs: 1000 });
    expect(await decodeRaster(animated, { file: "a.png" })).toEqual(picture(10));
    const [, , , , , second] = pngChunks(animated);
    const [, data] = pngChunks(frames[1]).filter(({ type }) => type === "IHDR" || type === "IDAT");
    expect(Buffer.compare(second.data.subarray(4), data.data)).toBe(0);
  });

  it("refuses pictures of two sizes, none, and what is no PNG", async () => {
    const [small, wide] = [await still(1), await still(1, 6)];
    expect(() => animatedPng([small, wide], { delayMs: 1 })).toThrow("differ");
    expect(() => animatedPng([], { delayMs: 1 })).toThrow("without frames");
    expect(() => animatedPng([small], { delayMs: 70_000 })).toThrow("delay");
    expect(() => animatedPng([small.subarray(0, 60)], { delayMs: 1 })).toThrow("cut off");
    expect(() => pngChunks(Uint8Array.from(small, (byte, i) => (i === 45 ? byte ^ 1 : byte)))).toThrow("checksum");
    expect(() => pngChunks(new Uint8Array(20))).toThrow("not a PNG");
  });
});
