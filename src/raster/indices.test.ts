import { describe, expect, it } from "vitest";
import { evaluateFormula, parseFormula } from "./formula.js";
import { expandIndex, INDICES, unscaledIndices } from "./indices.js";

/** Reflectances of a forest in a Landsat scene. */
const PIXEL: Readonly<Record<string, number>> = { green: 0.06, red: 0.04, nir: 0.36, swir16: 0.16, swir22: 0.06 };

function resultOf(text: string, factor = 1): number {
  const formula = parseFormula(text, { kind: "number", where: "x" });
  const out = new Float32Array(1);
  const planes = formula.bands.map((band) => [PIXEL[band] * factor]);
  evaluateFormula(formula, planes, out);
  return out[0];
}

describe.each(Object.entries(INDICES))("%s", (name, { formula, scaleFree }) => {
  it("has the value that its source gives it", () => {
    // Worked out by hand.
    const expected: Readonly<Record<string, number>> = {
      ndvi: 0.8,
      ndwi: -0.714286,
      mndwi: -0.454545,
      ndbi: -0.384615,
      nbr: 0.714286,
      evi2: 0.549451,
      savi: 0.533333,
    };
    expect(resultOf(formula)).toBeCloseTo(expected[name], 6);
  });

  it(`${scaleFree ? "does not mind" : "minds"} the factor of reflectance`, () => {
    const change = Math.abs(resultOf(formula, 10_000) - resultOf(formula));
    if (scaleFree) expect(change).toBeLessThan(1e-6);
    else expect(change).toBeGreaterThan(0.1);
  });

  it("expands to its formula, unless it is a band", () => {
    expect(expandIndex(name)).toBe(formula);
    expect(expandIndex(name, { bands: ["nir", name] })).toBeUndefined();
  });
});

it("names that are no index expand to nothing", () => {
  expect(expandIndex("nir")).toBeUndefined();
  expect(expandIndex("toString")).toBeUndefined();
});

it("finds the indices in a formula that want reflectance", () => {
  expect(unscaledIndices("evi2 > 0.4 and not (ndvi > savi) or evi2 < toString")).toEqual(["evi2", "savi"]);
  expect(unscaledIndices("evi2 > 0.4", { bands: ["evi2"] })).toEqual([]);
});
