import { forwardModel } from "../model/head.js";
import type { LinearHead } from "../model/head-fit.js";
import { openSession } from "../runtime/open.js";
import { float32 } from "../tensor.js";

/** The evaluation feature of each row, by default of all: the mean of its views, `[N, V, D]` → `[n, D]`. */
export function meanOverViews(embeddings: Float32Array, views: number, size: number, rows?: readonly number[]): Float32Array {
  if (views === 1 && rows === undefined) return embeddings;
  const count = rows?.length ?? embeddings.length / (views * size);
  const means = new Float32Array(count * size);
  for (let n = 0; n < count; n++) {
    const from = (rows?.[n] ?? n) * views * size;
    for (let d = 0; d < size; d++) {
      let sum = 0;
      for (let v = 0; v < views; v++) sum += embeddings[from + v * size + d];
      means[n * size + d] = sum / views;
    }
  }
  return means;
}

/** Applies heads of one shape in ONNX Runtime. */
export interface Scorer {
  /** Logits `[N, K]` of embeddings `[N, D]`. */
  logitsOf(head: LinearHead, embeddings: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Opens a scorer for heads with K classes on embeddings of width D. Close it. */
export async function openScorer(size: number, classes: number): Promise<Scorer> {
  const session = await openSession(forwardModel(undefined, size, classes), { file: "the head" });
  return {
    async logitsOf({ weights, bias }, embeddings) {
      const count = embeddings.length / size;
      if (count === 0) return new Float32Array(0);
      const { logits } = await session.run({
        features: float32([count, size], embeddings),
        weights: float32([classes, size], weights),
        bias: float32([classes], bias),
      });
      return Float32Array.from(logits.data as Float32Array); // declared as float32 by the model
    },
    close: () => session.close(),
  };
}

/** Logits `[N, K]` of embeddings `[N, D]` from one head. */
export async function logitsOf(head: LinearHead, embeddings: Float32Array): Promise<Float32Array> {
  const classes = head.bias.length;
  const scorer = await openScorer(head.weights.length / classes, classes);
  try {
    return await scorer.logitsOf(head, embeddings);
  } finally {
    await scorer.close();
  }
}
