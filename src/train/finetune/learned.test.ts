import { describe, expect, it } from "vitest";
import { GraphBuilder, type Value } from "../../onnx/builder.js";
import { fixed } from "../../onnx/ops/op.cases.js";
import { TRAINING_OPSET } from "../../onnx/upgrade.js";
import { learnedAfter } from "./learned.js";

/** Three layers: weights in a Constant node, transposed ones behind a copy, and cast ones. */
function network() {
  const graph = new GraphBuilder();
  const layer = (x: Value, weights: Value, name: string) => graph.op("MatMul", [x, weights], {}, name);
  const x = graph.input("x", "float32", ["N", 4]);
  const first = layer(x, graph.op("Constant", [], { value: fixed([4, 4]) }, "constant"), "first");
  const copied = graph.op("Identity", [graph.constant(fixed([4, 4]), "stored")], {}, "copy");
  const second = layer(first, graph.op("Transpose", [copied], { perm: [1, 0] }), "second");
  const half = graph.constant({ dtype: "int8", shape: [4, 2], data: new Int8Array(8).fill(1) });
  graph.output(layer(second, graph.op("DequantizeLinear", [half, graph.constant(fixed([]))]), "third"));
  return graph.build({ opset: TRAINING_OPSET });
}

function learned(freezeUntil?: string | number) {
  const warnings: string[] = [];
  const parameters = learnedAfter(network(), freezeUntil, { onWarning: (message) => warnings.push(message) });
  return { names: parameters.map(({ name }) => name), warnings };
}

describe("learnedAfter", () => {
  it("finds weights in nodes and behind others, and says which layers cannot learn", () => {
    const { names, warnings } = learned();
    expect(names).toEqual(["constant", "stored"]);
    expect(warnings).toEqual([
      expect.stringMatching(/^A layer stays as it was in training: the weights of "third" are not float32/),
    ]);
  });

  it("takes the name of a node that is folded for the one behind it", () => {
    for (const name of ["copy", "second"]) expect(learned(name).names).toEqual(["stored"]);
    expect(learned(0.5).names).toEqual(["stored"]);
    expect(() => learned("third")).toThrow(/nothing to learn/);
  });
});
