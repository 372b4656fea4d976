import { expect, it } from "vitest";
import type { Raster } from "../raster/raster.js";
import { trainingPixels } from "./training-pixels.js";

const image = (bands: readonly string[], side: number): Raster => ({
  ...{ bands, widthPx: side, heightPx: side, dtype: "uint16", nodata: 65535 },
  data: Uint16Array.from({ length: bands.length * side * side }, (_, i) => (i === 0 ? 65535 : i < side * side ? 1000 : 3000)),
});

async function* of(...rasters: readonly Raster[]) {
  yield* rasters;
}

it("remembers the chips' size and the values that the classifier sees, made bands among them", async () => {
  const derived = { ndvi: "(nir - red) / (nir + red)" };
  const pixels = await trainingPixels(of(image(["red", "nir"], 8), image(["red"], 4), image(["red", "nir"], 8)), {
    bands: ["nir", "ndvi"],
    range: [0, 10_000],
    derived,
  });
  expect(pixels).toEqual({
    chipPx: 8,
    metersPerPixel: null,
    quantiles: [
      { band: "nir", at: new Array(7).fill(3000) },
      { band: "ndvi", at: new Array(7).fill(0.5) },
    ],
  });
});

it("remembers values in the range that the network gets", async () => {
  const pixels = await trainingPixels(of(image(["red"], 8)), { bands: ["red"], range: [0, 255] });
  expect(pixels?.quantiles[0].at[3]).toBeCloseTo((1000 / 65535) * 255, 4);
});

it("remembers what stored numbers mean where all images say the same, and not of reflectance", async () => {
  const scaled = (...scales: readonly number[]) => ({
    ...image(["red", "nir"], 8),
    scaling: scales.map((scale) => ({ scale, offset: -0.1 })),
  });
  const wanted = { bands: ["red", "nir"], range: [0, 10_000] } as const;
  const scalingOf = async (values: "stored" | "reflectance", ...rasters: readonly Raster[]) =>
    (await trainingPixels(of(...rasters), { ...wanted, values }))?.scaling;
  const red = { band: "red", scale: 1e-4, offset: -0.1 };
  expect(await scalingOf("stored", scaled(1e-4, 2e-4), scaled(1e-4, 2e-4))).toEqual([red, { ...red, band: "nir", scale: 2e-4 }]);
  expect(await scalingOf("stored", scaled(1e-4, 2e-4), scaled(1e-4, 1e-4))).toEqual([red]);
  expect(await scalingOf("stored", scaled(1e-4, 2e-4), image(["red", "nir"], 8))).toBeUndefined();
  // What stands for "nothing is said" where another band says something.
  expect(
    await scalingOf("stored", {
      ...image(["red", "nir"], 8),
      scaling: [
        { scale: 1e-4, offset: -0.1 },
        { scale: 1, offset: 0 },
      ],
    }),
  ).toEqual([red]);
  expect(await scalingOf("reflectance", scaled(1e-4, 2e-4))).toBeUndefined();
});

it("says nothing where no image has the bands", async () => {
  expect(await trainingPixels(of(image(["red"], 8)), { bands: ["swir16"], range: [0, 10_000] })).toBeUndefined();
});
