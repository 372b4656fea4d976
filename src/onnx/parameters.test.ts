import { describe, expect, it } from "vitest";
import { float32 } from "../tensor.js";
import { GraphBuilder, type Value } from "./builder.js";
import { foldShapes } from "./fold-shapes.js";
import type { Model } from "./model.js";
import { fixed, ints } from "./ops/op.cases.js";
import { learnableParameters, unlearnableProducts } from "./parameters.js";
import { TRAINING_OPSET } from "./upgrade.js";

/** A network on `x` `[N, 4]`, constants folded. */
function network(write: (graph: GraphBuilder, x: Value) => Value): Model {
  const graph = new GraphBuilder();
  graph.output(write(graph, graph.input("x", "float32", ["N", 4])));
  return foldShapes(graph.build({ opset: TRAINING_OPSET }), {});
}

const names = (model: Model) => learnableParameters(model).map(({ name }) => name);
const weight = (graph: GraphBuilder, name: string, shape: readonly number[]) => graph.constant(fixed(shape), name);

describe("learnableParameters", () => {
  it("learns parameters of one number, but not the single numbers of a formula", () => {
    const model = network((graph, x) => {
      const first = graph.op("PRelu", [graph.op("MatMul", [x, weight(graph, "w", [4, 4])]), weight(graph, "slope", [1])]);
      const half = graph.op("Mul", [graph.op("Add", [first, weight(graph, "one", [])]), weight(graph, "half", [1])]);
      return graph.op("Gemm", [half, weight(graph, "last", [4, 1]), weight(graph, "bias", [1])]);
    });
    expect(names(model)).toEqual(["w", "slope", "last", "bias"]);
  });

  it("learns weights that are shown transposed or in another shape, written as nodes or copied", () => {
    const model = network((graph, x) => {
      const transposed = graph.op("Transpose", [weight(graph, "w", [5, 4])], { perm: [1, 0] });
      const first = graph.op("MatMul", [x, transposed]);
      const reshaped = graph.op("Reshape", [weight(graph, "flat", [10]), graph.constant(ints(5, 2))]);
      const bias = graph.op("Unsqueeze", [weight(graph, "bias", [2]), graph.constant(ints(0))]);
      const second = graph.op("Gemm", [first, graph.op("Identity", [reshaped]), bias]);
      const third = graph.op("MatMul", [second, graph.op("Constant", [], { value: fixed([2, 3]) }, "node")]);
      return graph.op("Add", [third, graph.op("Identity", [graph.op("Identity", [weight(graph, "shift", [3])])])]);
    });
    expect(names(model)).toEqual(["w", "flat", "bias", "node", "shift"]);
    expect(unlearnableProducts(model)).toEqual([]);
    const decaying = learnableParameters(model).filter(({ decays }) => decays);
    expect(decaying.map(({ name }) => name)).toEqual(["w", "flat", "node"]);
  });

  it("lets weights decay and no bias, of whatever rank", () => {
    const model = network((graph, x) =>
      graph.op("Gemm", [x, weight(graph, "w", [4, 4]), weight(graph, "b", [1, 4])], { transB: 1 }),
    );
    expect(learnableParameters(model).map(({ name, decays }) => [name, decays])).toEqual([
      ["w", true],
      ["b", false],
    ]);
  });

  it("does not take the order of the bands of an image for a table that is learned", () => {
    const model = network((graph, x) => {
      const turned = graph.op("Gather", [x, graph.constant(ints(3, 2, 1, 0))], { axis: 1 });
      const scaled = graph.op("Mul", [turned, weight(graph, "factor", [4])]);
      return graph.op("MatMul", [scaled, weight(graph, "w", [4, 2])]);
    });
    expect(names(model)).toEqual(["w"]);
  });
});

describe("unlearnableProducts", () => {
  it("tells where weights are computed, or not float32", () => {
    const model = network((graph, x) => {
      const half = graph.op("Cast", [weight(graph, "w", [4, 4])], { to: 10 });
      const first = graph.op("MatMul", [x, graph.op("Cast", [half], { to: 1 })]);
      const parts = graph.op("Concat", [weight(graph, "a", [4, 1]), weight(graph, "b", [4, 1])], { axis: 1 });
      const second = graph.op("Gemm", [first, parts, graph.constant(float32([2], [1, 2]), "bias")]);
      return graph.op("MatMul", [second, weight(graph, "last", [2, 2])]);
    });
    expect(names(model)).toEqual(["bias", "last"]);
    expect(unlearnableProducts(model)).toEqual([2, 4]);
  });
});
