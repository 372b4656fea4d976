import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openRaster, type RasterReader, type ReadOptions } from "./reader.js";
import { readReduced } from "./reduced.js";
import { createCog } from "./write/cog.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-reduced-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Values 0 to 99 by column, a second band 1000 more; 65535 in the first 50 columns of the lower half. */
async function written(
  name: string,
  { overviews = "none" as "none" | "average", side = 100, blockPx = 16 } = {},
): Promise<string> {
  const path = join(folder, name);
  const bands = [{ name: "a" }, { name: "b" }];
  const cog = await createCog({ path, widthPx: side, heightPx: side, dtype: "uint16", bands, nodata: 65535, blockPx, overviews });
  const data = Uint16Array.from({ length: 2 * side * side }, (_, i) => {
    const [band, row, column] = [Math.floor(i / side ** 2), Math.floor(i / side) % side, i % side];
    return row >= side / 2 && column < side / 2 ? 65535 : 1000 * band + column;
  });
  await cog.write(0, 0, { data, widthPx: side, heightPx: side });
  await cog.finish();
  await cog.close();
  return path;
}

/** A reader, and what was read by it. */
function watching(reader: RasterReader): { readonly watched: RasterReader; readonly read: readonly ReadOptions[] } {
  const read: ReadOptions[] = [];
  const watched = {
    ...reader,
    read(options: ReadOptions = {}) {
      read.push(options);
      return reader.read(options);
    },
  };
  return { watched, read };
}

it("every pixel is the mean of those measured below it", async () => {
  const reader = await openRaster(await written("mean.tif"));
  const { data, valid, bands, widthPx, heightPx } = await readReduced(reader, { bands: [1, 0], widthPx: 10, heightPx: 2 });
  expect({ bands, widthPx, heightPx }).toEqual({ bands: ["b", "a"], widthPx: 10, heightPx: 2 });
  const means = Array.from({ length: 10 }, (_, i) => Math.round(10 * i + 4.5));
  expect([...data.subarray(20, 30)]).toEqual(means);
  expect([...data.subarray(0, 10)]).toEqual(means.map((mean) => 1000 + mean));
  expect([...(valid ?? [])]).toEqual([...new Array(10).fill(1), ...new Array(5).fill(0), ...new Array(5).fill(1)]);
  expect([...data.subarray(30, 40)]).toEqual([0, 0, 0, 0, 0, ...means.slice(5)]);
  await reader.close();
});

it("never more pixels than there are", async () => {
  const reader = await openRaster(await written("few.tif"));
  const reduced = await readReduced(reader, { bands: [0], widthPx: 400, heightPx: 30 });
  expect([reduced.widthPx, reduced.heightPx]).toEqual([100, 30]);
  expect([...reduced.data.subarray(0, 100)]).toEqual(Array.from({ length: 100 }, (_, i) => i));
  await reader.close();
});

it("an overview is read where it is large enough, in windows that bound memory", async () => {
  const reader = await openRaster(await written("levels.tif", { overviews: "average" }));
  const { watched, read } = watching(reader);
  expect(reader.info.levels.map((level) => level.widthPx)).toEqual([100, 50, 25, 13]);
  await readReduced(watched, { bands: [0], widthPx: 25, heightPx: 20 });
  await readReduced(watched, { bands: [0], widthPx: 26, heightPx: 20 });
  expect(read.map(({ level }) => level)).toEqual([2, 1]);
  await reader.close();
});

it("many windows give what one gives", async () => {
  const side = 2048;
  const reader = await openRaster(await written("large.tif", { side, blockPx: 512 }));
  const { watched, read } = watching(reader);
  const { data } = await readReduced(watched, { bands: [0, 1], widthPx: 16, heightPx: 1 });
  expect(read.length).toBeGreaterThan(1);
  for (const { window } of read) expect((window?.widthPx ?? 0) * (window?.heightPx ?? 0)).toBeLessThanOrEqual(2 ** 21);
  expect([...data.subarray(0, 16)]).toEqual(Array.from({ length: 16 }, (_, i) => Math.round(128 * i + 63.5)));
  await reader.close();
});
