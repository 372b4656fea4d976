import { UserError } from "../../errors.js";
import { sizeOf, type Tensor } from "../../tensor.js";
import { ELEMENTS, type ElementName } from "./elements.js";
import { type ArrayWriter, openArrayWriter } from "./writer.js";

const MAGIC = "\x93NUMPY";
const MAX_HEADER_BYTES = 65_536;
const MAX_RANK = 32;
/** The header is padded so that the numbers start at a multiple of this (NumPy's format, version 1). */
const ALIGNMENT = 64;

/** NumPy type codes without byte order. */
const CODES: Readonly<Record<string, ElementName>> = {
  f8: "float64",
  f4: "float32",
  f2: "float16",
  i8: "int64",
  i4: "int32",
  u4: "uint32",
  i2: "int16",
  u2: "uint16",
  i1: "int8",
  u1: "uint8",
  b1: "bool",
};

/** Whether the bytes start as a `.npy` file does. */
export function isNpy(bytes: Uint8Array): boolean {
  return Array.from(MAGIC, (letter) => letter.charCodeAt(0)).every((byte, index) => bytes[index] === byte);
}

/**
 * Reads one NumPy array, versions 1 to 3, either byte order, C or Fortran order (turned into C order).
 *
 * @throws UserError `bad-file` naming the file if it is damaged, or holds objects, which NumPy stores as pickle
 */
export function readNpy(bytes: Uint8Array, file: string): Tensor {
  const { code, bigEndian, fortran, shape, dataOffset } = readHeader(bytes, file);
  const name = CODES[code];
  if (name === undefined) {
    throw new UserError("bad-file", `${file}: an array of NumPy type "${code}" cannot be read`, {
      hint: code.includes("O") ? "Objects are stored as pickle, which can run code: save plain numbers." : "Save it as float32.",
    });
  }
  const { dtype, bytes: size, read } = ELEMENTS[name];
  const expected = sizeOf(shape) * size;
  if (dataOffset + expected !== bytes.length) {
    throw damaged(file, `the shape (${shape.join(", ")}) takes ${expected} bytes, ${bytes.length - dataOffset} are there`);
  }
  const stored = bytes.subarray(dataOffset);
  const data = read(bigEndian && size > 1 ? reversed(stored, size) : stored);
  return { dtype, shape, data: fortran && shape.length > 1 ? inRowOrder(data, shape) : data };
}

interface NpyHeader {
  readonly code: string;
  readonly bigEndian: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  readonly dataOffset: number;
}

function readHeader(bytes: Uint8Array, file: string): NpyHeader {
  const version = bytes[6];
  if (bytes.length < 12 || version < 1 || version > 3) throw damaged(file, "the npy header is cut off or of an unknown version");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER_BYTES || start + length > bytes.length) throw damaged(file, `the npy header claims ${length} bytes`);
  const text = new TextDecoder("latin1").decode(bytes.subarray(start, start + length));

  // The header is a Python dictionary with three known keys: taken apart by pattern, never evaluated.
  const entry = (key: string, value: string) => {
    const matches = [...text.matchAll(new RegExp(`['"]${key}['"]\\s*:\\s*${value}\\s*(?=[,}])`, "g"))];
    if (matches.length !== 1)
      throw damaged(file, `the npy header says nothing usable about ${key}: ${text.slice(0, 120).trim()}`);
    return { whole: matches[0][0], value: matches[0][1] };
  };
  const descr = entry("descr", "['\"]([^'\"]*)['\"]");
  const order = entry("fortran_order", "(True|False)");
  const shapeText = entry("shape", "\\(([\\d\\s,]*)\\)");
  const rest = [descr, order, shapeText].reduce((left, { whole }) => left.replace(whole, ""), text);
  if (!/^\s*\{[\s,]*\}\s*$/.test(rest))
    throw damaged(file, `the npy header holds more than an array: ${rest.slice(0, 120).trim()}`);

  const shape = shapeText.value
    .split(",")
    .map((extent) => extent.trim())
    .filter((extent) => extent !== "")
    .map(Number);
  if (shape.length > MAX_RANK || !shape.every(Number.isSafeInteger) || !Number.isSafeInteger(sizeOf(shape))) {
    throw damaged(file, `no array has the shape (${shapeText.value})`);
  }
  const code = descr.value.replace(/^[<>|=]/, "");
  return { code, bigEndian: descr.value.startsWith(">"), fortran: order.value === "True", shape, dataOffset: start + length };
}

function damaged(file: string, what: string): UserError {
  return new UserError("bad-file", `${file}: ${what}`, { hint: "Save the array again with numpy.save." });
}

function reversed(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i += size) for (let b = 0; b < size; b++) out[i + b] = bytes[i + size - 1 - b];
  return out;
}

/** Column-major to row-major: the first index runs fastest in `data`. */
function inRowOrder(data: Tensor["data"], shape: readonly number[]): Tensor["data"] {
  const out = data.slice();
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  const index = shape.map(() => 0);
  for (let o = 0, s = 0; o < out.length; o++) {
    out[o] = data[s];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      s += strides[axis];
      if (++index[axis] < shape[axis]) break;
      s -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

/** What a `.npy` file will hold. */
export interface NpyOptions {
  readonly dtype: Tensor["dtype"];
  readonly shape: readonly number[];
}

/**
 * Writes a NumPy array block by block, in row-major order; the file appears under its name when `finish` returns.
 *
 * @throws UserError `io` naming the file if the disk refuses
 */
export function createNpyWriter(path: string, { dtype, shape }: NpyOptions): Promise<ArrayWriter> {
  const code = Object.keys(CODES).find((key) => CODES[key] === dtype);
  const order = ELEMENTS[dtype].bytes === 1 ? "|" : "<";
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dictionary = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const padding = (ALIGNMENT - ((10 + dictionary.length + 1) % ALIGNMENT)) % ALIGNMENT;
  const text = `${dictionary}${" ".repeat(padding)}\n`;
  const header = Buffer.concat([Buffer.from(`${MAGIC}\x01\x00`, "latin1"), Buffer.alloc(2), Buffer.from(text, "latin1")]);
  header.writeUInt16LE(text.length, 8);
  return openArrayWriter(path, header, [{ name: "the array", dtype, shape }]);
}
