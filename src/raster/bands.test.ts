import { describe, expect, it } from "vitest";
import { GREY, RGB, toBands } from "./bands.js";
import { rasterFromImageData } from "./image-data.js";
import type { Raster } from "./raster.js";

const COLOUR: Raster = { bands: RGB, widthPx: 2, heightPx: 1, dtype: "uint8", data: Uint8Array.of(255, 10, 0, 20, 0, 30) };

describe("toBands", () => {
  it("returns a raster that fits as it is", () => {
    expect(toBands(COLOUR, ["red", "green", "blue"])).toBe(COLOUR);
  });

  it("picks and orders bands by name", () => {
    expect(toBands(COLOUR, ["blue", "red"])).toEqual({ ...COLOUR, bands: ["blue", "red"], data: Uint8Array.of(0, 30, 255, 10) });
  });

  it("makes grey of colour with Pillow's weights", () => {
    // Image.merge("RGB", …).convert("L") in Pillow 12.3 gives 76 and 18
    expect(toBands(COLOUR, GREY).data).toEqual(Uint8Array.of(76, 18));
  });

  it("shows grey as colour", () => {
    const grey: Raster = { bands: GREY, widthPx: 2, heightPx: 1, dtype: "uint16", data: Uint16Array.of(7, 700) };
    expect(toBands(grey, RGB).data).toEqual(Uint16Array.of(7, 700, 7, 700, 7, 700));
  });

  it("says which band is missing, and never puts another in its place", () => {
    expect(() => toBands(COLOUR, ["red", "nir"], { file: "a.png" })).toThrow(
      "a.png: has the bands red, green, blue; nir is not among them",
    );
    expect(() => toBands({ ...COLOUR, bands: ["band1", "band2", "band3"] }, RGB)).toThrow("red is not among them");
  });
});

describe("rasterFromImageData", () => {
  it("takes red, green and blue of canvas pixels and drops alpha", () => {
    const data = Uint8ClampedArray.of(255, 0, 0, 9, 10, 20, 30, 0);
    expect(rasterFromImageData({ data, width: 2, height: 1 })).toEqual(COLOUR);
  });

  it("refuses data of another size", () => {
    expect(() => rasterFromImageData({ data: new Uint8Array(7), width: 2, height: 1 })).toThrow(RangeError);
  });
});
