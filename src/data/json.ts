import { UserError } from "../errors.js";
import { lineAt, quoted } from "./text.js";

/** A parsed JSON value: objects are Maps, so that `__proto__` is a key like any other and order is kept. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** An object of a JSON text, with the line that each key stands on. */
export interface JsonObject {
  readonly entries: ReadonlyMap<string, Json>;
  /** Line numbers, from 1, by key. */
  readonly lines: ReadonlyMap<string, number>;
}

/** Deeper nesting than this is refused. */
const MAX_DEPTH = 64;

/** Whether a value is an object (not null, not an array). */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Parses JSON (RFC 8259) strictly: no repeated keys, no unpaired surrogates, at most 64 levels deep.
 *
 * @param firstLine the number of the first line, for texts that are lines of a file
 * @throws UserError `bad-file` naming file, line and column
 */
export function parseJson(text: string, file: string, firstLine = 1): Json {
  let at = 0;
  // Where the line count was last taken: keys come in order, so that each stretch is scanned once.
  let countedTo = 0;
  let line = firstLine;

  const fail = (what: string, hint = "Repair the file, or write it again with the program that made it."): never => {
    const column = at - Math.max(text.lastIndexOf("\n", at - 1), text.lastIndexOf("\r", at - 1));
    throw new UserError("bad-file", `${file} line ${firstLine + lineAt(text, at) - 1}, column ${column}: ${what}`, { hint });
  };
  const found = () => (at < text.length ? `found ${quoted(text.slice(at, at + 12))}` : "the text ends");
  const skipSpace = () => {
    for (let c = text.charCodeAt(at); c === 32 || c === 10 || c === 13 || c === 9; c = text.charCodeAt(at)) at++;
  };
  const lineHere = () => {
    line += lineAt(text.slice(countedTo, at), at - countedTo) - 1;
    countedTo = at;
    return line;
  };

  const string = (): string => {
    STRING.lastIndex = at;
    const token = STRING.exec(text)?.[0];
    if (token === undefined) return fail(`a string is expected, ${found()}`);
    // The token matches the grammar of JSON strings, so the result is a string.
    const value = JSON.parse(token) as string;
    if (/\p{Surrogate}/u.test(value)) fail("an unpaired surrogate in a string");
    at += token.length;
    return value;
  };

  const array = (depth: number): Json => {
    const items: Json[] = [];
    at++;
    skipSpace();
    if (text[at] === "]") {
      at++;
      return items;
    }
    for (;;) {
      items.push(value(depth));
      skipSpace();
      const mark = text[at];
      if (mark !== "," && mark !== "]") fail(`"," or "]" is expected, ${found()}`);
      at++;
      if (mark === "]") return items;
    }
  };

  const object = (depth: number): Json => {
    const entries = new Map<string, Json>();
    const lines = new Map<string, number>();
    at++;
    skipSpace();
    if (text[at] === "}") {
      at++;
      return { entries, lines };
    }
    for (;;) {
      skipSpace();
      const start = at;
      const keyLine = lineHere();
      const key = string();
      if (entries.has(key)) {
        at = start;
        fail(`the key ${quoted(key)} stands twice, first on line ${lines.get(key)}`, "Keep one of the two.");
      }
      skipSpace();
      if (text[at] !== ":") fail(`":" is expected, ${found()}`);
      at++;
      entries.set(key, value(depth));
      lines.set(key, keyLine);
      skipSpace();
      const mark = text[at];
      if (mark !== "," && mark !== "}") fail(`"," or "}" is expected, ${found()}`);
      at++;
      if (mark === "}") return { entries, lines };
    }
  };

  const value = (depth: number): Json => {
    if (depth > MAX_DEPTH) fail(`nested deeper than ${MAX_DEPTH} levels`, "Label files are flat.");
    skipSpace();
    const first = text[at];
    if (first === "{") return object(depth + 1);
    if (first === "[") return array(depth + 1);
    if (first === '"') return string();
    SCALAR.lastIndex = at;
    const token = SCALAR.exec(text)?.[0];
    if (token === undefined) return fail(`a value is expected, ${found()}`);
    at += token.length;
    // The token matches the grammar of JSON numbers and literals.
    return JSON.parse(token) as null | boolean | number;
  };

  const result = value(0);
  skipSpace();
  if (at < text.length) fail(`the value has ended, ${found()}`);
  return result;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings exclude them.
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const SCALAR = /(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w.])/y;
