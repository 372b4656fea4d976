import { UserError } from "../errors.js";

/** The largest label file that is read, in bytes. */
export const MAX_TEXT_BYTES = 256 * 1024 * 1024;

/**
 * The text of a file: UTF-8 with or without a byte order mark, or UTF-16 with one (as Excel writes it).
 *
 * @throws UserError `limit` over {@link MAX_TEXT_BYTES}; `bad-file` naming the line if the bytes are neither, or hold a NUL
 */
export function decodeText(bytes: Uint8Array, file: string): string {
  if (bytes.byteLength > MAX_TEXT_BYTES) {
    throw new UserError("limit", `${file}: ${bytes.byteLength} bytes of text, more than the limit of ${MAX_TEXT_BYTES}`, {
      hint: "Split the file into several.",
    });
  }
  const text = ENCODINGS.find(({ mark }) => mark.every((byte, i) => bytes[i] === byte))!.decode(bytes, file);
  const nul = text.indexOf("\0");
  if (nul >= 0) {
    throw new UserError("bad-file", `${file} line ${lineAt(text, nul)}: a NUL byte in a text file`, {
      hint: "The file is damaged, binary, or UTF-16 without a byte order mark: save it again as UTF-8.",
    });
  }
  return text;
}

/** The lines of a text, whatever ends them. */
export function linesOf(text: string): readonly string[] {
  return text.split(/\r\n|\n|\r/);
}

/** The number of the line, from 1, that a position lies on; `\n`, `\r\n` and `\r` end lines. */
export function lineAt(text: string, position: number): number {
  return linesOf(text.slice(0, position)).length;
}

/** A value of the user's as shown in a message: quoted, on one line, at most 80 characters. */
export function quoted(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}…` : value);
}

/** Orders text by Unicode code points, the same on every machine and for every locale. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above every other 16-bit unit. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** By byte order mark; the last row has none and always fits. */
const ENCODINGS: readonly { mark: readonly number[]; decode: (bytes: Uint8Array, file: string) => string }[] = [
  { mark: [0xff, 0xfe], decode: (bytes, file) => decodeAs("utf-16le", bytes, file) },
  { mark: [0xfe, 0xff], decode: (bytes, file) => decodeAs("utf-16be", bytes, file) },
  { mark: [], decode: (bytes, file) => decodeAs("utf-8", bytes, file) },
];

function decodeAs(encoding: "utf-8" | "utf-16le" | "utf-16be", bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    const line = encoding === "utf-8" ? ` line ${lineOfBadUtf8(bytes)}` : "";
    throw new UserError(
      "bad-file",
      `${file}${line}: not valid ${encoding.toUpperCase()} text (Latin-1 or Windows-1252, perhaps)`,
      {
        hint: "Save the file as UTF-8.",
        cause,
      },
    );
  }
}

/** The first line that differs from its own re-encoding. */
function lineOfBadUtf8(bytes: Uint8Array): number {
  const lenient = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  let offset = 0;
  for (let position = 0; position < lenient.length; ) {
    const point = String.fromCodePoint(lenient.codePointAt(position)!);
    const encoded = Buffer.from(point);
    if (encoded.some((byte, i) => bytes[offset + i] !== byte)) return lineAt(lenient, position);
    offset += encoded.length;
    position += point.length;
  }
  return lineAt(lenient, lenient.length);
}
