import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { endianness, tmpdir } from "node:os";
import { join } from "node:path";
import { runPeer } from "./python.js";

/** Numbers in C order. */
export interface ParityTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array;
}

/** A curve of losses that PyTorch shall compute: names and options as in torch.optim. */
export interface ParityCurve {
  readonly name: string;
  readonly optimizer: "SGD" | "AdamW";
  readonly options: Readonly<Record<string, number | boolean>>;
  readonly steps: number;
  readonly dtype?: "float32" | "float64";
  readonly layout?: "nchw" | "channels_last";
}

/** What bench/peers/train_parity.py is asked; its docstring says the same of `request.json`. */
export interface ParityRequest {
  /** The ONNX file's bytes, batch norm not folded. */
  readonly network: Uint8Array;
  /** `inputs` [T, N, C, H, W], `targets` [T, N, K] float32 or [T, N] int32, and for features `headWeight` [K, D] and `headBias` [K]. */
  readonly tensors: Readonly<Record<string, ParityTensor>>;
  readonly output?: string;
  /** Share of the new in running statistics: 1 − ONNX's momentum. */
  readonly momentum?: number;
  readonly curves?: readonly ParityCurve[];
}

const DTYPES = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;

/**
 * PyTorch's tensors by name: `gradient/float64/<parameter>`, `gradient/float32/…`, `running/…`, `logits/…`, `loss/<curve>`; or says why
 * there are none.
 */
export function askTorch(
  request: ParityRequest,
): { readonly tensors: ReadonlyMap<string, ParityTensor> } | { readonly missing: string } {
  if (endianness() !== "LE") return { missing: "the files between are little-endian" };
  const folder = mkdtempSync(join(tmpdir(), "sigmax-parity-"));
  try {
    const { network, tensors, ...rest } = request;
    writeFileSync(join(folder, "network.onnx"), network);
    const described = Object.entries(tensors).map(([name, { shape, data }]) => {
      writeFileSync(join(folder, `${name}.bin`), data);
      const dtype = Object.entries(DTYPES).find(([, type]) => data instanceof type)?.[0];
      return [name, { file: `${name}.bin`, dtype, shape }];
    });
    writeFileSync(join(folder, "request.json"), JSON.stringify({ ...rest, tensors: Object.fromEntries(described) }));
    const answer = runPeer("bench/peers/train_parity.py", [folder]);
    if ("missing" in answer) return answer;
    const index: { tensors: Record<string, { file: string; dtype: keyof typeof DTYPES; shape: number[] }> } = JSON.parse(
      readFileSync(join(folder, "answer.json"), "utf8"),
    );
    const read = Object.entries(index.tensors).map(([name, { file, dtype, shape }]): [string, ParityTensor] => {
      const bytes = readFileSync(join(folder, file));
      return [name, { shape, data: new DTYPES[dtype](bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)) }];
    });
    return { tensors: new Map(read) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
