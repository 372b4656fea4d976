import { UserError } from "../../errors.js";
import { FILE_COLUMNS, findColumn, LABEL_COLUMNS, PART_COLUMNS, partOf } from "../columns.js";
import type { Table } from "../csv.js";
import { type LabelRow, placeOf } from "../labels.js";
import { safeName } from "../names.js";
import { quoted } from "../text.js";

/** Where the parts of a row stand in a table; -1 where the column is absent. */
export interface Columns {
  readonly file: number;
  readonly label: number;
  readonly part: number;
  readonly group: number;
}

/**
 * Finds the columns by their names.
 *
 * @throws UserError `bad-data` for two label columns
 */
export function columnsOf(header: readonly string[], file: string, groupBy?: string): Columns {
  const labels = header.filter((name) => LABEL_COLUMNS.has(name.toLowerCase()));
  if (labels.length > 1) {
    throw new UserError("bad-data", `${file}: ${labels.length} columns with labels: ${labels.map(quoted).join(" and ")}`, {
      hint: "Rename or remove all but one.",
    });
  }
  return {
    file: findColumn(header, FILE_COLUMNS),
    label: findColumn(header, LABEL_COLUMNS.keys()),
    part: findColumn(header, PART_COLUMNS),
    group: groupBy === undefined ? -1 : header.indexOf(groupBy),
  };
}

/**
 * Everything of a row but its labels.
 *
 * @throws UserError `bad-data` naming file and line for unsafe names and unknown parts
 */
export function bareRow(
  cells: readonly string[],
  line: number,
  columns: Pick<Columns, "file" | "part" | "group">,
  file: string,
): Pick<LabelRow, "file" | "line" | "part" | "group"> {
  const where = placeOf(file, line);
  const part = cells[columns.part] ?? "";
  const group = cells[columns.group] ?? "";
  return {
    file: safeName(cells[columns.file], where),
    line,
    ...(part !== "" && { part: partOf(part, where) }),
    ...(group !== "" && { group }),
  };
}

/** @throws UserError `bad-data` for a table that is only a header */
export function refuseWithoutRows(table: Table, file: string): void {
  if (table.rows.length > 0) return;
  throw new UserError("bad-data", `${file}: a header and no rows`, { hint: "Add one row per image." });
}

/** What the hint of every missing column says. */
export const COLUMN_HINT = `Name the column of files ${FILE_COLUMNS.join(", ")}; the column of labels ${[...LABEL_COLUMNS.keys()].join(", ")}.`;
