import { describe, expect, it } from "vitest";
import { LAND, LAND_VALUE } from "../../land.js";
import type { PixelWindow } from "../../raster/resample.js";
import { SCL } from "./clouds.js";
import { type Country, createCountry } from "./country.js";
import { type CountryView, type CountryWindow, renderWindow } from "./render-window.js";
import { LENS_PX, shiftOf } from "./sensing.js";
import { COUNTRY_BANDS } from "./spectra.js";

const RGBN = COUNTRY_BANDS.slice(0, 4);
const square = (leftPx: number, topPx: number, sidePx: number): PixelWindow => {
  return { leftPx, topPx, widthPx: sidePx, heightPx: sidePx };
};

/** The part of a painted window that another window covers, as one array per plane. */
function part({ raster, classes, clouds }: CountryWindow, whole: PixelWindow, window: PixelWindow): (readonly number[])[] {
  const area = raster.widthPx * raster.heightPx;
  const planes = [...raster.bands.map((_, band) => raster.data.subarray(band * area, (band + 1) * area)), classes];
  if (clouds !== undefined) planes.push(clouds);
  return planes.map((plane) => {
    const values: number[] = [];
    for (let y = 0; y < window.heightPx; y++) {
      const from = (window.topPx - whole.topPx + y) * whole.widthPx + window.leftPx - whole.leftPx;
      values.push(...plane.subarray(from, from + window.widthPx));
    }
    return values;
  });
}

function shares(classes: Uint8Array): Record<string, number> {
  const counts = new Array<number>(LAND.length + 1).fill(0);
  for (const value of classes) counts[value]++;
  expect(counts[0]).toBe(0);
  return Object.fromEntries(LAND.map(({ name }, index) => [name, counts[index + 1] / classes.length]));
}

describe("a window of a country", () => {
  const country = createCountry({ sizePx: 700, seed: 5, dates: 2 });
  const whole = square(0, 0, 700);
  const full = { bands: COUNTRY_BANDS, haze: 1, shift: 1, clouds: 1 };

  it.each([
    { date: 0, bands: RGBN },
    { date: 1, ...full },
  ] as const)("equals the crop of the whole, in any order: %j", (about) => {
    const all = renderWindow(country, { ...about, window: whole });
    const windows = [
      square(444, 380, 256),
      square(0, 0, 64),
      { leftPx: 101, topPx: 333, widthPx: 217, heightPx: 90 },
      square(620, 1, 80),
    ];
    for (const window of windows) {
      expect(part(renderWindow(country, { ...about, window }), window, window), JSON.stringify(window)).toEqual(
        part(all, whole, window),
      );
    }
  });

  it("is the same for the same seed, another for another, and does not depend on how many dates follow", () => {
    const view: CountryView = { date: 0, window: square(100, 100, 128), bands: RGBN };
    const data = (seed: number, dates: number) => renderWindow(createCountry({ sizePx: 700, seed, dates }), view).raster.data;
    expect(data(5, 1)).toEqual(data(5, 3));
    expect(data(6, 1)).not.toEqual(data(5, 1));
  });

  it("has the bands that were asked for, each the same among others", () => {
    const window = square(64, 64, 64);
    const six = part(renderWindow(country, { date: 1, window, bands: COUNTRY_BANDS, haze: 1 }), window, window);
    const two = part(renderWindow(country, { date: 1, window, bands: ["swir16", "red"], haze: 1 }), window, window);
    expect(two).toEqual([six[4], six[0], six[6]]);
  });

  it("is never 0, which is nodata, and says where it lies", () => {
    const { raster } = renderWindow(country, { date: 0, window: square(100, 50, 64), bands: RGBN });
    expect(raster.data.every((value) => value > 0)).toBe(true);
    const [x, y] = [country.transform[0] + 200, country.transform[3] - 100];
    expect(raster).toMatchObject({ nodata: 0, dtype: "uint16", georeference: { transform: [x, 2, 0, y, 0, -2] } });
    expect(raster.georeference?.crs?.epsg).toBe(32633);
  });

  it("outside the country or its dates is refused", () => {
    expect(() => renderWindow(country, { date: 2, window: whole, bands: RGBN })).toThrow(RangeError);
    expect(() => renderWindow(country, { date: 0, window: square(690, 0, 64), bands: RGBN })).toThrow(RangeError);
    expect(() => createCountry({ sizePx: 20_001, seed: 1 })).toThrow("20001 pixels a side");
    expect(() => createCountry({ sizePx: 512, seed: 1, dates: 13 })).toThrow("13 dates");
  });
});

/** Least and most share of the land at 2048 pixels a side. */
const BOUNDS: Readonly<Record<string, readonly [number, number]>> = {
  water: [0.02, 0.2],
  forest: [0.15, 0.42],
  grass: [0.06, 0.32],
  field: [0.15, 0.48],
  bare: [0.02, 0.16],
  road: [0.003, 0.04],
  urban: [0.02, 0.22],
};

/** The classes of a quarter of a country of 2048 pixels a side, spread evenly. */
function sampled(country: Country, date: number): Uint8Array {
  const parts = Array.from({ length: 16 }, (_, k) => square(128 + 512 * (k % 4), 128 + 512 * Math.floor(k / 4), 256));
  return Uint8Array.from(parts.flatMap((window) => [...renderWindow(country, { date, window, bands: [] }).classes]));
}

