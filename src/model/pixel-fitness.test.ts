import { describe, expect, it } from "vitest";
import { quantiles } from "../learn/quantiles.js";
import { createRandom } from "../random.js";
import type { Preprocess } from "../raster/preprocess.js";
import type { Raster } from "../raster/raster.js";
import { PIXEL_QUANTILES, pixelFitness } from "./pixel-fitness.js";

const SIDE = 64;
const BANDS = ["red", "nir"];
const PREPROCESS: Preprocess = {
  ...{ widthPx: 8, heightPx: 8, fit: "stretch", interpolation: "bilinear", antialias: true, bands: BANDS, range: [0, 10_000] },
};

/** Reflectances × 10000, red around 1000 and nir around 3000, changed by `change`. */
function land(change: (value: number) => number, seed = 1): Raster {
  const random = createRandom(seed, "pixel fitness");
  const data = Float32Array.from({ length: 2 * SIDE * SIDE }, (_, i) => {
    const [middle, spread] = i < SIDE * SIDE ? [1000, 150] : [3000, 400];
    return change(middle + spread * random.normal());
  });
  return { bands: BANDS, widthPx: SIDE, heightPx: SIDE, dtype: "float32", data };
}

function remembered({ data }: Raster) {
  const bands = BANDS.map((band, i) => {
    const values = Float64Array.from(data.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE)).sort();
    return { band, at: quantiles(values, PIXEL_QUANTILES) };
  });
  return { pixels: { chipPx: SIDE, metersPerPixel: 10, quantiles: bands } };
}

const same = (value: number) => value;
const fitnessOf = async (trained: (value: number) => number, here: (value: number) => number) => {
  const fitness = await pixelFitness([land(here, 2)], remembered(land(trained)), PREPROCESS, { what: "scene.tif" });
  if (fitness === undefined) throw new Error("nothing was compared");
  return fitness;
};

describe("pixelFitness", () => {
  it("finds of like pixels about the expected share outside, and no fault", async () => {
    const { bands, expected, pixels, warning } = await fitnessOf(same, same);
    expect([pixels, expected, warning]).toEqual([4096, 0.01, null]);
    for (const { below, above } of bands) {
      expect(below).toBeGreaterThan(0.003);
      expect(below).toBeLessThan(0.02);
      expect(above).toBeGreaterThan(0.003);
      expect(above).toBeLessThan(0.02);
    }
  });

  it.each<[cause: string, trained: (value: number) => number, here: (value: number) => number]>([
    ["They look like reflectance × 10000, those it was trained on like reflectance from 0 to 1", (v) => v / 10_000, same],
    ["They look like reflectance from 0 to 1, those it was trained on like reflectance × 10000", same, (v) => v / 10_000],
    ["They look like 8-bit numbers ÷ 255, those it was trained on like 8-bit numbers", (v) => v / 30, (v) => v / 30 / 255],
    [
      "They look like 16-bit numbers ÷ 255, those it was trained on like reflectance from 0 to 1",
      (v) => v / 10_000,
      (v) => v / 255,
    ],
    [
      "They look like reflectance from 0 to 1, those it was trained on like 16-bit numbers ÷ 255",
      (v) => v / 255,
      (v) => v / 10_000,
    ],
    ["another date, haze or season", (v) => v / 10_000, (v) => v / 400_000],
    ["They look like reflectance × 10000, those it was trained on like 8-bit numbers", (v) => (v * 255) / 10_000, same],
    [
      "They look like 16-bit numbers of full range, those it was trained on like 8-bit numbers",
      (v) => v / 30,
      (v) => (v / 30) * 257,
    ],
    ["shifted by about 1000: the offset of Sentinel-2", same, (v) => v + 1000],
    ["shifted by about 0.1: the offset of Sentinel-2", (v) => v / 10_000 + 0.1, (v) => v / 10_000],
    ["another date, haze or season", same, (v) => 1.4 * v],
  ])("names the cause: %s", async (cause, trained, here) => {
    const { warning } = await fitnessOf(trained, here);
    expect(warning).toContain("scene.tif: pixels unlike those that the classifier was trained on (1 % below and 1 % above");
    expect(warning).toContain(cause);
  });

  it("names the bands that are strange, with their shares, and no others", async () => {
    const strange = land(same, 2);
    const red = strange.data.subarray(0, SIDE * SIDE);
    red.forEach((value, i) => {
      red[i] = value + 10_000;
    });
    const fitness = await pixelFitness([strange], remembered(land(same)), PREPROCESS, { what: "scene.tif" });
    expect(fitness?.bands[0]).toMatchObject({ band: "red", below: 0, above: 1 });
    expect(fitness?.warning).toMatch(/red: 0 % below \d+, 100 % above \d+\. /);
    expect(fitness?.warning).not.toContain("nir:");
  });

  it("does not count what was not measured, and says nothing where nothing is remembered", async () => {
    const dark = land(same, 2);
    const valid = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (i < 2048 ? 1 : 0));
    dark.data.fill(-9999, 2048, SIDE * SIDE);
    dark.data.fill(-9999, SIDE * SIDE + 2048);
    const fitness = await pixelFitness([{ ...dark, valid }], remembered(land(same)), PREPROCESS, { what: "scene.tif" });
    expect([fitness?.pixels, fitness?.warning]).toEqual([2048, null]);
    expect(await pixelFitness([dark], {}, PREPROCESS, { what: "scene.tif" })).toBeUndefined();
  });

  it("compares 16-bit images with 8-bit ones in the range of the network", async () => {
    const eightBit = { ...PREPROCESS, range: [0, 255] as const };
    const small = land((v) => Math.round(v / 30));
    const large = land((v) => Math.round(v / 30) * 257);
    const image = { ...large, dtype: "uint16" as const, data: Uint16Array.from(large.data) };
    expect((await pixelFitness([image], remembered(small), eightBit, { what: "x" }))?.warning).toBeNull();
  });
});
