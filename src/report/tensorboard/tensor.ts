import type { Tensor, TensorInit } from "./proto.js";

/** TensorFlow's numbers of its types. */
const FLOAT = 1;
const DOUBLE = 2;
const STRING = 7;

/** A tensor of numbers as it was read. */
export interface Numbers {
  readonly shape: readonly number[];
  /** Row-major; as many as the shape says. */
  readonly data: Float32Array | Float64Array;
}

/** A tensor of float32 or float64 by the type of its data, row-major. */
export function numberTensor(shape: readonly number[], data: Float32Array | Float64Array): TensorInit {
  return {
    dtype: data instanceof Float32Array ? FLOAT : DOUBLE,
    tensorShape: shapeOf(shape),
    tensorContent: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}

/** A list of byte strings. */
export function stringTensor(strings: Uint8Array[]): TensorInit {
  return { dtype: STRING, tensorShape: shapeOf([strings.length]), stringVal: strings };
}

/** The float32 or float64 numbers of a tensor; undefined when it holds others, or not as many as its shape says. */
export function numbersOf(tensor: Tensor): Numbers | undefined {
  const shape = tensor.tensorShape?.dim.map(({ size }) => Number(size)) ?? [];
  const data = NUMBERS[tensor.dtype]?.(tensor);
  return data !== undefined && data.length === shape.reduce((size, dim) => size * dim, 1) ? { shape, data } : undefined;
}

/** The byte strings of a list; undefined when the tensor is none. */
export function stringsOf({ dtype, tensorShape, stringVal }: Tensor): readonly Uint8Array[] | undefined {
  const dims = tensorShape?.dim ?? [];
  return dtype === STRING && dims.length === 1 && Number(dims[0].size) === stringVal.length ? stringVal : undefined;
}

const NUMBERS: Readonly<Record<number, (tensor: Tensor) => Float32Array | Float64Array | undefined>> = {
  [FLOAT]: ({ tensorContent, floatVal }) =>
    tensorContent.length === 0 ? Float32Array.from(floatVal) : aligned(tensorContent, Float32Array),
  [DOUBLE]: ({ tensorContent, doubleVal }) =>
    tensorContent.length === 0 ? Float64Array.from(doubleVal) : aligned(tensorContent, Float64Array),
};

/** Bytes of a record stand anywhere: a typed array needs them at a multiple of its width. */
function aligned<T>(
  bytes: Uint8Array,
  Numbers: { readonly BYTES_PER_ELEMENT: number; new (buffer: ArrayBuffer): T },
): T | undefined {
  return bytes.length % Numbers.BYTES_PER_ELEMENT === 0 ? new Numbers(new Uint8Array(bytes).buffer) : undefined;
}

function shapeOf(shape: readonly number[]) {
  return { dim: shape.map((size) => ({ size: BigInt(size) })) };
}
