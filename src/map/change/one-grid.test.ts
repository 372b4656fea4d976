import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { messageOf, UserError } from "../../errors.js";
import { crsOfEpsg } from "../../raster/geo/crs.js";
import type { Affine } from "../../raster/geo/transform.js";
import { gridOf, sameGrid } from "../../raster/grid.js";
import type { Raster, RasterDType } from "../../raster/raster.js";
import { newSamples } from "../../raster/samples.js";
import { openScene, type Scene } from "../../raster/scene/open.js";
import { encodeGeoTiff } from "../../raster/write/tiff.js";
import { bringToOneGrid, type OneGridOptions } from "./one-grid.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-one-grid-"));
const opened: Scene[] = [];
afterAll(async () => {
  for (const scene of opened) await scene.close();
  rmSync(folder, { recursive: true, force: true });
});

const EAST = 500_000;
const NORTH = 9_000_000;

interface Land {
  readonly name: string;
  /** Of the upper left corner from the place where all lands begin, in metres. */
  readonly east?: number;
  readonly south?: number;
  readonly meters?: number;
  readonly columns?: number;
  readonly rows?: number;
  readonly bands?: readonly string[];
  readonly dtype?: RasterDType;
  readonly scaling?: Raster["scaling"];
  readonly epsg?: number | undefined;
  readonly transform?: Affine;
  /** At metres east and south of that place. */
  readonly value?: (east: number, south: number, band: number) => number;
}

/** A file of some land, as a scene. */
async function land({ name, east = 0, south = 0, meters = 10, columns = 60, rows = 50, ...more }: Land): Promise<Scene> {
  const { bands = ["red", "nir"], dtype = "uint16", scaling, value = (x, y, band) => 1000 * (band + 1) + 2 * x + y } = more;
  const epsg = "epsg" in more ? more.epsg : 32718;
  const { transform = [EAST + east, meters, 0, NORTH - south, 0, -meters] as const } = more;
  const data = newSamples(dtype, bands.length * columns * rows);
  for (let at = 0; at < data.length; at++) {
    const pixel = at % (columns * rows);
    const [column, row] = [pixel % columns, Math.floor(pixel / columns)];
    data[at] = value(east + (column + 0.5) * meters, south + (row + 0.5) * meters, Math.floor(at / (columns * rows)));
  }
  const crs = epsg === undefined ? undefined : crsOfEpsg(epsg);
  const raster = {
    bands,
    widthPx: columns,
    heightPx: rows,
    dtype,
    data,
    georeference: { crs, transform },
    ...(scaling && { scaling }),
  };
  const path = join(folder, name);
  writeFileSync(path, await encodeGeoTiff(raster));
  const scene = await openScene({ scene: path });
  opened.push(scene);
  return scene;
}

