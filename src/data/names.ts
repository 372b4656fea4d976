import { relative, resolve, sep } from "node:path";
import { UserError } from "../errors.js";
import { isImageName } from "./listing.js";
import { quoted } from "./text.js";

/** Longer names than this are refused, in characters. */
const MAX_NAME = 1024;

const UNSAFE: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /^$/, what: "no file name" },
  { pattern: new RegExp(`^[^]{${MAX_NAME + 1}}`), what: `a file name of more than ${MAX_NAME} characters` },
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
  { pattern: /[\u0000-\u001f\u007f]/, what: "a control character in a file name" },
  { pattern: /^[a-z][a-z0-9+.-]+:\/?\//i, what: "an address instead of a file name; nothing is fetched" },
  { pattern: /^[a-z]:/i, what: "a drive letter in a file name" },
  { pattern: /^\//, what: "an absolute path" },
  { pattern: /(?:^|\/)\.\.(?:\/|$)/, what: "a path that leaves the folder" },
];

/**
 * The name of an image as a label file gives it, made canonical: `/` between folders, no leading `./`, Unicode NFC.
 *
 * @param where file and line for the message: "labels.csv line 3"
 * @throws UserError `bad-data` for names that could point outside the data folder
 */
export function safeName(given: string, where: string): string {
  const name = given.replaceAll("\\", "/").replace(/^(?:\.\/+)+/, "");
  const unsafe = UNSAFE.find(({ pattern }) => pattern.test(name));
  if (unsafe !== undefined) {
    throw new UserError("bad-data", `${where}: ${unsafe.what}: ${quoted(given)}`, {
      hint: "Names are relative to the folder with the images and stay inside it.",
    });
  }
  return name.normalize("NFC");
}

/** A name without its image extension. */
export function withoutExtension(name: string): string {
  return isImageName(name) ? name.slice(0, name.lastIndexOf(".")) : name;
}

/** The last part of a name. */
export function baseName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** Finds files by the names that people write: the whole path or the last part of it, with or without extension. */
export interface NameIndex {
  /**
   * The position of the file, or undefined when there is none.
   *
   * @throws UserError `bad-data` when several files fit
   */
  find(name: string, where: string): number | undefined;
}

/** Indexes file names (with `/` between folders). */
export function indexNames(files: readonly string[]): NameIndex {
  const byPath = new Map<string, number>();
  const byStem = new Map<string, number | number[]>();
  const byBase = new Map<string, number | number[]>();
  const byBaseStem = new Map<string, number | number[]>();
  files.forEach((file, i) => {
    const name = file.normalize("NFC");
    byPath.set(name, i);
    add(byStem, withoutExtension(name), i);
    add(byBase, baseName(name), i);
    add(byBaseStem, withoutExtension(baseName(name)), i);
  });
  return {
    find(name, where) {
      const exact = byPath.get(name);
      if (exact !== undefined) return exact;
      const tables = name.includes("/") ? [byStem] : [byStem, byBase, byBaseStem];
      const hits = tables.map((table) => table.get(name)).find((hit) => hit !== undefined);
      if (hits === undefined || typeof hits === "number") return hits;
      const some = hits.slice(0, 3).map((i) => files[i]);
      throw new UserError("bad-data", `${where}: ${quoted(name)} may be any of ${hits.length} files: ${some.join(", ")}`, {
        hint: "Write the path from the data folder, with the extension.",
      });
    },
  };
}

function add(table: Map<string, number | number[]>, key: string, i: number): void {
  const known = table.get(key);
  if (typeof known === "object") known.push(i);
  else table.set(key, known === undefined ? i : [known, i]);
}

/** A name that is relative to one folder, made relative to another; undefined when it lies outside of that. */
export function rebase(name: string, from: string, to: string): string | undefined {
  const path = relative(resolve(to), resolve(from, name)).split(sep).join("/");
  return path === "" || path === ".." || path.startsWith("../") || path.startsWith("/") ? undefined : path;
}
