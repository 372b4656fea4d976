import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { encodeJpeg } from "../raster/encode.js";
import type { Raster } from "../raster/raster.js";
import { resize } from "../raster/resample.js";
import { findDuplicates, LOOK_SIZE, lookOf, mergeSets, readLooks } from "./duplicates.js";
import { readRaster } from "./image-files.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-duplicates-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const brighter = (raster: Raster, factor: number): Raster => ({
  ...raster,
  data: Uint8Array.from(raster.data, (value) => Math.min(255, Math.round(value * factor))),
});
const scaled = (raster: Raster, factor: number): Raster =>
  resize(raster, { widthPx: Math.round(raster.widthPx * factor), heightPx: Math.round(raster.heightPx * factor) });

/** A smooth pattern of a few waves, with grain, in colour. */
function drawing(seed: number): Raster {
  const random = createRandom(seed, "drawing");
  const side = 96;
  const waves = Array.from({ length: 6 }, () => [
    random.normal() / 12,
    random.normal() / 12,
    6 * random.next(),
    20 * random.next(),
  ]);
  const data = Uint8Array.from({ length: 3 * side * side }, (_, i) => {
    const [x, y] = [i % side, Math.floor(i / side) % side];
    const height = waves.reduce((sum, [fx, fy, phase, size]) => sum + size * Math.sin(fx * x + fy * y + phase), 0);
    return Math.max(0, Math.min(255, 90 + 10 * Math.floor(i / side / side) + height + 4 * random.normal()));
  });
  return { bands: ["red", "green", "blue"], widthPx: side, heightPx: side, dtype: "uint8", data };
}

/** What a copy may have gone through: change and JPEG quality. */
const COPIES: Readonly<Record<string, { readonly change: (raster: Raster) => Raster; readonly quality: number }>> = {
  "recompressed at 60": { change: (raster) => raster, quality: 60 },
  "resized to 75 %": { change: (raster) => scaled(raster, 0.75), quality: 90 },
  "resized to 110 %": { change: (raster) => scaled(raster, 1.1), quality: 90 },
  "15 % brighter": { change: (raster) => brighter(raster, 1.15), quality: 90 },
  "10 % darker": { change: (raster) => brighter(raster, 0.9), quality: 90 },
};

async function looksOf(originals: readonly Raster[], { change, quality }: (typeof COPIES)[string]): Promise<Float32Array> {
  const samples = [];
  for (const [i, raster] of originals.entries()) {
    for (const [name, bytes] of [
      [`${i}.jpg`, await encodeJpeg(raster, 95)],
      [`${i}-copy.jpg`, await encodeJpeg(change(raster), quality)],
    ] as const) {
      writeFileSync(join(folder, name), bytes);
      samples.push({ file: name, path: join(folder, name) });
    }
  }
  return readLooks(samples);
}

describe.each(Object.entries(COPIES))("copies %s", (_, copy) => {
  it("of drawn images are found, each beside its original and no other", async () => {
    const originals = Array.from({ length: 12 }, (_, i) => drawing(i));
    const sets = findDuplicates(await looksOf(originals, copy), LOOK_SIZE, { seed: 1 });
    expect(sets).toEqual(originals.map((_, i) => [2 * i, 2 * i + 1]));
  });

  const data = join(process.env.SIGMAX_DATA ?? "../shared/data", "rsscn7");
  const files = existsSync(data)
    ? readdirSync(data, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".jpg"))
        .sort()
        .filter((_, i) => i % 70 === 0)
    : [];
  if (files.length === 0) console.warn(`SKIPPED: no images in ${data}`);
  it.skipIf(files.length === 0)("of real images are found, each beside its original and no other", async () => {
    const originals = await Promise.all(files.map((name) => readRaster(join(data, name), name)));
    const sets = findDuplicates(await looksOf(originals, copy), LOOK_SIZE, { seed: 1 });
    expect(sets).toEqual(originals.map((_, i) => [2 * i, 2 * i + 1]));
  });
});

describe("the search", () => {
  it("finds nearly every pair among 4,000 looks, in a time that grows with their number", () => {
    const rows = 4_000;
    const size = 64;
    const random = createRandom(9);
    const looks = Float32Array.from({ length: rows * size }, () => random.normal());
    const normalise = (row: number) => {
      const look = looks.subarray(row * size, (row + 1) * size);
      const length = Math.hypot(...look);
      for (let d = 0; d < size; d++) look[d] /= length;
    };
    // Row 100 i + 50 repeats row 100 i at a correlation of about 0.98.
    for (let i = 0; i < 40; i++) {
      for (let d = 0; d < size; d++) looks[(100 * i + 50) * size + d] = looks[100 * i * size + d] + 0.2 * random.normal();
    }
    for (let row = 0; row < rows; row++) normalise(row);
    const started = performance.now();
    const sets = findDuplicates(looks, size, { seed: 1 });
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(sets.length).toBeGreaterThan(37);
    for (const set of sets) expect(set[1] - set[0]).toBe(50);
  });

  it("takes many equal images for one set, and finds nothing among none or one", () => {
    const look = Float32Array.from({ length: LOOK_SIZE }, (_, i) => (i % 2 === 0 ? 1 : -1) / 16);
    const looks = new Float32Array(500 * LOOK_SIZE);
    for (let row = 0; row < 500; row++) looks.set(look, row * LOOK_SIZE);
    expect(findDuplicates(looks, LOOK_SIZE, { seed: 1 })).toEqual([[...Array(500).keys()]]);
    expect(findDuplicates(look, LOOK_SIZE, { seed: 1 })).toEqual([]);
    expect(findDuplicates(new Float32Array(0), LOOK_SIZE, { seed: 1 })).toEqual([]);
  });
});

it("an image of one colour, or of numbers that are none, is like nothing", () => {
  const raster = (data: Raster["data"], dtype: Raster["dtype"]): Raster => ({
    bands: ["grey"],
    widthPx: 32,
    heightPx: 32,
    dtype,
    data,
  });
  expect(lookOf(raster(new Uint8Array(1024).fill(200), "uint8")).every((value) => value === 0)).toBe(true);
  expect(lookOf(raster(new Float32Array(1024).fill(Number.NaN), "float32")).every((value) => value === 0)).toBe(true);
});

it("an unreadable image is told, and is like nothing", async () => {
  writeFileSync(join(folder, "broken.jpg"), "no image");
  const told: string[] = [];
  const looks = await readLooks([{ file: "broken.jpg", path: join(folder, "broken.jpg") }], {
    onUnreadable: (file) => told.push(file),
  });
  expect(told).toEqual(["broken.jpg"]);
  expect(looks.every((value) => value === 0)).toBe(true);
});

it("sets that share a row become one", () => {
  expect(
    mergeSets([
      [5, 6],
      [1, 2],
      [2, 3],
      [3, 9, 4],
      [7, 8],
    ]),
  ).toEqual([
    [1, 2, 3, 4, 9],
    [5, 6],
    [7, 8],
  ]);
});

it("a picture that stands there 100,000 times, found twice over, is merged in no time", () => {
  const copies = Array.from({ length: 100_000 }, (_, row) => row);
  expect(mergeSets([copies, copies])).toEqual([copies]);
});
