import { UserError } from "../../errors.js";
import { writeFileAtomic } from "../../files.js";
import type { Part } from "../../task.js";
import { FILE_COLUMNS, findColumn, PART_COLUMNS, partOf } from "../columns.js";
import { formatCsv, parseCsv } from "../csv.js";
import type { Dataset } from "../dataset.js";
import { readLabelFile } from "../documents.js";
import { placeOf } from "../labels.js";
import { indexNames, safeName } from "../names.js";
import { decodeText, quoted } from "../text.js";

/** The part of each sample, aligned with the samples of the dataset; undefined for those in no part. */
export type Split = readonly (Part | undefined)[];

/**
 * Reads a split file: CSV `file,split`, the names with or without extension. Rows without a sample and samples without a row are
 * counted and left out.
 *
 * @throws UserError naming file and line: no such columns, unknown parts, a file in two parts, no file of the dataset at all
 */
export function readSplit(
  path: string,
  dataset: Dataset,
  { onWarning }: { onWarning?: ((message: string) => void) | undefined } = {},
): Split {
  return parseSplit(readLabelFile(path), path, dataset, { onWarning });
}

/** {@link readSplit} from memory. */
export function parseSplit(
  bytes: Uint8Array,
  file: string,
  { samples }: Dataset,
  { onWarning }: { onWarning?: ((message: string) => void) | undefined } = {},
): Split {
  const { header, rows } = parseCsv(decodeText(bytes, file), file);
  const fileColumn = findColumn(header, FILE_COLUMNS);
  const partColumn = findColumn(header, PART_COLUMNS);
  if (fileColumn < 0 || partColumn < 0) {
    throw new UserError(
      "bad-data",
      `${file}: no column ${fileColumn < 0 ? "file" : "split"} among ${header.slice(0, 8).map(quoted).join(", ")}`,
      {
        hint: "A split file has the columns file,split.",
      },
    );
  }
  const index = indexNames(samples.map((sample) => sample.file));
  const parts: (Part | undefined)[] = new Array(samples.length).fill(undefined);
  const lineOf = new Map<number, number>();
  const strangers: string[] = [];
  for (const { line, cells } of rows) {
    const where = placeOf(file, line);
    const name = safeName(cells[fileColumn], where);
    const part = partOf(cells[partColumn], where);
    const i = index.find(name, where);
    if (i === undefined) {
      strangers.push(name);
      continue;
    }
    if (parts[i] !== undefined && parts[i] !== part) {
      throw new UserError("bad-data", `${file} lines ${lineOf.get(i)} and ${line}: ${quoted(name)} is in two parts`, {
        hint: "Keep one row per image.",
      });
    }
    parts[i] = part;
    lineOf.set(i, line);
  }
  if (lineOf.size === 0) {
    throw new UserError("bad-data", `${file}: none of its ${rows.length} files is in the dataset`, {
      hint: `The dataset has names like ${quoted(samples[0]?.file ?? "")}; the split has ${quoted(strangers[0] ?? "")}.`,
    });
  }
  const some = (names: readonly string[]) => `${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""}`;
  if (strangers.length > 0)
    onWarning?.(`${file}: ${strangers.length} of ${rows.length} files are not in the dataset (${some(strangers)}).`);
  const left = samples.filter((_, i) => parts[i] === undefined).map((sample) => sample.file);
  if (left.length > 0)
    onWarning?.(`${file}: ${left.length} images of the dataset are in no part and were left out (${some(left)}).`);
  return parts;
}

/** Writes the split as CSV `file,split`; samples in no part are left out. @throws UserError `io` naming the file */
export function writeSplit(path: string, dataset: Dataset, split: Split): void {
  writeFileAtomic(path, formatSplit(dataset, split));
}

/** The text of {@link writeSplit}. */
export function formatSplit({ samples }: Dataset, split: Split): string {
  const rows = samples.flatMap(({ file }, i) => {
    const part = split[i];
    return part === undefined ? [] : [[file, part]];
  });
  return formatCsv([["file", "split"], ...rows]);
}
