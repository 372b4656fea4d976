import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { encodeJpeg } from "../raster/encode.js";
import type { Raster } from "../raster/raster.js";
import { resize } from "../raster/resample.js";
import { confirmDuplicates, detailOf } from "./duplicate-details.js";
import { findDuplicates, LOOK_SIZE, readLooks } from "./duplicates.js";
import { readRaster } from "./image-files.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-details-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const SIDE = 96;

/** Four quarters, each of one brightness with texture of its own: the same light and dark parts for every seed, other details. */
function quarters(seed: number): Raster {
  const random = createRandom(seed, "quarters");
  const cells = Float64Array.from({ length: (SIDE / 2) ** 2 }, () => 25 * random.normal());
  const data = Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE) % SIDE];
    const base = [60, 190, 150, 90][2 * Number(y >= SIDE / 2) + Number(x >= SIDE / 2)];
    return Math.max(0, Math.min(255, base + cells[Math.floor(y / 2) * (SIDE / 2) + Math.floor(x / 2)]));
  });
  return { bands: ["red", "green", "blue"], widthPx: SIDE, heightPx: SIDE, dtype: "uint8", data };
}

const copyOf = (raster: Raster): Raster => {
  const small = resize(raster, { widthPx: 80, heightPx: 80 });
  return { ...small, data: Uint8Array.from(small.data, (value) => Math.min(255, Math.round(value * 1.1))) };
};

async function write(name: string, raster: Raster) {
  const path = join(folder, name);
  writeFileSync(path, await encodeJpeg(raster, 70));
  return { file: name, path };
}

describe("duplicates in detail", () => {
  it("are kept when they are copies, and let go when only light and dark agree", async () => {
    const samples = [
      await write("one.jpg", quarters(1)),
      await write("two.jpg", quarters(2)),
      await write("copy-of-one.jpg", copyOf(quarters(1))),
      await write("three.jpg", quarters(3)),
    ];
    const looks = await readLooks(samples);
    const alike = findDuplicates(looks, LOOK_SIZE, { seed: 1 });
    expect(alike).toEqual([[0, 1, 2, 3]]); // from afar they cannot be told apart
    expect(await confirmDuplicates(alike, samples)).toEqual([[0, 2]]);
  });

  it("of images without detail are taken by their looks, and one that is gone is left out", async () => {
    const flat: Raster = {
      ...quarters(1),
      data: Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => 100 + Math.floor((2 * (i % SIDE)) / SIDE)),
    };
    expect(detailOf(flat).every((value) => value === 0)).toBe(true);
    const samples = [
      await write("a.jpg", flat),
      await write("b.jpg", flat),
      { file: "gone.jpg", path: join(folder, "gone.jpg") },
    ];
    expect(await confirmDuplicates([[0, 1, 2]], samples)).toEqual([[0, 1]]);
  });

  const data = process.env.SIGMAX_DATA ?? "../shared/data";
  const mosaics = join(data, "rsscn7-mosaics", "images");
  if (!existsSync(mosaics)) console.warn(`SKIPPED: ${mosaics} is not there`);
  it.skipIf(!existsSync(mosaics))(
    "of real mosaics whose parts share brightness are none, and their copies are found",
    async () => {
      const files = readdirSync(mosaics).sort().slice(0, 300);
      const samples = files.map((file) => ({ file, path: join(mosaics, file) }));
      for (const file of files.slice(0, 10))
        samples.push(await write(`copy-${file}`, copyOf(await readRaster(join(mosaics, file)))));
      const alike = findDuplicates(await readLooks(samples), LOOK_SIZE, { seed: 1 });
      const found = await confirmDuplicates(alike, samples);
      expect(found).toEqual(Array.from({ length: 10 }, (_, i) => [i, 300 + i]));
    },
  );
});
