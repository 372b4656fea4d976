import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { deflateSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { memoryBytes } from "./bytes/bytes.js";
import { openRaster, readRasterBytes } from "./reader.js";
import { plainTags, type TiffPage, tiffBytes } from "./tiff/tiff-file.cases.js";

const [WIDTH, HEIGHT, BANDS] = [40, 35, 3];
const valueAt = (band: number, row: number, column: number) => (band * 83 + row * 7 + column * 3) % 256;
const folder = mkdtempSync(join(tmpdir(), "sigmax-reader-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** One scene in blocks of each kind; tiles hold rubbish beyond the edge. */
function scene({ tiled, planar, deflate }: { tiled: boolean; planar: boolean; deflate: boolean }, extra: TiffPage["tags"] = {}) {
  const [blockWidth, blockHeight] = tiled ? [16, 32] : [WIDTH, 8];
  const blocks: Uint8Array[] = [];
  for (const planes of planar ? [[0], [1], [2]] : [[0, 1, 2]]) {
    for (let top = 0; top < HEIGHT; top += blockHeight) {
      for (let left = 0; left < WIDTH; left += blockWidth) {
        const block: number[] = [];
        for (let row = top; row < top + blockHeight; row++) {
          if (!tiled && row >= HEIGHT) break;
          for (let column = left; column < left + blockWidth; column++) {
            for (const band of planes) block.push(row < HEIGHT && column < WIDTH ? valueAt(band, row, column) : 99);
          }
        }
        blocks.push(deflate ? deflateSync(Uint8Array.from(block)) : Uint8Array.from(block));
      }
    }
  }
  const tags: TiffPage["tags"] = {
    ...plainTags(WIDTH, HEIGHT, BANDS),
    compression: [deflate ? 8 : 1],
    planarConfiguration: [planar ? 2 : 1],
    ...(tiled ? { tileWidth: [blockWidth], tileHeight: [blockHeight] } : { rowsPerStrip: [blockHeight] }),
    ...extra,
  };
  return { tags, blocks };
}
const PLAIN = scene({ tiled: false, planar: false, deflate: false });

const KINDS = [false, true].flatMap((tiled) =>
  [false, true].flatMap((planar) => [false, true].map((deflate) => ({ tiled, planar, deflate }))),
);

describe("a raster file", () => {
  it.each(KINDS)("gives any window of any bands: %o", async (kind) => {
    const reader = await openRaster(tiffBytes([scene(kind)]), { file: "scene.tif" });
    for (const window of [
      { leftPx: 0, topPx: 0, widthPx: WIDTH, heightPx: HEIGHT },
      { leftPx: 15, topPx: 7, widthPx: 18, heightPx: 27 },
      { leftPx: 39, topPx: 34, widthPx: 1, heightPx: 1 },
    ]) {
      const bands = [2, 0, 2];
      const { data } = await reader.read({ window, bands });
      const expected = bands.flatMap((band) =>
        Array.from({ length: window.widthPx * window.heightPx }, (_, i) =>
          valueAt(band, window.topPx + Math.floor(i / window.widthPx), window.leftPx + (i % window.widthPx)),
        ),
      );
      expect([...data]).toEqual(expected);
    }
    await reader.close();
  });

  it("says where its windows lie and which pixels were measured", async () => {
    const tags = { pixelScale: { doubles: [10, 10, 0] }, tiePoints: { doubles: [0, 0, 0, 500, 900, 0] }, gdalNodata: "0" };
    const blocks = [Uint8Array.of(0, 0, 1, 2)];
    const reader = await openRaster(tiffBytes([{ tags: { ...plainTags(2, 2), ...tags }, blocks }]));
    expect(reader.info).toMatchObject({ validity: "nodata", nodata: 0, georeference: { crs: undefined } });
    const raster = await reader.read({ window: { leftPx: 1, topPx: 0, widthPx: 1, heightPx: 2 } });
    expect(raster.georeference?.transform).toEqual([510, 10, 0, 900, 0, -10]);
    expect([...(raster.valid ?? [])]).toEqual([0, 1]);
    expect(raster.nodata).toBe(0);
    expect((await reader.read({ validity: false })).valid).toBeUndefined();
  });

  it("fills blocks that were never written with nodata, and without it with 0", async () => {
    const tags = { ...plainTags(2, 2), rowsPerStrip: [1] };
    const blocks = [undefined, Uint8Array.of(5, 6)];
    const withNodata = await readRasterBytes(tiffBytes([{ tags: { ...tags, gdalNodata: "7" }, blocks }]), LIMITS);
    expect([...withNodata.data]).toEqual([7, 7, 5, 6]);
    const without = await readRasterBytes(tiffBytes([{ tags, blocks }]), LIMITS);
    expect([...without.data]).toEqual([0, 0, 5, 6]);
  });

  it("finds its overviews and its mask, and leaves other pages alone", async () => {
    const [whole, half] = [plainTags(4, 2), plainTags(2, 1)];
    const transform = { pixelScale: { doubles: [1, 1, 0] }, tiePoints: { doubles: [0, 0, 0, 0, 0, 0] } };
    const reader = await openRaster(
      tiffBytes([
        { tags: { ...whole, ...transform }, blocks: [Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)] },
        { tags: { ...whole, subfileType: [4], bitsPerSample: [1] }, blocks: [Uint8Array.of(0b01110000, 0b11110000)] },
        { tags: half, blocks: [Uint8Array.of(0, 0)] },
        { tags: { ...half, subfileType: [1] }, blocks: [Uint8Array.of(20, 40)] },
        { tags: { ...half, subfileType: [5], bitsPerSample: [1] }, blocks: [Uint8Array.of(0b10000000)] },
      ]),
    );
    expect(reader.info.levels).toEqual([
      { widthPx: 4, heightPx: 2 },
      { widthPx: 2, heightPx: 1 },
    ]);
    expect(reader.info.validity).toBe("mask");
    expect([...((await reader.read()).valid ?? [])]).toEqual([0, 1, 1, 1, 1, 1, 1, 1]);
    const overview = await reader.read({ level: 1 });
    expect([...overview.data]).toEqual([20, 40]);
    expect([...(overview.valid ?? [])]).toEqual([1, 0]);
    expect(overview.georeference?.transform).toEqual([0, 2, 0, 0, 0, -2]);
    await expect(reader.read({ level: 2 })).rejects.toThrow(RangeError);
  });

  it("leaves out alpha unless it is asked for, and takes what is clear for unmeasured", async () => {
    const page = { tags: { ...plainTags(2, 1, 2), extraSamples: [2] }, blocks: [Uint8Array.of(5, 0, 6, 9)] };
    const raster = await readRasterBytes(tiffBytes([page]), LIMITS);
    expect(raster).toMatchObject({ bands: ["grey"], data: Uint8Array.of(5, 6), valid: Uint8Array.of(0, 1) });
    const reader = await openRaster(tiffBytes([page]));
    expect((await reader.read({ bands: [1] })).data).toEqual(Uint8Array.of(0, 9));
  });

  it("decodes the blocks of its bands and of alpha once", async () => {
    const tags = { ...plainTags(2, 2, 2), extraSamples: [2], compression: [8], rowsPerStrip: [1] };
    const blocks = [Uint8Array.of(5, 0, 6, 9), Uint8Array.of(7, 1, 8, 0)].map((block) => deflateSync(block));
    const memory = memoryBytes(tiffBytes([{ tags, blocks }]), "scene.tif");
    const reads: number[] = [];
    const read = (offset: number, length: number) => {
      reads.push(offset);
      return memory.read(offset, length);
    };
    const reader = await openRaster({ ...memory, read });
    reads.length = 0;
    expect(await reader.read()).toMatchObject({ data: Uint8Array.of(5, 6, 7, 8), valid: Uint8Array.of(0, 1, 1, 0) });
    expect(reads).toHaveLength(2);
    expect((await reader.read({ bands: [1, 0, 1] })).data).toEqual(Uint8Array.of(0, 9, 1, 0, 5, 6, 7, 8, 0, 9, 1, 0));
  });

  it("reads into memory that is given, of the right size and type only", async () => {
    const reader = await openRaster(tiffBytes([PLAIN]));
    const into = new Uint8Array(WIDTH * HEIGHT);
    expect((await reader.read({ bands: [1], into })).data).toBe(into);
    expect(into[1]).toBe(valueAt(1, 0, 1));
    await expect(reader.read({ into })).rejects.toThrow(RangeError);
    await expect(reader.read({ bands: [1], into: new Int16Array(into.length) })).rejects.toThrow(RangeError);
  });

  it.each([
    { leftPx: -1, topPx: 0, widthPx: 2, heightPx: 2 },
    { leftPx: 39, topPx: 0, widthPx: 2, heightPx: 2 },
    { leftPx: 0, topPx: 0, widthPx: 0, heightPx: 2 },
    { leftPx: 0.5, topPx: 0, widthPx: 2, heightPx: 2 },
  ])("has no window %o", async (window) => {
    const reader = await openRaster(tiffBytes([PLAIN]));
    await expect(reader.read({ window })).rejects.toThrow(RangeError);
    await expect(reader.read({ bands: [3] })).rejects.toThrow(RangeError);
  });

  it("whose block is damaged is named with it, and only where the block is needed", async () => {
    const { tags, blocks } = scene({ tiled: false, planar: false, deflate: true });
    const damaged = blocks.map((block, index) => (index === 2 ? new Uint8Array(block.length) : block));
    const reader = await openRaster(tiffBytes([{ tags, blocks: damaged }]), { file: "scene.tif" });
    await reader.read({ window: { leftPx: 0, topPx: 0, widthPx: WIDTH, heightPx: 16 } });
    await expect(reader.read()).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringMatching(/^scene.tif: block 3/),
    });
  });

  it.each<[why: string, tags: TiffPage["tags"], block: readonly number[]]>([
    ["with rows below the image", { rowsPerStrip: [1000] }, Array.from({ length: 2000 }, (_, i) => i % 5)],
    ["with a few bytes left over", {}, [0, 1, 2, 3, 9, 9, 9]],
  ])("has Deflate strips that hold more than its rows: %s", async (_, tags, block) => {
    const page = { tags: { ...plainTags(2, 2), compression: [8], ...tags }, blocks: [deflateSync(Uint8Array.from(block))] };
    expect((await readRasterBytes(tiffBytes([page]), LIMITS)).data).toEqual(Uint8Array.of(0, 1, 2, 3));
  });

  it.each([[2], [1000], [2 ** 24], [2 ** 32 - 1]])(
    "has no strip of %i rows that inflates to a hundred megabytes",
    async (rows) => {
      const tags = { ...plainTags(2, 2), compression: [8], rowsPerStrip: [rows] };
      const bytes = tiffBytes([{ tags, blocks: [deflateSync(new Uint8Array(1e8))] }]);
      await expect(readRasterBytes(bytes, LIMITS)).rejects.toMatchObject({ code: "bad-file" });
    },
  );

  it("is the same with any number of threads and any cache, also where windows overlap and are read at once", async () => {
    const bytes = tiffBytes([scene({ tiled: true, planar: true, deflate: true })]);
    const path = join(folder, "threads.tif");
    writeFileSync(path, bytes);
    const windows = Array.from({ length: 8 }, (_, i) => ({ leftPx: 3 * i, topPx: 2 * i, widthPx: 17, heightPx: 20 }));
    const expected = await Promise.all(windows.map(async (window) => (await openRaster(bytes)).read({ window })));
    for (const threads of [0, 1, 4]) {
      for (const cacheBytes of [0, 1000, undefined]) {
        const reader = await openRaster(path, { threads, cacheBytes });
        const read = await Promise.all(windows.map((window) => reader.read({ window })));
        expect(read.map(({ data }) => data)).toEqual(expected.map(({ data }) => data));
        await reader.close();
      }
    }
  });

  it("gives nothing more once it is closed, also of what is under way", async () => {
    const path = join(folder, "closed.tif");
    writeFileSync(path, tiffBytes([scene({ tiled: true, planar: true, deflate: true })]));
    const reader = await openRaster(path);
    const underWay = reader.read();
    await Promise.all([
      expect(underWay).rejects.toMatchObject({ code: "aborted", message: expect.stringContaining("closed") }),
      reader.close(),
    ]);
    await expect(reader.read()).rejects.toMatchObject({ code: "aborted" });
  });

  it.each([
    [0, 1],
    [1, 4],
    [2, 5],
  ])("is read with %i threads %i blocks at a time at the most", async (threads, expected) => {
    const bytes = tiffBytes([scene({ tiled: true, planar: true, deflate: false })]);
    let [underWay, most] = [0, 0];
    const source = {
      ...memoryBytes(bytes, "slow.tif"),
      async read(offset: number, length: number) {
        most = Math.max(most, ++underWay);
        await setTimeout(2);
        underWay--;
        return bytes.slice(offset, offset + length);
      },
    };
    const reader = await openRaster(source, { threads, cacheBytes: 0 });
    most = 0;
    const { data } = await reader.read();
    await reader.close();
    const place = (i: number) => [Math.floor(i / (WIDTH * HEIGHT)), Math.floor(i / WIDTH) % HEIGHT, i % WIDTH] as const;
    expect(data).toEqual(Uint8Array.from(data, (_, i) => valueAt(...place(i))));
    expect(most).toBe(expected);
  });

  it("stops between blocks when it is told to", async () => {
    const stop = new AbortController();
    const bytes = tiffBytes([scene({ tiled: true, planar: true, deflate: true })]);
    let reads = 0;
    const source = memoryBytes(bytes, "scene.tif");
    const counted = {
      ...source,
      read: (offset: number, length: number) => {
        if (++reads === before + 2) stop.abort();
        return source.read(offset, length);
      },
    };
    let before = Number.POSITIVE_INFINITY;
    const reader = await openRaster(counted, { threads: 1 });
    before = reads;
    await expect(reader.read({ signal: stop.signal })).rejects.toMatchObject({ code: "aborted" });
    expect(reads - before).toBeLessThan(5);
  });

  it("stops where it is told to", async () => {
    const reader = await openRaster(tiffBytes([PLAIN]));
    await expect(reader.read({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
  });

  it("takes the mask of the whole image for overviews without one", async () => {
    const reader = await openRaster(
      tiffBytes([
        { tags: plainTags(4, 4), blocks: [new Uint8Array(16)] },
        { tags: { ...plainTags(2, 2), subfileType: [1] }, blocks: [new Uint8Array(4)] },
        {
          tags: { ...plainTags(4, 4), subfileType: [4] },
          blocks: [Uint8Array.from({ length: 16 }, (_, i) => (i === 5 || i > 9 ? 1 : 0))],
        },
      ]),
    );
    expect([...((await reader.read({ level: 1 })).valid ?? [])]).toEqual([0, 0, 0, 1]);
    const window = { leftPx: 1, topPx: 1, widthPx: 1, heightPx: 1 };
    expect((await reader.read({ level: 1, window })).valid).toBeUndefined();
  });

  it("in memory meets its limits before its pixels are made", async () => {
    const bytes = tiffBytes([PLAIN]);
    await expect(readRasterBytes(bytes, { ...LIMITS, maxPixels: 1000 })).rejects.toMatchObject({ code: "limit" });
    await expect(readRasterBytes(bytes, { ...LIMITS, maxBytes: 4000 })).rejects.toMatchObject({ code: "limit" });
  });

  it("on disk is opened by path or file address, and watched for changes", async () => {
    const path = join(folder, "scene.tif");
    writeFileSync(path, tiffBytes([PLAIN]));
    const reader = await openRaster(pathToFileURL(path));
    expect(reader.info.file).toBe(path);
    expect((await reader.read()).data[1]).toBe(valueAt(0, 0, 1));
    utimesSync(path, 1, 1);
    await expect(reader.read()).rejects.toMatchObject({ code: "io", message: expect.stringContaining("changed") });
    await reader.close();
    await expect(openRaster(join(folder, "none.tif"))).rejects.toMatchObject({ code: "not-found" });
    await expect(openRaster(folder)).rejects.toMatchObject({ code: "bad-file" });
    await expect(openRaster(new URL("ftp://example.org/a.tif"))).rejects.toMatchObject({ code: "usage" });
  });
});

const LIMITS = { file: "scene.tif", maxPixels: 1e6, maxBytes: 1e6 };
