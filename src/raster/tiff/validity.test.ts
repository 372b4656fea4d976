import { spawnSync } from "node:child_process";
import { buildSync } from "esbuild";
import { describe, expect, it } from "vitest";
import { emptySample, measuredPixels, nonZero, parseNodata } from "./validity.js";

describe("nodata", () => {
  it.each([
    ["0.0", "uint8", 0],
    [" -9999 ", "float32", -9999],
    ["0.1", "float32", Math.fround(0.1)],
    ["-3.4028234663852886e+38", "float32", Math.fround(-3.4028234663852886e38)],
    ["nan", "float32", Number.NaN],
    ["-32768", "int16", -32768],
    ["", "uint8", undefined],
    [undefined, "uint8", undefined],
  ] as const)("%j of %s is %d", (text, dtype, expected) => {
    expect(parseNodata(text, dtype, expect.fail)).toBe(expected);
  });

  it.each([
    ["abc", "uint8"],
    ["1 2", "uint8"],
    ["nan", "uint8"],
    ["-9999", "uint8"],
    ["0.5", "int16"],
  ] as const)("%j of %s is told and none", (text, dtype) => {
    const warnings: string[] = [];
    expect(parseNodata(text, dtype, (warning) => warnings.push(warning))).toBeUndefined();
    expect(warnings[0]).toContain("every pixel counts as measured");
  });
});

it.each([
  // As GDAL 3.6 reads a block that was never written.
  ["1.5", "uint8", 2],
  ["1e20", "uint8", 255],
  ["-3", "uint8", 0],
  ["-2.5", "int16", -3],
  ["2.5", "int16", 3],
  ["nan", "int16", 0],
  ["70000", "uint16", 65535],
  ["0.5", "float32", 0.5],
  ["none", "uint8", 0],
  [undefined, "uint8", 0],
] as const)("a block that was never written, where %j is no %s, is filled with %d", (text, stored, expected) => {
  expect(emptySample(text, stored)).toBe(expected);
});

describe("measured pixels", () => {
  it("hold a number that is not nodata in any band", () => {
    const data = Float32Array.of(-1, -1, 5, Number.NaN, -1, 7, -1, Number.NaN);
    expect([...measuredPixels(data, 4, -1)]).toEqual([0, 1, 1, 0]);
    expect([...measuredPixels(data, 4, Number.NaN)]).toEqual([1, 1, 1, 0]);
  });

  it("are those where a mask is not 0", () => {
    expect([...nonZero(Uint8Array.of(0, 1, 255))]).toEqual([0, 1, 1]);
    expect([...nonZero(Float32Array.of(0, -1, Number.NaN))]).toEqual([0, 1, 1]);
  });

  it("and samples that are widened take no memory but their own", () => {
    const contents = `
import { nonZero } from "./validity.js";
import { sampleFormat } from "./samples.js";
const [count, bytes] = [5_000_000, new Uint8Array(15_000_000).fill(1)];
nonZero(bytes);
for (const [kind, bits] of [["int", 8], ["float", 16], ["float", 24]]) {
  sampleFormat(kind, bits).unpack(bytes.subarray(0, (count * bits) / 8), { rows: 1, length: count });
}`;
    const stdin = { contents, resolveDir: "src/raster/tiff" };
    const [{ text }] = buildSync({ stdin, bundle: true, write: false, platform: "node", format: "esm" }).outputFiles;
    const flags = ["--max-old-space-size=24", "--input-type=module", "-"];
    expect(spawnSync(process.execPath, flags, { input: text, encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  });
});
