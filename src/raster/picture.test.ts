import { describe, expect, it } from "vitest";
import { RGB } from "./bands.js";
import { shownRange, toPicture } from "./picture.js";
import type { Raster } from "./raster.js";

describe("toPicture", () => {
  const of = (bands: readonly string[], dtype: Raster["dtype"], data: Raster["data"]): Raster => {
    return { bands, widthPx: data.length / bands.length, heightPx: 1, dtype, data };
  };

  it("stretches other types between 2 and 98 % of what was measured: reflectances of 0 to 3000 are not black", () => {
    const values = Uint16Array.from({ length: 101 }, (_, i) => (i === 100 ? 65535 : 30 * i));
    const raster = of(["nir"], "uint16", values);
    const shown = toPicture(raster).data;
    expect([shown[0], shown[50], shown[98], shown[100]]).toEqual([0, 128, 255, 255]);
    expect(toPicture(raster, [0, 65535]).data[50]).toBe(6);
    const some = { ...raster, nodata: 65535, valid: Uint8Array.from(values, (_, i) => (i < 52 ? 1 : 0)) };
    expect(toPicture(some).data[50]).toBe(255);
  });

  it("shows red, green and blue by name, else the first three bands, else the first", () => {
    expect([...toPicture(of(["blue", "nir", "red", "green"], "uint8", Uint8Array.of(3, 9, 1, 2))).data]).toEqual([1, 2, 3]);
    expect([...toPicture(of(["swir", "nir", "red", "green"], "uint8", Uint8Array.of(4, 5, 6, 7))).data]).toEqual([4, 5, 6]);
    expect([...toPicture(of(["vv", "vh"], "uint8", Uint8Array.of(4, 5))).data]).toEqual([4, 4, 4]);
  });

  it("brings any range to 0–255 and survives values that are no numbers", () => {
    expect([...toPicture(of(RGB, "float32", Float32Array.of(Number.NaN, -5, 300)), [0, 100]).data]).toEqual([0, 0, 255]);
    expect([...toPicture(of(RGB, "float32", Float32Array.of(1, 2, 3))).data]).toEqual([0, 128, 255]);
    expect([...toPicture(of(RGB, "float32", new Float32Array(3).fill(Number.NaN))).data]).toEqual([0, 0, 0]);
  });
});

describe("shownRange", () => {
  const of = (values: readonly number[], dtype: "uint8" | "uint16" = "uint16"): Raster => {
    const data = dtype === "uint8" ? Uint8Array.from(values) : Uint16Array.from(values);
    return { bands: ["nir"], widthPx: values.length, heightPx: 1, dtype, data };
  };

  it("is one for several pictures, of what was measured in any of them", () => {
    const [dark, bright] = [0, 1000].map((from) => of(Array.from({ length: 51 }, (_, i) => from + i)));
    expect(shownRange([dark])).toEqual([1, 49]);
    expect(shownRange([dark, bright])).toEqual([2, 1048]);
    expect(shownRange([dark, { ...bright, valid: new Uint8Array(51) }])).toEqual([1, 49]);
    expect(shownRange([{ ...dark, valid: new Uint8Array(51) }])).toEqual([0, 1]);
  });

  it("leaves 8 bits as they are", () => {
    expect(shownRange([of([3, 4], "uint8"), of([90], "uint8")])).toEqual([0, 255]);
  });
});
