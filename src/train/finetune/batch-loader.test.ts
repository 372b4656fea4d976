import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../../errors.js";
import { mixPixels } from "../../learn/mixing.js";
import { createRandom } from "../../random.js";
import { type AugmentOptions, DEFAULT_AUGMENT, drawAugmentation } from "../../raster/augment/augmentations.js";
import { augmentedInput } from "../../raster/augment/augmented-input.js";
import { RGB } from "../../raster/bands.js";
import { encodePng } from "../../raster/encode.js";
import { type Preprocess, toInput } from "../../raster/preprocess.js";
import type { Raster } from "../../raster/raster.js";
import { type NamedFile, readRaster } from "../image-files.js";
import { type BatchLoader, type BatchLoaderOptions, openBatchLoader } from "./batch-loader.js";

const COUNT = 11;
const BATCH = 4;
const SIDE = 16;
const IMAGE = 3 * SIDE * SIDE;
const PREPROCESS: Preprocess = {
  widthPx: SIDE,
  heightPx: SIDE,
  fit: "stretch",
  interpolation: "bilinear",
  antialias: true,
  bands: RGB,
  range: [0, 255],
};
const AUGMENT: AugmentOptions = { ...DEFAULT_AUGMENT, brightness: [0.8, 1.2], cutout: { share: 0.3, fill: "mean" } };

const folder = mkdtempSync(join(tmpdir(), "batch-loader-"));
const samples: NamedFile[] = Array.from({ length: COUNT }, (_, i) => ({ file: `${i}.png`, path: join(folder, `${i}.png`) }));
const options: BatchLoaderOptions = { samples, preprocess: PREPROCESS, batch: BATCH, augment: AUGMENT, seed: 3 };

