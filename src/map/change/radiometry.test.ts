import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.js";
import { crsOfEpsg } from "../../raster/geo/crs.js";
import type { BandScaling, Raster, RasterDType } from "../../raster/raster.js";
import { openRaster, type RasterReader } from "../../raster/reader.js";
import { newSamples } from "../../raster/samples.js";
import { openScene } from "../../raster/scene/open.js";
import { encodeGeoTiff } from "../../raster/write/tiff.js";
import { bringToOneGrid } from "./one-grid.js";
import { matched, matchRadiometry, type RadiometricMatch, type Unmatched } from "./radiometry.js";

const SIDE = 160;
const GEOREFERENCE = { crs: crsOfEpsg(32718), transform: [500_000, 10, 0, 9_000_000, 0, -10] as const };

interface Shown {
  readonly seed?: number;
  /** Of the land, from left to right, what looks otherwise than in the reference. */
  readonly changed?: number;
  /** Done to the numbers of red and nir. */
  readonly gains?: readonly number[];
  readonly offsets?: readonly number[];
  /** More, by place. */
  readonly haze?: (x: number, y: number) => number;
  readonly dtype?: RasterDType;
  readonly nodata?: number;
  readonly scaling?: BandScaling;
  /** Pixels to overwrite. */
  readonly put?: (data: Raster["data"]) => void;
}

/** Land of parcels of 8 pixels, forest and others, as one date shows it; two bands. */
async function land({ seed = 1, changed = 0, gains = [1, 1], offsets = [0, 0], haze = () => 0, ...more }: Shown = {}) {
  const { dtype = "uint16", nodata, scaling, put } = more;
  const parcels = createRandom(7, "parcels");
  const means = Array.from({ length: (SIDE / 8) ** 2 }, () =>
    parcels.next() < 0.4 ? [400, 2600] : [700 + 900 * parcels.next(), 1400 + 900 * parcels.next()],
  );
  const noise = createRandom(seed, "noise");
  const data = newSamples(dtype, 2 * SIDE * SIDE);
  for (let at = 0; at < data.length; at++) {
    const band = Math.floor(at / SIDE ** 2);
    const [x, y] = [at % SIDE, Math.floor((at % SIDE ** 2) / SIDE)];
    const parcel = Math.floor(y / 8) * (SIDE / 8) + Math.floor(x / 8);
    const here = x < changed * SIDE ? [1900, 1500][band] : means[parcel][band];
    data[at] = gains[band] * (here + 25 * noise.normal()) + offsets[band] + haze(x, y);
  }
  put?.(data);
  const raster = { bands: ["red", "nir"], widthPx: SIDE, heightPx: SIDE, dtype, data, georeference: GEOREFERENCE };
  const scalings = scaling && { scaling: [scaling, scaling] };
  return openRaster(await encodeGeoTiff({ ...raster, ...(nodata !== undefined && { nodata }), ...scalings }));
}

const filled = (value: (before: number, at: number) => number) => (data: Raster["data"]) => {
  for (let at = 0; at < data.length; at++) data[at] = value(data[at], at);
};

async function found(reference: RasterReader, other: RasterReader): Promise<RadiometricMatch> {
  const match = await matchRadiometry(reference, other);
  if ("refused" in match) throw new Error(match.refused);
  return match;
}

const refusal = (match: RadiometricMatch | Unmatched) => ("refused" in match ? match.refused : "matched");

