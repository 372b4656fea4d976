// What `gradient` makes of whole models, beside the rules of its operators.
import { describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { GraphBuilder, type Value } from "../onnx/builder.js";
import { checkGradient } from "../onnx/gradcheck.js";
import { gradient } from "../onnx/gradient.js";
import { PORTABLE } from "../onnx/layouts.js";
import { graphOf, type Model } from "../onnx/model.js";
import { drawn, drawnValue, fixed, ints, scalar } from "../onnx/ops/op.cases.js";
import { changed } from "../onnx/proto.js";
import { valueInfo } from "../onnx/types.js";
import { TRAINING_OPSET } from "../onnx/upgrade.js";
import { float32, type Tensor } from "../tensor.js";
import { probeLayout } from "./layout.js";
import { native } from "./running.cases.js";

const blocked = await probeLayout();

/** A model of one output `y` on `x`. */
function modelOf(shape: readonly number[], write: (graph: GraphBuilder, x: Value) => Value): Model {
  const graph = new GraphBuilder();
  graph.output(write(graph, graph.input("x", "float32", shape)));
  return graph.build({ opset: TRAINING_OPSET });
}

/** d(sum of the first output) / dx. */
async function slope(model: Model, x: Tensor<"float32">): Promise<number[]> {
  const [result] = await native(gradient(model, { by: ["x"] }), [{ x }], ["gradient/x"]);
  return Array.from(result["gradient/x"].data, Number);
}

/** A Constant node, or a copy of one. */
const nodes = {
  Constant: (graph: GraphBuilder, tensor: Tensor) => graph.op("Constant", [], { value: tensor }),
  Identity: (graph: GraphBuilder, tensor: Tensor) => graph.op("Identity", [graph.op("Constant", [], { value: tensor })]),
};

describe.each(Object.entries(nodes))("constants in a node %s", (_, constant) => {
  it("say how far a Resize went", async () => {
    const resized = (scales: (graph: GraphBuilder) => Value) =>
      modelOf([1, 1, 1, 4], (graph, x) => graph.op("Resize", [x, "", scales(graph)], { mode: "linear" }, "y"));
    const scales = float32([4], [1, 1, 1, 1.7]);
    const x = drawnValue(drawn([1, 1, 1, 4]), 1);
    const expected = await slope(
      resized((graph) => graph.constant(scales)),
      x,
    );
    expect(expected[0]).toBeCloseTo(1.647, 3);
    expect(
      await slope(
        resized((graph) => constant(graph, scales)),
        x,
      ),
    ).toEqual(expected);
  });

  it("say that a Dropout trains, and how much it drops", async () => {
    const flag: Tensor<"bool"> = { dtype: "bool", shape: [], data: Uint8Array.of(1) };
    const model = modelOf([64], (graph, x) =>
      graph.op("Dropout", [x, constant(graph, scalar(0.4)), constant(graph, flag)], { seed: 3 }, "y"),
    );
    const dx = await slope(model, float32([64], new Float32Array(64).fill(1)));
    expect(new Set(dx.map((value) => value.toFixed(4)))).toEqual(new Set(["0.0000", "1.6667"]));
  });
});

it("an operator without a gradient is refused only between what is asked for and the output", async () => {
  const graph = new GraphBuilder();
  const x = graph.input("x", "float32", [3]);
  graph.output(graph.op("ReduceSum", [graph.op("Mul", [x, x])], { keepdims: 0 }, "loss"));
  const sums = graph.op("CumSum", [x, graph.constant({ ...ints(0), shape: [] })], {}, "sums");
  graph.output(graph.op("Relu", [sums], {}, "other"));
  const model = graph.build({ opset: TRAINING_OPSET });
  const [result] = await native(
    gradient(model, { of: "loss", by: ["x"] }),
    [{ x: float32([3], [1, -2, 3]) }],
    ["gradient/x", "other"],
  );
  expect(result["gradient/x"].data).toEqual(Float32Array.of(2, -4, 6));
  expect(result.other.data).toEqual(Float32Array.of(1, 0, 2));
  expect(() => gradient(model, { of: "other", by: ["x"] })).toThrow('no gradient goes through CumSum (node "sums")');
});

/** Weights behind something whose shape no rule tells. */
function behindHidden(): Model {
  const graph = new GraphBuilder();
  const x = graph.input("x", "float32", [2, 4]);
  const w = graph.input("w", "float32", [4, 3]);
  const hidden = graph.op("Einsum", [x], { equation: "nc->nc" }, "hidden");
  graph.output(graph.op("MatMul", [hidden, w], {}, "y"));
  return graph.build({ opset: TRAINING_OPSET });
}

it("an operator that hides the shape of what it gives is named, with what to do", () => {
  const derive = () => gradient(behindHidden(), { by: ["w"] });
  expect(derive).toThrow(UserError);
  expect(derive).toThrow('the shape of what Einsum (node "hidden") gives is not known here');
});

it("a declared shape counts where no rule tells it", async () => {
  const model = behindHidden();
  const declared = changed(model, {
    graph: changed(graphOf(model), { valueInfo: [valueInfo("hidden", { code: 1, shape: [2, 4] })] }),
  });
  const feeds = { x: fixed([2, 4]), w: fixed([4, 3]) };
  for (const layout of [PORTABLE, blocked]) {
    const [result] = await native(gradient(declared, { by: ["w"], layout }), [feeds], ["gradient/w"]);
    const expected = [0, 1, 2, 3].flatMap((row) => new Array<number>(3).fill(feeds.x.data[row] + feeds.x.data[4 + row]));
    for (const [i, value] of expected.entries()) expect(result["gradient/w"].data[i]).toBeCloseTo(value, 6);
  }
});

it('nodes of the domain "ai.onnx" are standard ones', async () => {
  const model = modelOf([1, 16, 4, 4], (graph, x) => {
    const sum = graph.op("Add", [graph.op("Conv", [x, graph.constant(fixed([16, 16, 1, 1]))]), x]);
    return graph.op("Conv", [graph.op("Relu", [sum]), graph.constant(fixed([16, 16, 1, 1]))], {}, "y");
  });
  const other = changed(model, {
    graph: changed(graphOf(model), { node: graphOf(model).node.map((node) => changed(node, { domain: "ai.onnx" })) }),
  });
  const feeds = { x: fixed([1, 16, 4, 4]) };
  for (const layout of [PORTABLE, blocked]) {
    const [plain, named] = [model, other].map((item) => gradient(item, { by: ["x"], layout }));
    expect(graphOf(named).node).toEqual(graphOf(plain).node);
    expect(named.opsetImport).toEqual(plain.opsetImport);
    const [[expected], [result]] = [await native(plain, [feeds], ["gradient/x"]), await native(named, [feeds], ["gradient/x"])];
    expect(result).toEqual(expected);
  }
});

it("gradients of as many numbers as an image has are checked", async () => {
  const shape = [1, 3, 224, 224];
  const model = modelOf(shape, (graph, x) => graph.op("Mul", [x, x], {}, "y"));
  const checks = await checkGradient(model, { by: ["x"], feeds: { x: fixed(shape) }, run: native, directions: 1 });
  for (const { error } of checks) expect(error).toBeLessThan(1e-3);
});
