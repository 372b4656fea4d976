import { z } from "zod";
import { messageOf, UserError } from "./errors.js";
import { readWholeFile } from "./files.js";

/** What a JSON file must be, and how to speak of it. */
export interface JsonFileOptions<T> {
  readonly schema: z.ZodType<T>;
  /** "no design": what a file that does not fit is. */
  readonly otherwise: string;
  readonly maxBytes: number;
  /** What to do in any of these cases. */
  readonly hint: string;
}

/** Reads a JSON file. @throws UserError `not-found`; `bad-data` where it is another thing, saying which part; `limit` */
export function readJsonFile<T>(path: string, { schema, otherwise, maxBytes, hint }: JsonFileOptions<T>): T {
  const bytes = readWholeFile(path, { maxBytes, hint });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new UserError("bad-data", `${path}: is no JSON: ${messageOf(cause)}`, { hint, cause });
  }
  const read = schema.safeParse(json);
  if (!read.success) throw new UserError("bad-data", `${path}: is ${otherwise}: ${faultsOf(read.error)}`, { hint });
  return read.data;
}

/** So many faults are told. */
const TOLD = 3;

/** "classes[0].name: Too small: …", each with the part that it is about. */
function faultsOf({ issues }: z.ZodError): string {
  const told = issues.slice(0, TOLD).map(({ path, message }) => {
    return path.length === 0 ? message : `${z.core.toDotPath(path)}: ${message}`;
  });
  const more = issues.length - told.length;
  return `${told.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}
