import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { GREY, RGB } from "./bands.js";
import { decodeRaster } from "./formats.js";
import { cropOffset, describePreprocess, type Interpolation, type Preprocess, shorterSideSize, toInput } from "./preprocess.js";
import type { Raster } from "./raster.js";

const GOLDEN = join(process.env.SIGMAX_GOLDEN ?? "../shared/golden", "preprocess");

interface PipelineCase {
  readonly id: string;
  readonly kind: string;
  readonly source: string;
  readonly resizeShorterSide: number;
  readonly centerCrop: number;
  readonly filter: Interpolation;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly file: string;
  readonly sum: number;
  readonly expectedPng: string;
}

interface TableCase {
  readonly id: string;
  readonly kind: string;
  readonly rows: readonly number[][];
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

function cropOf(sizePx: number, shorterSidePx: number, interpolation: Interpolation): Preprocess {
  return {
    widthPx: sizePx,
    heightPx: sizePx,
    fit: "crop",
    shorterSidePx,
    interpolation,
    antialias: true,
    bands: RGB,
    range: [0, 255],
  };
}

const STRETCH: Preprocess = {
  widthPx: 4,
  heightPx: 3,
  fit: "stretch",
  interpolation: "bilinear",
  antialias: true,
  bands: RGB,
  range: [0, 255],
};

function inputOf(raster: Raster, preprocess: Preprocess): Float32Array {
  const out = new Float32Array(preprocess.bands.length * preprocess.widthPx * preprocess.heightPx);
  toInput(raster, preprocess, out, 0);
  return out;
}

describe("toInput equals torchvision's Resize and CenterCrop on Pillow images", () => {
  const tensors = referenceCases<PipelineCase>("pipeline");
  it.skipIf(tensors.length === 0).each(tensors)(
    "$id",
    async ({ source, resizeShorterSide, centerCrop, filter, mean, std, file, sum }) => {
      const input = inputOf(await decodeFile(source), cropOf(centerCrop, resizeShorterSide, filter));
      const stored = readFileSync(join(GOLDEN, file));
      const expected = new Float32Array(new Uint8Array(stored).buffer);
      const planePx = centerCrop * centerCrop;
      let max = 0;
      let total = 0;
      let ourSum = 0;
      input.forEach((value, i) => {
        const band = Math.floor(i / planePx);
        const normalised = (value / 255 - mean[band]) / std[band];
        max = Math.max(max, Math.abs(normalised - expected[i]));
        total += Math.abs(normalised - expected[i]);
        ourSum += normalised;
      });
      expect(input.length).toBe(expected.length);
      expect(max).toBeLessThanOrEqual(0.02);
      expect(total / input.length).toBeLessThanOrEqual(0.001);
      expect(Math.abs(ourSum - sum)).toBeLessThanOrEqual(0.001 * input.length);
    },
  );

  const pictures = referenceCases<PipelineCase>("pipelineUint8");
  it.skipIf(pictures.length === 0).each(pictures)(
    "$id",
    async ({ source, resizeShorterSide, centerCrop, filter, expectedPng }) => {
      const input = inputOf(await decodeFile(source), cropOf(centerCrop, resizeShorterSide, filter));
      const { data } = await decodeFile(expectedPng);
      expect(input.length).toBe(data.length);
      expect(input.reduce((max, value, i) => Math.max(max, Math.abs(value - data[i])), 0)).toBeLessThanOrEqual(1);
    },
  );

  const tables = referenceCases<TableCase>("table");
  const rowsOf = (id: string) => tables.find((table) => table.id === id)?.rows ?? [];
  it.skipIf(tables.length === 0)("finds the size of the resized image as torchvision does", () => {
    expect(rowsOf("arith.shorterSide").length).toBeGreaterThan(0);
    for (const [width, height, shorter, widthPx, heightPx] of rowsOf("arith.shorterSide")) {
      expect(shorterSideSize(width, height, shorter), `${width} × ${height} to ${shorter}`).toEqual({ widthPx, heightPx });
    }
  });

  it.skipIf(tables.length === 0)("finds the corner of the cut as torchvision does", () => {
    expect(rowsOf("arith.centerCropOffset").length).toBeGreaterThan(0);
    for (const [width, height, crop, left, top] of rowsOf("arith.centerCropOffset")) {
      expect([cropOffset(width, crop), cropOffset(height, crop)], `${width} × ${height}`).toEqual([left, top]);
    }
  });
});

describe("toInput", () => {
  it("writes planes at the offset and touches nothing else", () => {
    const raster: Raster = {
      bands: RGB,
      widthPx: 4,
      heightPx: 3,
      dtype: "uint8",
      data: Uint8Array.from({ length: 36 }, (_, i) => i),
    };
    const out = new Float32Array(40).fill(-1);
    toInput(raster, { ...STRETCH, bands: ["blue", "red"] }, out, 2);
    expect(Array.from(out)).toEqual([
      -1,
      -1,
      ...Array.from({ length: 12 }, (_, i) => 24 + i),
      ...Array.from({ length: 12 }, (_, i) => i),
      ...new Array(14).fill(-1),
    ]);
  });

  it("gives grey images to a network that wants colour", () => {
    const raster: Raster = {
      bands: GREY,
      widthPx: 4,
      heightPx: 3,
      dtype: "uint8",
      data: Uint8Array.from({ length: 12 }, (_, i) => i),
    };
    const plane = Array.from({ length: 12 }, (_, i) => i);
    expect(Array.from(inputOf(raster, STRETCH))).toEqual([...plane, ...plane, ...plane]);
  });

  it("brings 16-bit images to the range of 8-bit ones without losing their steps, and leaves other ranges alone", () => {
    const raster: Raster = { bands: GREY, widthPx: 2, heightPx: 1, dtype: "uint16", data: Uint16Array.of(65535, 100) };
    const preprocess = { ...STRETCH, widthPx: 2, heightPx: 1, bands: GREY };
    expect(Array.from(inputOf(raster, preprocess))).toEqual([255, Math.fround(100 / 257)]);
    expect(Array.from(inputOf(raster, { ...preprocess, range: [0, 65535] }))).toEqual([65535, 100]);
    expect(Array.from(inputOf(raster, { ...preprocess, range: [0, 10000] }))).toEqual([65535, 100]);
  });

  it("names the image that lacks a band", () => {
    const raster: Raster = { bands: ["nir"], widthPx: 1, heightPx: 1, dtype: "uint8", data: new Uint8Array(1) };
    expect(() => toInput(raster, STRETCH, new Float32Array(36), 0, { file: "a.tif" })).toThrow(
      "a.tif: has the bands nir; red is not among them",
    );
  });

  it("refuses to cut more than there is", () => {
    const raster: Raster = { bands: GREY, widthPx: 1, heightPx: 1, dtype: "uint8", data: new Uint8Array(1) };
    expect(() => inputOf(raster, cropOf(224, 200, "bilinear"))).toThrow(UserError);
  });

  it("reads a line of pixels through a crop in bounded time", () => {
    const raster: Raster = { bands: GREY, widthPx: 65_535, heightPx: 1, dtype: "uint8", data: new Uint8Array(65_535).fill(9) };
    expect(new Set(inputOf(raster, cropOf(224, 256, "bicubic")))).toEqual(new Set([9]));
  });
});

describe("what a browser needs", () => {
  it.each(["preprocess", "image-data", "dihedral"])("is free of node: and of native code: %s.ts", (name) => {
    const build = () =>
      buildSync({ entryPoints: [`src/raster/${name}.ts`], bundle: true, platform: "browser", write: false, logLevel: "silent" });
    expect(build).not.toThrow();
  });
});

describe("describePreprocess", () => {
  it("says in plain words what happens", () => {
    expect(describePreprocess(STRETCH)).toBe(
      "bands red, green, blue with values 0 to 255, stretched to 4 × 3 px (bilinear, antialiased)",
    );
    expect(describePreprocess(cropOf(224, 256, "bicubic"))).toBe(
      "bands red, green, blue with values 0 to 255, resized to a shorter side of 256 px, then the centre 224 × 224 px cut out (bicubic, antialiased)",
    );
  });
});
