import type { Raster, RasterDType } from "../raster.js";
import { newSamples } from "../samples.js";
import { BadBlock } from "./bad-block.js";

/** Rows of a decoded block: each begins at a whole byte. */
export interface Rows {
  readonly rows: number;
  /** Samples in a row. */
  readonly length: number;
}

/** How samples are stored and what they become. */
export interface SampleFormat {
  /** "uint4", "int8", "float16": type and bits in the file. */
  readonly stored: string;
  readonly bits: number;
  readonly dtype: RasterDType;
  /** Bytes of the block in the order of this machine -> samples, in the same memory where that serves. */
  readonly unpack: (bytes: Uint8Array, rows: Rows) => Raster["data"];
}

/** The tag SampleFormat (TIFF 6.0, section 19); 4, "undefined", is read as unsigned. */
export const SAMPLE_KINDS: Readonly<Record<number, "uint" | "int" | "float" | "complex">> = {
  1: "uint",
  2: "int",
  3: "float",
  4: "uint",
  5: "complex",
  6: "complex",
};

/** Types whose samples in the file are the samples in memory. */
const AS_STORED: Readonly<Record<string, RasterDType>> = {
  uint8: "uint8",
  uint16: "uint16",
  uint32: "uint32",
  int16: "int16",
  int32: "int32",
  float32: "float32",
  float64: "float64",
};

/** Types that are widened, whole bytes each. */
const WIDENED: Readonly<Record<string, { dtype: RasterDType; widen: (bytes: Uint8Array) => Raster["data"] }>> = {
  int8: { dtype: "int16", widen: (bytes) => new Int16Array(new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length)) },
  uint64: { dtype: "float64", widen: (bytes) => exact(new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8)) },
  int64: { dtype: "float64", widen: (bytes) => exact(new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8)) },
  float16: {
    dtype: "float32",
    widen: (bytes) => shortFloats(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2), [5, 10]),
  },
  float24: { dtype: "float32", widen: (bytes) => shortFloats(triples(bytes), [7, 16]) },
};

/** The row for a stored type; undefined where it is none that is read. */
export function sampleFormat(kind: "uint" | "int" | "float" | "complex", bits: number): SampleFormat | undefined {
  const stored = `${kind}${bits}`;
  const same = AS_STORED[stored];
  if (same !== undefined) {
    return { stored, bits, dtype: same, unpack: (bytes) => viewAs(same, bytes) };
  }
  const widened = WIDENED[stored];
  if (widened !== undefined) {
    return { stored, bits, dtype: widened.dtype, unpack: (bytes) => widened.widen(bytes) };
  }
  if (kind !== "uint" || !Number.isInteger(bits) || bits < 1 || bits > 31) return undefined;
  const dtype = bits < 8 ? "uint8" : bits < 16 ? "uint16" : "uint32";
  return { stored, bits, dtype, unpack: (bytes, rows) => unpackBits(bytes, rows, bits, dtype) };
}

/** Bytes of a row: its last byte may be filled in part. */
export function rowBytes(length: number, bits: number): number {
  return Math.ceil((length * bits) / 8);
}

function viewAs(dtype: RasterDType, { buffer, byteOffset, length }: Uint8Array): Raster["data"] {
  switch (dtype) {
    case "uint8":
      return new Uint8Array(buffer, byteOffset, length);
    case "uint16":
      return new Uint16Array(buffer, byteOffset, length / 2);
    case "int16":
      return new Int16Array(buffer, byteOffset, length / 2);
    case "uint32":
      return new Uint32Array(buffer, byteOffset, length / 4);
    case "int32":
      return new Int32Array(buffer, byteOffset, length / 4);
    case "float32":
      return new Float32Array(buffer, byteOffset, length / 4);
    case "float64":
      return new Float64Array(buffer, byteOffset, length / 8);
  }
}

/** Samples of odd sizes lie high bit first, whatever the byte order of the file; those of 24 bits too, as GDAL has them. */
function unpackBits(bytes: Uint8Array, { rows, length }: Rows, bits: number, dtype: RasterDType): Raster["data"] {
  const out = newSamples(dtype, rows * length);
  const bytesPerRow = rowBytes(length, bits);
  for (let row = 0, o = 0; row < rows; row++) {
    let at = row * bytesPerRow;
    let held = 0;
    let heldBits = 0;
    for (let i = 0; i < length; i++, o++) {
      let value = 0;
      for (let missing = bits; missing > 0; ) {
        if (heldBits === 0) {
          held = bytes[at++];
          heldBits = 8;
        }
        const taken = Math.min(missing, heldBits);
        value = value * 2 ** taken + ((held >>> (heldBits - taken)) & ((1 << taken) - 1));
        heldBits -= taken;
        missing -= taken;
      }
      out[o] = value;
    }
  }
  return out;
}

function triples(bytes: Uint8Array): Uint32Array {
  const out = new Uint32Array(Math.floor(bytes.length / 3));
  for (let i = 0, at = 0; i < out.length; i++, at += 3) out[i] = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
  return out;
}

function shortFloats(bits: Uint16Array | Uint32Array, [exponentBits, fractionBits]: readonly [number, number]): Float32Array {
  const out = new Float32Array(bits.length);
  for (let i = 0; i < out.length; i++) out[i] = shortFloat(bits[i], exponentBits, fractionBits);
  return out;
}

/** IEEE 754 in small: a sign, `exponentBits` and `fractionBits`. */
function shortFloat(bits: number, exponentBits: number, fractionBits: number): number {
  const sign = (bits >>> (exponentBits + fractionBits)) & 1 ? -1 : 1;
  const most = (1 << exponentBits) - 1;
  const exponent = (bits >>> fractionBits) & most;
  const fraction = (bits & ((1 << fractionBits) - 1)) / 2 ** fractionBits;
  const bias = most >> 1;
  if (exponent === most) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

function exact(values: BigInt64Array | BigUint64Array): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = Number(values[i]);
    if (!Number.isSafeInteger(out[i])) {
      throw new BadBlock(`holds the 64-bit integer ${values[i]}, which a number cannot hold exactly`);
    }
  }
  return out;
}