describe("matching the numbers of two dates", () => {
  it("finds planted gains and offsets with a quarter of the land changed: within 1 % and 15 numbers", async () => {
    const reference = await land();
    const [gains, offsets] = [
      [1.15, 0.86],
      [-90, 180],
    ];
    const other = await land({ seed: 2, changed: 0.25, gains, offsets });
    const match = await found(reference, other);
    match.bands.forEach(({ name, gain, offset, pixels, correlation }, band) => {
      expect(name).toBe(["red", "nir"][band]);
      expect(Math.abs(gain * gains[band] - 1)).toBeLessThan(0.01);
      expect(Math.abs(offset + offsets[band] / gains[band])).toBeLessThan(15);
      expect(pixels / SIDE ** 2).toBeGreaterThan(0.65);
      expect(pixels / SIDE ** 2).toBeLessThan(0.78);
      expect(correlation).toBeGreaterThan(0.98);
    });
    // What did not change has the same numbers now, but for the noise of 25 on both dates.
    const [a, b] = [await reference.read(), await matched(other, match).read()];
    const off = (one: Raster) => {
      const kept = [...one.data.keys()].filter((at) => at % SIDE >= SIDE / 4);
      return Math.sqrt(kept.reduce((sum, at) => sum + (one.data[at] - a.data[at]) ** 2, 0) / kept.length);
    };
    expect(off(await other.read())).toBeGreaterThan(80);
    expect(off(b)).toBeLessThan(40);
    expect(await found(reference, other)).toEqual(match);
  });

  it("changes nothing between a date and itself", async () => {
    const reader = await land();
    const match = await found(reader, reader);
    for (const { gain, offset, pixels } of match.bands) {
      expect(gain).toBeCloseTo(1, 12);
      expect(offset).toBeCloseTo(0, 8);
      expect(pixels).toBe(SIDE ** 2);
    }
    expect((await matched(reader, match).read()).data).toEqual((await reader.read()).data);
  });

  it("compares reflectance where both say how numbers become it, and keeps the numbers of each", async () => {
    const reference = await land({ dtype: "float32", scaling: { scale: 0.0001, offset: 0 } });
    // Its numbers n are (n - 1000) / 20000: twice those of the reference and 1000.
    const other = await land({ seed: 3, gains: [2, 2], offsets: [1000, 1000], scaling: { scale: 0.00005, offset: -0.05 } });
    for (const { gain, offset } of (await found(reference, other)).bands) {
      expect(Math.abs(gain - 1)).toBeLessThan(0.01);
      expect(Math.abs(offset)).toBeLessThan(30);
    }
    expect(refusal(await matchRadiometry(await land(), other))).toContain("of the other it is not");
  });

  it("takes the mean of an offset that differs from place to place", async () => {
    const reference = await land();
    const other = await land({ seed: 2, haze: (x, y) => 300 + 60 * (x / SIDE) - 60 * (y / SIDE) });
    for (const { gain, offset } of (await found(reference, other)).bands) {
      expect(Math.abs(gain - 1)).toBeLessThan(0.03);
      expect(Math.abs(gain * 1300 + offset - 1000)).toBeLessThan(25);
    }
  });

  it("is refused, with the reason, where there is nothing to go by", async () => {
    const reference = await land();
    const noise = createRandom(9, "other land");
    const elsewhere = await land({ put: filled(() => 1000 + 200 * noise.normal()) });
    expect(refusal(await matchRadiometry(reference, elsewhere))).toMatch(
      /red of the two hardly goes together \(correlation -?0\.\d\d\)/,
    );
    const empty = await land({ nodata: 0, put: filled((value, at) => (at % SIDE > 8 ? 0 : value)) });
    expect(refusal(await matchRadiometry(reference, empty))).toContain("blocks of 4 × 4 pixels were measured on both dates");
    const bytes = await land({ dtype: "uint8", gains: [0.08, 0.08] });
    expect(refusal(await matchRadiometry(reference, bytes))).toMatch(/the gain of red would be 12\.\d; the gain of nir/);
    expect(
      refusal(await matchRadiometry(await land({ gains: [0.2, 0.2] }), await land({ dtype: "uint8", gains: [0.08, 0.08] }))),
    ).toContain("would leave the numbers of uint8");
  });
});

