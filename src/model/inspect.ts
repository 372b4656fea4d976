import { performance } from "node:perf_hooks";
import { UserError } from "../errors.js";
import { type Candidate, findEmbeddings, normalForm, opsetOf, readModel } from "../onnx/index.js";
import { graphOf } from "../onnx/model.js";
import { DATA_TYPES, dataTypeName } from "../onnx/types.js";
import { openSession } from "../runtime/open.js";
import { probeModel } from "../runtime/probe.js";
import type { RuntimeChoice, SessionPort } from "../runtime/session.js";
import { float32, sizeOf } from "../tensor.js";
import { modelSource, type SourceOptions } from "./backbones/reference.js";

/** What an ONNX file holds, as far as it matters for a backbone. Names are untrusted text. */
export interface BackboneReport {
  readonly file: string;
  readonly bytes: number;
  readonly opset: number;
  readonly producer: string;
  /** Numbers in the weights. */
  readonly parameters: number;
  /** Their element types, the most frequent first. */
  readonly weightTypes: readonly string[];
  readonly inputs: readonly SessionPort[];
  readonly outputs: readonly SessionPort[];
  /** The likeliest first; the first is what `openOnnxBackbone` takes. */
  readonly candidates: readonly Candidate[];
  readonly speed: {
    readonly imagesPerSecond: number;
    /** The input that was timed. */
    readonly shape: readonly number[];
    readonly runtime: "native" | "wasm";
  };
}

export interface InspectOptions extends SourceOptions {
  readonly runtime?: RuntimeChoice | undefined;
  readonly threads?: number | undefined;
  /** How long to measure the speed. */
  readonly durationMs?: number | undefined;
}

/**
 * Opens an ONNX file safely and tells what it holds; no preprocessing is needed.
 *
 * @param reference a path, `https://…` or `hf:<owner>/<name>/<path>`
 * @throws UserError as `probeModel` and `download`
 */
export async function inspectBackbone(reference: string, options: InspectOptions = {}): Promise<BackboneReport> {
  const { runtime, threads, durationMs = 1000, signal, onWarning } = options;
  const source = modelSource(reference, options);
  const path = source.file;
  const bytes = await source.read();
  const { inputs, outputs, ran } = await probeModel(bytes, { file: path, runtime, signal });
  const model = readModel(bytes, { file: path });
  const counts = new Map<string, number>();
  for (const { dims, dataType } of graphOf(model).initializer) {
    const name = dataTypeName(dataType);
    counts.set(name, (counts.get(name) ?? 0) + sizeOf(dims.map(Number)));
  }
  const types = [...counts].sort(([, a], [, b]) => b - a);

  const session = await openSession(bytes, { file: path, runtime, threads, onWarning });
  try {
    const image = { [inputs[0].name]: float32(ran.input, new Float32Array(sizeOf(ran.input))) };
    let images = 0;
    const started = performance.now();
    let elapsedMs = 0;
    do {
      if (signal?.aborted) throw new UserError("aborted", "stopped");
      await session.run(image);
      images += ran.input[0];
      elapsedMs = performance.now() - started;
    } while (elapsedMs < durationMs);
    return {
      file: path,
      bytes: bytes.length,
      opset: opsetOf(model),
      producer: model.producerName,
      parameters: types.reduce((sum, [name, count]) => sum + (isInteger64(name) ? 0 : count), 0),
      weightTypes: types.map(([name]) => name),
      inputs,
      outputs,
      candidates: findEmbeddings(normalForm(model)),
      speed: { imagesPerSecond: (1000 * images) / elapsedMs, shape: ran.input, runtime: session.runtime },
    };
  } finally {
    await session.close();
  }
}

/** 64-bit integers are shapes and indices, not weights. */
function isInteger64(name: string): boolean {
  return name === DATA_TYPES[7].name;
}
