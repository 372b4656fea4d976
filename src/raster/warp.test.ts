import { describe, expect, it } from "vitest";
import { crsOfEpsg } from "./geo/crs.js";
import type { Affine } from "./geo/transform.js";
import { type Grid, partOf } from "./grid.js";
import type { Raster } from "./raster.js";
import { openRaster, type RasterInfo, type RasterReader, type ReadOptions } from "./reader.js";
import { gridded } from "./warp.js";
import { encodeGeoTiff } from "./write/tiff.js";

const TRANSFORM: Affine = [500_000, 10, 0, 9_000_000, 0, -10];
const utm = (widthPx: number, heightPx: number, transform: Affine = TRANSFORM): Grid => ({
  widthPx,
  heightPx,
  crs: crsOfEpsg(32718),
  transform,
});

interface Plane {
  readonly on: Grid;
  readonly levels?: number;
  readonly info?: Partial<RasterInfo>;
  /** Of the level that is read. */
  readonly value: (column: number, row: number, band: number, level: number) => number;
  readonly isMeasured?: (column: number, row: number) => boolean;
}

/** A raster that is a formula, as large as it likes; tells what is read of it. */
function formula({ on, levels = 1, info = {}, value, isMeasured }: Plane): RasterReader & { readonly reads: ReadOptions[] } {
  const reads: ReadOptions[] = [];
  const band = { description: undefined, colour: "undefined", scaling: undefined, unit: undefined } as const;
  const whole: RasterInfo = {
    file: "formula.tif",
    widthPx: on.widthPx,
    heightPx: on.heightPx,
    dtype: "float32",
    stored: "float32",
    bands: [{ ...band, name: "one" }],
    nodata: undefined,
    validity: "all",
    georeference: { crs: on.crs, transform: on.transform },
    levels: Array.from({ length: levels }, (_, level) => ({
      widthPx: Math.ceil(on.widthPx / 2 ** level),
      heightPx: Math.ceil(on.heightPx / 2 ** level),
    })),
    block: { widthPx: 256, heightPx: 256 },
    compression: "none",
    categories: undefined,
    palette: undefined,
    metadata: {},
    ...info,
  };
  return {
    info: whole,
    reads,
    async read(options = {}) {
      reads.push(options);
      const { window = { leftPx: 0, topPx: 0, ...whole.levels[0] }, bands = [0], level = 0 } = options;
      const pixels = window.widthPx * window.heightPx;
      const data = new Float32Array(bands.length * pixels);
      const valid = new Uint8Array(pixels).fill(1);
      for (let at = 0; at < pixels; at++) {
        const column = window.leftPx + (at % window.widthPx);
        const row = window.topPx + Math.floor(at / window.widthPx);
        for (const [order, band] of bands.entries()) data[order * pixels + at] = value(column, row, band, level);
        if (isMeasured?.(column, row) === false) valid[at] = 0;
      }
      const size = { widthPx: window.widthPx, heightPx: window.heightPx };
      return { bands: bands.map((index) => whole.bands[index].name), ...size, dtype: "float32", data, valid };
    },
    close: async () => {},
  };
}

async function stored(raster: Partial<Raster> & Pick<Raster, "data" | "dtype">, on: Grid): Promise<RasterReader> {
  const { widthPx, heightPx, crs, transform } = on;
  return openRaster(await encodeGeoTiff({ bands: ["one"], widthPx, heightPx, georeference: { crs, transform }, ...raster }));
}

