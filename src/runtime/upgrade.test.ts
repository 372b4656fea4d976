// An upgraded model must compute in ONNX Runtime what the old one did.
import { describe, expect, it } from "vitest";
import { type AttributeValue, attribute } from "../onnx/attributes.js";
import { GraphBuilder, type Value } from "../onnx/builder.js";
import { checkModel } from "../onnx/check.js";
import { graphOf, type Model, opsetOf, writeModel } from "../onnx/model.js";
import { changed, newGraph, newNode, newOpset } from "../onnx/proto.js";
import { tensorTypeOf, valueInfo } from "../onnx/types.js";
import { TRAINING_OPSET, upgradeOpset } from "../onnx/upgrade.js";
import { UPGRADES } from "../onnx/upgrade-rules.js";
import { createRandom } from "../random.js";
import { float32, int64 } from "../tensor.js";
import { realNetwork, realNetworks, run, noise as uniform } from "./running.cases.js";

const networks = realNetworks("real networks are not upgraded");
const random = createRandom(11);
const noise = (shape: readonly number[]) => uniform(random, shape);

type Build = (graph: GraphBuilder, x: Value) => Value;

/** A model of one input `x` float32 [2, 3, 7, 9]; its output has no declared shape, nor the input if it is hidden. */
function modelOf(opset: number, build: Build, hidden = false): Model {
  const graph = new GraphBuilder();
  graph.output(build(graph, graph.input("x", "float32", [2, 3, 7, 9])));
  const model = graph.build({ opset });
  const { input, output } = graphOf(model);
  const bare = (info: (typeof input)[number]) => {
    const code = tensorTypeOf(info)?.code ?? 1;
    return valueInfo(info.name, { code, shape: undefined });
  };
  return changed(model, {
    graph: changed(graphOf(model), { input: hidden ? input.map(bare) : input, output: output.map(bare) }),
  });
}

const op =
  (opType: string, attributes: Record<string, AttributeValue> = {}): Build =>
  (graph, x) =>
    graph.op(opType, [x], attributes);
const positive = (graph: GraphBuilder, x: Value) => graph.op("Add", [graph.op("Abs", [x]), graph.constant(float32([], [0.1]))]);
const sum = (graph: GraphBuilder, values: readonly Value[]) =>
  values.slice(1).reduce((a, b) => graph.op("Add", [a, b]), values[0]);
const scaled =
  (opType: string, mode: string, scales: number[]): Build =>
  (graph, x) =>
    graph.op(opType, [x, graph.constant(float32([4], scales))], { mode });
const resize11 =
  (attributes: Record<string, AttributeValue>, scales: number[], sizes?: number[]): Build =>
  (graph, x) =>
    graph.op(
      "Resize",
      [
        x,
        graph.constant(float32([0], [])),
        graph.constant(float32([scales.length], scales)),
        ...(sizes ? [graph.constant(int64([4], sizes))] : []),
      ],
      attributes,
    );
const statistics = (graph: GraphBuilder, shape: readonly number[]) =>
  [0, 1, 2, 3].map((index) =>
    graph.constant(
      index === 3
        ? float32(
            shape,
            noise(shape).data.map((v) => v * v + 0.1),
          )
        : noise(shape),
    ),
  );
const batchNormalization =
  (shape: readonly number[], attributes: Record<string, AttributeValue>, outputs: string | string[] = "normal"): Build =>
  (graph, x) =>
    graph.op("BatchNormalization", [x, ...statistics(graph, shape)], attributes, outputs);

