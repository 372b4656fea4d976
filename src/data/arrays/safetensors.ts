import { UserError } from "../../errors.js";
import { sizeOf, type Tensor } from "../../tensor.js";
import { duplicateKey } from "./duplicate-key.js";
import { ELEMENTS, type ElementName } from "./elements.js";
import { type ArrayPlan, type ArrayWriter, openArrayWriter } from "./writer.js";

const MAX_HEADER_BYTES = 16 * 2 ** 20;
const METADATA = "__metadata__";

/** Type names of the safetensors format. */
const CODES: Readonly<Record<string, ElementName>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  I64: "int64",
  I32: "int32",
  U32: "uint32",
  I16: "int16",
  U16: "uint16",
  I8: "int8",
  U8: "uint8",
  BOOL: "bool",
};

/** What a safetensors file holds. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Whether the bytes could be a safetensors file, which has no magic: a length and an opening brace. */
export function looksLikeSafetensors(bytes: Uint8Array): boolean {
  return bytes.length >= 9 && bytes[8] === 0x7b && bytes[6] === 0 && bytes[7] === 0;
}

/**
 * Reads a safetensors file: the tensors fill the data without gap, overlap or rest, as the format demands.
 *
 * @throws UserError `bad-file` naming the file and the tensor
 */
export function readSafetensors(bytes: Uint8Array, file: string): Safetensors {
  const { header, data } = readHeader(bytes, file);
  const metadata = new Map<string, string>();
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) readMetadata(value, metadata, file);
    else entries.push(readEntry(name, value, file));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  const tensors = new Map<string, Tensor>();
  let position = 0;
  for (const { name, elements, shape, begin, end } of entries) {
    if (begin !== position) throw damaged(file, `"${name}" starts at byte ${begin} of the data, not at ${position}`);
    if (end > data.length)
      throw damaged(file, `"${name}" ends at byte ${end}, the data have ${data.length}: the file is cut off`);
    tensors.set(name, { dtype: elements.dtype, shape, data: elements.read(data.subarray(begin, end)) });
    position = end;
  }
  if (position !== data.length) throw damaged(file, `${data.length - position} bytes follow the last tensor`);
  return { tensors, metadata };
}

interface Entry {
  readonly name: string;
  readonly elements: (typeof ELEMENTS)[ElementName];
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readHeader(bytes: Uint8Array, file: string): { header: object; data: Uint8Array } {
  if (bytes.length < 8) throw damaged(file, `${bytes.length} bytes are too few for a safetensors file`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES || 8 + Number(length) > bytes.length) {
    throw damaged(file, `the header claims ${length} bytes, the file has ${bytes.length}`);
  }
  const end = 8 + Number(length);
  let header: unknown;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, end));
    header = JSON.parse(text);
  } catch (error) {
    throw damaged(file, "the header is not JSON in UTF-8", error);
  }
  if (!isObject(header)) throw damaged(file, "the header is not a JSON object");
  const twice = duplicateKey(text);
  if (twice !== undefined) throw damaged(file, `the header names "${twice}" twice`);
  return { header, data: bytes.subarray(end) };
}

function readEntry(name: string, value: unknown, file: string): Entry {
  const { dtype, shape, data_offsets: offsets }: Record<string, unknown> = isObject(value) ? { ...value } : {};
  if (typeof dtype !== "string" || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    throw damaged(file, `the entry "${name}" of the header is not a tensor`);
  }
  const code = Object.hasOwn(CODES, dtype) ? CODES[dtype] : undefined;
  if (code === undefined) throw damaged(file, `"${name}" has the type ${dtype}, which cannot be read`);
  const elements = ELEMENTS[code];
  const [begin, end] = offsets;
  if (sizeOf(shape) * elements.bytes !== end - begin) {
    throw damaged(file, `"${name}" ${dtype} [${shape.join(", ")}] does not fit into bytes ${begin} to ${end}`);
  }
  return { name, elements, shape, begin, end };
}

function readMetadata(value: unknown, metadata: Map<string, string>, file: string): void {
  if (!isObject(value)) throw damaged(file, `${METADATA} is not an object`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") throw damaged(file, `${METADATA} "${key}" is not text`);
    metadata.set(key, text);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function damaged(file: string, what: string, cause?: unknown): UserError {
  return new UserError("bad-file", `${file}: ${what}`, { hint: "Fetch or export the file again.", cause });
}

/** What a safetensors file will hold. */
export interface SafetensorsOptions {
  /** In the order in which their numbers are written. */
  readonly tensors: readonly ArrayPlan[];
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * The bytes before the numbers: the length of the header and the header, the metadata first.
 *
 * @throws RangeError if two tensors have one name, or the header would be too long to be read again
 */
export function safetensorsHeader({ tensors, metadata = {} }: SafetensorsOptions): Buffer {
  const fields: string[] = [];
  // Built as text, since an object would lose a tensor named __proto__ and sort names that are numbers.
  const add = (name: string, value: unknown) => fields.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  if (Object.keys(metadata).length > 0) add(METADATA, metadata);
  let begin = 0;
  for (const { name, dtype, shape } of tensors) {
    const code = Object.keys(CODES).find((key) => CODES[key] === dtype);
    const end = begin + sizeOf(shape) * ELEMENTS[dtype].bytes;
    add(name, { dtype: code, shape, data_offsets: [begin, end] });
    begin = end;
  }
  const json = `{${fields.join(",")}}`;
  const twice = duplicateKey(json);
  if (twice !== undefined) throw new RangeError(`two tensors are named ${twice}`);
  const text = Buffer.from(json);
  // Spaces after the header bring the numbers to a multiple of 8 bytes.
  const header = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, " ");
  if (header.length - 8 > MAX_HEADER_BYTES) throw new RangeError(`a header of ${header.length} bytes is too long`);
  header.writeBigUInt64LE(BigInt(header.length - 8));
  text.copy(header, 8);
  return header;
}

/**
 * Writes a safetensors file block by block; the file appears under its name when `finish` returns.
 *
 * @throws UserError `io` naming the file if the disk refuses
 * @throws RangeError if two tensors have one name
 */
export function createSafetensorsWriter(path: string, options: SafetensorsOptions): Promise<ArrayWriter> {
  return openArrayWriter(path, safetensorsHeader(options), options.tensors);
}

/** Writes tensors that are in memory. @throws UserError `io` naming the file if the disk refuses */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  { metadata = {} }: Pick<SafetensorsOptions, "metadata"> = {},
): Promise<void> {
  const plans = Array.from(tensors, ([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const writer = await createSafetensorsWriter(path, { tensors: plans, metadata });
  try {
    for (const { data } of tensors.values()) await writer.write(data);
    await writer.finish();
  } finally {
    await writer.close();
  }
}
