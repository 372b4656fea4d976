import { describe, expect, it } from "vitest";
import { denseFeeds, denseForm, placesOf } from "../onnx/dense.js";
import { GraphBuilder, type Model, type Value, writeModel } from "../onnx/index.js";
import { appendHead, EMBEDDING, IMAGE, views } from "../onnx/surgery.js";
import { createRandom } from "../random.js";
import { float32, int64 } from "../tensor.js";
import { openSession } from "./open.js";

const CHIP = 24;
const random = createRandom(1, "dense");
const values = (length: number) => Float32Array.from({ length }, () => random.next() - 0.5);

/** A classifier of three classes around an embedding of `width` numbers. */
function classifier(width: number, embedding: (graph: GraphBuilder, image: Value) => Value): Model {
  const graph = new GraphBuilder();
  const image = graph.input(IMAGE, "float32", ["N", 2, CHIP, CHIP]);
  graph.output(graph.op("Flatten", [embedding(graph, image)], { axis: 1 }, EMBEDDING));
  const layer = { weights: float32([3, width], values(3 * width)), bias: float32([3], values(3)), head: "softmax" as const };
  return appendHead(graph.build({}), layer);
}

const conv = (graph: GraphBuilder, input: Value, [filters, channels, side]: number[], attributes = {}) =>
  graph.op(
    "Conv",
    [input, graph.constant(float32([filters, channels, side, side], values(filters * channels * side ** 2)))],
    attributes,
  );

/** Two banks of filters, of strides 4 and 3, one averaged by an operator for it and one by a mean. */
const twoBanks = classifier(9, (graph, image) => {
  const fine = graph.op("Relu", [
    conv(graph, graph.op("MaxPool", [image], { kernel_shape: [2, 2], strides: [2, 2] }), [5, 2, 3], { strides: [2, 2] }),
  ]);
  const coarse = graph.op("HardSigmoid", [
    conv(graph, graph.op("AveragePool", [image], { kernel_shape: [3, 3], strides: [3, 3] }), [4, 2, 2]),
  ]);
  const means = [graph.op("GlobalAveragePool", [fine]), graph.op("ReduceMean", [coarse], { axes: [2, 3], keepdims: 1 })];
  return graph.op("Concat", means, { axis: 1 });
});

describe("the dense form of a classifier", () => {
  it("gives what the classifier gives of every chip, where the step is a multiple of all strides", async () => {
    const form = denseForm(twoBanks);
    if ("why" in form) return expect.fail(form.why);
    expect(form.maps.map(({ strides, padded }) => [strides, padded])).toEqual([
      [[4, 4], false],
      [[3, 3], false],
    ]);
    const [rows, columns] = [
      { starts: [0, 12, 36], lengthPx: 60 },
      { starts: [0, 12, 24, 36], lengthPx: 61 },
    ];
    const image = values(2 * 60 * 61);
    const size = [60, 61] as const;
    const places = { maps: form.maps, ofChip: placesOf(form, form.chip), ofWindow: placesOf(form, size) };
    const dense = await openSession(writeModel(form.model));
    const feeds = { [IMAGE]: float32([1, 2, ...size], image), ...denseFeeds(places, rows, columns) };
    const { final_result: together } = await dense.run(feeds);
    expect(together.shape).toEqual([12, 3]);

    const alone = await openSession(writeModel(twoBanks));
    let cell = 0;
    for (const top of rows.starts) {
      for (const left of columns.starts) {
        const chip = Float32Array.from({ length: 2 * CHIP * CHIP }, (_, i) => {
          const [band, y, x] = [Math.floor(i / CHIP ** 2), Math.floor(i / CHIP) % CHIP, i % CHIP];
          return image[(band * 60 + top + y) * 61 + left + x];
        });
        const { final_result: expected } = await alone.run({ [IMAGE]: float32([1, 2, CHIP, CHIP], chip) });
        for (let k = 0; k < 3; k++)
          expect(Math.abs(Number(together.data[cell * 3 + k]) - Number(expected.data[k]))).toBeLessThan(1e-5);
        cell++;
      }
    }
    await Promise.all([dense.close(), alone.close()]);
  });

  it("weighs places by how far they lie in a chip that begins between two of them", () => {
    const places = { maps: [{ strides: [4, 4] as const }], ofChip: [[2, 2] as const], ofWindow: [[4, 3] as const] };
    const feeds = denseFeeds(places, { starts: [0, 6, 8], lengthPx: 16 }, { starts: [1, 6], lengthPx: 12 });
    expect([...feeds["dense/rows/0"].data]).toEqual([0.5, 0.5, 0, 0, 0, 0.25, 0.5, 0.25, 0, 0, 0.5, 0.5]);
    // The second chip would reach a place and a half too far: it is the last that there is.
    expect([...feeds["dense/columns/0"].data]).toEqual([0.375, 0, 0.5, 0.5, 0.125, 0.5]);
  });

  it("does not exist where features see more than their surroundings, and the reason names the node", () => {
    const why = (model: Model) => {
      const form = denseForm(model);
      return "why" in form ? form.why : "it exists";
    };
    const squeezed = classifier(4, (graph, image) => {
      const maps = conv(graph, image, [4, 2, 3]);
      const gate = graph.op("Sigmoid", [conv(graph, graph.op("GlobalAveragePool", [maps]), [4, 4, 1])]);
      return graph.op("GlobalAveragePool", [graph.op("Mul", [maps, gate], {}, "gated")]);
    });
    expect(why(squeezed)).toBe('Mul "backbone/gated" brings numbers of the whole chip back to its places');
    const mixed = classifier(2, (graph, image) => {
      const wide = graph.op("MatMul", [image, graph.constant(float32([CHIP, CHIP], values(CHIP ** 2)))], {}, "mixing");
      return graph.op("GlobalAveragePool", [wide]);
    });
    expect(why(mixed)).toBe('MatMul "backbone/mixing" looks at all places of the chip');
    const placed = classifier(2, (graph, image) => {
      const position = graph.constant(float32([CHIP, CHIP], values(CHIP ** 2)));
      return graph.op("GlobalAveragePool", [graph.op("Add", [image, position], {}, "position")]);
    });
    expect(why(placed)).toBe('Add "backbone/position" has another constant for every place');
    const largest = classifier(2, (graph, image) => graph.op("GlobalMaxPool", [image], {}, "largest"));
    expect(why(largest)).toBe('GlobalMaxPool "backbone/largest" looks at all places of the chip');
    const one = classifier(2, (graph, image) => {
      const shape = graph.constant(int64([2], [1, 2]));
      return graph.op("Reshape", [graph.op("GlobalAveragePool", [image]), shape]);
    });
    expect(why(one)).toBe("what follows its averages takes one image at a time");
    const graph = new GraphBuilder();
    const image = graph.input(IMAGE, "float32", ["N", 2, CHIP, CHIP]);
    graph.output(graph.op("Flatten", [graph.op("GlobalAveragePool", [image])], { axis: 1 }, EMBEDDING));
    const layer = { weights: float32([2, 2], values(4)), bias: float32([2], values(2)), head: "softmax" as const };
    expect(why(appendHead(views(graph.build({}), 8), layer))).toMatch(/arranges places$/);
  });
});
