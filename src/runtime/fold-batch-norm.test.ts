// Models must compute after folding what they computed before it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { foldBatchNorm } from "../onnx/fold-batch-norm.js";
import { GraphBuilder, type Model, normalForm, readModel, type Value, writeModel } from "../onnx/index.js";
import { graphOf } from "../onnx/model.js";
import { changed, newOpset } from "../onnx/proto.js";
import { createRandom } from "../random.js";
import type { Tensor } from "../tensor.js";
import { run, noise as uniform } from "./running.cases.js";

const MOBILENET = join(process.env.SIGMAX_DATA ?? "../shared/data", "onnx", "mobilenet_v2_035_224_features.onnx");
if (!existsSync(MOBILENET)) console.warn(`SKIPPED: ${MOBILENET} is absent`);

/** Largest difference in float32, relative to the largest value. */
const TOLERANCE = 1e-5;

const random = createRandom(11);
const noise = (shape: readonly number[], from?: number, to?: number) => uniform(random, shape, from, to);

function count(model: Model, opType: string): number {
  return graphOf(model).node.filter((node) => node.opType === opType).length;
}

/** Runs both, through bytes, and compares every output. */
async function expectSame(before: Model, after: Model, feeds: Record<string, Tensor>): Promise<void> {
  const [expected, actual] = [await run(before, feeds), await run(readModel(writeModel(after)), feeds)];
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect(actual[name].shape).toEqual(shape);
    let [largest, off] = [0, 0];
    for (let i = 0; i < data.length; i++) {
      largest = Math.max(largest, Math.abs(Number(data[i])));
      off = Math.max(off, Math.abs(Number(data[i]) - Number(actual[name].data[i])));
    }
    expect(largest).toBeGreaterThan(0);
    expect(off / largest).toBeLessThan(TOLERANCE);
  }
}

const FEEDS = { image: noise([2, 4, 6, 6]) };

/** A graph on `image` `[N, 4, 6, 6]`. */
function model(body: (graph: GraphBuilder, image: Value) => void, opset?: number): Model {
  const graph = new GraphBuilder();
  body(graph, graph.input("image", "float32", ["N", 4, 6, 6]));
  return opset === undefined ? graph.build() : graph.build({ opset });
}

function batchNorm(graph: GraphBuilder, input: Value, channels: number, output?: string): Value {
  const inputs = [
    input,
    graph.constant(noise([channels], 0.5, 2)),
    graph.constant(noise([channels])),
    graph.constant(noise([channels])),
    graph.constant(noise([channels], 0.1, 3)),
  ];
  return graph.op("BatchNormalization", inputs, { epsilon: 1e-3 }, output);
}

interface ConvOptions {
  readonly bias?: boolean;
  readonly group?: number;
}

function conv(graph: GraphBuilder, input: Value, shape: readonly number[], { bias = true, group = 1 }: ConvOptions = {}): Value {
  const inputs = [input, graph.constant(noise(shape))];
  if (bias) inputs.push(graph.constant(noise([shape[0]])));
  return graph.op("Conv", inputs, { group });
}

/** Flattened means `[N, 4]`. */
function pooled(graph: GraphBuilder, image: Value): Value {
  return graph.op("Flatten", [graph.op("GlobalAveragePool", [image])]);
}

type Body = (graph: GraphBuilder, image: Value) => void;

const FOLDED: Readonly<Record<string, Body>> = {
  "a Conv with bias, before Relu": (g, x) => g.output(g.op("Relu", [batchNorm(g, conv(g, x, [8, 4, 3, 3]), 8)])),
  "a Conv without bias, as output of the graph": (g, x) =>
    g.output(batchNorm(g, conv(g, x, [8, 4, 3, 3], { bias: false }), 8, "result")),
  "a Conv in groups": (g, x) => g.output(batchNorm(g, conv(g, x, [6, 2, 3, 3], { group: 2 }), 6)),
  "a depthwise Conv": (g, x) => g.output(batchNorm(g, conv(g, x, [8, 1, 3, 3], { group: 4, bias: false }), 8)),
  "a Gemm": (g, x) => {
    const inputs = [pooled(g, x), g.constant(noise([4, 3])), g.constant(noise([3]))];
    g.output(batchNorm(g, g.op("Gemm", inputs, { alpha: 0.5, beta: 2 }), 3));
  },
  "a transposed Gemm whose bias is one number": (g, x) => {
    const inputs = [pooled(g, x), g.constant(noise([3, 4])), g.constant(noise([1, 1]))];
    g.output(batchNorm(g, g.op("Gemm", inputs, { transB: 1, beta: 3 }), 3));
  },
  "a Gemm without bias": (g, x) => {
    g.output(batchNorm(g, g.op("Gemm", [pooled(g, x), g.constant(noise([3, 4]))], { transB: 1 }), 3));
  },
  "weights from a Constant node": (g, x) => {
    const weights = g.op("Constant", [], { value: noise([5, 4, 1, 1]) });
    g.output(batchNorm(g, g.op("Conv", [x, weights]), 5));
  },
};

