import { describe, expect, it } from "vitest";
import { type Model, views, writeModel } from "../../onnx/index.js";
import { createRandom } from "../../random.js";
import { TURNS, turn } from "../../raster/dihedral.js";
import type { Raster } from "../../raster/raster.js";
import { openSession } from "../../runtime/open.js";
import { float32 } from "../../tensor.js";
import { LEVELS, type PlacedBank, rcfModel } from "./rcf.js";
import { statsModel } from "./stats.js";
import { perViewModel, VIEW_COUNT } from "./views.js";

const SIDE = 16;
const BANDS = ["red", "green"];
const random = createRandom(3);
const noise = (length: number) => Float32Array.from({ length }, () => random.normal());
const image = (): Raster => ({ bands: BANDS, widthPx: SIDE, heightPx: SIDE, dtype: "float32", data: noise(2 * SIDE * SIDE) });
const images = [image(), image(), image()];

/** Filters that tell every view from every other. */
function network(): Model {
  const bank: PlacedBank = { scale: 1, stride: 1, weights: noise(5 * 72), bias: noise(5) };
  const statistics = { mean: noise(2), deviation: Float32Array.of(1, 2) };
  return rcfModel({ bands: BANDS, widthPx: SIDE, heightPx: SIDE }, statistics, [bank]);
}

async function embed(model: Uint8Array, rasters: readonly Raster[]): Promise<{ shape: readonly number[]; data: number[] }> {
  const session = await openSession(model, { threads: 1 });
  const data = Float32Array.from(rasters.flatMap((raster) => Array.from(raster.data, Number)));
  const { embedding } = await session.run({ image: float32([rasters.length, 2, SIDE, SIDE], data) });
  await session.close();
  return { shape: embedding.shape, data: [...embedding.data].map(Number) };
}

describe("the model of single views", () => {
  const model = network();
  const size = 5 * LEVELS.length;

  it("gives 8 embeddings per image, whose mean is the embedding of the model that averages", async () => {
    const single = await embed(perViewModel(writeModel(model)), images);
    const averaged = await embed(writeModel(views(model, VIEW_COUNT)), images);
    expect(single.shape).toEqual([3, 8, size]);
    expect(averaged.shape).toEqual([3, size]);
    averaged.data.forEach((value, at) => {
      const [n, d] = [Math.floor(at / size), at % size];
      let mean = 0;
      for (let view = 0; view < 8; view++) mean += single.data[(n * 8 + view) * size + d] / 8;
      expect(mean).toBeCloseTo(value, 5);
    });
  });

  it("gives the embeddings of the turned images, the upright one first", async () => {
    const single = await embed(perViewModel(writeModel(model)), images);
    for (const [n, raster] of images.entries()) {
      const turned = await embed(
        writeModel(model),
        TURNS.map((how) => turn(raster, how)),
      );
      const rowsOf = (data: readonly number[], first: number) =>
        Array.from({ length: 8 }, (_, view) => data.slice((first + view) * size, (first + view + 1) * size));
      const got = rowsOf(single.data, n * 8);
      const wanted = rowsOf(turned.data, 0);
      const near = (a: number[], b: number[]) => a.every((value, d) => Math.abs(value - b[d]) < 1e-5);
      expect(near(got[0], wanted[0])).toBe(true);
      expect(wanted.map((row) => got.filter((other) => near(row, other)).length)).toEqual(Array(8).fill(1));
    }
  });
});

it("refuses images that are not square", () => {
  const wide = writeModel(statsModel({ bands: BANDS, widthPx: 8, heightPx: 4 }));
  expect(() => perViewModel(wide)).toThrow(expect.objectContaining({ code: "bad-model" }));
});
