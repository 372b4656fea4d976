import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openRaster } from "../reader.js";
import { plainTags, tiffBytes } from "./tiff-file.cases.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-companions-"));
afterAll(() => rmSync(folder, { recursive: true }));
const PAGE = { tags: plainTags(2, 2), blocks: [Uint8Array.of(0, 1, 1, 0)] };

describe("a raster file with others beside it", () => {
  it("has its overviews, its mask and the names of its classes beside it", async () => {
    const path = join(folder, "classes.tif");
    const [whole, half] = [plainTags(2, 2), plainTags(1, 1)];
    writeFileSync(path, tiffBytes([{ tags: whole, blocks: [Uint8Array.of(0, 1, 1, 0)] }]));
    writeFileSync(`${path}.ovr`, tiffBytes([{ tags: { ...half, subfileType: [1] }, blocks: [Uint8Array.of(1)] }]));
    writeFileSync(`${path}.msk`, tiffBytes([{ tags: whole, blocks: [Uint8Array.of(255, 255, 0, 255)] }]));
    const names = "<CategoryNames><Category>water</Category><Category>grass &amp; field</Category></CategoryNames>";
    writeFileSync(`${path}.aux.xml`, `<PAMDataset><PAMRasterBand band="1">${names}</PAMRasterBand></PAMDataset>`);
    const reader = await openRaster(path);
    expect(reader.info.categories).toEqual(["water", "grass & field"]);
    expect(reader.info).toMatchObject({ validity: "mask", levels: [{ widthPx: 2 }, { widthPx: 1 }] });
    expect((await reader.read()).valid).toEqual(Uint8Array.of(1, 1, 0, 1));
    expect(await reader.read({ level: 1 })).toMatchObject({ data: Uint8Array.of(1) });
    await reader.close();
  });

  it("has its mask's overviews in a file of their own, without which, or where that is damaged, the mask is thinned", async () => {
    const path = join(folder, "masked.tif");
    const [whole, half] = [plainTags(2, 2), { ...plainTags(1, 1), subfileType: [1] }];
    const warnings: string[] = [];
    const validOfHalf = async () => {
      const reader = await openRaster(path, { onWarning: (warning) => warnings.push(warning) });
      const { valid } = await reader.read({ level: 1 });
      await reader.close();
      return valid;
    };
    writeFileSync(path, tiffBytes([PAGE, { tags: half, blocks: [Uint8Array.of(1)] }]));
    writeFileSync(`${path}.msk`, tiffBytes([{ tags: whole, blocks: [Uint8Array.of(0, 255, 255, 255)] }]));
    expect(await validOfHalf()).toEqual(Uint8Array.of(0));
    writeFileSync(`${path}.msk.ovr`, tiffBytes([{ tags: half, blocks: [Uint8Array.of(191)] }]));
    expect(await validOfHalf()).toBeUndefined();
    expect(warnings).toEqual([]);
    writeFileSync(`${path}.msk.ovr`, "no overviews");
    expect(await validOfHalf()).toEqual(Uint8Array.of(0));
    expect(warnings).toEqual([expect.stringContaining("masked.tif.msk.ovr")]);
  });

  it("says when it was written, as GDAL calls it", async () => {
    const path = join(folder, "written.tif");
    writeFileSync(path, tiffBytes([{ ...PAGE, tags: { ...PAGE.tags, dateTime: "2021:03:02 10:00:00" } }]));
    const reader = await openRaster(path);
    expect(reader.info.metadata).toEqual({ TIFFTAG_DATETIME: "2021:03:02 10:00:00" });
    await reader.close();
  });

  it("is read without what beside it cannot be read, but not without its mask", async () => {
    const path = join(folder, "alone.tif");
    writeFileSync(path, tiffBytes([PAGE]));
    const warningsWith = async () => {
      const warnings: string[] = [];
      await (await openRaster(path, { onWarning: (warning) => warnings.push(warning) })).close();
      return warnings;
    };
    expect(await warningsWith()).toEqual([]);
    writeFileSync(`${path}.ovr`, "no overviews");
    writeFileSync(`${path}.aux.xml`, "<PAMDataset><");
    writeFileSync(join(folder, "alone.tfw"), "here");
    expect((await warningsWith()).map((warning) => /alone\S+(?=: )/.exec(warning)?.[0]).sort()).toEqual([
      "alone.tfw",
      "alone.tif.aux.xml",
      "alone.tif.ovr",
    ]);
    rmSync(`${path}.ovr`);
    mkdirSync(`${path}.ovr`);
    truncateSync(`${path}.aux.xml`, 2 ** 24);
    expect((await warningsWith()).sort()).toEqual([
      expect.stringMatching(/alone.tfw: is no world file/),
      expect.stringMatching(/alone.tif.aux.xml: has 16777216 bytes/),
      expect.stringMatching(/alone.tif.ovr: is not a regular file/),
    ]);
    for (const make of [() => mkdirSync(`${path}.msk`), () => writeFileSync(`${path}.msk`, "no mask")]) {
      make();
      await expect(openRaster(path)).rejects.toMatchObject({ code: "bad-file", message: expect.stringContaining(".msk") });
      rmSync(`${path}.msk`, { recursive: true });
    }
  });

  it.skipIf(process.platform !== "linux")("is closed with all that was opened beside it, also where it is refused", async () => {
    const open = () => readdirSync("/proc/self/fd").length;
    const path = join(folder, "leak.tif");
    writeFileSync(path, tiffBytes([PAGE]));
    const half = { tags: { ...plainTags(1, 1), subfileType: [1] }, blocks: [new Uint8Array(1)] };
    writeFileSync(`${path}.ovr`, tiffBytes([half]));
    const before = open();
    const reader = await openRaster(path);
    expect(open()).toBe(before + 2);
    await reader.close();
    expect(open()).toBe(before);
    mkdirSync(`${path}.msk`);
    await expect(openRaster(path)).rejects.toMatchObject({ code: "bad-file" });
    expect(open()).toBe(before);
    rmSync(`${path}.msk`, { recursive: true });
    mkdirSync(`${path}.aux.xml`);
    await (await openRaster(path)).close();
    expect(open()).toBe(before);
  });

  it("has nodata of its bands from the notes beside it, one for all", async () => {
    const path = join(folder, "noted.tif");
    writeFileSync(
      path,
      tiffBytes([{ tags: { ...plainTags(2, 1, 3), extraSamples: [0, 2] }, blocks: [Uint8Array.of(9, 9, 1, 7, 9, 1)] }]),
    );
    const noted = async (...values: string[]) => {
      const bands = values.map(
        (value, band) => `<PAMRasterBand band="${band + 1}"><NoDataValue>${value}</NoDataValue></PAMRasterBand>`,
      );
      writeFileSync(`${path}.aux.xml`, `<PAMDataset>${bands.join("")}</PAMDataset>`);
      const warnings: string[] = [];
      const reader = await openRaster(path, { onWarning: (warning) => warnings.push(warning) });
      const { nodata, valid } = await reader.read();
      await reader.close();
      return { nodata, valid: valid && [...valid], told: warnings.length };
    };
    // Alpha is no measurement: that the notes say nothing of it is no difference.
    expect(await noted("9", "9")).toEqual({ nodata: 9, valid: [0, 1], told: 0 });
    expect(await noted("7", "9")).toEqual({ nodata: 7, valid: undefined, told: 1 });
    expect(await noted("none", "none")).toEqual({ nodata: undefined, valid: undefined, told: 1 });
  });
});
