import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { decodeRaster } from "./formats.js";
import { INTERPOLATIONS, type Interpolation } from "./preprocess.js";
import type { Raster, RasterDType } from "./raster.js";
import { resize } from "./resample.js";
import { newSamples } from "./samples.js";
import { FIXED_BITS, tapsFor } from "./taps.js";

const GOLDEN = join(process.env.SIGMAX_GOLDEN ?? "../shared/golden", "preprocess");

interface ResizeCase {
  readonly id: string;
  readonly kind: string;
  readonly source: string;
  readonly width: number;
  readonly height: number;
  readonly filter: Interpolation;
  readonly expectedPng: string;
}

interface TrapCase {
  readonly id: string;
  readonly kind: string;
  readonly source: string;
  readonly width: number;
  readonly height: number;
  readonly meanAbsDiffOfNonAntialiased: number;
}

function referenceCases<Case extends { kind: string }>(kind: string): Case[] {
  const path = join(GOLDEN, "preprocess.json");
  if (!existsSync(path)) {
    console.warn(`SKIPPED: no reference values at ${path}; set SIGMAX_GOLDEN`);
    return [];
  }
  const { cases }: { cases: Case[] } = JSON.parse(readFileSync(path, "utf8"));
  return cases.filter((row) => row.kind === kind);
}

const decodeFile = (name: string) => decodeRaster(readFileSync(join(GOLDEN, name)), { file: name });

function noise(widthPx: number, heightPx: number, dtype: RasterDType, highest: number): Raster {
  const random = createRandom(7, `${widthPx}×${heightPx}`);
  const data = newSamples(dtype, 2 * widthPx * heightPx);
  for (let i = 0; i < data.length; i++) data[i] = random.int(highest + 1);
  return { bands: ["a", "b"], widthPx, heightPx, dtype, data };
}

describe("resize equals Pillow", () => {
  const cases = referenceCases<ResizeCase>("resize");
  it.skipIf(cases.length === 0).each(cases)("$id", async ({ source, width, height, filter, expectedPng }) => {
    const actual = resize(await decodeFile(source), { widthPx: width, heightPx: height, interpolation: filter });
    const expected = await decodeFile(expectedPng);
    let max = 0;
    let sum = 0;
    for (let i = 0; i < expected.data.length; i++) {
      const error = Math.abs(actual.data[i] - expected.data[i]);
      max = Math.max(max, error);
      sum += error;
    }
    expect(actual.data.length).toBe(expected.data.length);
    expect(max).toBeLessThanOrEqual(1);
    expect(sum / expected.data.length).toBeLessThanOrEqual(0.05);
  });

  const traps = referenceCases<TrapCase>("trap");
  it.skipIf(traps.length === 0).each(traps)(
    "$id: is far from what plain bilinear gives",
    async ({ source, width, height, ...trap }) => {
      const raster = await decodeFile(source);
      const ours = resize(raster, { widthPx: width, heightPx: height, interpolation: "bilinear" });
      // Two samples on each side, at the pixel centres: what a resize without antialiasing reads.
      const plain = ours.data.map((_, i) => {
        const x = ((i % width) + 0.5) * (raster.widthPx / width) - 0.5;
        const y = ((Math.floor(i / width) % height) + 0.5) * (raster.heightPx / height) - 0.5;
        const [x0, y0] = [Math.floor(x), Math.floor(y)];
        const at = (row: number, column: number) =>
          raster.data[(Math.floor(i / width / height) * raster.heightPx + row) * raster.widthPx + column];
        const top = at(y0, x0) * (1 - x + x0) + at(y0, x0 + 1) * (x - x0);
        const bottom = at(y0 + 1, x0) * (1 - x + x0) + at(y0 + 1, x0 + 1) * (x - x0);
        return Math.round(top * (1 - y + y0) + bottom * (y - y0));
      });
      const mean = Array.from(ours.data).reduce((sum, value, i) => sum + Math.abs(value - plain[i]), 0) / ours.data.length;
      expect(mean).toBeCloseTo(trap.meanAbsDiffOfNonAntialiased, 0);
    },
  );
});

