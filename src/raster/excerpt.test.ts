import { describe, expect, it } from "vitest";
import { excerpt } from "./excerpt.js";
import { crsOfEpsg } from "./geo/crs.js";
import { openRaster } from "./reader.js";
import { encodeGeoTiff } from "./write/tiff.js";

const GEOREFERENCE = { crs: crsOfEpsg(32718), transform: [500_000, 10, 0, 9_000_000, 0, -10] as const };

/** Three bands of 8 × 6; band, row and column are the digits, and the last column of row 2 was not measured. */
async function digits() {
  const bands = ["a", "b", "c"];
  const data = Uint16Array.from({ length: 3 * 48 }, (_, at) => {
    const [band, row, column] = [Math.floor(at / 48), Math.floor((at % 48) / 8), at % 8];
    return row === 2 && column === 7 ? 0 : 100 * (band + 1) + 10 * row + column;
  });
  const size = { widthPx: 8, heightPx: 6 };
  return openRaster(await encodeGeoTiff({ bands, ...size, dtype: "uint16", data, nodata: 0, georeference: GEOREFERENCE }));
}

describe("a part of a raster", () => {
  it("is the raster itself where it is all of it", async () => {
    const reader = await digits();
    expect(excerpt(reader, {})).toBe(reader);
    expect(excerpt(reader, { bands: [0, 1] }).info.levels).toBe(reader.info.levels);
  });

  it("has the samples, place and validity of what it is cut from", async () => {
    const part = excerpt(await digits(), { window: { leftPx: 5, topPx: 1, widthPx: 3, heightPx: 4 }, bands: [2, 0] });
    expect(part.info).toMatchObject({ widthPx: 3, heightPx: 4, levels: [{ widthPx: 3, heightPx: 4 }] });
    expect(part.info.georeference?.transform).toEqual([500_050, 10, 0, 8_999_990, 0, -10]);
    const whole = await part.read();
    expect(whole.bands).toEqual(["c", "a"]);
    expect([...whole.data.subarray(0, 6)]).toEqual([315, 316, 317, 325, 326, 0]);
    expect([...whole.valid!]).toEqual([1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1]);
    const into = new Uint16Array(2);
    const two = await part.read({ window: { leftPx: 1, topPx: 2, widthPx: 1, heightPx: 2 }, bands: [1], into });
    expect(two.data).toBe(into);
    expect([...into]).toEqual([136, 146]);
    expect(two.georeference?.transform).toEqual([500_060, 10, 0, 8_999_970, 0, -10]);
  });

  it("does not reach outside, nor is read outside", async () => {
    const reader = await digits();
    expect(() => excerpt(reader, { window: { leftPx: 6, topPx: 0, widthPx: 3, heightPx: 1 } })).toThrow(RangeError);
    expect(() => excerpt(reader, { bands: [3] })).toThrow("has the bands 0 to 2, not 3");
    const part = excerpt(reader, { window: { leftPx: 1, topPx: 1, widthPx: 2, heightPx: 2 } });
    await expect(part.read({ window: { leftPx: 1, topPx: 1, widthPx: 2, heightPx: 1 } })).rejects.toThrow(RangeError);
    await expect(part.read({ level: 1 })).rejects.toThrow(RangeError);
  });
});
