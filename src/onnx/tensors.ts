import { UserError } from "../errors.js";
import { type DType, sizeOf, type Tensor, type TypedArrays } from "../tensor.js";
import { newTensor, type TensorProto } from "./proto.js";
import { CODE_OF, DATA_TYPES, dataTypeName } from "./types.js";

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const satisfies { [D in DType]: new (buffer: ArrayBuffer) => TypedArrays[D] };

/** A tensor as ONNX stores it, in `raw_data` (little endian, as is every machine that runs Node). */
export function tensorProto(name: string, { dtype, shape, data }: Tensor): TensorProto {
  return newTensor({
    name,
    dims: shape.map(BigInt),
    dataType: CODE_OF[dtype],
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice(),
  });
}

/** The typed field that holds the elements when `raw_data` is not used. */
export function typedElements(proto: TensorProto): readonly (number | bigint)[] {
  const name = DATA_TYPES[proto.dataType]?.name;
  if (name === "float32" || name === "complex64") return proto.floatData;
  if (name === "float64" || name === "complex128") return proto.doubleData;
  if (name === "int64") return proto.int64Data;
  if (name === "uint64" || name === "uint32") return proto.uint64Data;
  return proto.int32Data;
}

/** The elements of an initializer. @throws UserError `bad-model` for element types outside `DType` or too few bytes */
export function tensorFrom(proto: TensorProto): Tensor {
  const dtype = DATA_TYPES[proto.dataType]?.dtype;
  if (dtype === undefined) {
    throw new UserError("bad-model", `tensor "${proto.name}" holds ${dataTypeName(proto.dataType)}, which is not supported here`);
  }
  const shape = proto.dims.map(Number);
  const ArrayType = ARRAYS[dtype];
  let data: TypedArrays[DType];
  if (proto.rawData.length > 0) {
    // A copy in a buffer of its own is aligned for every element type; `slice` of a Buffer, which file bytes are, would be a view.
    data = new ArrayType(Uint8Array.from(proto.rawData).buffer);
  } else {
    const elements = typedElements(proto);
    data =
      dtype === "int64"
        ? BigInt64Array.from(elements, BigInt)
        : // int64 is handled above, so the remaining arrays take numbers.
          (ArrayType as Float32ArrayConstructor).from(elements, Number);
  }
  if (data.length !== sizeOf(shape)) {
    throw new UserError("bad-model", `tensor "${proto.name}" has ${data.length} elements; its shape is [${shape.join(", ")}]`);
  }
  return { dtype, shape, data };
}