describe("resize", () => {
  it("returns a raster that has the size already as it is", () => {
    const raster = noise(9, 7, "uint8", 255);
    expect(resize(raster, { widthPx: 9, heightPx: 7, interpolation: "lanczos" })).toBe(raster);
  });

  it.each(INTERPOLATIONS)("leaves constants constant, at the ends of the range too: %s", (interpolation) => {
    for (const [dtype, value] of [
      ["uint8", 255],
      ["uint8", 0],
      ["uint8", 93],
      ["uint16", 65535],
      ["int16", -32768],
      ["float32", 0.1],
    ] as const) {
      for (const [widthPx, heightPx] of [
        [5, 31],
        [64, 3],
        [17, 1],
      ]) {
        const raster: Raster = { bands: ["a"], widthPx: 17, heightPx: 11, dtype, data: newSamples(dtype, 187).fill(value) };
        const { data } = resize(raster, { widthPx, heightPx, interpolation });
        const expected = newSamples(dtype, 1).fill(value)[0];
        expect(Math.max(...data), `${dtype} ${widthPx} × ${heightPx}`).toBeCloseTo(expected, 6);
        expect(Math.min(...data), `${dtype} ${widthPx} × ${heightPx}`).toBeCloseTo(expected, 6);
      }
    }
  });

  it.each(INTERPOLATIONS)("computes a window as a cut of the whole: %s", (interpolation) => {
    for (const dtype of ["uint8", "float32"] as const) {
      const raster = noise(50, 37, dtype, 255);
      for (const [widthPx, heightPx] of [
        [23, 41],
        [50, 20],
        [50, 37],
      ]) {
        const window = { leftPx: 3, topPx: 5, widthPx: 11, heightPx: 13 };
        const whole = resize(raster, { widthPx, heightPx, interpolation });
        const cut = resize(raster, { widthPx, heightPx, interpolation, window });
        for (let band = 0, i = 0; band < 2; band++) {
          for (let y = 0; y < 13; y++) {
            for (let x = 0; x < 11; x++, i++) expect(cut.data[i]).toBe(whole.data[(band * heightPx + y + 5) * widthPx + x + 3]);
          }
        }
      }
    }
  });

  it.each(INTERPOLATIONS)("gives 8-bit samples and floating point the same picture: %s", (interpolation) => {
    // Far from both ends of the range, where 8-bit samples would be clamped between the passes.
    const raster = noise(45, 33, "uint8", 50);
    const shifted: Raster = { ...raster, data: Uint8Array.from(raster.data, (value) => value + 100) };
    const wide: Raster = { ...raster, dtype: "float32", data: Float32Array.from(shifted.data) };
    const size = { widthPx: 20, heightPx: 40, interpolation };
    const eight = resize(shifted, size).data;
    resize(wide, size).data.forEach((value, i) => {
      // Half a level for each rounding, the first one widened by the negative lobes of the second pass.
      expect(Math.abs(value - eight[i])).toBeLessThan(1.3);
    });
  });

  it("rounds integers and keeps them in the range of their type", () => {
    const edge: Raster = { bands: ["a"], widthPx: 4, heightPx: 1, dtype: "uint16", data: Uint16Array.of(0, 0, 65535, 65535) };
    const { data } = resize(edge, { widthPx: 16, heightPx: 1, interpolation: "lanczos" });
    expect(Math.min(...data)).toBe(0);
    expect(Math.max(...data)).toBe(65535);
    expect(data[7] + data[8]).toBe(65535);
  });

  it("moves the georeference with the pixels", () => {
    const georeference = { crs: undefined, transform: [500_000, 10, 0, 9_000_000, 0, -10] } as const;
    const resized = resize(
      { ...noise(40, 20, "uint8", 255), georeference },
      { widthPx: 20, heightPx: 20, window: { leftPx: 5, topPx: 4, widthPx: 2, heightPx: 2 } },
    );
    expect(resized.georeference).toEqual({ crs: undefined, transform: [500_100, 20, 0, 8_999_960, 0, -10] });
  });

  it("refuses sizes and windows that make no sense", () => {
    const raster = noise(4, 4, "uint8", 255);
    expect(() => resize(raster, { widthPx: 0, heightPx: 4 })).toThrow(RangeError);
    expect(() => resize(raster, { widthPx: 2.5, heightPx: 4 })).toThrow(RangeError);
    expect(() => resize(raster, { widthPx: 2, heightPx: 2, window: { leftPx: 1, topPx: 0, widthPx: 2, heightPx: 2 } })).toThrow(
      RangeError,
    );
  });
});

describe("taps", () => {
  it.each(INTERPOLATIONS)("sum to 1, in fixed point too, and stay within the input: %s", (interpolation) => {
    for (const [inPx, outPx] of [
      [256, 224],
      [7, 40],
      [40, 7],
      [1, 5],
      [1000, 3],
      [3, 3],
    ]) {
      const { count, starts, weights, fixedWeights } = tapsFor({ inPx, outPx, firstPx: 0, lengthPx: outPx }, interpolation);
      for (let i = 0; i < outPx; i++) {
        const row = [i * count, (i + 1) * count] as const;
        const sum = weights.slice(...row).reduce((a, b) => a + b);
        const fixedSum = fixedWeights.slice(...row).reduce((a, b) => a + b);
        expect(sum).toBeCloseTo(1, 12);
        expect(Math.abs(fixedSum / 2 ** FIXED_BITS - 1)).toBeLessThanOrEqual(count / 2 ** FIXED_BITS);
        expect(starts[i]).toBeGreaterThanOrEqual(0);
        expect(starts[i] + count).toBeLessThanOrEqual(inPx);
      }
    }
  });

  it("are computed for the window alone, so that a long thin image costs no more than another", () => {
    const { weights } = tapsFor({ inPx: 65_535, outPx: 65_535 * 224, firstPx: 7_000_000, lengthPx: 224 }, "bicubic");
    expect(weights.length).toBeLessThanOrEqual(224 * 5);
  });
});