describe("the land", () => {
  it.each([1, 2, 3, 4, 5])("has every class in believable shares, loses forest and gains settlements (seed %i)", (seed) => {
    const country = createCountry({ sizePx: 2048, seed, dates: 2 });
    const [before, after] = [0, 1].map((date) => sampled(country, date));
    const found = shares(before);
    for (const [name, [least, most]] of Object.entries(BOUNDS)) {
      expect(found[name], name).toBeGreaterThan(least);
      expect(found[name], name).toBeLessThan(most);
    }
    const { forest, urban, water } = LAND_VALUE;
    let [lost, gained, moved] = [0, 0, 0];
    for (let at = 0; at < before.length; at++) {
      if (before[at] === forest && after[at] !== forest) lost++;
      if (before[at] !== urban && after[at] === urban) gained++;
      if ((before[at] === water) !== (after[at] === water)) moved++;
    }
    expect(lost / before.length).toBeGreaterThan(0.004);
    expect(gained / before.length).toBeGreaterThan(0.003);
    // New bridges only.
    expect(moved / before.length).toBeLessThan(0.002);
  });

  it("looks different on another date where nothing changed: crops do", () => {
    const country = createCountry({ sizePx: 1024, seed: 3, dates: 2 });
    const [one, two] = [0, 1].map((date) => renderWindow(country, { date, window: square(0, 0, 1024), bands: ["nir"] }));
    let [sum, count] = [0, 0];
    for (let at = 0; at < one.classes.length; at++) {
      if (one.classes[at] !== LAND_VALUE.field || two.classes[at] !== LAND_VALUE.field) continue;
      sum += Math.abs(one.raster.data[at] - two.raster.data[at]);
      count++;
    }
    expect(sum / count).toBeGreaterThan(500);
  });
});

describe("what lies between land and numbers", () => {
  const country = createCountry({ sizePx: 1024, seed: 9, dates: 2 });
  const window = square(256, 256, 384);
  const statistics = (samples: ArrayLike<number>) => {
    const values = Array.from(samples);
    const mean = values.reduce((sum: number, value: number) => sum + value, 0) / values.length;
    const variance = values.reduce((sum: number, value: number) => sum + (value - mean) ** 2, 0) / values.length;
    return { mean, deviation: Math.sqrt(variance) };
  };
  const blue = (about: Partial<CountryView>) => renderWindow(country, { date: 1, window, bands: ["blue"], ...about });

  it("haze brightens blue and takes contrast; the truth stays", () => {
    const [clear, hazy] = [blue({}), blue({ haze: 1 })];
    expect(hazy.classes).toEqual(clear.classes);
    const [a, b] = [statistics(clear.raster.data), statistics(hazy.raster.data)];
    expect(b.mean).toBeGreaterThan(a.mean + 80);
    expect(b.deviation).toBeLessThan(0.95 * a.deviation);
    // Every pixel goes a part of the way to the light of the air, which is 1550 in blue; noise of 40 at most comes after.
    const moved = Float64Array.from(hazy.raster.data, (value, at) => value - clear.raster.data[at]);
    for (let at = 0; at < moved.length; at++) {
      const way = 1550 - clear.raster.data[at];
      if (way > 500) expect(moved[at] / way).toSatisfy((share: number) => share > 0.05 && share < 0.35);
    }
  });

  it("shift moves the picture and its numbers on later dates, as it says, and nothing on the first", () => {
    expect(shiftOf(country, 0, 1)).toMatchObject({ eastPx: 0, southPx: 0, gains: COUNTRY_BANDS.map(() => 1) });
    const shift = shiftOf(country, 1, 1);
    expect(Math.max(Math.abs(shift.eastPx), Math.abs(shift.southPx))).toBeLessThan(LENS_PX - 1);
    const [exact, moved] = [blue({}), blue({ shift: 1 })];
    expect(moved.classes).toEqual(exact.classes);
    const column = COUNTRY_BANDS.indexOf("blue");
    const expected = shift.gains[column] * statistics(exact.raster.data).mean + 10000 * shift.offsets[column];
    expect(Math.abs(statistics(moved.raster.data).mean / expected - 1)).toBeLessThan(0.01);
  });

  it("clouds are told in SCL codes, are bright, and throw shadows", () => {
    const wide = { window: square(0, 0, 1024) };
    const { clouds, raster, classes } = blue({ ...wide, clouds: 1 });
    const clear = blue(wide);
    expect(clear.clouds).toBeUndefined();
    expect(classes).toEqual(clear.classes);
    const values = raster.data;
    const meanOf = (code: number, of = values) => {
      return statistics(Array.from(of).filter((_, at) => clouds?.[at] === code)).mean;
    };
    const codes = new Set(clouds);
    for (const code of [SCL.cloudHigh, SCL.cloudMedium, SCL.shadow, SCL.vegetation])
      expect(codes.has(code), `${code}`).toBe(true);
    expect(meanOf(SCL.cloudHigh)).toBeGreaterThan(3500);
    expect(meanOf(SCL.shadow)).toBeLessThan(0.85 * meanOf(SCL.shadow, clear.raster.data));
  });
});
