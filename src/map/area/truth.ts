import { join } from "node:path";
import { formatCsv, parseCsv } from "../../data/csv.js";
import { readLabelFile } from "../../data/documents.js";
import { decodeText } from "../../data/text.js";
import { UserError } from "../../errors.js";
import { writeFileAtomic } from "../../files.js";
import { throwIfAborted, type WorkOptions } from "../../progress.js";
import { openRaster, type RasterReader } from "../../raster/reader.js";
import { DESIGN_FILE, readDesign, SAMPLE_FILE } from "./design-file.js";

export interface AnswerFromTruthOptions extends Pick<WorkOptions, "signal"> {
  /** Of a design: `sample.csv` in it is filled in. */
  readonly folder: string;
  /** A class raster with category names for each date, on the pixels of the scenes that were mapped. */
  readonly truth: readonly string[];
  /** Side of a cell in their pixels. */
  readonly cellPx: number;
}

/**
 * Answers a sample in the place of a person, where the truth is known, as it is of a generated landscape: each cell by the class with
 * the most of its pixels on each date.
 *
 * @throws UserError `not-found`, `bad-file`, `bad-data` for a design of other dates, `io`, `aborted`
 */
export async function answerFromTruth({ folder, truth, cellPx, signal }: AnswerFromTruthOptions): Promise<void> {
  const design = readDesign(join(folder, DESIGN_FILE));
  const path = join(folder, SAMPLE_FILE);
  const { header, rows } = parseCsv(decodeText(readLabelFile(path), path), path);
  const columns = header.flatMap((name, i) => (/^label/.test(name) ? [i] : []));
  if (columns.length !== truth.length) {
    throw new UserError("bad-data", `${path}: asks of ${columns.length} dates, and the truth of ${truth.length} is given`, {
      hint: "Give a class raster for each of its dates.",
    });
  }
  const readers: RasterReader[] = [];
  try {
    for (const file of truth) readers.push(await openRaster(file));
    const places = new Map(design.samples.map(({ id, column, row }) => [id, { column, row }]));
    const filled: string[][] = [];
    for (const { cells } of rows) {
      throwIfAborted(signal);
      const place = places.get(cells[header.indexOf("id")]);
      const answered = [...cells];
      for (const [date, column] of columns.entries()) {
        if (place !== undefined) answered[column] = await largestClass(readers[date], place, cellPx);
      }
      filled.push(answered);
    }
    writeFileAtomic(path, formatCsv([[...header], ...filled]));
  } finally {
    for (const reader of readers) await reader.close();
  }
}

/** The name of the class with the most pixels of a cell; "" where none was measured. */
async function largestClass(
  reader: RasterReader,
  { column, row }: { readonly column: number; readonly row: number },
  cellPx: number,
): Promise<string> {
  const { widthPx, heightPx, categories = [] } = reader.info;
  const [leftPx, topPx] = [column * cellPx, row * cellPx];
  const window = { leftPx, topPx, widthPx: Math.min(cellPx, widthPx - leftPx), heightPx: Math.min(cellPx, heightPx - topPx) };
  const { data, valid } = await reader.read({ window, bands: [0] });
  const counts = new Map<number, number>();
  data.forEach((value: number, i: number) => {
    if (valid?.[i] !== 0 && value !== 0) counts.set(value, (counts.get(value) ?? 0) + 1);
  });
  const [largest] = [...counts.entries()].sort(([a, most], [b, other]) => other - most || a - b);
  return largest === undefined ? "" : (categories[largest[0]] ?? "");
}
