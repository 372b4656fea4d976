import { expect, it } from "vitest";
import { GraphBuilder, writeModel } from "../onnx/index.js";
import { float32 } from "../tensor.js";
import { openSession } from "./open.js";

it("runs a small graph on both", async () => {
  const g = new GraphBuilder();
  const x = g.input("image", "float32", ["N", 3, 4, 4]);
  const w = g.constant(float32([2, 3, 1, 1], [1, 2, 3, 4, 5, 6]));
  g.output(g.op("Flatten", [g.op("GlobalAveragePool", [g.op("Conv", [x, w])])], {}, "embedding"));
  const bytes = writeModel(g.build());
  for (const runtime of ["native", "wasm"] as const) {
    const s = await openSession(bytes, { runtime, threads: 1 });
    const r = await s.run({ image: float32([1, 3, 4, 4], new Float32Array(48).fill(1)) });
    expect(r.embedding.shape).toEqual([1, 2]);
    expect([...r.embedding.data]).toEqual([6, 15]);
    console.log(s.inputs, s.outputs, s.runtime);
    await s.close();
  }
});
