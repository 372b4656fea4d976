import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { RGB } from "../../raster/bands.js";
import { encodePng } from "../../raster/encode.js";
import type { NamedFile } from "../image-files.js";
import { decodedBytes } from "./kept-images.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-kept-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("counts images at the size they have on disk, up to the limit, and those on their way", async () => {
  const samples: NamedFile[] = [];
  for (const [i, side] of [200, 200, 400].entries()) {
    const file = `${i}.png`;
    const data = new Uint8Array(3 * side * side);
    writeFileSync(join(folder, file), await encodePng({ bands: RGB, widthPx: side, heightPx: side, dtype: "uint8", data }));
    samples.push({ file, path: join(folder, file) });
  }
  const all = 3 * (2 * 200 ** 2 + 400 ** 2);
  const decoding = 3 * (3 * 400 ** 2);
  const bytes = (limit: number, workers = 1) => decodedBytes(samples, { limit, workers });
  expect(await bytes(1e9)).toBeCloseTo(all + decoding);
  expect(await bytes(1e9, 2)).toBeCloseTo(all + 2 * decoding);
  expect(await bytes(1000)).toBe(1000 + decoding);
  expect(await decodedBytes([], { limit: 1e9, workers: 1 })).toBe(0);
  expect(await decodedBytes([{ file: "none.png", path: join(folder, "none.png") }], { limit: 1e9, workers: 1 })).toBe(0);
});
