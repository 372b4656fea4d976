import { describe, expect, it } from "vitest";
import { float32, int64 } from "../tensor.js";
import { GraphBuilder } from "./builder.js";
import { initializer, withInitializers } from "./initializers.js";
import { graphOf, readModel, writeModel } from "./model.js";
import { changed, newTensor } from "./proto.js";

function model() {
  const graph = new GraphBuilder();
  const x = graph.input("x", "float32", ["N", 3]);
  const weights = graph.constant(float32([2, 3], [1, 2, 3, 4, 5, 6]), "weights");
  const bias = graph.constant(float32([2], [7, 8]), "bias");
  const y = graph.op("Gemm", [x, weights, bias], { transB: 1 });
  graph.output(graph.op("Reshape", [y, graph.constant(int64([2], [0, 2]), "shape")]));
  return graph.build({ metadata: { author: "somebody" } });
}

describe("weights of a model", () => {
  it("are read by name", () => {
    expect(initializer(model(), "weights")).toEqual(float32([2, 3], [1, 2, 3, 4, 5, 6]));
    expect(() => initializer(model(), "weight")).toThrow(new RangeError('the model has no initializer "weight"'));
  });

  it("are replaced, and all else stays byte for byte", () => {
    const before = model();
    const bytes = writeModel(before);
    const bias = Float32Array.of(-1, -2);
    const after = withInitializers(before, new Map([["bias", bias]]));
    bias.fill(9);
    expect(initializer(after, "bias")).toEqual(float32([2], [-1, -2]));
    expect(writeModel(before)).toEqual(bytes);
    expect(writeModel(withInitializers(after, new Map([["bias", Float32Array.of(7, 8)]])))).toEqual(bytes);
  });

  it("are replaced where they stand in the typed field", () => {
    const graph = graphOf(model());
    const [weights, ...others] = graph.initializer;
    const typed = newTensor({ name: "weights", dims: weights.dims, dataType: 1, floatData: [1, 2, 3, 4, 5, 6] });
    const foreign = changed(model(), { graph: changed(graph, { initializer: [typed, ...others] }) });
    const after = withInitializers(foreign, new Map([["weights", new Float32Array(6).fill(0.5)]]));
    expect(initializer(readModel(writeModel(after)), "weights")).toEqual(float32([2, 3], new Float32Array(6).fill(0.5)));
  });

  it.each([
    ["an unknown name", "fc", new Float32Array(2), 'no initializer "fc"'],
    ["another length", "weights", new Float32Array(5), 'initializer "weights" [2, 3] takes 6 numbers, not 5'],
    ["another type", "shape", new Float32Array(2), 'initializer "shape" holds int64, not float32'],
  ])("are not replaced under %s", (_, name, values, message) => {
    const replace = () => withInitializers(model(), new Map([[name, values]]));
    expect(replace).toThrow(RangeError);
    expect(replace).toThrow(message);
  });
});
