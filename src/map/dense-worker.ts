import { workerData } from "node:worker_threads";
import { denseFeeds } from "../onnx/dense.js";
import { FINAL_RESULT, IMAGE } from "../onnx/surgery.js";
import { resizedInput, seenBands } from "../raster/preprocess.js";
import { release } from "../raster/release.js";
import type { Session } from "../runtime/session.js";
import { finiteFloats, openSharedModel } from "../runtime/shared-model.js";
import { float32, type Tensor } from "../tensor.js";
import { type Answer, serveThread } from "../thread.js";
import type { DenseRequest, DenseWorkerData } from "./dense.js";

// workerData is untyped by Node; dense.ts is the only one that starts this file.
const { model, preprocess, maps, ofChip, runtime } = workerData as DenseWorkerData;

/** Which places are averaged is the same for nearly all windows of a map. */
const MOST_FEEDS = 8;
const known = new Map<string, Record<string, Tensor>>();

function feedsFor({ rows, columns, ofWindow }: DenseRequest): Record<string, Tensor> {
  const key = JSON.stringify([rows, columns]);
  const feeds = known.get(key) ?? denseFeeds({ maps, ofChip, ofWindow }, rows, columns);
  if (known.size >= MOST_FEEDS) known.clear();
  known.set(key, feeds);
  return feeds;
}

/** One window at a time: its input is the largest thing that a thread holds beside the network's own tensors. */
let chain: Promise<unknown> = Promise.resolve();

async function answer(session: Session, request: DenseRequest): Promise<Answer<Float32Array>> {
  const { window, size, rows, columns, file } = request;
  const current = chain.then(async () => {
    const shape = [1, preprocess.bands.length, rows.lengthPx, columns.lengthPx];
    const pixels = new Float32Array(shape.reduce((a, b) => a * b, 1));
    const seen = seenBands(window, preprocess, { file });
    resizedInput(seen, preprocess, pixels, 0, size);
    for (const { data } of [window, seen]) release(data);
    const outputs = await session.run({ [IMAGE]: float32(shape, pixels), ...feedsFor(request) }, [FINAL_RESULT]);
    release(pixels);
    return outputs;
  });
  chain = current.catch(() => {});
  const result = finiteFloats((await current)[FINAL_RESULT], { output: FINAL_RESULT, file });
  return { result, transfer: [result.buffer] };
}

await serveThread<DenseRequest, Float32Array>(async (onWarning) => {
  const session = await openSharedModel(model, { runtime, onWarning });
  return (request) => answer(session, request);
});