/** What is compared: a name, the old opset, and the graph in its form. */
const CASES: readonly (readonly [string, number, Build])[] = [
  ["BatchNormalization of channels", 8, batchNormalization([3], { spatial: 1, epsilon: 1e-3, momentum: 0.8 })],
  ["BatchNormalization of elements", 7, batchNormalization([3, 7, 9], { spatial: 0, epsilon: 1e-3 })],
  ["BatchNormalization with the outputs of training", 7, batchNormalization([3], {}, ["y", "mean", "var", "sm", "sv"])],
  ["BatchNormalization that trains", 9, batchNormalization([3], {}, ["y", "mean", "var", "sm", "sv"])],
  ["BatchNormalization", 13, batchNormalization([3], {})],
  ["Clip", 7, op("Clip", { min: -0.25, max: 0.5 })],
  ["Clip from below", 10, op("Clip", { min: 0 })],
  ["Clip from above", 10, op("Clip", { max: 0 })],
  [
    "Clip of float16",
    10,
    (graph, x) =>
      graph.op("Cast", [graph.op("Clip", [graph.op("Cast", [graph.op("Sign", [x])], { to: 10 })], { min: 0.25 })], { to: 1 }),
  ],
  ["DFT", 17, (graph, x) => graph.op("DFT", [graph.op("Unsqueeze", [x, graph.constant(int64([1], [4]))])], { axis: 2 })],
  [
    "DFT along the default axis",
    19,
    (graph, x) => graph.op("DFT", [graph.op("Unsqueeze", [x, graph.constant(int64([1], [4]))])]),
  ],
  ["Dropout", 7, op("Dropout", { ratio: 0.4 })],
  ["Dropout with a mask that nobody reads", 10, (graph, x) => graph.op("Dropout", [x], {}, ["kept", "mask"])],
  ...["bilinear", "nearest", "bicubic"].map(
    (mode) =>
      [
        `GridSample ${mode}`,
        16,
        (graph, x) => graph.op("GridSample", [x, graph.constant(noise([2, 4, 5, 2]))], { mode }),
      ] satisfies (typeof CASES)[number],
  ),
  ["GridSample of the default mode", 16, (graph, x) => graph.op("GridSample", [x, graph.constant(noise([2, 4, 5, 2]))])],
  ["ImageScaler", 9, op("ImageScaler", { scale: 0.5, bias: [1, 2, 3] })],
  ["Pad", 7, op("Pad", { pads: [0, 0, 1, 2, 0, 0, 3, -1], value: 0.5 })],
  ["Pad with zeros", 10, op("Pad", { pads: [0, 0, 1, 2, 0, 0, 3, 0] })],
  ["Pad reflecting", 7, op("Pad", { pads: [0, 0, 1, 2, 0, 0, 3, 0], mode: "reflect" })],
  [
    "Pad of float64",
    10,
    (graph, x) => graph.op("Pad", [graph.op("Cast", [x], { to: 11 })], { pads: [0, 0, 1, 2, 0, 0, 0, 0], value: 2 }),
  ],
  ...Object.keys(UPGRADES)
    .filter((name) => name.startsWith("Reduce"))
    .flatMap((name) => [
      [
        name,
        7,
        (graph, x) => graph.op(name, [positive(graph, x)], { axes: [1, 3], keepdims: 0 }),
      ] satisfies (typeof CASES)[number],
      [`${name} over all axes`, 12, (graph, x) => graph.op(name, [positive(graph, x)])] satisfies (typeof CASES)[number],
    ]),
  ["Resize that grows", 10, scaled("Resize", "nearest", [1, 1, 1.7, 2])],
  ["Resize that shrinks", 10, scaled("Resize", "nearest", [1, 1, 0.7, 0.6])],
  ["Resize that does both", 10, scaled("Resize", "nearest", [1, 1, 0.7, 1.5])],
  ["linear Resize", 10, scaled("Resize", "linear", [1, 1, 0.7, 1.5])],
  ["Resize by scales", 11, resize11({ mode: "cubic", coordinate_transformation_mode: "align_corners" }, [1, 1, 2, 1.5])],
  ["Resize to a size", 12, resize11({ mode: "linear", coordinate_transformation_mode: "pytorch_half_pixel" }, [], [2, 3, 5, 12])],
  ["Resize of the default form", 11, resize11({}, [1, 1, 1.3, 2])],
  [
    "RoiAlign",
    10,
    (graph, x) =>
      graph.op("RoiAlign", [x, graph.constant(float32([1, 4], [0.5, 0.5, 5, 6])), graph.constant(int64([1], [1]))], {
        output_height: 3,
        output_width: 2,
        sampling_ratio: 2,
      }),
  ],
  [
    "Scatter",
    9,
    (graph, x) =>
      graph.op("Scatter", [x, graph.constant(int64([2, 1, 1, 1], [2, 0])), graph.constant(noise([2, 1, 1, 1]))], { axis: 1 }),
  ],
  ["Slice", 7, op("Slice", { starts: [1, -4], ends: [3, 1000000], axes: [1, 3] })],
  ["Slice of the first axes", 9, op("Slice", { starts: [0, 1], ends: [-1, 2] })],
  ...["Softmax", "LogSoftmax", "Hardmax"].flatMap((name) => [
    [`${name} over three axes`, 7, op(name)] satisfies (typeof CASES)[number],
    [`${name} over two axes, counted from the end`, 11, op(name, { axis: -2 })] satisfies (typeof CASES)[number],
    [`${name} over the last axis`, 12, op(name, { axis: 3 })] satisfies (typeof CASES)[number],
    [`${name} over everything`, 12, op(name, { axis: 0 })] satisfies (typeof CASES)[number],
    [
      `${name} of pooled channels`,
      12,
      (graph, x) => graph.op(name, [graph.op("GlobalAveragePool", [x])]),
    ] satisfies (typeof CASES)[number],
  ]),
  [
    "uneven Split",
    7,
    (graph, x) => {
      graph.op("Split", [x], { axis: 3, split: [2, 7] }, ["a", "b"]);
      return graph.op("Concat", ["b", "a"], { axis: 3 });
    },
  ],
  [
    "even Split",
    7,
    (graph, x) => {
      graph.op("Split", [x], { axis: 1 }, ["a", "b", "c"]);
      return graph.op("Concat", ["c", "a", "b"], { axis: 1 });
    },
  ],
  [
    "Split by an input",
    13,
    (graph, x) => {
      graph.op("Split", [x, graph.constant(int64([2], [2, 5]))], { axis: 2 }, ["a", "b"]);
      return graph.op("Concat", ["b", "a"], { axis: 2 });
    },
  ],
  [
    "Squeeze and Unsqueeze",
    7,
    (graph, x) =>
      graph.op("Unsqueeze", [graph.op("Squeeze", [graph.op("ReduceMax", [x], { axes: [1, 3] })], { axes: [1] })], {
        axes: [0, 4],
      }),
  ],
  ["Squeeze of all axes of extent 1", 11, (graph, x) => graph.op("Squeeze", [graph.op("GlobalMaxPool", [x])])],
  ["TopK", 7, (graph, x) => graph.op("TopK", [x], { k: 2, axis: 2 }, ["values", "indices"])],
  ["Upsample", 7, op("Upsample", { scales: [1, 1, 2, 1.5] })],
  ["linear Upsample", 8, op("Upsample", { scales: [1, 1, 2, 1.5], mode: "linear" })],
  ["Upsample by an input", 9, scaled("Upsample", "nearest", [1, 1, 2, 2])],
  // Operators whose documentation changed and whose meaning did not.
  ...["SAME_UPPER", "SAME_LOWER", "VALID"].map(
    (mode) =>
      [
        `pooling and convolutions ${mode}`,
        7,
        (graph, x) => {
          const window = { kernel_shape: [3, 2], strides: [2, 2], auto_pad: mode };
          const pooled = ["AveragePool", "MaxPool", "LpPool"].map((name) => graph.op(name, [x], window));
          const weights = graph.constant(noise([3, 3, 3, 2]));
          return sum(graph, [
            ...pooled,
            graph.op("Conv", [x, weights], window),
            graph.op("GlobalAveragePool", [graph.op("ConvTranspose", [x, weights], window)]),
          ]);
        },
      ] satisfies (typeof CASES)[number],
  ),
  [
    "AveragePool that rounds up",
    10,
    op("AveragePool", { kernel_shape: [3, 3], strides: [3, 3], pads: [1, 1, 1, 1], ceil_mode: 1, count_include_pad: 1 }),
  ],
  ["PRelu", 7, (graph, x) => graph.op("PRelu", [x, graph.constant(float32([3, 1, 1], [0.1, 0.2, 0.3]))])],
  [
    "InstanceNormalization",
    7,
    (graph, x) => graph.op("InstanceNormalization", [x, graph.constant(noise([3])), graph.constant(noise([3]))]),
  ],
  [
    "Gemm with its bias",
    7,
    (graph, x) => graph.op("Gemm", [graph.op("Flatten", [x]), graph.constant(noise([189, 4])), graph.constant(noise([4]))]),
  ],
];

