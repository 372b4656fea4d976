import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { chipScene } from "../src/map/chip/chip.js";
import { contentMark, markItem } from "../src/map/provenance.js";
import { createRandom } from "../src/random.js";
import type { Raster } from "../src/raster/raster.js";
import { openRaster } from "../src/raster/reader.js";
import { createCog } from "../src/raster/write/cog.js";
import { type RangeServer, rangeServer } from "./range-server.js";
import { UTM_18S } from "./utm-18s.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-http-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "scene.tif");

const [SIDE, BLOCK] = [1536, 512];
let bytes: Buffer;
let server: RangeServer;

beforeAll(async () => {
  const georeference = { crs: UTM_18S, transform: [500_000, 10, 0, 9_000_000, 0, -10] as const };
  const size = { widthPx: SIDE, heightPx: SIDE };
  const bands = ["red", "nir"].map((name) => ({ name }));
  const writer = await createCog({ path, ...size, dtype: "uint8", bands, georeference, blockPx: BLOCK, compression: "deflate" });
  const random = createRandom(1, "http test");
  // Noise of four bits, so that a block is as large as those of real scenes.
  const noise = Uint8Array.from({ length: 2 * BLOCK * BLOCK }, () => random.int(16));
  for (let top = 0; top < SIDE; top += BLOCK) {
    for (let left = 0; left < SIDE; left += BLOCK) {
      const base = (left + top) / 32;
      await writer.write(left, top, { data: noise.map((value) => value + base), widthPx: BLOCK, heightPx: BLOCK });
    }
  }
  await writer.finish();
  bytes = readFileSync(path);
});
beforeEach(async () => {
  server = await rangeServer({ "/scene.tif": bytes });
});
afterEach(() => server.close());

/** Compares pixels as bytes: a test framework takes seconds for a million numbers. */
function expectAlike({ data, ...rest }: Raster, { data: expected, ...restExpected }: Raster): void {
  expect(rest).toEqual(restExpected);
  expect(Buffer.compare(Uint8Array.from(data), Uint8Array.from(expected))).toBe(0);
}

describe("a COG behind an address", () => {
  it("costs one request to open, one for a window of a block, two for one across four blocks", async () => {
    const [near, far] = [await openRaster(path), await openRaster(`${server.address}/scene.tif`)];
    expect(far.info).toEqual({ ...near.info, file: `${server.address}/scene.tif` });
    expect(server.ranges).toEqual(["0-16384"]);

    const block = { leftPx: 1024, topPx: 512, widthPx: BLOCK, heightPx: BLOCK };
    expectAlike(await far.read({ window: block }), await near.read({ window: block }));
    expect(server.ranges).toHaveLength(2);
    const blockBytes = server.sent() - 16_384;
    expect(blockBytes).toBeLessThan(1.1 * (bytes.length / (SIDE / BLOCK) ** 2));

    const across = { ...block, leftPx: 700, topPx: 700 };
    expectAlike(await far.read({ window: across }), await near.read({ window: across }));
    expect(server.ranges).toHaveLength(4);
    expect(server.sent() - 16_384).toBeLessThan(5.2 * blockBytes);
    await near.close();
    await far.close();
  });

  it("is read whole in requests of several blocks, for hardly more bytes than it has", async () => {
    const [near, far] = [await openRaster(path), await openRaster(new URL(`${server.address}/scene.tif`))];
    expectAlike(await far.read(), await near.read());
    expect(server.ranges.length).toBeLessThan(10);
    expect(server.sent()).toBeLessThan(bytes.length + 16_384);
    await near.close();
    await far.close();
  });

  it("has no files beside it, and other addresses are refused", async () => {
    await (await openRaster(`${server.address}/scene.tif`)).close();
    expect(server.others).toEqual([]);
    await expect(openRaster("s3://bucket/scene.tif")).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining("s3:"),
    });
    await expect(openRaster(new URL("ftp://host/scene.tif"))).rejects.toMatchObject({ code: "usage" });
  });

  it("that is no raster is refused as a file is", async () => {
    const text = await rangeServer({ "/page": Buffer.from("<!doctype html>") });
    await expect(openRaster(`${text.address}/page`)).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringContaining(`${text.address}/page: is neither a TIFF nor JPEG 2000`),
    });
    await text.close();
  });
});

describe("a scene behind an address", () => {
  const chipped = (scene: string, out: string) =>
    chipScene({ scene, rules: ["bright: red > 40", "dark: red <= 40"], sizePx: 512, out: join(folder, out) });

  it("is cut as a file is, and its password and signature stand nowhere", async () => {
    const secret = `${server.address.replace("://", "://me:secret@")}/scene.tif?signature=secret`;
    const [near, far] = [await chipped(path, "near"), await chipped(secret, "far")];
    expect({ ...far, folder: "", labels: "", largest: "" }).toEqual({ ...near, folder: "", labels: "", largest: "" });
    for (const file of ["labels.csv", "largest.csv", "chips.json", "chips/scene_r0_c0.tif"]) {
      const [here, there] = ["near", "far"].map((name) => readFileSync(join(folder, name, file)));
      expect(there.includes("secret"), file).toBe(false);
      // A file is told by its hash, an address by what its server says.
      if (file !== "chips.json") expect(Buffer.compare(here, there), file).toBe(0);
    }
  });

  it("is told apart by what its server says, under a name that nobody takes for a hash", async () => {
    const near = await contentMark([path]);
    expect(markItem("SIGMAX_SCENE", near)).toEqual({ SIGMAX_SCENE_SHA256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const far = await contentMark([`${server.address}/scene.tif`]);
    expect(markItem("SIGMAX_SCENE", far)).toEqual({ SIGMAX_SCENE_VERSION: `size=${bytes.length}; etag="v1"` });
  });
});