const refusal = async (scenes: readonly Scene[], options: OneGridOptions = {}) => {
  const error = await bringToOneGrid(scenes, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  return messageOf(error).replaceAll(`${folder}/`, "");
};

const named = (notes: readonly string[]) => notes.map((note) => note.replaceAll(`${folder}/`, ""));

describe("scenes on one grid", () => {
  it("are the scenes themselves where they are on it already", async () => {
    const scenes = [await land({ name: "a.tif" }), await land({ name: "b.tif" })];
    const { grid, scenes: brought, notes } = await bringToOneGrid(scenes);
    expect(brought).toEqual(scenes);
    expect(grid).toEqual(gridOf(scenes[0].info));
    expect(notes).toEqual([]);
  });

  it("are cut to what they share, number by number the same", async () => {
    const [a, b] = [await land({ name: "left.tif" }), await land({ name: "right.tif", east: 120, south: 30, columns: 70 })];
    const { grid, scenes, notes } = await bringToOneGrid([a, b]);
    expect(grid).toMatchObject({ widthPx: 48, heightPx: 47, transform: [EAST + 120, 10, 0, NORTH - 30, 0, -10] });
    expect(named(notes)).toEqual([
      "left.tif: cut to the 48 × 47 of its 60 × 50 pixels that all scenes share",
      "right.tif: cut to the 48 × 47 of its 70 × 50 pixels that all scenes share",
    ]);
    for (const { info } of scenes) expect(sameGrid(gridOf(info), grid)).toBe(true);
    const [one, two] = [await scenes[0].read(), await scenes[1].read()];
    expect(one.data).toEqual(two.data);
    // Column 12, row 3 of the first, and its second band.
    expect([one.data[0], one.data[48 * 47]]).toEqual([1000 + 2 * 125 + 35, 2000 + 2 * 125 + 35]);
    const part = await scenes[1].read({ window: { leftPx: 10, topPx: 4, widthPx: 2, heightPx: 1 }, bands: [1] });
    expect([...part.data]).toEqual([2000 + 2 * 225 + 75, 2000 + 2 * 235 + 75]);
    expect(part.georeference?.transform).toEqual([EAST + 220, 10, 0, NORTH - 70, 0, -10]);
  });

  it("are made between pixels where those do not fall on each other", async () => {
    const [a, b] = [await land({ name: "even.tif" }), await land({ name: "odd.tif", east: 3, south: -6 })];
    const { grid, scenes, notes } = await bringToOneGrid([a, b]);
    // Half a pixel that one of them lacks is no pixel.
    expect(grid).toMatchObject({ widthPx: 59, heightPx: 49, transform: [EAST + 10, 10, 0, NORTH, 0, -10] });
    expect(named(notes)[1]).toBe("odd.tif: brought to the grid of even.tif, bilinear between its pixels");
    const [one, two] = [await scenes[0].read(), await scenes[1].read()];
    expect(two.valid).toBeUndefined();
    // Values are a plane: between pixels they are exact, but for the last ones of the source.
    const inner = { leftPx: 1, topPx: 1, widthPx: 56, heightPx: 46 };
    const [exact, made] = [await scenes[0].read({ window: inner }), await scenes[1].read({ window: inner })];
    expect(Math.max(...Array.from(exact.data, (value, at) => Math.abs(value - made.data[at])))).toBeLessThanOrEqual(1);
    expect(one.data.length).toBe(two.data.length);
  });

  it("have the pixels that the classifier knows, and finer ones are averaged", async () => {
    const fine = await land({
      name: "fine.tif",
      meters: 10,
      columns: 90,
      rows: 90,
      value: (x) => (Math.floor(x / 10) % 3) * 300,
    });
    const coarse = await land({ name: "coarse.tif", meters: 30, columns: 30, rows: 30 });
    const { grid, scenes, notes } = await bringToOneGrid([fine, coarse], { metersPerPixel: 30 });
    expect(grid).toMatchObject({ widthPx: 30, heightPx: 30 });
    expect(scenes[1]).toBe(coarse);
    expect(named(notes)).toEqual(["fine.tif: brought to the grid of coarse.tif, by the mean of its finer pixels"]);
    expect(new Set((await scenes[0].read()).data)).toEqual(new Set([300]));
    // Where nobody knows, the coarser: detail cannot be invented.
    expect((await bringToOneGrid([fine, coarse])).grid.widthPx).toBe(30);
    expect(await refusal([fine, coarse], { metersPerPixel: 10 })).toContain(
      "coarse.tif: its pixels are 30 m on the ground, those of fine.tif 10 m",
    );
  });

  it("come from other reference systems, without a measurement where they do not reach", async () => {
    const utm = await land({ name: "utm.tif", columns: 100, rows: 100 });
    // The same land in degrees, turned against it: around -75, -9.045.
    const degrees = await land({
      ...{ name: "degrees.tif", epsg: 4326, columns: 120, rows: 120 },
      transform: [-75.0005, 9.1e-5, 1e-5, -9.0455, 1e-5, -9.1e-5],
      value: () => 500,
    });
    const { grid, scenes } = await bringToOneGrid([utm, degrees]);
    expect(grid.crs?.epsg).toBe(32718);
    const { data, valid } = await scenes[1].read({ bands: [0] });
    expect(valid?.includes(0) && valid.includes(1)).toBe(true);
    expect(Array.from(data).every((value, at) => valid?.[at] === 0 || value === 500)).toBe(true);
  });

  it("have the bands that are in all, in the order of the first", async () => {
    const a = await land({ name: "rgn.tif", bands: ["red", "green", "nir"] });
    const b = await land({ name: "nr.tif", bands: ["nir", "blue", "red"] });
    const { scenes, notes } = await bringToOneGrid([a, b]);
    expect(scenes.map(({ info }) => info.bands.map(({ name }) => name))).toEqual([
      ["red", "nir"],
      ["red", "nir"],
    ]);
    const [one, two] = [await scenes[0].read(), await scenes[1].read()];
    expect([one.bands, two.bands]).toEqual([one.bands, one.bands]);
    // Its first pixel: red is the third band of the second file.
    expect([one.data[0], two.data[0], two.data[60 * 50]]).toEqual([1015, 3015, 1015]);
    expect(named(notes)).toEqual([
      "rgn.tif: green is not in all scenes and left out",
      "nr.tif: blue is not in all scenes and left out",
    ]);
  });
});

describe("scenes that cannot be compared", () => {
  it("fewer than two, or one twice", async () => {
    const a = await land({ name: "once.tif" });
    expect(await refusal([a])).toBe("change is between dates, and one scene is given");
    expect(await refusal([a, await land({ name: "once.tif" })])).toBe("once.tif: is given as scene 1 and as scene 2");
  });

  it("without a reference system", async () => {
    const [a, b] = [await land({ name: "placed.tif" }), await land({ name: "unplaced.tif", epsg: undefined })];
    expect(await refusal([a, b])).toContain("unplaced.tif: does not say its reference system");
  });

  it("of different places: both are told in degrees", async () => {
    const [a, b] = [await land({ name: "here.tif" }), await land({ name: "there.tif", east: 50_000 })];
    const message = await refusal([a, b]);
    expect(message).toMatch(
      /^the scenes show different places: here.tif reaches from -75, -9\.0\d+ to -74\.99\d+, -9\.0\d+; there.tif reaches from -74\.54\d*, /,
    );
    expect(message).toContain("in longitude and latitude");
    // In the same degrees elsewhere on earth, and in no place of the other's system.
    const far = await land({ name: "far.tif", epsg: 4326, transform: [15, 1e-4, 0, 50, 0, -1e-4] });
    expect(await refusal([a, far])).toContain("far.tif reaches from 15, 49.995 to 15.006, 50");
  });

  it("that share less than a chip", async () => {
    const [a, b] = [await land({ name: "west.tif" }), await land({ name: "east.tif", east: 450 })];
    expect(await refusal([a, b], { chipPx: 16 })).toMatch(
      /^the scenes share only 15 × 50 pixels, less than a chip .*\(16 × 16\): west\.tif/,
    );
    expect((await bringToOneGrid([a, b], { chipPx: 15 })).grid.widthPx).toBe(15);
  });

  it("whose bands have no names and differ in number", async () => {
    const a = await land({ name: "two.tif", bands: ["band1", "band2"] });
    const b = await land({ name: "three.tif", bands: ["band1", "band2", "band3"] });
    expect(await refusal([a, b])).toBe(
      "two.tif has 2 bands (band1, band2), three.tif has 3 bands (band1, band2, band3): nobody knows which are the same",
    );
    const c = await land({ name: "named.tif" });
    expect(await refusal([c, a])).toContain("nobody knows which are the same");
    expect(await refusal([c, await land({ name: "gb.tif", bands: ["green", "blue"] })])).toContain("no band is in all scenes");
  });

  it("of which one holds reflectance and nobody knows what the other holds", async () => {
    const scaling = [1, 2].map(() => ({ scale: 0.0001, offset: 0 }));
    const [a, b] = [await land({ name: "scaled.tif", scaling }), await land({ name: "raw.tif" })];
    expect(await refusal([b, a])).toContain("scaled.tif holds reflectance (DN · 0.0001");
    const other = await land({ name: "other.tif", scaling: scaling.map(() => ({ scale: 0.0002, offset: 0 })) });
    const warnings: string[] = [];
    await bringToOneGrid([a, other], { onWarning: (message) => warnings.push(message) });
    await bringToOneGrid([a, other], { values: "reflectance", onWarning: (message) => warnings.push(message) });
    expect(named(warnings)).toEqual([
      "scaled.tif stores reflectance as DN · 0.0001, other.tif as DN · 0.0002: a classifier of stored numbers takes the one for the other",
    ]);
  });
});
