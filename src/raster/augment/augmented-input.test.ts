import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.js";
import { crop } from "../crop.js";
import { TURNS, turn } from "../dihedral.js";
import { type Preprocess, toInput } from "../preprocess.js";
import type { Raster, RasterDType } from "../raster.js";
import { newSamples } from "../samples.js";
import type { Augmentation } from "./augmentations.js";
import { adjustTone, augmentedInput } from "./augmented-input.js";

const HIGHEST: Readonly<Partial<Record<RasterDType, number>>> = { uint8: 255, uint16: 65535, float32: 1 };

function noise(bands: readonly string[], widthPx: number, heightPx: number, dtype: RasterDType = "uint8"): Raster {
  const random = createRandom(9, `${widthPx}×${heightPx}`);
  const data = newSamples(dtype, bands.length * widthPx * heightPx);
  for (let i = 0; i < data.length; i++) data[i] = random.next() * (HIGHEST[dtype] ?? 1000);
  return { bands, widthPx, heightPx, dtype, data };
}

const FOUR = ["swir1", "nir", "red", "green"];
const square = (sidePx: number, bands = FOUR, range: [number, number] = [0, 255]): Preprocess => ({
  widthPx: sidePx,
  heightPx: sidePx,
  fit: "stretch",
  interpolation: "bilinear",
  antialias: true,
  bands,
  range,
});

function plain(raster: Raster, preprocess: Preprocess): Float32Array {
  const out = new Float32Array(preprocess.bands.length * preprocess.heightPx * preprocess.widthPx);
  toInput(raster, preprocess, out, 0);
  return out;
}

function augmented(raster: Raster, preprocess: Preprocess, augmentation: Augmentation): Float32Array {
  const out = new Float32Array(preprocess.bands.length * preprocess.heightPx * preprocess.widthPx);
  augmentedInput(raster, preprocess, augmentation, out, 0);
  return out;
}

