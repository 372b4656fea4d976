import type { Tensor } from "../../tensor.js";

/** How stored numbers become one of our typed arrays. */
export interface Elements {
  readonly dtype: Tensor["dtype"];
  readonly bytes: number;
  /** Reads little-endian numbers; without a copy where the alignment allows. */
  readonly read: (bytes: Uint8Array) => Tensor["data"];
}

/** float16 and bfloat16 have no typed array of their own: they widen to float32 without loss. */
export const ELEMENTS = {
  float64: plain("float64", 8, Float64Array),
  float32: plain("float32", 4, Float32Array),
  float16: widened(halfToFloat),
  bfloat16: widened(brainToFloat),
  int64: plain("int64", 8, BigInt64Array),
  int32: plain("int32", 4, Int32Array),
  uint32: plain("uint32", 4, Uint32Array),
  int16: plain("int16", 2, Int16Array),
  uint16: plain("uint16", 2, Uint16Array),
  int8: plain("int8", 1, Int8Array),
  uint8: plain("uint8", 1, Uint8Array),
  bool: plain("bool", 1, Uint8Array),
} as const satisfies Record<string, Elements>;

export type ElementName = keyof typeof ELEMENTS;

type ArrayOver = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => Tensor["data"];

function plain(dtype: Tensor["dtype"], size: number, Samples: ArrayOver): Elements {
  return {
    dtype,
    bytes: size,
    read(bytes) {
      // A constructor copies; `slice` of a Buffer does not.
      const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
      return new Samples(aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
    },
  };
}

function widened(convert: (bits: number) => number): Elements {
  return {
    dtype: "float32",
    bytes: 2,
    read: (bytes) => Float32Array.from(new Uint16Array(new Uint8Array(bytes).buffer), convert),
  };
}

/** IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const scratch = new DataView(new ArrayBuffer(4));

/** bfloat16 is the upper half of a float32. */
function brainToFloat(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}
