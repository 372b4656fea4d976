import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isObject, parseJson } from "./json.js";

/** How labels were made that no person gave. */
export interface LabelsFrom {
  /** "rule", "raster", "vector". */
  readonly kind: string;
  /** The rules, or the name of the file that the labels were read from. */
  readonly source: string;
}

/** What stands beside label tables that were made of a scene, and says how. */
const RECORD = "chips.json";
const MOST_SOURCE = 2000;

/**
 * How the labels of a file were made, as the record beside it says; undefined where there is none that names this file: people's
 * labels then, as far as anybody knows.
 */
export function labelsFromOf(labelFile: string): LabelsFrom | undefined {
  const path = join(dirname(labelFile), RECORD);
  const found = recordOf(path);
  if (!isObject(found)) return undefined;
  const from = found.entries.get("labelsFrom");
  if (!isObject(from)) return undefined;
  const [kind, source, files] = ["kind", "source", "files"].map((key) => from.entries.get(key));
  if (typeof kind !== "string" || typeof source !== "string") return undefined;
  if (!Array.isArray(files) || !files.includes(basename(labelFile))) return undefined;
  return { kind, source: source.slice(0, MOST_SOURCE) };
}

/** Undefined for what is not there or is no JSON: somebody else's file of that name is no error. */
function recordOf(path: string): ReturnType<typeof parseJson> | undefined {
  try {
    return parseJson(readFileSync(path, "utf8"), path);
  } catch {
    return undefined;
  }
}
