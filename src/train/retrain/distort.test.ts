import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.js";
import { type Preprocess, toInput } from "../../raster/preprocess.js";
import type { Raster } from "../../raster/raster.js";
import { type Distortion, type DistortionLimits, distortedInput, drawDistortion } from "./distort.js";

const STRETCH: Preprocess = {
  widthPx: 40,
  heightPx: 40,
  fit: "stretch",
  interpolation: "bilinear",
  antialias: true,
  bands: ["grey"],
  range: [0, 255],
};
const CROP: Preprocess = { ...STRETCH, fit: "crop", shorterSidePx: 50 };
const NONE: DistortionLimits = { flipLeftRight: false, randomCrop: 0, randomScale: 0, randomBrightness: 0 };

/** A picture of one band from a function of column and row. */
function picture(widthPx: number, heightPx: number, value: (x: number, y: number) => number): Raster {
  const data = Uint8Array.from({ length: widthPx * heightPx }, (_, i) => value(i % widthPx, Math.floor(i / widthPx)));
  return { bands: ["grey"], widthPx, heightPx, dtype: "uint8", data };
}

function distorted(raster: Raster, preprocess: Preprocess, limits: DistortionLimits, draw: Distortion): Float32Array {
  const out = new Float32Array(preprocess.bands.length * preprocess.widthPx * preprocess.heightPx);
  distortedInput(raster, preprocess, limits, draw, out, 0);
  return out;
}

const random = createRandom(7, "distort");
const draws = Array.from({ length: 200 }, () => drawDistortion(random));
const noise = picture(61, 83, (x, y) => (x * 37 + y * 91 + x * y) % 256);
/** Grows by 2 per column of 120. */
const ramp = picture(120, 120, (x) => 2 * x);

describe.each([
  ["stretched", STRETCH],
  ["cropped", CROP],
])("an image that is otherwise %s", (_fit, preprocess) => {
  it("stays as it is without limits, whatever was drawn", () => {
    const plain = new Float32Array(1600);
    toInput(noise, preprocess, plain, 0);
    for (const draw of draws.slice(0, 5)) expect(distorted(noise, preprocess, NONE, draw)).toEqual(plain);
  });

  it("is mirrored in half of the draws", () => {
    const plain = distorted(noise, preprocess, NONE, draws[0]);
    const mirrored = Float32Array.from(plain, (_, i) => plain[i - (i % 40) + 39 - (i % 40)]);
    const flips = draws.filter((draw) => {
      const result = distorted(noise, preprocess, { ...NONE, flipLeftRight: true }, draw);
      expect(result).toEqual(draw.flip ? mirrored : plain);
      return draw.flip;
    });
    expect(flips.length / draws.length).toBeGreaterThan(0.4);
    expect(flips.length / draws.length).toBeLessThan(0.6);
  });

  it("is cut out with the margin asked for, everywhere in it and never outside of the picture", () => {
    const usual = distorted(ramp, preprocess, NONE, draws[0]);
    const [from, to] = [usual[0], usual[39]];
    const cuts = draws.map((draw) => distorted(ramp, preprocess, { ...NONE, randomCrop: 50 }, draw));
    for (const cut of cuts) {
      // 1.5 times as large, so 1/1.5 of what is usually seen.
      expect((cut[39] - cut[0]) / (to - from)).toBeCloseTo(1 / 1.5, 1);
      expect(cut[0]).toBeGreaterThan(from - 3);
      expect(cut[39]).toBeLessThan(to + 3);
    }
    const starts = cuts.map((cut) => cut[0]);
    expect(Math.min(...starts)).toBeLessThan(from + 6);
    expect(Math.max(...starts)).toBeGreaterThan(from + (to - from) / 3 - 6);
  });

  it("is enlarged by anything up to the scale asked for", () => {
    const whole = distorted(ramp, preprocess, NONE, draws[0]);
    const spans = draws.map((draw) => {
      const cut = distorted(ramp, preprocess, { ...NONE, randomScale: 100 }, draw);
      return (cut[39] - cut[0]) / (whole[39] - whole[0]);
    });
    expect(Math.min(...spans)).toBeGreaterThan(0.48);
    expect(Math.min(...spans)).toBeLessThan(0.55);
    expect(Math.max(...spans)).toBeGreaterThan(0.95);
  });
});

it("brightness multiplies all pixels by one factor within its limits and does not clip", () => {
  const bright = picture(40, 40, () => 250);
  const factors = draws.map((draw) => {
    const result = distorted(bright, STRETCH, { ...NONE, randomBrightness: 20 }, draw);
    expect(new Set(result).size).toBe(1);
    return result[0] / 250;
  });
  expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.8);
  expect(Math.max(...factors)).toBeLessThanOrEqual(1.2);
  expect(Math.max(...factors)).toBeGreaterThan(1.15);
  expect(factors.reduce((sum, factor) => sum + factor, 0) / factors.length).toBeCloseTo(1, 1);
});
