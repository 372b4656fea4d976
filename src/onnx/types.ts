import type { DType } from "../tensor.js";
import { newValueInfo, type ValueInfoProto } from "./proto.js";

/** An extent: known, symbolic ("N"), or unknown. */
export type Dim = number | string | null;
export type Shape = readonly Dim[];

/** What the ONNX specification calls an element type. */
export interface DataType {
  readonly name: string;
  /** Bits of one element in `raw_data`; 0 where elements have no fixed size. */
  readonly bits: number;
  /** Ours, where we can hold it. */
  readonly dtype?: DType;
}

/** TensorProto.DataType of the ONNX specification, by number. */
export const DATA_TYPES: Readonly<Record<number, DataType>> = {
  1: { name: "float32", bits: 32, dtype: "float32" },
  2: { name: "uint8", bits: 8, dtype: "uint8" },
  3: { name: "int8", bits: 8, dtype: "int8" },
  4: { name: "uint16", bits: 16, dtype: "uint16" },
  5: { name: "int16", bits: 16, dtype: "int16" },
  6: { name: "int32", bits: 32, dtype: "int32" },
  7: { name: "int64", bits: 64, dtype: "int64" },
  8: { name: "string", bits: 0 },
  9: { name: "bool", bits: 8, dtype: "bool" },
  10: { name: "float16", bits: 16 },
  11: { name: "float64", bits: 64, dtype: "float64" },
  12: { name: "uint32", bits: 32, dtype: "uint32" },
  13: { name: "uint64", bits: 64 },
  14: { name: "complex64", bits: 64 },
  15: { name: "complex128", bits: 128 },
  16: { name: "bfloat16", bits: 16 },
  17: { name: "float8e4m3fn", bits: 8 },
  18: { name: "float8e4m3fnuz", bits: 8 },
  19: { name: "float8e5m2", bits: 8 },
  20: { name: "float8e5m2fnuz", bits: 8 },
  21: { name: "uint4", bits: 4 },
  22: { name: "int4", bits: 4 },
  23: { name: "float4e2m1", bits: 4 },
};

/** The number ONNX gives to one of our element types. */
export const CODE_OF: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
  uint32: 12,
};

export const FLOAT = 1;
export const INT32 = 6;
export const INT64 = 7;
export const BOOL = 9;
export const FLOAT64 = 11;

/** The name of an element type for people: "int64", "type 99". */
export function dataTypeName(code: number): string {
  return DATA_TYPES[code]?.name ?? `type ${code}`;
}

/** Element type and shape of a graph input or output that is a tensor. */
export interface TensorType {
  /** TensorProto.DataType. */
  readonly code: number;
  /** Undefined when even the number of dimensions is unknown. */
  readonly shape: Shape | undefined;
}

/** What a value info declares, or undefined when it has no type or is not a tensor. */
export function tensorTypeOf(info: ValueInfoProto): TensorType | undefined {
  const type = info.type?.value;
  if (type?.case !== "tensorType") return undefined;
  const shape = type.value.shape?.dim.map(({ value }) => {
    if (value.case === "dimValue") return Number(value.value);
    return value.case === "dimParam" && value.value !== "" ? value.value : null;
  });
  return { code: type.value.elemType, shape };
}

/** Declares a graph input or output. */
export function valueInfo(name: string, type: TensorType): ValueInfoProto {
  const dim = type.shape?.map((extent) => ({
    value:
      typeof extent === "number"
        ? { case: "dimValue" as const, value: BigInt(extent) }
        : extent === null
          ? { case: undefined }
          : { case: "dimParam" as const, value: extent },
  }));
  const tensor = { elemType: type.code, ...(dim && { shape: { dim } }) };
  return newValueInfo({ name, type: { value: { case: "tensorType", value: tensor } } });
}

/** A shape for people: `[N, 3, 224, ?]`. */
export function shapeText(shape: Shape | undefined): string {
  return shape === undefined ? "[unknown]" : `[${shape.map((extent) => extent ?? "?").join(", ")}]`;
}
