import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { readArrays } from "../data/arrays/arrays.js";
import { parseCsv } from "../data/csv.js";
import { UserError } from "../errors.js";
import type { PlacedSample } from "./parts.js";

/** Embeddings made elsewhere, one row per image. */
export interface ArrayEmbeddings {
  /** sha256 of the array file. */
  readonly sha256: string;
  /** D. */
  readonly size: number;
  /** The row `[D]` of a sample, undefined where the file has none. */
  rowOf(sample: PlacedSample): Float32Array | undefined;
}

/** The CSV beside an array file that names its rows, in the column `file`: `features.npy` has `features.npy.files.csv`. */
export function namesFile(arrays: string): string {
  return `${arrays}.files.csv`;
}

/**
 * Reads embeddings `[N, D]` from `.npy` or `.safetensors`. Rows belong to the images that `<file>.files.csv` lists; without it, to the images of the dataset in their order.
 *
 * @param samples names of all images of the dataset, in their order
 * @throws UserError `bad-file` or `bad-data` naming the file, also for a wrong number of rows
 */
export async function readArrayEmbeddings(path: string, samples: readonly string[]): Promise<ArrayEmbeddings> {
  const arrays = [...(await readArrays(path, { floatsAs: "float32" })).values()];
  const [array] = arrays;
  if (arrays.length !== 1 || array.shape.length !== 2 || !(array.data instanceof Float32Array)) {
    const found = arrays.map(({ dtype, shape }) => `${dtype} [${shape.join(", ")}]`).join(", ");
    throw new UserError(
      "bad-data",
      `${path}: expected one array of floating-point numbers [images, features], found ${found || "none"}`,
    );
  }
  const [rows, size] = array.shape;
  const { data } = array;
  const names = existsSync(namesFile(path)) ? readNames(namesFile(path)) : samples;
  if (names.length !== rows) {
    throw new UserError("bad-data", `${path}: ${rows} rows for ${names.length} images`, {
      hint: `Name the rows in ${namesFile(path)}, a CSV with the column file.`,
    });
  }
  const index = new Map(names.map((name, row) => [name, row]));
  return {
    sha256: createHash("sha256").update(readFileSync(path)).digest("hex"),
    size,
    rowOf({ sample }) {
      const row = index.get(sample.file);
      return row === undefined ? undefined : data.subarray(row * size, (row + 1) * size);
    },
  };
}

function readNames(path: string): string[] {
  const { header, rows } = parseCsv(readFileSync(path, "utf8"), path);
  const column = header.indexOf("file");
  if (column < 0)
    throw new UserError("bad-data", `${path}: has no column "file"`, { hint: "It names the rows of the array file." });
  return rows.map(({ cells }) => cells[column]);
}
