import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { pngChunks } from "../../raster/formats/apng.js";
import { decodeAlpha } from "../../raster/formats/sharp.js";
import { decodeRaster } from "../../raster/formats.js";
import { crsOfEpsg } from "../../raster/geo/crs.js";
import type { Raster, RasterDType } from "../../raster/raster.js";
import { openRaster, type RasterReader } from "../../raster/reader.js";
import { newSamples } from "../../raster/samples.js";
import { createCog } from "../../raster/write/cog.js";
import { cellGrid } from "../cells.js";
import { inLines, panelsIn, pictureSize, sharedSide } from "./picture-sizes.js";
import { drawChangePictures } from "./pictures.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-change-pictures-"));
const opened: RasterReader[] = [];
afterAll(async () => {
  for (const reader of opened) await reader.close();
  rmSync(folder, { recursive: true });
});

/** A scene of one value, but for a strip at its left that no scene measured. */
async function scene(name: string, value: number, { widthPx = 62, heightPx = 40, dtype = "uint16" as RasterDType } = {}) {
  const path = join(folder, name);
  const georeference = { crs: crsOfEpsg(32718), transform: [500_000, 30, 0, 9_000_000, 0, -30] } as const;
  const bands = ["red", "green", "blue"].map((band) => ({ name: band }));
  const cog = await createCog({ path, widthPx, heightPx, dtype, bands, georeference, nodata: 0, force: true });
  const data = newSamples(dtype, 3 * widthPx * heightPx).map((_, i) => (i % widthPx < 4 ? 0 : value + (i % widthPx)));
  await cog.write(0, 0, { data, widthPx, heightPx });
  await cog.finish();
  await cog.close();
  const reader = await openRaster(path);
  opened.push(reader);
  return reader;
}

const at = ({ data, widthPx, heightPx }: Raster, x: number, y: number) =>
  [0, 1, 2].map((band) => data[(band * heightPx + y) * widthPx + x]);

const labels = ["1985", "a date with a very long name"];

/** Two dates, cells of 4 px; row 0 has no answer, column 3 changed. */
async function drawn() {
  const scenes = [await scene("a.tif", 1000), await scene("b.tif", 3000)];
  const cells = cellGrid(scenes[0].info, { chipPx: 8, stridePx: 4 });
  const rows: number[] = [];
  const options = {
    title: "Changes <around> Pucallpa",
    scenes,
    labels,
    cells,
    codes(row: number) {
      rows.push(row);
      return Uint16Array.from({ length: cells.columns }, (_, x) => (row === 0 ? 0 : x === 3 ? 2 : 1));
    },
    colourOf: (code: number) => (code === 2 ? ([209, 73, 91] as const) : undefined),
    legend: [{ name: "deforestation", colour: [209, 73, 91] as const, detail: "12 ha" }],
  };
  return { files: await drawChangePictures(options), cells, rows };
}

describe("the pictures of a change", () => {
  const once = drawn();
  it("have one stretch for all dates, and hatch what was not measured or lies past the scene", async () => {
    const { files, cells } = await once;
    const dates = await Promise.all(files.dates.map((bytes) => decodeRaster(bytes, { file: "date.jpg" })));
    // 62 pixels are 16 cells of 4, the last of them half.
    expect(cells.columns).toBe(16);
    for (const date of dates) {
      expect([date.widthPx, date.heightPx]).toEqual([64, 40]);
      for (const x of [1, 63]) expect(at(date, x, 21)[0]).toBeGreaterThan(150);
    }
    const [before, after] = dates.map((date) => at(date, 30, 21)[0]);
    expect(before).toBeLessThan(20);
    expect(after).toBeGreaterThan(235);
  });

  it("have a layer that is transparent where nothing changed, in cells of the map", async () => {
    const { files, rows } = await once;
    expect(rows).toEqual(Array.from({ length: 10 }, (_, row) => row));
    const layer = await decodeRaster(files.change, { file: "change.png" });
    const alpha = await decodeAlpha(files.change, 1e6);
    const opacity = (x: number, y: number) => alpha[y * 64 + x];
    expect([opacity(11, 20), opacity(12, 20), opacity(15, 39), opacity(16, 39)]).toEqual([0, 255, 255, 0]);
    expect(at(layer, 13, 20)).toEqual([209, 73, 91]);
    expect(new Set(Array.from({ length: 64 }, (_, x) => opacity(x, 2)))).toEqual(new Set([70, 210]));
    expect(opacity(30, 4)).toBe(0);
  });

  it("stand beside each other on one page with the change, and in turn in an animation", async () => {
    const { files } = await once;
    const page = await decodeRaster(files.sideBySide, { file: "side.png" });
    expect(Math.max(page.widthPx, page.heightPx)).toBeLessThanOrEqual(1600);
    const colours = new Set<string>();
    for (let i = 0; i < page.widthPx * page.heightPx; i += 7)
      colours.add(at(page, i % page.widthPx, Math.floor(i / page.widthPx)).join());
    expect(colours).toContain("209,73,91");
    const chunks = pngChunks(files.animated);
    expect(chunks.filter(({ type }) => type === "fcTL")).toHaveLength(2);
    const first = await decodeRaster(files.animated, { file: "animated.png" });
    expect(Math.max(first.widthPx, first.heightPx)).toBeGreaterThanOrEqual(480);
    expect(at(first, 13, 13)).toEqual([16, 20, 26]);
  });

  it("are the same bytes for the same scenes", async () => {
    const [a, b] = [await once, await drawn()];
    for (const name of ["change", "sideBySide", "animated"] as const)
      expect(Buffer.compare(a.files[name], b.files[name])).toBe(0);
  });
});