describe("foldBatchNorm", () => {
  it.each(Object.entries(FOLDED))("folds into %s", async (_, body) => {
    const before = model(body);
    const bytes = writeModel(before);
    const after = foldBatchNorm(before);
    expect([count(before, "BatchNormalization"), count(after, "BatchNormalization")]).toEqual([1, 0]);
    expect(count(after, "Constant")).toBe(0);
    // Weights and bias: nothing of the BatchNormalization is left.
    expect(graphOf(after).initializer.length).toBe(2);
    await expectSame(before, after, FEEDS);
    expect(writeModel(before)).toEqual(bytes);
  });

  it("folds two in a row", async () => {
    const before = model((g, x) => g.output(batchNorm(g, batchNorm(g, conv(g, x, [8, 4, 1, 1]), 8), 8)));
    const after = foldBatchNorm(before);
    expect(graphOf(after).node.map(({ opType }) => opType)).toEqual(["Conv"]);
    await expectSame(before, after, FEEDS);
  });

  it.each([true, false])("keeps weights apart that two Convs share (both with a BatchNormalization: %s)", async (both) => {
    const before = model((g, x) => {
      const shared = [g.constant(noise([4, 4, 3, 3]), "weights"), g.constant(noise([4]), "bias")];
      const first = batchNorm(g, g.op("Conv", [x, ...shared], { pads: [1, 1, 1, 1] }), 4);
      const second = g.op("Conv", [first, ...shared], { pads: [1, 1, 1, 1] });
      g.output(both ? batchNorm(g, second, 4) : second);
    });
    const after = foldBatchNorm(before);
    expect(count(after, "BatchNormalization")).toBe(0);
    expect(graphOf(after).initializer.length).toBe(4);
    await expectSame(before, after, FEEDS);
  });

  it("keeps statistics that two BatchNormalizations share until both are folded", async () => {
    const before = model((g, x) => {
      const statistics = [noise([4], 0.5, 2), noise([4]), noise([4]), noise([4], 0.1, 3)].map((tensor) => g.constant(tensor));
      const first = g.op("BatchNormalization", [conv(g, x, [4, 4, 1, 1]), ...statistics]);
      // The bias of the second Conv is one of them, too.
      const second = g.op("Conv", [first, g.constant(noise([4, 4, 1, 1])), statistics[1]]);
      g.output(g.op("BatchNormalization", [second, ...statistics]));
    });
    const after = foldBatchNorm(before);
    expect(count(after, "BatchNormalization")).toBe(0);
    expect(graphOf(after).initializer.length).toBe(4);
    await expectSame(before, after, FEEDS);
  });

  it.each([7, 8, 9, 11, 13, 14, 15, 18, 21])("folds in opset %d", async (opset) => {
    const before = model((g, x) => g.output(g.op("Relu", [batchNorm(g, conv(g, x, [8, 4, 3, 3]), 8)])), opset);
    const after = foldBatchNorm(before);
    expect(count(after, "BatchNormalization")).toBe(0);
    await expectSame(before, after, FEEDS);
  });

  const STAYS: Readonly<Record<string, Body>> = {
    "the Conv feeds something else": (g, x) => {
      const map = conv(g, x, [4, 4, 1, 1]);
      g.output(g.op("Add", [batchNorm(g, map, 4), map]));
    },
    "the Conv is an output": (g, x) => {
      const map = conv(g, x, [4, 4, 1, 1]);
      g.output(map);
      g.output(batchNorm(g, map, 4));
    },
    "it normalises the image": (g, x) => g.output(batchNorm(g, x, 4)),
    "a Relu stands between": (g, x) => g.output(batchNorm(g, g.op("Relu", [conv(g, x, [4, 4, 1, 1])]), 4)),
    "it follows a ConvTranspose": (g, x) =>
      g.output(batchNorm(g, g.op("ConvTranspose", [x, g.constant(noise([4, 5, 2, 2]))]), 5)),
    "the weights are computed": (g, x) => {
      const weights = g.op("Relu", [g.constant(noise([4, 4, 1, 1]))]);
      g.output(batchNorm(g, g.op("Conv", [x, weights]), 4));
    },
    "the bias of the Gemm differs from row to row": (g, x) => {
      const inputs = [pooled(g, x), g.constant(noise([4, 3])), g.constant(noise([2, 3]))];
      g.output(batchNorm(g, g.op("Gemm", inputs), 3));
    },
  };
  it.each(Object.entries(STAYS))("leaves it where %s", async (_, body) => {
    const before = model(body);
    const after = foldBatchNorm(before);
    expect(writeModel(after)).toEqual(writeModel(before));
    await expectSame(before, after, FEEDS);
  });

  it("leaves one that learns, and weights that can be fed", () => {
    const learning = model((g, x) => {
      const statistics = [1, 2, 3, 4].map(() => g.constant(noise([4], 1, 2)));
      const inputs = [conv(g, x, [4, 4, 1, 1]), ...statistics];
      g.output(g.op("BatchNormalization", inputs, { training_mode: 1 }, ["y", "mean", "variance"]));
    });
    expect(foldBatchNorm(learning)).toBe(learning);
    const plain = model((g, x) => g.output(batchNorm(g, conv(g, x, [4, 4, 1, 1]), 4)));
    const graph = graphOf(plain);
    const { name } = graph.initializer[0];
    const fed = changed(plain, { graph: changed(graph, { input: [...graph.input, changed(graph.input[0], { name })] }) });
    expect(foldBatchNorm(fed)).toBe(fed);
    // Before opset 7 inference had to be asked for.
    const old = changed(plain, { opsetImport: [newOpset("", 6)] });
    expect(foldBatchNorm(old)).toBe(old);
  });

  it.skipIf(!existsSync(MOBILENET))("folds all 52 of MobileNetV2 0.35", async () => {
    const before = normalForm(readModel(readFileSync(MOBILENET), { file: MOBILENET }));
    const after = foldBatchNorm(before);
    expect([count(before, "BatchNormalization"), count(after, "BatchNormalization")]).toEqual([52, 0]);
    expect(writeModel(after).length).toBeLessThan(writeModel(before).length);
    await expectSame(before, after, { [graphOf(before).input[0].name]: noise([2, 3, 224, 224]) });
  });
});
