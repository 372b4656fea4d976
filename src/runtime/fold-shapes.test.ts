// Folding must not change what ONNX Runtime computes. The graphs are those that PyTorch exports for the named lines.
import { describe, expect, it } from "vitest";
import { GraphBuilder, type Value } from "../onnx/builder.js";
import { checkModel } from "../onnx/check.js";
import { foldShapes } from "../onnx/fold-shapes.js";
import { graphOf, type Model, writeModel } from "../onnx/model.js";
import { changed } from "../onnx/proto.js";
import { tensorTypeOf, valueInfo } from "../onnx/types.js";
import { createRandom } from "../random.js";
import { float32, int64 } from "../tensor.js";
import { realNetwork, realNetworks, run, noise as uniform } from "./running.cases.js";

const networks = realNetworks("real networks are not folded");
const random = createRandom(5);
const noise = (shape: readonly number[]) => uniform(random, shape);

type Build = (graph: GraphBuilder, x: Value) => Value;

/** [N, 6, H, W], as a network of any batch and any size declares it. */
function modelOf(build: Build, opset = 17): Model {
  const graph = new GraphBuilder();
  graph.output(build(graph, graph.input("x", "float32", ["N", 6, "H", "W"])));
  return graph.build({ opset });
}

const SHAPE = [2, 6, 5, 7];
const opTypes = (model: Model) => graphOf(model).node.map(({ opType }) => opType);

/** A constant as PyTorch writes it: a node. */
const scalar = (graph: GraphBuilder, value: number) => graph.op("Constant", [], { value: int64([], [value]) });
const vector = (graph: GraphBuilder, ...values: number[]) => graph.op("Constant", [], { value: int64([values.length], values) });
const axis0 = (graph: GraphBuilder) => graph.constant(int64([1], [0]));
const size = (graph: GraphBuilder, x: Value, axis: number) =>
  graph.op("Gather", [graph.op("Shape", [x]), scalar(graph, axis)], { axis: 0 });
const list = (graph: GraphBuilder, items: readonly Value[]) =>
  graph.op(
    "Concat",
    items.map((item) => graph.op("Unsqueeze", [item, axis0(graph)])),
    { axis: 0 },
  );
/** Python's a // b, rounded towards −∞ where the signs differ. */
function floorDivided(graph: GraphBuilder, a: Value, b: Value): Value {
  const quotient = graph.op("Div", [a, b]);
  const zero = scalar(graph, 0);
  const negative = graph.op("Xor", [graph.op("Less", [a, zero]), graph.op("Less", [b, zero])]);
  const remainder = graph.op("Sub", [a, graph.op("Mul", [quotient, b])]);
  const inexact = graph.op("Not", [graph.op("Equal", [remainder, zero])]);
  return graph.op("Where", [
    graph.op("And", [negative, inexact]),
    graph.op("Sub", [quotient, scalar(graph, 1)]),
    graph.op("Identity", [quotient]),
  ]);
}

