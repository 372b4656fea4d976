import { open } from "node:fs/promises";
import { UserError } from "../../errors.js";
import { unreadable } from "../../files.js";
import type { Tensor } from "../../tensor.js";
import { FOREIGN_ARRAYS } from "./foreign.js";
import { isNpy, readNpy } from "./npy.js";
import { looksLikeSafetensors, readSafetensors } from "./safetensors.js";

/** The name of the only array of a `.npy` file, which has none of its own. */
export const NPY_NAME = "array";

const MAX_ARRAY_FILE_BYTES = 4 * 2 ** 30;

/** How a file of arrays is read. */
export interface ReadArraysOptions {
  /** Names the file in errors; a path names itself. */
  readonly file?: string;
  /** Refuses NaN and infinities; true by default. */
  readonly finite?: boolean;
  /** Turns every floating-point array into float32. */
  readonly floatsAs?: "float32";
  readonly maxBytes?: number;
}

/**
 * Reads named arrays from a `.npy` or `.safetensors` file, told apart by their first bytes.
 *
 * @throws UserError `bad-file` for other formats (pickle and PyTorch files above all), damage, NaN and infinities; `limit` for size
 */
export async function readArrays(source: string | Uint8Array, options: ReadArraysOptions = {}): Promise<Map<string, Tensor>> {
  const { finite = true, floatsAs, maxBytes = MAX_ARRAY_FILE_BYTES } = options;
  const file = options.file ?? (typeof source === "string" ? source : "the array file");
  const bytes = typeof source === "string" ? await readWhole(source, maxBytes) : source;
  const arrays = new Map<string, Tensor>();
  for (const [name, tensor] of parse(bytes, file)) {
    const converted = floatsAs === undefined ? tensor : narrowed(tensor);
    if (finite) requireFinite(name, converted, file);
    arrays.set(name, converted);
  }
  return arrays;
}

function parse(bytes: Uint8Array, file: string): Iterable<[string, Tensor]> {
  if (isNpy(bytes)) return [[NPY_NAME, readNpy(bytes, file)]];
  // Before the foreign formats: the length of a safetensors header can begin with any two bytes, "PK" too.
  if (looksLikeSafetensors(bytes)) return readSafetensors(bytes, file).tensors;
  const foreign = FOREIGN_ARRAYS.find((row) => row.sniff(bytes));
  if (foreign !== undefined) throw new UserError("bad-file", `${file}: this is ${foreign.what}`, { hint: foreign.hint });
  if (file.toLowerCase().endsWith(".safetensors")) return readSafetensors(bytes, file).tensors;
  throw new UserError("bad-file", `${file}: this is neither a .npy nor a .safetensors file`, {
    hint: "Save the arrays with numpy.save or safetensors.",
  });
}

async function readWhole(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw new UserError("bad-file", `${path}: not a file`, { hint: "Give a .npy or .safetensors file." });
      if (stat.size > maxBytes) {
        throw new UserError("limit", `${path}: ${stat.size} bytes, the limit is ${maxBytes}`, {
          hint: "Split it, or raise the limit.",
        });
      }
      // `readFile` stops at 2 GiB.
      const bytes = new Uint8Array(stat.size);
      for (let done = 0; done < bytes.length; ) {
        const { bytesRead } = await file.read(bytes, done, Math.min(bytes.length - done, 2 ** 30), done);
        if (bytesRead === 0) return bytes.subarray(0, done);
        done += bytesRead;
      }
      return bytes;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw unreadable(path, "Check the path.", error);
  }
}

function narrowed(tensor: Tensor): Tensor {
  return tensor.data instanceof Float64Array
    ? { dtype: "float32", shape: tensor.shape, data: Float32Array.from(tensor.data) }
    : tensor;
}

function requireFinite(name: string, { data, shape }: Tensor, file: string): void {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return;
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      throw new UserError("bad-file", `${file}: "${name}" holds ${data[i]} at [${indexOf(i, shape).join(", ")}]`, {
        hint: "The numbers must be finite: compute the file again.",
      });
    }
  }
}

/** Row-major position to index. */
function indexOf(position: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = position;
  for (const extent of shape.toReversed()) {
    index.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return index;
}
