import { expect, it } from "vitest";
import type { Raster, RasterDType } from "../../raster/raster.js";
import { newSamples } from "../../raster/samples.js";
import { readTrainingImages } from "./training-images.js";

const RGB = ["red", "green", "blue"];

function raster(bands: readonly string[], dtype: RasterDType = "uint8", widthPx = 4, heightPx = widthPx): Raster {
  return { bands, widthPx, heightPx, dtype, data: newSamples(dtype, bands.length * widthPx * heightPx) };
}

function contextOf(rasters: readonly Raster[], signal?: AbortSignal) {
  async function* trainingImages(limit: number) {
    yield* rasters.slice(0, limit);
  }
  return { seed: 1, trainingImages, signal };
}

it("takes the bands that most images have and leaves out those that lack one", async () => {
  const infrared = ["red", "green", "nir"];
  const { seen, rasters } = await readTrainingImages(contextOf([raster(RGB), raster(infrared), raster(infrared)]), 9, 8);
  expect(seen.bands).toEqual(infrared);
  expect(rasters).toHaveLength(2);
});

it("takes colour where grey and colour images are mixed", async () => {
  const { seen, rasters } = await readTrainingImages(contextOf([raster(["grey"]), raster(["grey"]), raster(RGB)]), 9, 8);
  expect(seen.bands).toEqual(RGB);
  expect(rasters.map((image) => image.data.length)).toEqual([48, 48, 48]);
});

it.each([
  [["uint8"], [0, 255]],
  [["uint16"], [0, 65535]],
  [
    ["uint16", "uint8"],
    [0, 255],
  ],
  [["float32"], [-2, 7]],
  [["int16"], [-2, 7]],
] as const)("reads the range of %j as %j", async (dtypes, range) => {
  const rasters = dtypes.map((dtype) => {
    const image = raster(RGB, dtype);
    image.data[0] = -2;
    image.data[1] = 7;
    return image;
  });
  expect((await readTrainingImages(contextOf(rasters), 9, 8)).seen.range).toEqual(range);
});

it("ignores what is not a number in the range", async () => {
  const image = raster(RGB, "float32");
  image.data.set([Number.NaN, Number.POSITIVE_INFINITY, 3]);
  expect((await readTrainingImages(contextOf([image]), 9, 8)).seen.range).toEqual([0, 3]);
  image.data.fill(Number.NaN);
  expect((await readTrainingImages(contextOf([image]), 9, 8)).seen.range).toEqual([0, 1]);
});

it("shrinks large images only", async () => {
  const images = [raster(RGB, "uint8", 40, 30), raster(RGB, "uint8", 6, 5), raster(RGB, "uint8", 90, 20)];
  const { rasters } = await readTrainingImages(contextOf(images), 9, 8);
  expect(rasters.map(({ widthPx, heightPx }) => [widthPx, heightPx])).toEqual([
    [8, 8],
    [6, 5],
    [8, 8],
  ]);
});

it("asks for no more images than its limit", async () => {
  expect((await readTrainingImages(contextOf([raster(RGB), raster(RGB), raster(RGB)]), 2, 8)).rasters).toHaveLength(2);
});

it("says so when there is no image", async () => {
  await expect(readTrainingImages(contextOf([]), 9, 8)).rejects.toMatchObject({ code: "bad-data" });
});

it("stops when asked", async () => {
  await expect(readTrainingImages(contextOf([raster(RGB)], AbortSignal.abort()), 9, 8)).rejects.toMatchObject({
    code: "aborted",
  });
});

it("demands reflectance for indices that are made of it, and warns of an offset under the others", async () => {
  const bands = ["red", "nir"];
  const scaled = (scale: number, offset: number): Raster => ({
    ...raster(bands, "uint16"),
    scaling: bands.map(() => ({ scale, offset })),
  });
  const asked = async (image: Raster, options: object) => {
    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    const { seen } = await readTrainingImages({ ...contextOf([image]), onWarning, ...options }, 9, 8);
    return { bands: seen.bands, warnings };
  };
  const refused = { code: "usage", message: expect.stringContaining("is made of reflectance, 0 to 1") };
  for (const image of [raster(bands, "uint16"), scaled(1e-4, 0)]) {
    await expect(asked(image, { bands: ["evi2"] })).rejects.toMatchObject(refused);
    await expect(asked(image, { bands: ["x"], derived: { x: "savi * 2" } })).rejects.toMatchObject(refused);
    expect(await asked(image, { bands: ["ndvi"] })).toEqual({ bands: ["ndvi"], warnings: [] });
  }
  expect((await asked(scaled(1e-4, 0), { bands: ["evi2"], values: "reflectance" })).bands).toEqual(["evi2"]);
  for (const image of [raster(bands, "float32"), scaled(1, 0)]) {
    expect((await asked(image, { bands: ["evi2"] })).bands).toEqual(["evi2"]);
  }
  expect((await asked(scaled(1e-4, -0.1), { bands: ["ndvi"] })).warnings).toEqual([
    expect.stringContaining("ndvi of stored numbers is another than of reflectance"),
  ]);
});
