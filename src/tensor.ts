/** Element types and the typed array that holds each (bool is one byte per element, as in ONNX). */
export interface TypedArrays {
  float32: Float32Array;
  float64: Float64Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  bool: Uint8Array;
}

export type DType = keyof TypedArrays;

/** A dense row-major array. */
export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: TypedArrays[D];
}

/** The number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** A float32 tensor. @throws RangeError if data and shape disagree */
export function float32(shape: readonly number[], data: Float32Array | readonly number[]): Tensor<"float32"> {
  return checked({ dtype: "float32", shape, data: data instanceof Float32Array ? data : Float32Array.from(data) });
}

/** An int64 tensor from plain integers. @throws RangeError if data and shape disagree */
export function int64(shape: readonly number[], data: readonly number[]): Tensor<"int64"> {
  return checked({ dtype: "int64", shape, data: BigInt64Array.from(data, BigInt) });
}

function checked<D extends DType>(tensor: Tensor<D>): Tensor<D> {
  const expected = sizeOf(tensor.shape);
  if (tensor.data.length !== expected) {
    throw new RangeError(`${tensor.data.length} elements do not fill the shape [${tensor.shape.join(", ")}]`);
  }
  return tensor;
}