describe("augmentedInput", () => {
  it.each<[RasterDType, [number, number]]>([
    ["uint8", [0, 255]],
    ["uint8", [0, 65535]],
    ["uint16", [0, 255]],
    ["uint16", [0, 10000]],
    ["float32", [0, 1]],
  ])("of %s with the range %o is toInput where nothing, or all of the image, is drawn", (dtype, range) => {
    const raster = noise(FOUR, 40, 40, dtype);
    const preprocess = square(28, FOUR, range);
    const expected = plain(raster, preprocess);
    const whole = { leftPx: 0, topPx: 0, widthPx: 40, heightPx: 40 };
    expect(augmented(raster, preprocess, {})).toEqual(expected);
    expect(augmented(raster, preprocess, { crop: whole, turn: "none", brightness: 1, contrast: 1 })).toEqual(expected);
  });

  it("of a cut is the input of what was cut, untouched by what lies around it", () => {
    const raster = noise(FOUR, 50, 40);
    const window = { leftPx: 7, topPx: 3, widthPx: 31, heightPx: 31 };
    expect(augmented(raster, square(28), { crop: window })).toEqual(plain(crop(raster, window), square(28)));
  });

  it.each(TURNS)("turned by %s is what turn makes of the input", (how) => {
    const raster = noise(FOUR, 32, 32);
    const resized: Raster = { ...raster, widthPx: 20, heightPx: 20, dtype: "float32", data: plain(raster, square(20)) };
    expect(augmented(raster, square(20), { turn: how })).toEqual(turn(resized, how).data);
  });

  it("keeps the fit of the preprocessing where nothing is cropped", () => {
    const raster = noise(FOUR, 60, 40);
    const preprocess: Preprocess = { ...square(28), fit: "crop", shorterSidePx: 32 };
    expect(augmented(raster, preprocess, { turn: "none" })).toEqual(plain(raster, preprocess));
  });

  it("picks bands, makes grey serve for colour, and names the file that lacks one", () => {
    const raster = noise(FOUR, 32, 32);
    const red = augmented(raster, square(16, ["red"]), {});
    expect(augmented(raster, square(16), {}).subarray(512, 768)).toEqual(red);
    const input = augmented(noise(["grey"], 32, 32), square(16, ["red", "green", "blue"]), {});
    expect(input.subarray(0, 256)).toEqual(input.subarray(512));
    expect(() => augmentedInput(raster, square(16, ["blue"]), {}, new Float32Array(256), 0, { file: "a.tif" })).toThrow(
      /^a\.tif: /,
    );
  });

  it("hides a square with the mean of each band, or with one value", () => {
    const raster = noise(FOUR, 16, 16);
    const before = plain(raster, square(16));
    const window = { leftPx: 2, topPx: 4, widthPx: 8, heightPx: 5 };
    const [mean, zero] = (["mean", 0] as const).map((fill) => augmented(raster, square(16), { cutout: { window, fill } }));
    for (let band = 0; band < 4; band++) {
      const bandMean = before.subarray(band * 256, band * 256 + 256).reduce((sum, value) => sum + value, 0) / 256;
      for (let p = 0; p < 256; p++) {
        const i = band * 256 + p;
        const inside = p % 16 >= 2 && p % 16 < 10 && p >= 64 && p < 144;
        expect(zero[i]).toBe(inside ? 0 : before[i]);
        if (inside)
          expect(mean[i]).toBeCloseTo(bandMean, 4); // float32
        else expect(mean[i]).toBe(before[i]);
      }
    }
  });

  it("writes at the offset and nowhere else, and refuses what does not fit", () => {
    const raster = noise(FOUR, 16, 16);
    const out = new Float32Array(1024 + 2).fill(-1);
    const drawn: Augmentation = {
      turn: "rot90",
      brightness: 1.1,
      cutout: { window: { leftPx: 12, topPx: 12, widthPx: 4, heightPx: 4 }, fill: 0 },
    };
    augmentedInput(raster, square(16), drawn, out, 1);
    expect([out[0], out[1025]]).toEqual([-1, -1]);
    expect(out.subarray(1, 1025)).toEqual(augmented(raster, square(16), drawn));
    expect(() => augmentedInput(raster, square(16), drawn, out, 3)).toThrow(RangeError);
  });
});

describe("adjustTone", () => {
  const tone = (values: number[], options: Partial<Parameters<typeof adjustTone>[1]>) => {
    const plane = Float32Array.from(values);
    adjustTone(plane, { brightness: 1, contrast: 1, range: [0, 255], ...options });
    return [...plane];
  };

  it("multiplies the values, and their distance from the mean", () => {
    expect(tone([10, 20, 60], { brightness: 1.5 })).toEqual([15, 30, 90]);
    expect(tone([10, 20, 60], { contrast: 0.5 })).toEqual([20, 25, 45]);
    expect(tone([10, 20, 60], { contrast: 0.5, brightness: 2 })).toEqual([40, 50, 90]);
    expect(tone([10, 20, 60], { contrast: 0 })).toEqual([30, 30, 30]);
  });

  it("counts from the lowest value of the range", () => {
    expect(tone([-1, 0, 1], { brightness: 0.5, range: [-1, 1] })).toEqual([-1, -0.5, 0]);
  });

  it("pushes nothing out of the range, and what lies outside no further", () => {
    expect(tone([100, 200, 255], { brightness: 2 })).toEqual([200, 255, 255]);
    expect(tone([0, 10, 80], { contrast: 2 })).toEqual([0, 0, 130]);
    expect(tone([-50, 300], { brightness: 2 })).toEqual([-50, 300]);
    expect(tone([-50, 300], { brightness: 0.5 })).toEqual([-25, 150]);
  });

  it("leaves what was not measured, and takes the mean of the rest", () => {
    expect(tone([Number.NaN, 10, 30], { contrast: 0.5 })).toEqual([Number.NaN, 15, 25]);
  });
});
