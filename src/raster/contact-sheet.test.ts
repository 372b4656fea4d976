import { describe, expect, it } from "vitest";
import { RGB } from "./bands.js";
import { contactSheet, frameCrop, shrinkPicture } from "./contact-sheet.js";
import type { Preprocess } from "./preprocess.js";
import type { Raster } from "./raster.js";

function flat(value: number, widthPx = 8, heightPx = 8): Raster {
  return { bands: RGB, widthPx, heightPx, dtype: "uint8", data: new Uint8Array(3 * widthPx * heightPx).fill(value) };
}
const pixel = ({ data, widthPx, heightPx }: Raster, x: number, y: number) =>
  [0, 1, 2].map((band) => data[(band * heightPx + y) * widthPx + x]);

describe("frameCrop", () => {
  const crop: Preprocess = {
    ...{ widthPx: 4, heightPx: 4, fit: "crop", shorterSidePx: 8, interpolation: "bilinear", antialias: true },
    ...{ bands: RGB, range: [0, 255] },
  };

  it("dims what is cut away and frames what stays", () => {
    const framed = frameCrop(flat(100), { widthPx: 80, heightPx: 80 }, crop);
    expect(pixel(framed, 1, 4)).toEqual([40, 40, 40]);
    expect(pixel(framed, 2, 2)).toEqual([255, 214, 10]);
    expect(pixel(framed, 3, 3)).toEqual([100, 100, 100]);
  });

  it("leaves a picture of which nothing is cut away alone", () => {
    const picture = flat(100);
    expect(frameCrop(picture, { widthPx: 80, heightPx: 80 }, { ...crop, shorterSidePx: 4 })).toBe(picture);
    expect(frameCrop(picture, { widthPx: 80, heightPx: 20 }, { ...crop, fit: "stretch" })).toBe(picture);
  });
});

describe("contactSheet", () => {
  it("puts each image above what becomes of it", () => {
    const pairs = [10, 20, 30].map((value) => ({ before: flat(value, 16, 8), after: flat(value + 100, 4, 4) }));
    const sheet = contactSheet(pairs, { cellPx: 16, columns: 2 });
    expect([sheet.widthPx, sheet.heightPx]).toEqual([2 * 22 + 6, 2 * (38 + 18) - 18 + 12]);
    expect(pixel(sheet, 6 + 8, 6 + 8)).toEqual([10, 10, 10]);
    expect(pixel(sheet, 6 + 8, 6 + 22 + 8)).toEqual([110, 110, 110]);
    expect(pixel(sheet, 6 + 22 + 8, 6 + 8)).toEqual([20, 20, 20]);
    expect(pixel(sheet, 6 + 8, 6 + 56 + 8)).toEqual([30, 30, 30]);
    expect(pixel(sheet, 6 + 8, 6 + 1)).toEqual([180, 180, 180]); // above a wide image
  });

  it("is made of nothing, of one image, and of images of extreme shape", () => {
    expect(contactSheet([]).data.length).toBeGreaterThan(0);
    const thin = flat(7, 5000, 1);
    const sheet = contactSheet([{ before: shrinkPicture(thin, 256) }], { cellPx: 16 });
    expect(pixel(sheet, 6, 6 + 7)).toEqual([7, 7, 7]);
  });
});