describe("the size of a picture", () => {
  const cells = (columns: number, rows: number, stridePx: number) => ({ columns, rows, stridePx, chipPx: 64 });

  it("is at most what is asked for, in the shape of the cells", () => {
    const size = pictureSize(cells(2500, 1250, 8), { widthPx: 19_997, heightPx: 10_000 }, { mostPx: 1600 });
    expect(size).toMatchObject({ widthPx: 1600, heightPx: 800, scene: { widthPx: 1600, heightPx: 800 } });
    expect(pictureSize(cells(1, 5000, 4), { widthPx: 4, heightPx: 20_000 }, { mostPx: 1600 })).toMatchObject({
      widthPx: 1,
      heightPx: 1600,
    });
  });

  it("gets smaller with many dates, so that all together do not grow", () => {
    expect([2, 6, 24].map((pictures) => sharedSide(1600, { pictures, full: 6 }))).toEqual([1600, 1600, 800]);
  });

  it("is enlarged by whole numbers only, and no further than it fits", () => {
    const scene = { widthPx: 100, heightPx: 60 };
    expect(pictureSize(cells(100, 60, 1), scene, { mostPx: 1600 })).toMatchObject({ widthPx: 100, scale: 1 });
    expect(pictureSize(cells(100, 60, 1), scene, { mostPx: 960, leastPx: 480 })).toMatchObject({
      widthPx: 500,
      heightPx: 300,
      scale: 5,
    });
    expect(pictureSize(cells(100, 60, 1), scene, { mostPx: 150, leastPx: 480 })).toMatchObject({ widthPx: 100 });
  });
});

describe("the panels of a page", () => {
  const gaps = { gapPx: 20, captionPx: 30 };

  it("are as large as the room allows: beside each other where they are high, above each other where they are wide", () => {
    const room = { widthPx: 1500, heightPx: 1200 };
    expect(panelsIn(room, { count: 3, shape: { widthPx: 100, heightPx: 300 }, ...gaps }).columns).toBe(3);
    expect(panelsIn(room, { count: 3, shape: { widthPx: 600, heightPx: 100 }, ...gaps }).columns).toBe(1);
    const { columns, panel } = panelsIn(room, { count: 5, shape: { widthPx: 697, heightPx: 377 }, ...gaps });
    const rows = Math.ceil(5 / columns);
    expect(columns * (panel.widthPx + 20) - 20).toBeLessThanOrEqual(1500);
    expect(rows * (panel.heightPx + 50) - 20).toBeLessThanOrEqual(1200);
  });

  it("have a legend whose lines end before they leave it", () => {
    const places = inLines([100, 100, 100, 400], { leftPx: 10, topPx: 5, widthPx: 250, pitchPx: 30, gapPx: 20 });
    expect(places.map(({ leftPx, topPx }) => [leftPx, topPx])).toEqual([
      [10, 5],
      [130, 5],
      [10, 35],
      [10, 65],
    ]);
  });
});
