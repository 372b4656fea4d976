import { describe, expect, it } from "vitest";
import { GraphBuilder, type Value } from "../onnx/builder.js";
import { cutAt } from "../onnx/embedding.js";
import { inputValues } from "../onnx/input-values.js";
import { type Model, writeModel } from "../onnx/model.js";
import { float32, int64 } from "../tensor.js";
import { openSession } from "./open.js";

/** A model of [N, 3, 4, 4] whose first nodes are given; a convolution ends them. */
function model(first: (graph: GraphBuilder, image: Value) => Value, channelsLast = false): Model {
  const graph = new GraphBuilder();
  const value = first(graph, graph.input("image", "float32", ["N", 3, 4, 4]));
  const planes = channelsLast ? graph.op("Transpose", [value], { perm: [0, 3, 1, 2] }) : value;
  graph.output(graph.op("Conv", [planes, graph.constant(float32([2, 3, 1, 1], [1, 2, 3, 4, 5, 6]))], {}, "embedding"));
  return graph.build();
}
const channels = (...values: number[]) => float32([3, 1, 1], values);
const vector = (...values: number[]) => float32([3], values);
const batchNorm = (variance: number, graph: GraphBuilder, image: Value) =>
  graph.op(
    "BatchNormalization",
    [
      image,
      ...[vector(2, 2, 2), vector(1, 1, 1), vector(10, 20, 30), vector(variance, variance, variance)].map((t) =>
        graph.constant(t),
      ),
    ],
    { epsilon: 0 },
  );

const cases: readonly (readonly [string, Model, order: readonly number[]])[] = [
  ["nothing", model((_, image) => image), [0, 1, 2]],
  [
    "a scalar factor and a shift",
    model((g, x) => g.op("Sub", [g.op("Mul", [x, g.constant(float32([], [1 / 127.5]))]), g.constant(float32([1], [1]))])),
    [0, 1, 2],
  ],
  [
    "mean and deviation",
    model((g, x) => g.op("Div", [g.op("Sub", [x, g.constant(channels(100, 110, 120))]), g.constant(channels(50, 60, 70))])),
    [0, 1, 2],
  ],
  [
    "BGR, then a shift",
    model((g, x) =>
      g.op("Add", [g.constant(channels(-1, -2, -3)), g.op("Gather", [x, g.constant(int64([3], [2, 1, 0]))], { axis: 1 })]),
    ),
    [2, 1, 0],
  ],
  [
    "a factor, then BGR with negative indices",
    model((g, x) =>
      g.op("Gather", [g.op("Mul", [x, g.constant(channels(1, 2, 3))]), g.constant(int64([3], [-1, 1, -3]))], { axis: -3 }),
    ),
    [2, 1, 0],
  ],
  [
    "channels last",
    model((g, x) => g.op("Mul", [g.op("Transpose", [x], { perm: [0, 2, 3, 1] }), g.constant(vector(1, 2, 3))]), true),
    [0, 1, 2],
  ],
  [
    "what is subtracted from a constant",
    model((g, x) => g.op("Sub", [g.constant(float32([1], [255])), g.op("Identity", [x])])),
    [0, 1, 2],
  ],
  ["a BatchNormalization that only shifts", model((g, x) => batchNorm(1, g, x)), [0, 1, 2]],
];

const image = float32(
  [1, 3, 4, 4],
  Float32Array.from({ length: 48 }, (_, i) => (i * 53) % 256),
);

describe("inputValues", () => {
  it.each(cases)("tells what ONNX Runtime computes: %s", async (_, network, order) => {
    const found = inputValues(network);
    expect(found.order).toEqual(order);
    expect(found.standardized).toBe(false);
    if (found.tensor === "image") {
      expect([found.factor, found.shift]).toEqual([
        [1, 1, 1],
        [0, 0, 0],
      ]);
      return;
    }
    const session = await openSession(writeModel(cutAt(network, found.tensor)), { threads: 1 });
    const { [found.tensor]: computed } = await session.run({ image });
    await session.close();
    const last = computed.shape[3] === 3;
    found.order.forEach((from, k) => {
      for (let p = 0; p < 16; p++) {
        const expected = image.data[from * 16 + p] * found.factor[k] + found.shift[k];
        expect(Math.abs(Number(computed.data[last ? p * 3 + k : k * 16 + p]) - expected)).toBeLessThan(1e-4);
      }
    });
  });

  it("takes a BatchNormalization with measured moments for what the network expects", () => {
    expect(inputValues(model((g, x) => batchNorm(100, g, x)))).toMatchObject({
      standardized: true,
      factor: [0.1, 0.1, 0.1],
      shift: [-1, -2, -3],
    });
  });

  it("stops where the image goes two ways, and at constants that are not one per channel", () => {
    const twice = model((g, x) => g.op("Add", [g.op("Mul", [x, g.constant(float32([], [2]))]), x]));
    expect(inputValues(twice)).toMatchObject({ factor: [1, 1, 1], tensor: "image" });
    const perPixel = model((g, x) => g.op("Mul", [x, g.constant(float32([4], [1, 2, 3, 4]))]));
    expect(inputValues(perPixel)).toMatchObject({ factor: [1, 1, 1], tensor: "image" });
    const square = model((g, x) => g.op("Mul", [x, x]));
    expect(inputValues(square)).toMatchObject({ factor: [1, 1, 1], tensor: "image" });
  });
});
