import { UserError } from "../../errors.js";
import { delimiterOf, formatCsv } from "../csv.js";
import { NO, UNKNOWN, YES } from "../dataset.js";
import { type LabelTable, normalizedLabel, placeOf } from "../labels.js";
import { compareCodePoints, quoted } from "../text.js";
import { bareRow, COLUMN_HINT, columnsOf, refuseWithoutRows } from "./rows.js";
import type { FileSource, LabelDocument, SourceOptions } from "./source.js";

/** One column per class: 1, 0, and `?`, -1 or nothing where it is not known. */
export const oneHotSource: FileSource = {
  kind: "file",
  name: "one-hot",
  defaultFileName: "labels.csv",
  accepts: (document) =>
    document.form === "table" && document.table.header.length > 1 && columnsOf(document.table.header, document.file).label < 0,
  parse: parseOneHot,

  *write({ samples, classes }, { fileName }) {
    const withParts = samples.some(({ part }) => part !== undefined);
    const rows = samples.map(({ file, labels, part }) => {
      const cells = [file, ...Array.from(labels, (label) => CELL_OF_LABEL.get(label)!)];
      return withParts ? [...cells, part ?? ""] : cells;
    });
    const header = ["image_name", ...classes, ...(withParts ? ["split"] : [])];
    yield { path: fileName, text: formatCsv([header, ...rows], delimiterOf(fileName)) };
  },
};

const CELL_OF_LABEL: ReadonlyMap<number, string> = new Map([
  [YES, "1"],
  [NO, "0"],
  [UNKNOWN, "?"],
]);

const LABEL_OF_CELL: ReadonlyMap<string, number> = new Map([
  ["1", YES],
  ["1.0", YES],
  ["0", NO],
  ["0.0", NO],
  ["-1", UNKNOWN],
  ["-1.0", UNKNOWN],
  ["?", UNKNOWN],
  ["", UNKNOWN],
]);

function parseOneHot(document: LabelDocument, { classes: wanted, groupBy, onWarning }: SourceOptions): LabelTable {
  if (document.form !== "table") throw new TypeError(`${document.file} is not a table`);
  const { file, table } = document;
  refuseWithoutRows(table, file);
  const named = columnsOf(table.header, file, groupBy);
  const wantedNames = wanted && new Set(wanted.map(normalizedLabel));
  const holdsLabels = (column: number) => table.rows.every(({ cells }) => LABEL_OF_CELL.has(cells[column]));
  const part = holdsLabels(named.part) ? -1 : named.part;
  const axes = [named.x, named.y];
  // Classes may be named x and y.
  const areClasses =
    axes.every(holdsLabels) || axes.some((column) => wantedNames?.has(normalizedLabel(table.header[column] ?? "")));
  const [x, y] = areClasses ? [-1, -1] : axes;
  const columns = { ...named, part, x, y, file: Math.max(named.file, 0) };
  const classColumns = table.header.flatMap((header, column) => {
    const name = normalizedLabel(header);
    const taken = [columns.file, columns.part, columns.group, x, y].includes(column);
    return taken || (wantedNames && !wantedNames.has(name)) ? [] : [{ name, column }];
  });
  const present = new Set(classColumns.map(({ name }) => name));
  // The classes of a classifier may be more than a table speaks of.
  const absent = [...(wantedNames ?? [])].filter((name) => !present.has(name));
  if (absent.length > 0 && present.size === 0) {
    throw new UserError("bad-data", `${file}: no column for any of the classes ${absent.slice(0, 8).map(quoted).join(", ")}`, {
      hint: "Fix the header or --classes.",
    });
  }
  for (const name of absent) onWarning?.(`${file}: no column for the class ${quoted(name)}, which is unknown in every row.`);
  refuseOtherTables(table.rows[0].cells, classColumns, table.header, file);
  const rows = table.rows.map(({ line, cells }) => {
    const yes: string[] = [];
    const unknown: string[] = [...absent];
    for (const { name, column } of classColumns) {
      const label = LABEL_OF_CELL.get(cells[column]);
      if (label === YES) yes.push(name);
      else if (label === UNKNOWN) unknown.push(name);
      else if (label === undefined) {
        throw new UserError("bad-data", `${placeOf(file, line)}, column ${quoted(name)}: ${quoted(cells[column])} is no label`, {
          hint: "Write 1, 0, or ? where it is not known.",
        });
      }
    }
    // Nothing known at all, rather than each label unknown: such a row does not speak for several labels.
    const nothing = unknown.length === classColumns.length + absent.length;
    return { ...bareRow(cells, line, columns, file), yes, unknown: nothing ? ("rest" as const) : unknown };
  });
  const classes = [...classColumns.map(({ name }) => name), ...absent].sort(compareCodePoints);
  return { file, rows, classes, single: false, emptyMulticlass: "mistake" };
}

/** A table without a single 1 or 0 in its first row is something else, and its header is at fault rather than a cell. */
function refuseOtherTables(
  cells: readonly string[],
  classColumns: readonly { readonly column: number }[],
  header: readonly string[],
  file: string,
): void {
  if (classColumns.some(({ column }) => LABEL_OF_CELL.has(cells[column]))) return;
  throw new UserError("bad-data", `${file}: no column with labels among ${header.slice(0, 8).map(quoted).join(", ")}`, {
    hint: `${COLUMN_HINT} Or one column per class, holding 1 and 0.`,
  });
}