beforeAll(async () => {
  for (const [i, { path }] of samples.entries()) {
    const random = createRandom(i, "picture");
    const [widthPx, heightPx] = [20 + i, 30 - i];
    const data = Uint8Array.from({ length: 3 * widthPx * heightPx }, () => random.int(256));
    writeFileSync(path, await encodePng({ bands: RGB, widthPx, heightPx, dtype: "uint8", data }));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const opened: BatchLoader[] = [];
const open = async (changes: Partial<BatchLoaderOptions> = {}) => {
  const loader = await openBatchLoader({ ...options, ...changes });
  opened.push(loader);
  return loader;
};
const unhandled: unknown[] = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));
afterEach(async () => {
  await Promise.all(opened.splice(0).map((loader) => loader.close()));
  expect(unhandled).toEqual([]);
});

/** The next batches, out of the reach of the loader. */
async function take(loader: BatchLoader, count: number) {
  const batches: { epoch: number; step: number; rows: number[]; pixels: Float32Array; unreadable: readonly number[] }[] = [];
  for (let i = 0; i < count; i++) {
    const { epoch, step, rows, pixels, unreadable } = await loader.next();
    batches.push({ epoch, step, rows: [...rows], pixels: pixels.slice(), unreadable });
  }
  return batches;
}

function expectedImage(raster: Raster, epoch: number, index: number): Float32Array {
  const out = new Float32Array(IMAGE);
  const drawn = drawAugmentation(AUGMENT, { seed: 3, epoch, index }, { image: raster, input: PREPROCESS });
  augmentedInput(raster, PREPROCESS, drawn, out, 0);
  return out;
}

describe("openBatchLoader", () => {
  it("gives each image as drawn for its row and epoch, at its place in the batch", async () => {
    for (const { epoch, rows, pixels } of await take(await open(), 5)) {
      expect(pixels).toHaveLength(BATCH * IMAGE);
      for (const [i, row] of rows.entries()) {
        const expected = expectedImage(await readRaster(samples[row].path), epoch, row);
        expect(pixels.subarray(i * IMAGE, (i + 1) * IMAGE), `epoch ${epoch}, image ${row}`).toEqual(expected);
      }
    }
  });

  it("gives the same bytes with any number of threads, batches ahead and images kept", async () => {
    const expected = await take(await open(), 7);
    for (const changes of [
      { threads: 3, ahead: 1, keepBytes: 0 },
      { threads: 2, ahead: 5, keepBytes: 5000 },
    ]) {
      expect(await take(await open(changes), 7), JSON.stringify(changes)).toEqual(expected);
    }
  });

  it("goes on from any batch as an uninterrupted training would", async () => {
    const mix = { mixup: 0.4, cutmix: 1 };
    const expected = await take(await open({ mix }), 7);
    expect(await take(await open({ mix, threads: 2, start: { epoch: 1, step: 1 } }), 4)).toEqual(expected.slice(3));
  });

  it.each([{ mixup: 0.4 }, { cutmix: 1 }])("mixes by %o what it would have given without, and says how", async (mix) => {
    const plain = await take(await open(), 4);
    const loader = await open({ mix, threads: 2 });
    const lambdas = new Set<number>();
    for (const { rows, pixels } of plain) {
      const batch = await loader.next();
      expect([...batch.rows]).toEqual(rows);
      mixPixels(pixels, [BATCH, 3, SIDE, SIDE], batch.mix!);
      expect(batch.pixels).toEqual(pixels);
      lambdas.add(batch.mix!.lambda);
    }
    expect(lambdas.size).toBeGreaterThan(1);
  });

  it("gives the images as they are, all of them in order, for validation", async () => {
    const batches = await take(await open({ augment: undefined, order: "given", threads: 2 }), 4);
    expect(batches.map(({ rows }) => rows)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10],
      [0, 1, 2, 3],
    ]);
    expect(batches[2].pixels).toHaveLength(3 * IMAGE);
    const expected = new Float32Array(IMAGE);
    toInput(await readRaster(samples[9].path), PREPROCESS, expected, 0);
    expect(batches[2].pixels.subarray(IMAGE, 2 * IMAGE)).toEqual(expected);
  });

  it("lends its memory: what it gave is taken away by the next call", async () => {
    const loader = await open();
    const { pixels } = await loader.next();
    expect(pixels).toHaveLength(BATCH * IMAGE);
    await loader.next();
    expect(pixels).toHaveLength(0);
  });

  it("puts the next readable image in the place of one that cannot be read, and says so once", async () => {
    const broken = samples.map((sample, i) => ([4, 5].includes(i) ? { ...sample, path: join(folder, "gone.png") } : sample));
    const plain = await take(await open(), 8);
    for (const threads of [1, 3]) {
      const warnings: string[] = [];
      const batches = await take(await open({ samples: broken, threads, onWarning: (message) => warnings.push(message) }), 8);
      expect(warnings.map((warning) => warning.slice(0, 6)).sort()).toEqual(["4.png:", "5.png:"]);
      expect(warnings[0]).toMatch(/another image takes its place$/);
      for (const [b, { epoch, rows, pixels, unreadable }] of batches.entries()) {
        expect(rows).toEqual(plain[b].rows.map((row) => ([4, 5].includes(row) ? 6 : row)));
        expect([...unreadable].sort()).toEqual(plain[b].rows.filter((row) => [4, 5].includes(row)).sort());
        for (const [i, row] of rows.entries()) {
          if (row !== 6) continue;
          const expected = expectedImage(await readRaster(samples[6].path), epoch, 6);
          expect(pixels.subarray(i * IMAGE, (i + 1) * IMAGE)).toEqual(expected);
        }
      }
    }
  });

  it("survives images that vanish or are cut off in the middle of a training", async () => {
    const [vanishing, cut] = [2, 7];
    const originals = [vanishing, cut].map((row) => readFileSync(samples[row].path));
    const warnings: string[] = [];
    const loader = await open({ keepBytes: 0, onWarning: (message) => warnings.push(message) });
    await take(loader, 3);
    try {
      rmSync(samples[vanishing].path);
      writeFileSync(samples[cut].path, originals[1].subarray(0, originals[1].length / 2));
      // Some of what was prepared ahead still holds them.
      const rows = (await take(loader, 12)).slice(4).flatMap((batch) => batch.rows);
      expect(rows).toContain(vanishing + 1);
      for (const row of [vanishing, cut]) expect(rows).not.toContain(row);
      expect(warnings.map((warning) => warning.slice(0, 6)).sort()).toEqual(["2.png:", "7.png:"]);
    } finally {
      for (const [i, row] of [vanishing, cut].entries()) writeFileSync(samples[row].path, originals[i]);
    }
  });

  it("ends where no image can be read at all, and says why", async () => {
    const loader = await open({ samples: samples.map(({ file }) => ({ file, path: join(folder, "gone.png") })) });
    const error = await loader.next().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      code: "bad-data",
      message: expect.stringMatching(/^none of the 11 images can be read; .*\.png: there is no such file/),
    });
    await expect(loader.next()).rejects.toBe(error);
  });

  it("ends with the error of a preprocessing that cannot be done", async () => {
    const preprocess: Preprocess = { ...PREPROCESS, fit: "crop", shorterSidePx: 8 };
    const loader = await open({ preprocess, augment: undefined });
    await expect(loader.next()).rejects.toMatchObject({ code: "bad-model" });
  });

  it("refuses augmentations and mixtures that make no sense, and samples that fill no batch", async () => {
    await expect(open({ augment: { turn: [] } })).rejects.toMatchObject({ code: "usage" });
    await expect(open({ mix: { mixup: -1 } })).rejects.toMatchObject({ code: "usage" });
    await expect(open({ batch: 12 })).rejects.toThrow(/11 samples do not fill a batch of 12/);
  });

  it("stops at once when told to: before it opens, while a batch is awaited, and between two", async () => {
    await expect(open({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
    for (const waiting of [true, false]) {
      const controller = new AbortController();
      const loader = await open({ signal: controller.signal, threads: 2 });
      if (!waiting) await loader.next();
      const next = waiting ? loader.next() : undefined;
      const started = performance.now();
      controller.abort();
      await expect(next ?? loader.next()).rejects.toMatchObject({ code: "aborted", message: "stopped" });
      await loader.close();
      expect(performance.now() - started).toBeLessThan(2000);
    }
    const opening = new AbortController();
    const promise = open({ signal: opening.signal });
    opening.abort();
    await expect(promise).rejects.toMatchObject({ code: "aborted", message: "stopped" });
  });

  it("can be closed twice, and gives nothing more", async () => {
    const loader = await open();
    const next = loader.next();
    await Promise.all([loader.close(), expect(next).rejects.toMatchObject({ code: "aborted" })]);
    await loader.close();
    await expect(loader.next()).rejects.toThrow("the batch loader was closed");
  });

  it("refuses to be asked for two batches at once", async () => {
    const loader = await open();
    const first = loader.next();
    await expect(loader.next()).rejects.toThrow(/called before/);
    expect((await first).step).toBe(0);
    expect((await loader.next()).step).toBe(1);
  });
});
