import { expect, it } from "vitest";
import { activationMaps } from "../onnx/activation-maps.js";
import { EMBEDDING, GraphBuilder, IMAGE, writeModel } from "../onnx/index.js";
import { createRandom } from "../random.js";
import { float32 } from "../tensor.js";
import { openSession } from "./open.js";

/** Two banks of filters of different sizes, each averaged over its places. */
function network() {
  const random = createRandom(1, "maps");
  const weights = (length: number) => Float32Array.from({ length }, () => random.next() - 0.5);
  const graph = new GraphBuilder();
  const image = graph.input(IMAGE, "float32", ["N", 2, 12, 12]);
  const fine = graph.op("Relu", [graph.op("Conv", [image, graph.constant(float32([5, 2, 3, 3], weights(90)))])]);
  const coarse = graph.op("Conv", [image, graph.constant(float32([4, 2, 4, 4], weights(128)))], { strides: [4, 4] });
  const pooled = [fine, coarse].map((maps) => graph.op("GlobalAveragePool", [maps]));
  graph.output(graph.op("Flatten", [graph.op("Concat", pooled, { axis: 1 })], { axis: 1 }, EMBEDDING));
  return { model: graph.build({}), weights: float32([3, 9], weights(27)), image: float32([2, 2, 12, 12], weights(576)) };
}

it("the means of a class over all maps sum to its logit, for every image and class", async () => {
  const { model, weights, image } = network();
  const session = await openSession(writeModel(activationMaps(model, { weights }) ?? expect.fail("no maps")));
  const maps = Object.values(await session.run({ image }));
  const original = await openSession(writeModel(model));
  const { embedding } = await original.run({ image });
  expect(maps.map(({ shape }) => shape)).toEqual([
    [2, 3, 10, 10],
    [2, 3, 3, 3],
  ]);
  for (let n = 0; n < 2; n++) {
    for (let k = 0; k < 3; k++) {
      const means = maps.map(({ data, shape: [, classes, height, width] }) => {
        const start = (n * classes + k) * height * width;
        return Array.from(data.slice(start, start + height * width), Number).reduce((a, b) => a + b, 0) / (height * width);
      });
      const features = Array.from(embedding.data.slice(n * 9, (n + 1) * 9), Number);
      const logit = features.reduce((sum, value, d) => sum + value * weights.data[k * 9 + d], 0);
      expect(means[0] + means[1]).toBeCloseTo(logit, 5);
    }
  }
  await Promise.all([session.close(), original.close()]);
});

it("there are none where the weights do not fit, or where features are the largest instead of the average", () => {
  const { model } = network();
  expect(activationMaps(model, { weights: float32([1, 8], new Array(8).fill(1)) })).toBeUndefined();
  const graph = new GraphBuilder();
  const image = graph.input(IMAGE, "float32", ["N", 3, 4, 4]);
  graph.output(graph.op("Flatten", [graph.op("GlobalMaxPool", [image])], { axis: 1 }, EMBEDDING));
  expect(activationMaps(graph.build({}), { weights: float32([1, 3], [1, 1, 1]) })).toBeUndefined();
});