describe("upgradeOpset", () => {
  const x = noise([2, 3, 7, 9]);

  it.each(CASES)("keeps what ONNX Runtime computes, within 1e-6: %s of opset %i", async (_, opset, build) => {
    const old = modelOf(opset, build);
    const bytes = writeModel(old);
    const upgraded = upgradeOpset(old);
    expect(opsetOf(upgraded)).toBe(TRAINING_OPSET);
    expect(graphOf(upgraded).input).toEqual(graphOf(old).input);
    expect(() => checkModel(upgraded)).not.toThrow();
    const [[before], [after]] = [Object.values(await run(old, { x })), Object.values(await run(upgraded, { x }))];
    expect(after.shape).toEqual(before.shape);
    expect(after.dtype).toBe(before.dtype);
    after.data.forEach((value, i) => {
      const expected = Number(before.data[i]);
      expect(Math.abs(Number(value) - expected)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(expected)));
    });
    // What went in is as it was.
    expect(writeModel(old)).toEqual(bytes);
  });

  it("has a case for every operator that changed", () => {
    const tried = new Set(CASES.flatMap(([, opset, build]) => graphOf(modelOf(opset, build)).node.map(({ opType }) => opType)));
    expect(Object.keys(UPGRADES).filter((name) => !tried.has(name))).toEqual(["Scan"]);
  });

  it.each([7, 11])("softens rows of opset %i exactly where no shape is known", async (opset) => {
    const old = modelOf(opset, op("Softmax", { axis: 2 }), true);
    const upgraded = upgradeOpset(old);
    expect(graphOf(upgraded).node.map(({ opType }) => opType)).toEqual(["Shape", "Flatten", "Softmax", "Reshape"]);
    expect(await run(upgraded, { x })).toEqual(await run(old, { x }));
  });

  it("leaves a softmax over one axis one node", () => {
    const upgraded = upgradeOpset(modelOf(12, (graph, x) => graph.op("Softmax", [graph.op("GlobalAveragePool", [x])])));
    expect(graphOf(upgraded).node.map(({ opType }) => opType)).toEqual(["GlobalAveragePool", "Softmax"]);
  });

  it.each([8, 9, 10, 11, 12, 13, 14, 16, 18])("stops at opset %i when told to", async (target) => {
    const old = modelOf(7, (graph, x) => {
      const grown = graph.op("Upsample", [graph.op("Clip", [x], { min: 0 })], { scales: [1, 1, 2, 2] });
      return graph.op("ReduceMean", [graph.op("ReduceSum", [grown], { axes: [1] })], { axes: [2] });
    });
    const upgraded = upgradeOpset(old, target);
    expect(opsetOf(upgraded)).toBe(target);
    expect(await run(upgraded, { x })).toEqual(await run(old, { x }));
  });

  it("reaches the bodies of If", async () => {
    const body = (name: string, axes: number[]) =>
      newGraph({
        name,
        node: [
          newNode({
            opType: "ReduceMean",
            input: ["x"],
            output: [name],
            attribute: [attribute("axes", axes), attribute("keepdims", 0)],
          }),
        ],
        output: [valueInfo(name, { code: 1, shape: undefined })],
      });
    const old = modelOf(11, (graph, x) => {
      const large = graph.op("Greater", [graph.op("ReduceMax", [x], { keepdims: 0 }), graph.constant(float32([], [0]))]);
      return graph.op("If", [large], { then_branch: body("then", [1]), else_branch: body("else", [2]) });
    });
    const upgraded = upgradeOpset(old);
    expect(await run(upgraded, { x })).toEqual(await run(old, { x }));
  });

  it("returns a model of the same or a newer opset as it is", () => {
    for (const opset of [20, 22, 26]) {
      const model = modelOf(opset, op("Relu"));
      expect(upgradeOpset(model)).toBe(model);
    }
  });

  it("leaves other domains alone, and takes names that are free", async () => {
    const old = modelOf(11, (graph, x) => {
      graph.constant(float32([], [0.5]), "y/min");
      return graph.op("Clip", [graph.op("Gelu", [x], {}, "gelu", "com.microsoft"), "y/min"], {}, "y");
    });
    const oldest = modelOf(9, (graph, x) =>
      graph.op("Add", [graph.op("Clip", [x], { min: 0 }, "y"), graph.constant(float32([], [1]), "y/min")]),
    );
    expect(await run(upgradeOpset(old), { x })).toEqual(await run(old, { x }));
    expect(await run(upgradeOpset(oldest), { x })).toEqual(await run(oldest, { x }));
    expect(upgradeOpset(old).opsetImport).toEqual([newOpset("", 20), newOpset("com.microsoft", 1)]);
  });

  it("says what cannot be upgraded", () => {
    const node = newNode({ opType: "Scan", name: "loop", input: ["", "x"], output: ["y"] });
    const model = modelOf(8, op("Relu"));
    const scan = changed(model, { graph: changed(graphOf(model), { node: [node] }) });
    expect(() => upgradeOpset(scan)).toThrow('node "loop" (Scan, opset 8) cannot be said in opset 20');
    expect(() => upgradeOpset(model, 21)).toThrow(RangeError);
  });
});

describe.each(networks)("%s", (name) => {
  it("gives the same embeddings in the training opset, within 1e-5 of the largest", async () => {
    const model = realNetwork(name);
    const upgraded = upgradeOpset(model);
    expect(opsetOf(model)).toBeLessThan(TRAINING_OPSET);
    expect(opsetOf(upgraded)).toBe(TRAINING_OPSET);
    const [input] = graphOf(model).input;
    const extents = tensorTypeOf(input)?.shape?.slice(1).map(Number) ?? [];
    const feeds = { [input.name]: noise([2, ...extents]) };
    const [[before], [after]] = [Object.values(await run(model, feeds)), Object.values(await run(upgraded, feeds))];
    expect(after.shape).toEqual(before.shape);
    let largest = 0;
    for (const value of before.data) largest = Math.max(largest, Math.abs(Number(value)));
    expect(largest).toBeGreaterThan(0);
    after.data.forEach((value, i) => {
      expect(Math.abs(Number(value) - Number(before.data[i]))).toBeLessThanOrEqual(1e-5 * largest);
    });
  });
});
