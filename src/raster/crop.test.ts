import { describe, expect, it } from "vitest";
import { toBands } from "./bands.js";
import { crop } from "./crop.js";
import type { Raster } from "./raster.js";
import { resize } from "./resample.js";

/** Two bands of 4 × 2 pixels, 10 m each. */
const RASTER: Raster = {
  bands: ["red", "nir"],
  widthPx: 4,
  heightPx: 2,
  dtype: "uint16",
  data: Uint16Array.from({ length: 16 }, (_, i) => i),
  valid: Uint8Array.of(1, 1, 1, 0, 1, 1, 0, 0),
  scaling: [
    { scale: 1e-4, offset: 0 },
    { scale: 1e-4, offset: -0.1 },
  ],
  georeference: { crs: undefined, transform: [500, 10, 0, 900, 0, -10] },
};

describe("what belongs to the pixels goes with them", () => {
  it("through crop", () => {
    const { data, valid, georeference, scaling } = crop(RASTER, { leftPx: 2, topPx: 1, widthPx: 2, heightPx: 1 });
    expect([...data]).toEqual([6, 7, 14, 15]);
    expect([...valid!]).toEqual([0, 0]);
    expect(georeference!.transform).toEqual([520, 10, 0, 890, 0, -10]);
    expect(scaling).toBe(RASTER.scaling);
  });

  it("through resize: a pixel counts as measured where its middle was", () => {
    const { valid, georeference } = resize(RASTER, { widthPx: 2, heightPx: 2 });
    expect([...valid!]).toEqual([1, 0, 1, 0]);
    expect(georeference!.transform).toEqual([500, 20, 0, 900, 0, -10]);
    const part = resize(RASTER, { widthPx: 8, heightPx: 4, window: { leftPx: 4, topPx: 2, widthPx: 2, heightPx: 2 } });
    expect([...part.valid!]).toEqual([0, 0, 0, 0]);
    expect(part.georeference!.transform).toEqual([520, 5, 0, 890, 0, -5]);
  });

  it("through toBands: each band keeps its scale", () => {
    expect(toBands(RASTER, ["nir", "red"]).scaling).toEqual([RASTER.scaling![1], RASTER.scaling![0]]);
    expect(toBands(RASTER, ["nir"]).valid).toBe(RASTER.valid);
  });
});
