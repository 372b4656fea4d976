import type { LinearHead } from "../model/head-fit.js";
import { GraphBuilder, writeModel } from "../onnx/index.js";
import { openSession } from "../runtime/open.js";
import { float32 } from "../tensor.js";

/** The evaluation feature of each sample: the mean of its views, `[N, V, D]` → `[N, D]`. */
export function meanOverViews(embeddings: Float32Array, views: number, size: number): Float32Array {
  if (views === 1) return embeddings;
  const count = embeddings.length / (views * size);
  const means = new Float32Array(count * size);
  for (let n = 0; n < count; n++) {
    for (let d = 0; d < size; d++) {
      let sum = 0;
      for (let v = 0; v < views; v++) sum += embeddings[(n * views + v) * size + d];
      means[n * size + d] = sum / views;
    }
  }
  return means;
}

/** Logits `[N, K]` of embeddings `[N, D]`, computed as the classifier computes them. */
export async function logitsOf({ weights, bias }: LinearHead, embeddings: Float32Array): Promise<Float32Array> {
  const classes = bias.length;
  const size = weights.length / classes;
  const count = embeddings.length / size;
  if (count === 0) return new Float32Array(0);
  const graph = new GraphBuilder();
  const input = graph.input("embedding", "float32", ["N", size]);
  graph.output(
    graph.op(
      "Gemm",
      [input, graph.constant(float32([classes, size], weights)), graph.constant(float32([classes], bias))],
      { transB: 1 },
      "logits",
    ),
  );
  const session = await openSession(writeModel(graph.build({ name: "head" })));
  try {
    const { logits } = await session.run({ embedding: float32([count, size], embeddings) });
    return Float32Array.from(logits.data as Float32Array); // Gemm of float32 gives float32
  } finally {
    await session.close();
  }
}
