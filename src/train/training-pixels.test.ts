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

it("says nothing where no image has the bands", async () => {
  expect(await trainingPixels(of(image(["red"], 8)), { bands: ["swir16"], range: [0, 10_000] })).toBeUndefined();
});
