// What both builds of ONNX Runtime have in common. Types only: no runtime is loaded here.
import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from "onnxruntime-web";
import { messageOf, UserError } from "../errors.js";
import type { DType, Tensor } from "../tensor.js";
import type { Runtime, Session, SessionOptions, SessionPort } from "./session.js";

/** The part of an ONNX Runtime package that we use. */
export interface Ort {
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor;
}

/** Only what ends the process is worth a log line; everything else comes back as an exception. */
const SILENT = 4;

/** The one place for session options. `extra` goes to the session configuration of ONNX Runtime. */
export async function createSession(
  ort: Ort,
  runtime: Runtime,
  model: Uint8Array,
  { file = "the model", foldedBytes }: SessionOptions,
  { extra, ...specific }: InferenceSession.SessionOptions,
): Promise<Session> {
  const { session, ports } = await guard(file, "cannot be opened", async () => {
    const session = await ort.InferenceSession.create(model, {
      graphOptimizationLevel: "all",
      // Reuses less memory between runs of different batch sizes, but peaks lower: 525 → 347 MB while training a ResNet.
      enableMemPattern: false,
      logSeverityLevel: SILENT,
      ...specific,
      extra: {
        ...extra,
        ...(foldedBytes !== undefined && { optimization: { constant_folding_max_output_size_in_bytes: String(foldedBytes) } }),
      },
    });
    return { session, ports: { inputs: session.inputMetadata.map(portOf), outputs: session.outputMetadata.map(portOf) } };
  });
  const names = ports.outputs.map(({ name }) => name);
  let isOpen = true;
  return {
    ...ports,
    runtime,
    async run(feeds, fetches = names, into = {}) {
      if (!isOpen) throw new UserError("usage", `${file} was closed`, { hint: "Open it again before running it." });
      const toOrt = ({ dtype, data, shape }: Tensor) => new ort.Tensor(dtype, data, shape);
      const given = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toOrt(tensor)]));
      // WebAssembly has memory of its own and leaves that of the caller as it was.
      const here = runtime === "native" ? into : {};
      const wanted = Object.fromEntries(fetches.map((name) => [name, Object.hasOwn(here, name) ? toOrt(here[name]) : null]));
      return guard(file, "fails when it runs", async () => {
        const results = await session.run(given, wanted);
        return Object.fromEntries(
          Object.entries(results).map(([name, tensor]) => {
            const result = fromOrt(name, tensor);
            return [name, Object.hasOwn(into, name) ? settled(name, result, into[name]) : result];
          }),
        );
      });
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await session.release();
    },
  };
}

function portOf(metadata: InferenceSession.ValueMetadata): SessionPort {
  if (!metadata.isTensor) throw new Error(`"${metadata.name}" is not a tensor`);
  return { name: metadata.name, dtype: metadata.type, shape: metadata.shape };
}

const DTYPES: ReadonlySet<string> = new Set<DType>([
  "float32",
  "float64",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "bool",
]);

function fromOrt(name: string, tensor: OrtTensor): Tensor {
  if (!DTYPES.has(tensor.type)) throw new Error(`output "${name}" is ${tensor.type}, which cannot be read here`);
  // The set above holds exactly the names of DType, and ONNX Runtime uses the same array class for each.
  return { dtype: tensor.type, shape: tensor.dims, data: tensor.data } as Tensor;
}

/** The memory of the caller with the result in it. */
function settled(name: string, result: Tensor, target: Tensor): Tensor {
  if (result.data === target.data) return target;
  if (result.dtype !== target.dtype || result.data.length !== target.data.length) {
    throw new Error(`output "${name}" is ${result.dtype} [${result.shape.join(", ")}], unlike the memory that it should go into`);
  }
  // Equal types have arrays of one class, which TypeScript cannot tell.
  (target.data as Float32Array).set(result.data as Float32Array);
  return target;
}

async function guard<T>(file: string, what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new UserError("bad-model", `${file}: ${what}: ${plain(messageOf(error))}`, {
      hint: "Check the file in Netron, or export it again with an opset that ONNX Runtime 1.30 supports.",
      cause: error,
    });
  }
}

/** ONNX Runtime's messages without the C++ source positions, on one line. */
function plain(message: string): string {
  return message
    .replace(/\S*\/onnxruntime\/\S+ [^\n]*?(?=Exception|Node|[A-Z][a-z]+ )/g, "")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 600);
}