describe("matched numbers", () => {
  const line = (gain: number, offset: number): RadiometricMatch => ({
    bands: ["red", "nir"].map((name) => ({ name, gain, offset, pixels: 1, rmse: 0, correlation: 1 })),
  });
  const first = async (reader: RasterReader, match: RadiometricMatch, pixels: number) => {
    const { data, valid } = await matched(reader, match).read({ window: { leftPx: 0, topPx: 0, widthPx: pixels, heightPx: 1 } });
    return { red: [...data.subarray(0, pixels)], nir: [...data.subarray(pixels)], valid };
  };
  const put = (red: readonly number[], nir: readonly number[]) => (data: Raster["data"]) => {
    data.set(red);
    data.set(nir, SIDE ** 2);
  };

  it("are rounded and held in their type", async () => {
    const reader = await land({ dtype: "uint8", gains: [0.05, 0.05], put: put([0, 10, 101, 200], [1, 1, 1, 1]) });
    expect((await first(reader, line(1.5, -20.6), 4)).red).toEqual([0, 0, 131, 255]);
    const signed = await land({ dtype: "int16", put: put([-3, 30_000], [1, 1]) });
    expect((await first(signed, line(2, 0.5), 2)).red).toEqual([-5, 32_767]);
    const float = await land({ dtype: "float32", put: put([0.25, Number.NaN], [1, 1]) });
    expect((await first(float, line(0.5, 0.125), 2)).red).toEqual([0.25, Number.NaN]);
  });

  it("never become nodata, and nodata stays", async () => {
    // 0 of an unsigned type is nodata only where all bands are 0.
    const zero = await land({ nodata: 0, put: put([0, 0, 50, 51], [0, 300, 300, 50]) });
    const { red, nir, valid } = await first(zero, line(1, -50), 4);
    expect([red, nir]).toEqual([
      [0, 1, 1, 1],
      [0, 250, 250, 1],
    ]);
    expect([...valid!]).toEqual([0, 1, 1, 1]);
    const other = await land({ dtype: "int16", nodata: -9999, put: put([-9999, 500, 1], [-9999, -9999, 1]) });
    const answers = await first(other, line(1, -10_499), 3);
    expect(answers.red).toEqual([-9999, -10_000, -10_498]);
    expect(answers.nir).toEqual([-9999, -9999, -10_498]);
    const float = await land({ dtype: "float32", nodata: 7, put: put([7, 3.5], [7, 1]) });
    const near = await first(float, line(2, 0), 2);
    expect(near.red[0]).toBe(7);
    expect(near.red[1]).not.toBe(7);
    expect(near.red[1]).toBeCloseTo(7, 4);
    // Also for those who do not ask what was measured.
    const window = { leftPx: 0, topPx: 0, widthPx: 4, heightPx: 1 };
    expect([...(await matched(zero, line(1, -50)).read({ window, bands: [0], validity: false })).data]).toEqual([0, 0, 1, 1]);
  });

  it("of a window are those of the whole", async () => {
    const reader = await land();
    const whole = await matched(reader, line(1.5, 20)).read();
    const window = { leftPx: 70, topPx: 60, widthPx: 31, heightPx: 17 };
    const part = await matched(reader, { bands: line(1.5, 20).bands.slice(0, 1) }).read({ window, bands: [1, 0] });
    for (const [x, y] of [
      [0, 0],
      [30, 16],
      [7, 3],
    ]) {
      expect(part.data[(17 + y) * 31 + x]).toBe(whole.data[(60 + y) * SIDE + 70 + x]);
      expect(part.data[y * 31 + x]).toBe((await reader.read()).data[SIDE ** 2 + (60 + y) * SIDE + 70 + x]);
    }
  });
});

const LANDSAT = join(process.env.SIGMAX_DATA ?? "../shared/data", "landsat-pucallpa");
const isThere = existsSync(LANDSAT);
if (!isThere) console.warn(`${LANDSAT} is not there: real dates are not matched`);

describe.skipIf(!isThere)("two real dates", () => {
  it("have gains near 1 and go together where nothing changed", async () => {
    const scenes = [];
    for (const year of ["2000", "2010"]) scenes.push(await openScene({ scene: join(LANDSAT, `${year}.tif`) }));
    const {
      scenes: [before, after],
    } = await bringToOneGrid(scenes, { chipPx: 16 });
    const match = await found(before, after);
    for (const { gain, offset, rmse, correlation, pixels } of match.bands) {
      expect(gain).toBeGreaterThan(0.5);
      expect(gain).toBeLessThan(2);
      expect(Math.abs(offset)).toBeLessThan(15);
      expect(rmse).toBeLessThan(12);
      expect(correlation).toBeGreaterThan(0.85);
      expect(pixels).toBeGreaterThan(0.3 * before.info.widthPx * before.info.heightPx);
    }
    for (const scene of scenes) await scene.close();
  });
});
