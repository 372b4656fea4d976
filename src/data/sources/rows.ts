import { UserError } from "../../errors.js";
import { FILE_COLUMNS, findColumn, findCoordinates, LABEL_COLUMNS, PART_COLUMNS, partOf } from "../columns.js";
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
  readonly x: number;
  readonly y: number;
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
  const [x, y] = findCoordinates(header) ?? [-1, -1];
  return {
    file: findColumn(header, FILE_COLUMNS),
    label: findColumn(header, LABEL_COLUMNS.keys()),
    part: findColumn(header, PART_COLUMNS),
    group: groupBy === undefined ? -1 : header.indexOf(groupBy),
    x,
    y,
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
  columns: Omit<Columns, "label">,
  file: string,
): Pick<LabelRow, "file" | "line" | "part" | "group" | "coordinates"> {
  const where = placeOf(file, line);
  const part = cells[columns.part] ?? "";
  const group = cells[columns.group] ?? "";
  const [x, y] = [columns.x, columns.y].map((column) => numberIn(cells[column] ?? ""));
  return {
    file: safeName(cells[columns.file], where),
    line,
    ...(part !== "" && { part: partOf(part, where) }),
    ...(group !== "" && { group }),
    // Who needs coordinates says which images have none.
    ...(x !== undefined && y !== undefined && { coordinates: [x, y] as const }),
  };
}

function numberIn(cell: string): number | undefined {
  const value = Number(cell);
  return cell.trim() !== "" && Number.isFinite(value) ? value : undefined;
}

/** @throws UserError `bad-data` for a table that is only a header */
export function refuseWithoutRows(table: Table, file: string): void {
  if (table.rows.length > 0) return;
  throw new UserError("bad-data", `${file}: a header and no rows`, { hint: "Add one row per image." });
}

/** What the hint of every missing column says. */
export const COLUMN_HINT = `Name the column of files ${FILE_COLUMNS.join(", ")}; the column of labels ${[...LABEL_COLUMNS.keys()].join(", ")}.`;
