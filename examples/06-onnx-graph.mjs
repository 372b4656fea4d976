// An ONNX graph written by hand: shapes are inferred and checked node by node.
import { GraphBuilder, readModel, writeModel } from "sigmax/onnx";

const graph = new GraphBuilder();
const image = graph.input("image", "float32", ["N", 3, 64, 64]);
const pooled = graph.op("GlobalAveragePool", [image]);
graph.output(graph.op("Flatten", [pooled], { axis: 1 }, "embedding"));
console.log("embedding", graph.shapeOf("embedding"));

const bytes = writeModel(graph.build({ name: "band-means" }));
console.log(bytes.length, "bytes,", readModel(bytes).graph?.node.length, "nodes");

try {
  graph.op("MatMul", ["embedding", "embedding"]);
} catch (error) {
  console.log(error.message);
}
