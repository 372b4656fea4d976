import { GraphBuilder } from "../onnx/builder.js";
import { writeModel } from "../onnx/model.js";
import { throwIfAborted } from "../progress.js";
import { openSession } from "../runtime/open.js";
import { float32 } from "../tensor.js";

/** Rows of the left side that are multiplied together: a block of products stays within a few MiB. */
const BLOCK_PRODUCTS = 2 ** 20;

/** The model of `left` `[N, D]` times `right` `[M, D]` transposed: `products` `[N, M]`. */
function productModel(size: number): Uint8Array {
  const graph = new GraphBuilder();
  const sides = [graph.input("left", "float32", ["N", size]), graph.input("right", "float32", ["M", size])];
  graph.output(graph.op("Gemm", sides, { transB: 1 }, "products"), "float32");
  return writeModel(graph.build({ name: "products" }));
}

/**
 * Multiplies every row of `left` `[n, D]` with every row of `right` `[m, D]` in ONNX Runtime, and hands over the products `[m]` of
 * one left row after the other; their memory belongs to the next block when the visit returns.
 */
export async function eachRowOfProducts(
  left: Float32Array,
  right: Float32Array,
  size: number,
  visit: (row: number, products: Float32Array) => void,
  signal?: AbortSignal,
): Promise<void> {
  const [rows, width] = [left.length / size, right.length / size];
  if (rows === 0 || width === 0) return;
  const blockRows = Math.max(1, Math.floor(BLOCK_PRODUCTS / width));
  const session = await openSession(productModel(size), { file: "the products" });
  try {
    for (let from = 0; from < rows; from += blockRows) {
      throwIfAborted(signal);
      const to = Math.min(rows, from + blockRows);
      const { products } = await session.run({
        left: float32([to - from, size], left.subarray(from * size, to * size)),
        right: float32([width, size], right),
      });
      // Declared as float32 by the model.
      const data = products.data as Float32Array;
      for (let row = from; row < to; row++) visit(row, data.subarray((row - from) * width, (row - from + 1) * width));
    }
  } finally {
    await session.close();
  }
}
