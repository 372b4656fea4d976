import { UserError } from "../../errors.js";
import { LABEL_COLUMNS } from "../columns.js";
import { delimiterOf, formatCsv, isFormula } from "../csv.js";
import type { LabelTable } from "../labels.js";
import { parseTagColumn } from "../tags.js";
import { quoted } from "../text.js";
import { bareRow, COLUMN_HINT, columnsOf, refuseWithoutRows } from "./rows.js";
import type { FileSource, LabelDocument, SourceOptions } from "./source.js";
import { tokensOf, WRITINGS } from "./tokens.js";

/** One row per image, its labels in one cell: `image_name,tags`. */
export const csvSource: FileSource = {
  kind: "file",
  name: "csv",
  defaultFileName: "labels.csv",
  accepts: (document) => document.form === "table" && columnsOf(document.table.header, document.file).label >= 0,
  parse: parseTagTable,

  *write(dataset, { fileName }) {
    const withParts = dataset.samples.some(({ part }) => part !== undefined);
    const tokens = tokensOf(dataset);
    const bad = dataset.classes.find((name) => /[|;]/.test(name) && !(dataset.task === "multiclass" && isFormula(name)));
    if (bad !== undefined) {
      throw new UserError("bad-data", `the class ${quoted(bad)} has a mark that separates labels in a cell`, {
        hint: "Convert to one-hot or json-map, or rename the class.",
      });
    }
    const bars = dataset.task === "multilabel" && dataset.classes.some((name) => /[\s,]/.test(name));
    const rows = dataset.samples.map((sample) => {
      // A bar at the end as well: a reader has to see one even where no image has two labels.
      const cell = bars
        ? tokens(sample)
            .map((token) => `${token}|`)
            .join("")
        : tokens(sample).join(" ");
      return withParts ? [sample.file, cell, sample.part ?? ""] : [sample.file, cell];
    });
    const header = ["image_name", WRITINGS[dataset.task].column, ...(withParts ? ["split"] : [])];
    yield { path: fileName, text: formatCsv([header, ...rows], delimiterOf(fileName)) };
  },
};

/**
 * Reads a table with one column of labels.
 *
 * @throws UserError `bad-data` naming file and line
 */
export function parseTagTable(document: LabelDocument, { classes, groupBy }: SourceOptions): LabelTable {
  if (document.form !== "table") throw new TypeError(`${document.file} is not a table`);
  const { file, table } = document;
  const columns = columnsOf(table.header, file, groupBy);
  if (columns.file < 0) {
    throw new UserError("bad-data", `${file}: no column with file names among ${table.header.slice(0, 8).join(", ")}`, {
      hint: COLUMN_HINT,
    });
  }
  refuseWithoutRows(table, file);
  const { single } = LABEL_COLUMNS.get(table.header[columns.label].toLowerCase())!;
  const cells = table.rows.map((row) => ({ text: row.cells[columns.label], line: row.line }));
  const tags = parseTagColumn(cells, { file, single, classes });
  return {
    file,
    rows: table.rows.map((row, i) => ({ ...bareRow(row.cells, row.line, columns, file), ...tags[i] })),
    single,
    emptyMulticlass: "unknown",
  };
}
