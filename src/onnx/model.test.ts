import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { float32 } from "../tensor.js";
import { GraphBuilder } from "./builder.js";
import { findEmbeddings } from "./embedding.js";
import { readMetadata, withMetadata } from "./metadata.js";
import { graphOf, type Model, opsetOf, readModel, writeModel } from "./model.js";
import { normalForm } from "./normal-form.js";
import { changed, newOpset } from "./proto.js";
import { valueInfo } from "./types.js";

const DATA = join(process.env.SIGMAX_DATA ?? "../shared/data", "onnx");
const networks = existsSync(DATA) ? readdirSync(DATA).filter((name) => name.endsWith(".onnx")) : [];
if (networks.length === 0) console.warn(`${DATA} is absent: real networks are not tested`);

/** Pools an image and multiplies it: [N, 3, 4, 4] → [N, 2]. */
function small(): Model {
  const graph = new GraphBuilder();
  const image = graph.input("image", "float32", ["N", 3, 4, 4]);
  const pooled = graph.op("Flatten", [graph.op("GlobalAveragePool", [image])], {}, "pooled");
  const weights = graph.constant(float32([2, 3], [1, 2, 3, 4, 5, 6]), "weights");
  graph.output(graph.op("Gemm", [pooled, weights], { transB: 1 }, "scores"));
  return graph.build({ name: "small" });
}

describe("readModel and writeModel", () => {
  it("give back the same bytes, and equal models give equal bytes", () => {
    const bytes = writeModel(small());
    expect(writeModel(small())).toEqual(bytes);
    expect(writeModel(readModel(bytes))).toEqual(bytes);
  });

  it("keep fields that are not in our description of the format", () => {
    // Field 26 of ModelProto (device configurations), 3 bytes long.
    const bytes = new Uint8Array([...writeModel(small()), 0xd2, 0x01, 3, 0x0a, 1, 0x61]);
    expect(writeModel(readModel(bytes))).toEqual(bytes);
    expect(writeModel(withMetadata(readModel(bytes), { a: "b" })).toString()).toContain("210,1,3,10,1,97");
  });

  it.each([
    ["nothing", new Uint8Array(), "the file is empty"],
    ["a web page", new TextEncoder().encode("<html><body>404 Not Found</body></html>"), "web page"],
    ["a cut file", writeModel(small()).slice(0, 100), "damaged or cut off"],
    ["a model without a graph", new Uint8Array([8, 7]), "no graph"],
  ])("refuse %s, naming the file", (_, bytes, reason) => {
    const read = () => readModel(bytes, { file: "net.onnx" });
    expect(read).toThrow(UserError);
    expect(read).toThrow(`net.onnx: not a readable ONNX model`);
    expect(read).toThrow(reason);
  });
});

describe("metadata", () => {
  it("is read, set and replaced, and everything else stays", () => {
    const first = withMetadata(small(), { sigmax: "1", author: "<script>" });
    const second = withMetadata(readModel(writeModel(first)), { sigmax: "2" });
    expect(readMetadata(second)).toEqual({ sigmax: "2", author: "<script>" });
    expect(readMetadata(first)).toEqual({ sigmax: "1", author: "<script>" });
  });
});