/** What is folded: a name, the graph, and the operators that are left. */
const CASES: readonly (readonly [string, Build, readonly string[]])[] = [
  [
    "x.view(x.size(0), -1)",
    (graph, x) => {
      const relu = graph.op("Relu", [x]);
      return graph.op("Reshape", [relu, list(graph, [size(graph, relu, 0), scalar(graph, -1)])]);
    },
    ["Relu", "Reshape"],
  ],
  [
    "a channel shuffle of 3 groups",
    (graph, x) => {
      const [n, c, h, w] = [0, 1, 2, 3].map((axis) => size(graph, x, axis));
      const groups = scalar(graph, 3);
      const grouped = graph.op("Reshape", [x, list(graph, [n, groups, floorDivided(graph, c, groups), h, w])]);
      const swapped = graph.op("Transpose", [grouped], { perm: [0, 2, 1, 3, 4] });
      return graph.op("Reshape", [swapped, list(graph, [n, scalar(graph, -1), h, w])]);
    },
    ["Reshape", "Transpose", "Reshape"],
  ],
  [
    "-5 // 2, and 5 // 2",
    (graph, x) => {
      const height = size(graph, x, 2);
      const down = floorDivided(graph, graph.op("Mul", [height, scalar(graph, -1)]), scalar(graph, 2));
      const sum = graph.op("Add", [down, floorDivided(graph, height, scalar(graph, 2))]);
      return graph.op("Add", [x, graph.op("Cast", [sum], { to: 1 })]);
    },
    ["Add"],
  ],
  [
    "class_token.expand(n, -1, -1)",
    (graph, x) => {
      const sizes = list(graph, [size(graph, x, 0), scalar(graph, -1), scalar(graph, -1)]);
      const shape = graph.op("Reshape", [sizes, vector(graph, -1)]);
      const ones = graph.op("ConstantOfShape", [graph.op("Shape", [shape])], { value: int64([1], [1]) });
      const free = graph.op("Equal", [shape, graph.op("Mul", [ones, scalar(graph, -1)])]);
      const target = graph.op("Where", [free, ones, shape]);
      const token = graph.op("Expand", [graph.constant(noise([1, 1, 4]), "token"), target]);
      const mean = graph.op("ReduceMean", [x], { axes: [1, 2, 3], keepdims: 1 });
      return graph.op("Add", [token, graph.op("Squeeze", [mean, graph.constant(int64([1], [3]))])]);
    },
    ["Expand", "ReduceMean", "Squeeze", "Add"],
  ],
  [
    "x[..., : x.size(3) // 2]",
    (graph, x) =>
      graph.op("Slice", [
        x,
        vector(graph, 0),
        graph.op("Unsqueeze", [floorDivided(graph, size(graph, x, 3), scalar(graph, 2)), axis0(graph)]),
        vector(graph, -1),
        graph.op("Slice", [graph.op("Shape", [vector(graph, 9)]), vector(graph, 0), vector(graph, 1)]),
      ]),
    ["Slice"],
  ],
  [
    "int(x.size(2) / 2 * 2), computed with fractions",
    (graph, x) => {
      const half = graph.op("Div", [graph.op("Cast", [size(graph, x, 2)], { to: 1 }), graph.constant(float32([], [2]))]);
      const whole = graph.op("Cast", [graph.op("Mul", [half, graph.constant(float32([], [2]))])], { to: 7 });
      return graph.op("Reshape", [x, list(graph, [scalar(graph, 2), scalar(graph, -1), whole])]);
    },
    ["Div", "Mul", "Cast", "Unsqueeze", "Concat", "Reshape"],
  ],
  [
    "constants of every form",
    (graph, x) => {
      const numbers = [
        graph.op("Constant", [], { value_float: 0.5 }),
        graph.op("Constant", [], { value_floats: [1, 2, 3, 4, 5, 6, 7] }),
        graph.op("Cast", [graph.op("Constant", [], { value_int: 3 })], { to: 1 }),
        graph.op("Cast", [graph.op("Constant", [], { value_ints: new Array<number>(7).fill(4) })], { to: 1 }),
      ];
      return numbers.reduce((sum, item) => graph.op("Add", [sum, item]), x);
    },
    ["Add", "Add", "Add", "Add"],
  ],
  [
    "an end beyond what a JavaScript number can count to",
    (graph, x) => {
      const most = graph.op("Constant", [], { value: { dtype: "int64", shape: [1], data: BigInt64Array.of(2n ** 63n - 1n) } });
      const ends = graph.op("Concat", [most, most], { axis: 0 });
      return graph.op("Slice", [x, vector(graph, 1, 2), ends, vector(graph, 2, 3)]);
    },
    ["Concat", "Slice"],
  ],
  [
    "dropout, a cast and zeros",
    (graph, x) => {
      const weights = graph.op("Dropout", [graph.op("Identity", [graph.constant(noise([4, 6, 1, 1]), "weights")])]);
      const bias = graph.op("Cast", [graph.constant({ dtype: "float64", shape: [4], data: Float64Array.of(0.1, 2, -3, 4e-9) })], {
        to: 1,
      });
      const conv = graph.op("Conv", [x, graph.op("Cast", [weights], { to: 1 }), bias]);
      const zeros = graph.op("ConstantOfShape", [
        list(
          graph,
          [0, 1, 2].map((axis) => size(graph, conv, [0, 1, 3][axis])),
        ),
      ]);
      return graph.op("Concat", [graph.op("ReduceMax", [conv], { axes: [2], keepdims: 0 }), zeros], { axis: 1 });
    },
    ["Conv", "ReduceMax", "Concat"],
  ],
  ["the shape alone", (graph, x) => graph.op("Shape", [x]), []],
];

