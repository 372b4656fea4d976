import { describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { createRandom } from "../random.js";
import type { Raster, RasterDType } from "./raster.js";
import { newSamples } from "./samples.js";
import { prepareValues, type ValuesWanted } from "./values.js";

/** A raster of one row. */
function row(dtype: RasterDType, bands: Readonly<Record<string, readonly number[]>>, more: Partial<Raster> = {}): Raster {
  const planes = Object.values(bands);
  const data = newSamples(dtype, planes.flat().length);
  data.set(planes.flat());
  return { bands: Object.keys(bands), widthPx: planes[0].length, heightPx: 1, dtype, data, ...more };
}

function planesOf({ bands, data, widthPx }: Raster): Record<string, number[]> {
  return Object.fromEntries(bands.map((name, i) => [name, [...data.subarray(i * widthPx, (i + 1) * widthPx)]]));
}

function refusal(raster: Raster, wanted: ValuesWanted): UserError {
  try {
    prepareValues(raster, wanted, { file: "a.tif" });
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("it was prepared");
}

const NDVI = "(nir - red) / (nir + red)";
const LANDSAT = { scale: 0.0000275, offset: -0.2 };

describe("with nothing to do, the raster itself comes back", () => {
  const wanted: ValuesWanted = { bands: ["red"] };
  it.each<[string, Raster, ValuesWanted]>([
    ["stored bytes", row("uint8", { red: [0, 255] }), wanted],
    ["stored bytes with a scaling", row("uint16", { red: [0, 255] }, { scaling: [LANDSAT] }), wanted],
    ["floats that are all numbers", row("float32", { red: [0, -1.5] }), wanted],
    ["a nodata that no sample is", row("int16", { red: [0, 5] }, { nodata: -9999 }), wanted],
    ["a mask without holes", row("uint8", { red: [0, 5] }, { valid: Uint8Array.of(1, 1) }), wanted],
    ["dark water", row("uint16", { red: [0, 5], nir: [7, 0] }, { nodata: 0 }), wanted],
    [
      "reflectance that is wanted and there",
      row("float32", { red: [0.1, 0.2] }, { scaling: [{ scale: 1, offset: 0 }] }),
      { bands: ["red"], values: "reflectance" },
    ],
    ["a derived band that nobody wants", row("uint8", { red: [1, 2] }), { bands: ["red"], derived: { ndvi: NDVI } }],
  ])("%s", (_, raster, preprocess) => {
    expect(prepareValues(raster, preprocess)).toBe(raster);
  });
});

describe("reflectance", () => {
  const wanted: ValuesWanted = { bands: ["red", "nir"], values: "reflectance" };

  it("is stored · scale + offset of each band, as float32, and then has no scaling left to apply", () => {
    const scaling = [LANDSAT, { scale: 0.0001, offset: -0.1 }];
    const raster = row("uint16", { red: [10_000, 20_000], nir: [1000, 3000] }, { scaling });
    const prepared = prepareValues(raster, wanted);
    expect(prepared.dtype).toBe("float32");
    expect(planesOf(prepared).red[0]).toBeCloseTo(0.075, 7);
    expect(planesOf(prepared).red[1]).toBeCloseTo(0.35, 7);
    expect(planesOf(prepared).nir[0]).toBeCloseTo(0, 7);
    expect(planesOf(prepared).nir[1]).toBeCloseTo(0.2, 7);
    expect(prepared.scaling).toEqual([
      { scale: 1, offset: 0 },
      { scale: 1, offset: 0 },
    ]);
    expect(prepareValues(prepared, wanted)).toBe(prepared);
    expect(planesOf(raster).red).toEqual([10_000, 20_000]);
  });

  it("of a file that says nothing is refused, with what to say", () => {
    const error = refusal(row("uint16", { red: [1], nir: [2] }), wanted);
    expect(error.code).toBe("bad-data");
    expect(error.message).toBe("a.tif: nothing says how its numbers become reflectance");
    expect(error.hint).toBe(
      "Say it: --reflectance 0.0001,-0.1 for number · 0.0001 - 0.1, or --reflectance applied if they are reflectance already.",
    );
  });

  it.each([
    [{ scale: 0, offset: 0 }, "the scale 0 and the offset 0"],
    [{ scale: Number.NaN, offset: 0 }, "the scale NaN and the offset 0"],
    [{ scale: 1, offset: Number.POSITIVE_INFINITY }, "the scale 1 and the offset Infinity"],
  ])("by a scaling that makes no sense is refused: %j", (scaling, words) => {
    const error = refusal(row("uint16", { red: [1], nir: [2] }, { scaling: [LANDSAT, scaling] }), wanted);
    expect(error.code).toBe("bad-data");
    expect(error.message).toBe(`a.tif: band nir has ${words}`);
  });

  it("that is beyond float32 counts as not measured", () => {
    const raster = row("float64", { red: [1e300, 2, 4] }, { scaling: [{ scale: 0.5, offset: 0 }] });
    expect(planesOf(prepareValues(raster, { bands: ["red"], values: "reflectance" })).red).toEqual([1.5, 1, 2]);
  });
});

describe("what was not measured", () => {
  it("becomes the mean of what was, band by band, and the mask stays", () => {
    const valid = Uint8Array.of(1, 0, 1);
    const raster = row("float32", { red: [1, 50, 2], nir: [10, 60, 30] }, { valid });
    const prepared = prepareValues(raster, { bands: ["red", "nir"] });
    expect(planesOf(prepared)).toEqual({ red: [1, 1.5, 2], nir: [10, 20, 30] });
    expect(prepared.valid).toBe(valid);
    expect([...raster.data]).toEqual([1, 50, 2, 10, 60, 30]);
  });

  it("is rounded in types of whole numbers, which stay what they are", () => {
    const prepared = prepareValues(row("int16", { red: [3, -9999, 4, 4] }, { nodata: -9999 }), { bands: ["red"] });
    expect(prepared.data).toEqual(Int16Array.of(3, 4, 4, 4));
    expect(prepared.dtype).toBe("int16");
  });

  it.each<[string, Raster, readonly number[]]>([
    ["nodata", row("int16", { red: [-9999, 4] }, { nodata: -9999 }), [4, 4]],
    ["nodata that float32 rounds", row("float32", { red: [-9999.9, 4] }, { nodata: -9999.9 }), [4, 4]],
    ["NaN as nodata", row("float64", { red: [Number.NaN, 4] }, { nodata: Number.NaN }), [4, 4]],
    ["NaN beside another nodata", row("float32", { red: [Number.NaN, -1, 4] }, { nodata: -1 }), [4, 4, 4]],
    ["an infinite number", row("float32", { red: [Number.NEGATIVE_INFINITY, 4] }), [4, 4]],
    ["0 as nodata of a signed type", row("int16", { red: [0, 4], nir: [7, 5] }, { nodata: 0 }), [4, 4]],
    ["0 as nodata of bytes, in the only band", row("uint8", { red: [0, 4] }, { nodata: 0 }), [4, 4]],
    ["255 as nodata of bytes", row("uint8", { red: [255, 4], nir: [7, 5] }, { nodata: 255 }), [4, 4]],
  ])("is %s", (_, raster, red) => {
    expect(planesOf(prepareValues(raster, { bands: ["red"] })).red).toEqual(red);
  });

  it("is a nodata of 0 in unsigned types only where all bands are 0", () => {
    const raster = row("uint16", { red: [0, 0, 4, 8], nir: [0, 2, 0, 4] }, { nodata: 0 });
    const prepared = prepareValues(raster, { bands: ["red", "nir"] });
    expect(planesOf(prepared)).toEqual({ red: [4, 0, 4, 8], nir: [2, 2, 0, 4] });
    expect(prepared.valid).toEqual(Uint8Array.of(0, 1, 1, 1));
  });

  it("but is 0 and not nodata stays 0 where a mask has holes elsewhere", () => {
    const raster = row("uint8", { red: [0, 9, 4], nir: [3, 9, 5] }, { nodata: 0, valid: Uint8Array.of(1, 0, 1) });
    expect(planesOf(prepareValues(raster, { bands: ["red", "nir"] }))).toEqual({ red: [0, 2, 4], nir: [3, 4, 5] });
  });

  it("is 0 where a whole band was not", () => {
    const raster = row("uint16", { red: [7, 7], nir: [7, 5] }, { nodata: 7, scaling: [LANDSAT, LANDSAT] });
    expect(planesOf(prepareValues(raster, { bands: ["red", "nir"], values: "reflectance" })).red).toEqual([0, 0]);
    const nothing = row("uint8", { red: [7, 9] }, { valid: Uint8Array.of(0, 0) });
    expect(planesOf(prepareValues(nothing, { bands: ["red"] })).red).toEqual([0, 0]);
  });

  it("is gone afterwards: there is no nodata left, and a second time nothing changes", () => {
    const raster = row("float32", { red: [-1, 4, 6], nir: [-1, -1, 6] }, { nodata: -1 });
    const prepared = prepareValues(raster, { bands: ["red", "nir"] });
    expect(prepared).not.toHaveProperty("nodata");
    expect(prepared.valid).toEqual(Uint8Array.of(0, 1, 1));
    expect(planesOf(prepared)).toEqual({ red: [5, 4, 6], nir: [6, 6, 6] });
    expect(prepareValues(prepared, { bands: ["red", "nir"] })).toEqual(prepared);
  });

  it("does not darken reflectance: nodata is never scaled", () => {
    const raster = row("uint16", { red: [0, 10_000, 20_000] }, { nodata: 0, scaling: [LANDSAT] });
    const [filled] = planesOf(prepareValues(raster, { bands: ["red"], values: "reflectance" })).red;
    expect(filled).toBeCloseTo((0.075 + 0.35) / 2, 6);
  });
});

describe("derived bands", () => {
  it("come after the others, as float32, in the order in which they are written", () => {
    const raster = row("uint8", { red: [2, 0], nir: [6, 0] });
    const prepared = prepareValues(raster, { bands: ["sum", "ndvi", "nir"], derived: { ndvi: NDVI, sum: "nir + red" } });
    expect(prepared.dtype).toBe("float32");
    expect(prepared.bands).toEqual(["red", "nir", "ndvi", "sum"]);
    expect(planesOf(prepared)).toEqual({ red: [2, 0], nir: [6, 0], ndvi: [0.5, 0], sum: [8, 0] });
  });

  it("see reflectance where that is wanted", () => {
    const scaling = [LANDSAT, LANDSAT];
    const raster = row("uint16", { red: [10_000], nir: [20_000] }, { scaling });
    const prepared = prepareValues(raster, { bands: ["ndvi"], values: "reflectance", derived: { ndvi: NDVI } });
    expect(planesOf(prepared).ndvi[0]).toBeCloseTo((0.35 - 0.075) / (0.35 + 0.075), 6);
    expect(prepared.scaling).toEqual(Array(3).fill({ scale: 1, offset: 0 }));
    const stored = prepareValues(raster, { bands: ["ndvi"], derived: { ndvi: NDVI } });
    expect(planesOf(stored).ndvi[0]).toBeCloseTo(1 / 3, 6);
    expect(stored.scaling).toEqual([...scaling, { scale: 1, offset: 0 }]);
  });

  it("are not measured where a band of theirs is not, or the formula has no value", () => {
    const raster = row(
      "int16",
      { red: [2, -1, 4, 0, 4], nir: [6, 6, 4, 9, 6] },
      { nodata: -1, valid: Uint8Array.of(1, 1, 1, 1, 0) },
    );
    const prepared = prepareValues(raster, { bands: ["ratio"], derived: { ratio: "nir / red" } });
    // 3, missing, 1, 9 / 0, not valid
    expect(planesOf(prepared).ratio).toEqual([3, 2, 1, 2, 2]);
  });

  it("can be written with the names of indices, which give way to bands", () => {
    const derived = { high: "max(ndvi, 0.6)" };
    expect(planesOf(prepareValues(row("uint8", { red: [2], nir: [6] }), { bands: ["high"], derived })).high[0]).toBeCloseTo(
      0.6,
      6,
    );
    expect(planesOf(prepareValues(row("uint8", { ndvi: [9] }), { bands: ["high"], derived })).high).toEqual([9]);
  });

  it("take the place of a band of the same name, which the formulas still see", () => {
    const raster = row("uint8", { red: [2], ndvi: [99], nir: [6] }, { scaling: Array(3).fill(LANDSAT) });
    const prepared = prepareValues(raster, { bands: ["ndvi", "old"], derived: { ndvi: NDVI, old: "ndvi" } });
    expect(prepared.bands).toEqual(["red", "nir", "ndvi", "old"]);
    expect(planesOf(prepared)).toEqual({ red: [2], nir: [6], ndvi: [0.5], old: [99] });
    expect(prepared.scaling).toEqual([LANDSAT, LANDSAT, { scale: 1, offset: 0 }, { scale: 1, offset: 0 }]);
  });

  it.each([
    [NDVI, "nir", NDVI],
    ["savi * 2", "nir", "1.5 * (nir - red) / (nir + red + 0.5)"],
    ["swir16 / red", "swir16", "swir16 / red"],
  ])("of bands that an image lacks are refused as a matter of the image: %s", (formula, lacking, shown) => {
    const error = refusal(row("uint8", { red: [1], green: [1] }), { bands: ["x"], derived: { x: formula } });
    expect(error.code).toBe("bad-data");
    expect(error.message).toBe(`a.tif: has the bands red, green; ${lacking} is not among them`);
    expect(error.hint).toBe(`The classifier makes x of it: ${shown}. Give images that have these bands.`);
  });

  it("of a formula that makes no sense are refused as that", () => {
    const error = refusal(row("uint8", { red: [1] }), { bands: ["x"], derived: { x: "red > 1" } });
    expect(error.code).toBe("usage");
    expect(error.message).toMatch(/^the derived band x: this is a condition, where a number is needed, at character 5\n/);
  });
});

it("the same pixels as whole numbers with a scaling and as reflectance give the same values", () => {
  const random = createRandom(1, "values");
  const derived = { ndvi: NDVI, evi2: "evi2", mix: "sqrt(abs(red)) + min(nir, red) * 3 - nir / 2", ratio: "nir / (red + 0.3)" };
  const wanted: ValuesWanted = { bands: ["red", ...Object.keys(derived)], values: "reflectance", derived };
  for (let round = 0; round < 50; round++) {
    const scaling = [0, 1].map(() => ({ scale: 1e-5 + random.next() * 1e-4, offset: -random.next() * 0.2 }));
    const stored = [0, 1].map(() => Array.from({ length: 40 }, () => 5000 + random.int(60_000)));
    const valid = Uint8Array.from({ length: 40 }, () => (random.int(5) === 0 ? 0 : 1));
    const whole = row("uint16", { red: stored[0], nir: stored[1] }, { scaling, valid });
    const [red, nir] = stored.map((plane, band) => plane.map((value) => value * scaling[band].scale + scaling[band].offset));
    const applied = row("float32", { red, nir }, { scaling: Array(2).fill({ scale: 1, offset: 0 }), valid });
    const [a, b] = [whole, applied].map((raster) => prepareValues(raster, wanted));
    expect(a.bands).toEqual(b.bands);
    expect(a.valid).toBe(valid);
    expect(Math.max(...Array.from(a.data, (value, i) => Math.abs(value - b.data[i])))).toBeLessThan(1e-6);
  }
});