describe("GraphBuilder", () => {
  it("refuses what cannot run, naming operator and shapes", () => {
    const graph = new GraphBuilder();
    const image = graph.input("image", "float32", ["N", 3, 4, 4]);
    const weights = graph.constant(float32([2, 4, 1, 1], new Float32Array(8)), "weights");
    expect(() => graph.op("Conv", [image, weights])).toThrow("Conv(image [N, 3, 4, 4], weights [2, 4, 1, 1])");
    expect(() => graph.op("Relu", ["nowhere"])).toThrow('there is no tensor "nowhere"');
    expect(() => graph.op("Relu", [image], {}, "weights")).toThrow('has a tensor "weights" already');
    expect(() => graph.op("Transpose", [image], { perm: [0, 1] })).toThrow(RangeError);
    expect(() => graph.op("Concat", [image], { axis: 0.5 })).toThrow("attribute axis is an integer, not 0.5");
  });

  it("keeps tensors apart when a model is put into another twice", () => {
    const graph = new GraphBuilder();
    const image = graph.input("image", "float32", ["N", 3, 4, 4]);
    graph.inline(small(), { image }, "a/");
    graph.inline(small(), { image }, "b/");
    graph.output(graph.op("Add", ["a/scores", "b/scores"], {}, "sum"));
    const { node, initializer } = graphOf(graph.build());
    expect(new Set(node.map(({ output }) => output[0])).size).toBe(7);
    expect(initializer.map(({ name }) => name)).toEqual(["a/weights", "b/weights"]);
    expect(graph.shapeOf("sum")).toEqual(["N", 2]);
  });

  it("refuses to mix operator versions", () => {
    const graph = new GraphBuilder();
    const image = graph.input("image", "float32", ["N", 3, 4, 4]);
    graph.inline(small(), { image }, "a/");
    expect(() => graph.build({ opset: 12 })).toThrow("17 and 12");
  });
});

describe("findEmbeddings", () => {
  it("prefers what goes into the classifier", () => {
    expect(findEmbeddings(small())[0]).toMatchObject({ name: "pooled", size: 3, role: "input of the classifier Gemm" });
  });

  it.each(networks)("finds the pooled features of %s", (name) => {
    const [first, second] = findEmbeddings(readModel(readFileSync(join(DATA, name))));
    expect(first.role).toBe("output");
    expect(second.role).toBe("global pool");
    expect(first.size).toBe(second.size);
    expect(first.size).toBeGreaterThan(100);
  });
});

describe("normalForm", () => {
  it("sorts nodes, frees the batch and takes weights out of the inputs", () => {
    const model = small();
    const graph = graphOf(model);
    const jumbled = changed(model, {
      irVersion: 3n,
      graph: changed(graph, {
        node: graph.node.toReversed(),
        input: [...graph.input, changed(graph.output[0], { name: "weights" })],
      }),
    });
    const normal = normalForm(jumbled);
    expect(graphOf(normal).node.map(({ opType }) => opType)).toEqual(["GlobalAveragePool", "Flatten", "Gemm"]);
    expect(graphOf(normal).input.map(({ name }) => name)).toEqual(["image"]);
    expect(normal.irVersion).toBe(8n);
    expect(opsetOf(normal)).toBe(17);
    // What went in is as it was.
    expect(graphOf(jumbled).node[0].opType).toBe("Gemm");
  });

  it("knows the standard operators by one domain", () => {
    const model = small();
    const graph = graphOf(model);
    const normal = normalForm(
      changed(model, {
        opsetImport: [newOpset("ai.onnx", 17)],
        graph: changed(graph, { node: graph.node.map((node) => changed(node, { domain: "ai.onnx" })) }),
      }),
    );
    expect(normal.opsetImport).toEqual([newOpset("", 17)]);
    expect(graphOf(normal).node.map(({ domain }) => domain)).toEqual(["", "", ""]);
  });

  it("keeps the shapes that a graph declares for any batch, and drops those for one", () => {
    const declared = (batch: "batch" | 1) => {
      const model = small();
      const graph = graphOf(model);
      const input = graph.input.map((info) => valueInfo(info.name, { code: 1, shape: [batch, 3, "side", "side"] }));
      const hidden = valueInfo("pooled", { code: 1, shape: [batch, "side", "other", 3] });
      return graphOf(normalForm(changed(model, { graph: changed(graph, { input, valueInfo: [hidden] }) }))).valueInfo;
    };
    expect(declared("batch")).toEqual([valueInfo("pooled", { code: 1, shape: ["N", "side", null, 3] })]);
    expect(declared(1)).toEqual([]);
  });
});