describe("foldShapes", () => {
  it.each(CASES)("folds what only shapes decide: %s", async (_, build, left) => {
    const model = modelOf(build);
    const bytes = writeModel(model);
    const folded = foldShapes(model, { x: SHAPE });
    expect(opTypes(folded)).toEqual(left);
    expect(() => checkModel(folded)).not.toThrow();
    const x = noise(SHAPE);
    const [before, after] = [await run(model, { x }), await run(folded, { x })];
    expect(after).toEqual(before);
    expect(graphOf(folded).input.map((info) => tensorTypeOf(info)?.shape)).toEqual([SHAPE]);
    const [output] = graphOf(folded).output;
    if (!left.includes("Cast") && !left.includes("Concat"))
      expect(tensorTypeOf(output)?.shape).toEqual(before[output.name].shape);
    const read = new Set([...graphOf(folded).node.flatMap(({ input }) => input), output.name]);
    expect(graphOf(folded).initializer.filter(({ name }) => !read.has(name))).toEqual([]);
    // What went in is as it was.
    expect(writeModel(model)).toEqual(bytes);
  });

  it("leaves weights that are shared one tensor", async () => {
    const model = modelOf((graph, x) => {
      const weights = graph.constant(noise([6, 6, 1, 1]), "weights");
      const once = graph.op("Conv", [x, weights]);
      return graph.op("Conv", [once, graph.op("Identity", [weights])]);
    });
    const folded = foldShapes(model, { x: SHAPE });
    expect(graphOf(folded).initializer.map(({ name }) => name)).toEqual(["weights"]);
    const x = noise(SHAPE);
    expect(await run(folded, { x })).toEqual(await run(model, { x }));
  });

  it("keeps a dropout that trains, and other domains", () => {
    const model = modelOf((graph, x) => {
      const training = graph.constant({ dtype: "bool", shape: [], data: Uint8Array.of(1) });
      const ratio = graph.constant(float32([], [0.5]));
      const dropped = graph.op("Dropout", [graph.constant(noise([1])), ratio, training]);
      const own = graph.op("Identity", [graph.constant(noise([1]))], {}, "own", "example.org");
      return graph.op("Add", [graph.op("Add", [x, dropped]), own]);
    });
    expect(opTypes(foldShapes(model, { x: SHAPE }))).toEqual(["Dropout", "Identity", "Add", "Add"]);
  });

  it("keeps a constant that is an output under its name", async () => {
    const model = modelOf((graph) => graph.op("Identity", [graph.constant(float32([2], [1, 2]), "weights")], {}, "copy"));
    const folded = foldShapes(model, { x: SHAPE });
    expect((await run(folded, { x: noise(SHAPE) })).copy.data).toEqual(Float32Array.of(1, 2));
  });

  it("folds nothing that depends on an extent that is not given", () => {
    const model = modelOf((graph, x) => graph.op("Reshape", [x, list(graph, [size(graph, x, 0), scalar(graph, -1)])]));
    expect(opTypes(foldShapes(model, {}))).toEqual(["Shape", "Gather", "Unsqueeze", "Concat", "Reshape"]);
  });

  it("refuses shapes that the graph does not have", () => {
    const model = modelOf((graph, x) => graph.op("Relu", [x]));
    expect(() => foldShapes(model, { y: SHAPE })).toThrow('the graph has no input "y"');
    expect(() => foldShapes(model, { x: [2, 3, 5, 7] })).toThrow('input "x" is [N, 6, H, W], not [2, 3, 5, 7]');
    expect(() => foldShapes(model, { x: [2, 6, 5] })).toThrow(RangeError);
  });
});

describe.each(networks)("%s", (name) => {
  it("gives the same bits when folded for a batch of 3", async () => {
    const model = realNetwork(name);
    const graph = graphOf(model);
    const [input] = graph.input;
    const shape = [3, ...(tensorTypeOf(input)?.shape?.slice(1).map(Number) ?? [])];
    // A declared output shape would hide what inference misses.
    const open = changed(model, {
      graph: changed(graph, { output: graph.output.map((info) => valueInfo(info.name, { code: 1, shape: undefined })) }),
    });
    const folded = foldShapes(open, { [input.name]: shape });
    const feeds = { [input.name]: noise(shape) };
    const [before, after] = [await run(model, feeds), await run(folded, feeds)];
    expect(after).toEqual(before);
    const [output] = graphOf(folded).output;
    expect(tensorTypeOf(output)?.shape).toEqual(before[output.name].shape);
    const extra = new Set(["Constant", "Shape", "Gather", "Unsqueeze"]);
    expect(opTypes(folded).filter((opType) => extra.has(opType))).toEqual([]);
  });
});
