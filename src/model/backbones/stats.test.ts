import { expect, it } from "vitest";
import { writeModel } from "../../onnx/index.js";
import { openSession } from "../../runtime/open.js";
import { float32 } from "../../tensor.js";
import { openStats, statsModel } from "./stats.js";

async function statsOf(data: readonly number[], channels: number): Promise<number[]> {
  const bands = Array.from({ length: channels }, (_, band) => `band${band}`);
  const side = Math.sqrt(data.length / channels);
  const session = await openSession(writeModel(statsModel({ bands, widthPx: side, heightPx: side })), { threads: 1 });
  const { embedding } = await session.run({ image: float32([1, channels, side, side], data) });
  await session.close();
  expect(embedding.shape).toEqual([1, 4 * channels]);
  return [...embedding.data].map(Number);
}

it("gives means, deviations, minima and maxima of the bands, in this order", async () => {
  const result = await statsOf([1, 2, 3, 6, -5, -5, -5, -5], 2);
  [3, -5, Math.sqrt(3.5), 0, 1, -5, 6, -5].forEach((value, i) => {
    expect(result[i]).toBeCloseTo(value, 5);
  });
});

it("keeps the digits of a small deviation on a high level", async () => {
  const [mean, deviation] = await statsOf([60000, 60001, 60000, 60001], 1);
  expect(mean).toBe(60000.5);
  expect(deviation).toBe(0.5);
});

it("takes bands and range from the training images", async () => {
  const image = { bands: ["red", "nir"], widthPx: 2, heightPx: 2, dtype: "uint16", data: new Uint16Array(8) } as const;
  const backbone = await openStats({
    seed: 1,
    async *trainingImages() {
      yield image;
    },
  });
  expect(backbone).toMatchObject({ id: "stats", embeddingSize: 8, preprocess: { bands: ["red", "nir"], range: [0, 65535] } });
});
