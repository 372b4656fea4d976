import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { messageOf, UserError } from "../errors.js";
import { parseCsv } from "./csv.js";
import { parseJson } from "./json.js";
import { extensionOf } from "./listing.js";
import type { LabelDocument } from "./sources/source.js";
import { decodeText, linesOf, MAX_TEXT_BYTES } from "./text.js";

/**
 * Parses a label file as far as its form goes: JSON and JSON Lines by extension, everything else as a table.
 *
 * @throws UserError `bad-file` naming file and line
 */
export function parseDocument(bytes: Uint8Array, file: string): LabelDocument {
  const text = decodeText(bytes, file);
  if (text.trim() === "") throw new UserError("bad-file", `${file}: empty`, { hint: "Name a file with labels." });
  const parse = FORMS.get(extensionOf(file)) ?? parseTable;
  return parse(text, file);
}

const FORMS: ReadonlyMap<string, (text: string, file: string) => LabelDocument> = new Map([
  ["json", (text, file) => ({ file, form: "json", json: parseJson(text, file) })],
  ["jsonl", parseLines],
  ["ndjson", parseLines],
]);

function parseTable(text: string, file: string): LabelDocument {
  return { file, form: "table", table: parseCsv(text, file) };
}

function parseLines(text: string, file: string): LabelDocument {
  const lines = linesOf(text).flatMap((content, i) => {
    return content.trim() === "" ? [] : [{ line: i + 1, json: parseJson(content, file, i + 1) }];
  });
  return { file, form: "jsonl", lines };
}

/** Reads at most `limit` bytes from the start of a file. @throws UserError `not-found` or `io` naming the file */
export function readHead(path: string, limit: number): Uint8Array {
  return reading(path, () => {
    const handle = openSync(path, "r");
    try {
      const head = new Uint8Array(Math.min(limit, fstatSync(handle).size));
      return head.subarray(0, readSync(handle, head, 0, head.length, 0));
    } finally {
      closeSync(handle);
    }
  });
}

/** Reads a label file. @throws UserError `not-found`, `io` or `limit` naming the file */
export function readLabelFile(path: string): Uint8Array {
  return reading(path, () => {
    const handle = openSync(path, "r");
    try {
      const { size } = fstatSync(handle);
      if (size > MAX_TEXT_BYTES) {
        throw new UserError("limit", `${path}: ${size} bytes, more than the limit of ${MAX_TEXT_BYTES} for label files`, {
          hint: "Split the file into several.",
        });
      }
      return readFileSync(handle);
    } finally {
      closeSync(handle);
    }
  });
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) throw error;
    // Every error of the file system has a code.
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new UserError(
      missing ? "not-found" : "io",
      `${path}: ${missing ? "no such file" : `cannot be read: ${messageOf(error)}`}`,
      {
        hint: missing ? "Check the path for typing mistakes." : "Check the permissions of the file.",
        cause: error,
      },
    );
  }
}