describe("a raster on another grid", () => {
  it("is the raster itself where the grid is its own", async () => {
    const reader = formula({ on: utm(20, 20), value: () => 1 });
    expect(gridded(reader, utm(20, 20), { resampling: "bilinear" })).toBe(reader);
  });

  it("has the same pixels where they only begin elsewhere, and none outside", async () => {
    const reader = formula({ on: utm(20, 20), value: (column, row) => 100 * row + column });
    for (const resampling of ["nearest", "bilinear", "average"] as const) {
      const on = partOf(utm(20, 20), { leftPx: -2, topPx: 17, widthPx: 4, heightPx: 5 });
      const { data, valid, georeference } = await gridded(reader, on, { resampling }).read();
      expect([...data.subarray(0, 8)], resampling).toEqual([0, 0, 1700, 1701, 0, 0, 1800, 1801]);
      expect([...valid!]).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
      expect(georeference).toEqual({ crs: on.crs, transform: on.transform });
    }
  });

  it("is the same read window by window", async () => {
    const reader = formula({
      on: utm(300, 300),
      value: (column, row) => Math.sin(column * row),
      isMeasured: (c, r) => (c * r) % 5 > 0,
    });
    const on: Grid = {
      widthPx: 90,
      heightPx: 70,
      crs: crsOfEpsg(4326),
      transform: [-75, 0.00031, 0.00002, -9.046, 0.00001, -0.00033],
    };
    for (const resampling of ["nearest", "bilinear", "average"] as const) {
      const warped = gridded(reader, on, { resampling });
      const whole = await warped.read();
      expect(whole.valid?.includes(1) && whole.valid.includes(0)).toBe(true);
      for (const window of [
        { leftPx: 0, topPx: 0, widthPx: 33, heightPx: 1 },
        { leftPx: 31, topPx: 5, widthPx: 40, heightPx: 60 },
        { leftPx: 89, topPx: 69, widthPx: 1, heightPx: 1 },
      ]) {
        const part = await warped.read({ window });
        for (let at = 0; at < part.data.length; at++) {
          const from = (window.topPx + Math.floor(at / window.widthPx)) * 90 + window.leftPx + (at % window.widthPx);
          expect(part.data[at]).toBe(whole.data[from]);
          expect(part.valid?.[at] ?? 1).toBe(whole.valid?.[from]);
        }
        expect(part.georeference?.transform).toEqual(partOf(on, window).transform);
      }
    }
  });

  it("asks the source for no more than a window needs", async () => {
    const reader = formula({ on: utm(10_000, 10_000), value: (column) => column });
    const warped = gridded(reader, utm(5_000, 5_000, [500_005, 20, 0, 8_999_995, 0, -20]), { resampling: "bilinear" });
    await warped.read({ window: { leftPx: 1000, topPx: 2000, widthPx: 64, heightPx: 32 } });
    expect(reader.reads).toHaveLength(1);
    const { leftPx, topPx, widthPx, heightPx } = reader.reads[0].window!;
    expect(leftPx).toBeGreaterThanOrEqual(1998);
    expect(topPx).toBeGreaterThanOrEqual(3998);
    expect(leftPx + widthPx).toBeLessThanOrEqual(2132);
    expect(topPx + heightPx).toBeLessThanOrEqual(4068);
  });

  it("takes the mean of a large source part by part, in little memory", async () => {
    const reader = formula({ on: utm(6_000, 6_000), value: (column, row) => column + 2 * row });
    const { data } = await gridded(reader, utm(2, 2, [500_000, 30_000, 0, 9_000_000, 0, -30_000]), {
      resampling: "average",
    }).read();
    // The mean of a plane is its value in the middle.
    expect([...data].map((value) => Math.round(value * 10) / 10)).toEqual([4498.5, 7498.5, 10_498.5, 13_498.5]);
    expect(reader.reads.length).toBeGreaterThan(3);
    for (const { window } of reader.reads) expect(window!.widthPx * window!.heightPx * 4).toBeLessThanOrEqual(2 ** 25);
  });

  it("takes means from the coarsest overview that is as fine", async () => {
    const value = (column: number, _row: number, _band: number, level: number) => (column + 0.5) * 2 ** level;
    const levelOf = async (pixelMeters: number, resampling: "average" | "bilinear") => {
      const reader = formula({ on: utm(1024, 1024), levels: 4, value });
      const { data } = await gridded(reader, utm(20, 20, [500_000, pixelMeters, 0, 9_000_000, 0, -pixelMeters]), {
        resampling,
      }).read();
      // A pixel counts as a whole, wherever in it the edge of a larger one runs.
      for (const column of [1, 7, 18]) expect(Math.abs(data[column] - ((column + 0.5) * pixelMeters) / 10)).toBeLessThan(1);
      return reader.reads[0].level;
    };
    expect(await levelOf(15, "average")).toBe(0);
    expect(await levelOf(20, "average")).toBe(0);
    expect(await levelOf(25, "average")).toBe(1);
    expect(await levelOf(45, "average")).toBe(2);
    expect(await levelOf(500, "average")).toBe(3);
    expect(await levelOf(45, "bilinear")).toBe(0);
  });

  it("does not mix what was not measured in", async () => {
    const reader = formula({
      on: utm(8, 8),
      value: (c) => (c < 4 ? 10 : 1e9),
      isMeasured: (c) => c < 4,
      info: { validity: "mask" },
    });
    const { data, valid } = await gridded(reader, utm(8, 1, [500_004, 10, 0, 9_000_000, 0, -10]), {
      resampling: "bilinear",
    }).read();
    expect([...data]).toEqual([10, 10, 10, 10, 0, 0, 0, 0]);
    expect([...valid!]).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
  });

  it("has nodata outside, and no mean that happens to be it", async () => {
    const data = Uint8Array.of(4, 6, 4, 6);
    const reader = await stored({ dtype: "uint8", data, nodata: 5 }, utm(2, 2));
    const raster = await gridded(reader, utm(2, 1, [500_000, 20, 0, 9_000_000, 0, -20]), { resampling: "average" }).read();
    expect([...raster.data]).toEqual([4, 5]);
    expect([...raster.valid!]).toEqual([1, 0]);
    expect(raster.nodata).toBe(5);
  });

  it("never mixes classes", async () => {
    const classes = formula({ on: utm(40, 40), value: (column) => (column % 2 === 0 ? 1 : 9), info: { categories: ["a", "b"] } });
    const { data } = await gridded(classes, utm(10, 10, [500_003, 35, 0, 8_999_995, 0, -35]), { resampling: "average" }).read();
    expect(new Set(data)).toEqual(new Set([1, 9]));
  });

  it("gives the bands asked for, into memory that is given", async () => {
    const info = {
      bands: ["one", "two", "alpha"].map((name) => ({ ...formula({ on: utm(1, 1), value: () => 0 }).info.bands[0], name })),
    };
    const value = (_column: number, _row: number, band: number) => band;
    const reader = formula({ on: utm(9, 9), value, info: { bands: info.bands.with(2, { ...info.bands[2], colour: "alpha" }) } });
    const warped = gridded(reader, utm(2, 2, [500_000, 15, 0, 9_000_000, 0, -15]), { resampling: "bilinear" });
    expect((await warped.read()).bands).toEqual(["one", "two"]);
    const into = new Float32Array(8);
    const raster = await warped.read({ bands: [2, 0], into });
    expect(raster.data).toBe(into);
    expect([...into]).toEqual([2, 2, 2, 2, 0, 0, 0, 0]);
    await expect(warped.read({ into })).resolves.toBeDefined();
    await expect(warped.read({ bands: [0], into })).rejects.toThrow(RangeError);
    await expect(warped.read({ bands: [3] })).rejects.toThrow("bands 0 to 2, not 3");
    await expect(warped.read({ level: 1 })).rejects.toThrow("one level");
    await expect(warped.read({ window: { leftPx: 1, topPx: 0, widthPx: 2, heightPx: 2 } })).rejects.toThrow(
      "leaves the 2 × 2 raster",
    );
    expect(warped.info).toMatchObject({ widthPx: 2, heightPx: 2, validity: "mask", levels: [{ widthPx: 2, heightPx: 2 }] });
  });

  it("stops when it is told to", async () => {
    const reader = formula({ on: utm(9, 9), value: () => 0 });
    const warped = gridded(reader, utm(5, 5, [500_000, 15, 0, 9_000_000, 0, -15]), { resampling: "bilinear" });
    await expect(warped.read({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
  });

  it("is refused by name where nobody knows how to get there", async () => {
    const reader = formula({ on: utm(9, 9), value: () => 0 });
    const to = (crs: Grid["crs"]): Grid => ({ ...utm(5, 5), crs });
    const own = { ...crsOfEpsg(4326)!, epsg: undefined, proj4: undefined, name: "My grid" };
    expect(() => gridded(reader, to(own), { resampling: "nearest" })).toThrow("My grid: nothing is known of how it is projected");
    expect(() => gridded(reader, to(undefined), { resampling: "nearest" })).toThrow(
      "cannot project formula.tif to or from a raster that does not say its reference system",
    );
    const nowhere = formula({ on: utm(9, 9), value: () => 0, info: { georeference: undefined } });
    expect(() => gridded(nowhere, utm(5, 5), { resampling: "nearest" })).toThrow("formula.tif: does not say where it lies");
    const beyond: Grid = { widthPx: 5, heightPx: 5, crs: crsOfEpsg(4326), transform: [0, 1, 0, 200, 0, -1] };
    await expect(gridded(reader, beyond, { resampling: "nearest" }).read()).rejects.toThrow(
      "no pixel of the grid wanted has a place",
    );
  });

  it("needs no reference system where neither has one", async () => {
    const on: Grid = { ...utm(4, 4), crs: undefined };
    const reader = formula({ on, value: (column) => column });
    const { data } = await gridded(
      reader,
      { ...utm(2, 1, [500_000, 20, 0, 9_000_000, 0, -20]), crs: undefined },
      { resampling: "average" },
    ).read();
    expect([...data]).toEqual([0.5, 2.5]);
  });
});
