import { type CsvError, type InfoRecord, parse } from "csv-parse/sync";
import { UserError } from "../errors.js";
import { quoted } from "./text.js";

/** A table of cells as a label file holds it. */
export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly TableRow[];
}

/** One row: as many cells as the header has, trimmed, and the line it starts on (from 1). */
export interface TableRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/** More columns than this are refused. */
const MAX_COLUMNS = 4096;

/** A cell longer than this is refused, in characters. */
const MAX_RECORD = 1024 * 1024;

export interface ParseCsvOptions {
  /**
   * What becomes of rows with fewer cells than the header has columns. Default "filled": the others are empty. `endBefore`: that too where
   * all cells of these columns are missing, or none, as spreadsheets leave out what nobody filled in; where only some are, a cell may have slipped.
   */
  readonly shortRows?: "filled" | "refused" | { readonly endBefore: readonly string[] } | undefined;
}

/**
 * Parses comma, semicolon or tab separated text with a header (RFC 4180; the header decides the separator). Blank lines are
 * skipped; the apostrophe that {@link formatCsv} puts before formulas is taken off again.
 *
 * @throws UserError `bad-file` or `limit` naming file and line
 */
export function parseCsv(text: string, file: string, { shortRows = "filled" }: ParseCsvOptions = {}): Table {
  const rows: TableRow[] = [];
  let header: readonly string[] | undefined;
  let line = 1;
  const addRow = (record: string[], context: { readonly lines: number }) => {
    const start = line;
    line = context.lines + 1;
    const cells = record.map((cell) => unguarded(cell.trim()));
    if (cells.every((cell) => cell === "")) return null;
    if (header === undefined) header = headerOf(cells, file);
    else {
      if (!mayBeShort(cells.length, header, shortRows)) refuseShort(cells, header, file, start);
      rows.push({ line: start, cells: fitted(cells, header, file, start) });
    }
    return null;
  };
  try {
    parse(text, {
      delimiter: separatorOf(text),
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      trim: true,
      max_record_size: MAX_RECORD,
      on_record: addRow,
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    // Everything else that the parser throws is its own CsvError.
    throw brokenCsv(error as CsvError & Partial<InfoRecord>, file, line);
  }
  if (header === undefined) {
    throw new UserError("bad-file", `${file}: empty`, { hint: "A label file has a header and one row per image." });
  }
  return { header, rows };
}

function headerOf(cells: readonly string[], file: string): readonly string[] {
  if (cells.length > MAX_COLUMNS) {
    throw new UserError("limit", `${file}: ${cells.length} columns, more than the limit of ${MAX_COLUMNS}`, {
      hint: "Write the labels of an image into one cell: image_name,tags.",
    });
  }
  let named = cells.length;
  while (named > 0 && cells[named - 1] === "") named--;
  return cells.slice(0, named);
}

function fitted(cells: readonly string[], header: readonly string[], file: string, line: number): readonly string[] {
  if (cells.length === header.length) return cells;
  const extra = cells.slice(header.length).find((cell) => cell !== "");
  if (extra !== undefined) {
    throw new UserError("bad-file", `${file} line ${line}: ${cells.length} cells where the header has ${header.length} columns`, {
      hint: `Quote cells that contain the separator; the first cell too many is ${quoted(extra)}.`,
    });
  }
  return header.map((_, i) => cells[i] ?? "");
}

function mayBeShort(length: number, header: readonly string[], shortRows: ParseCsvOptions["shortRows"]): boolean {
  if (length >= header.length || shortRows === "filled") return true;
  if (shortRows === undefined || shortRows === "refused") return false;
  const there = shortRows.endBefore.filter((name) => header.findIndex((column) => column.toLowerCase() === name) < length);
  return there.length === 0 || there.length === shortRows.endBefore.length;
}

function refuseShort(cells: readonly string[], header: readonly string[], file: string, line: number): never {
  throw new UserError(
    "bad-file",
    `${file} line ${line}: ${cells.length === 1 ? "1 cell" : `${cells.length} cells`} where the header has ${header.length} columns`,
    {
      hint: `The first that is missing is that of ${quoted(header[cells.length])}: write a separator for empty cells too, which some spreadsheets leave out at the end of a row.`,
    },
  );
}

const BROKEN: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: "a quoted cell that starts here is never closed",
  CSV_INVALID_CLOSING_QUOTE: "text after the closing quote of a cell",
  INVALID_OPENING_QUOTE: "a quote in the middle of a cell",
  CSV_MAX_RECORD_SIZE: `a row of more than ${MAX_RECORD} characters`,
};

function brokenCsv(error: CsvError, file: string, line: number): UserError {
  return new UserError("bad-file", `${file} line ${line}: ${BROKEN[error.code] ?? error.message}`, {
    hint: 'Put cells with quotes or separators into quotes and double the quotes inside: "a ""b"", c".',
    cause: error,
  });
}

/** The separator that the first line with content uses most, outside quotes. */
function separatorOf(text: string): string {
  const first = /[^\r\n]*\S[^\r\n]*/.exec(text)?.[0].replace(/"[^"]*"/g, "") ?? "";
  const counts = [",", ";", "\t"].map((mark) => ({ mark, count: first.split(mark).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).mark;
}

/** The separator that a file of this name is written with. */
export function delimiterOf(fileName: string): "," | "\t" {
  return /\.tsv$/i.test(fileName) ? "\t" : ",";
}

/**
 * Formats rows as CSV with `\n`; cells that a spreadsheet would run as a formula get an apostrophe in front (OWASP ASVS 1.2.10).
 */
export function formatCsv(rows: Iterable<readonly string[]>, delimiter: "," | "\t" = ","): string {
  const lines: string[] = [];
  for (const cells of rows) lines.push(cells.map((cell) => formatCell(cell, delimiter)).join(delimiter));
  return `${lines.join("\n")}\n`;
}

function formatCell(cell: string, delimiter: string): string {
  const safe = isFormula(cell) ? `'${cell}` : cell;
  return safe.includes(delimiter) || /["\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Also cells that start with the guard itself, so that reading takes off exactly what writing put on. */
const FORMULA = /^'*[=+\-@\t\r\0]/;

/** A negative number is no formula. */
const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/** Whether a spreadsheet would run a cell as a formula. */
export function isFormula(cell: string): boolean {
  return FORMULA.test(cell) && !NUMBER.test(cell);
}

const GUARDED = /^'+[=+\-@\t\r\0]/;

function unguarded(cell: string): string {
  return GUARDED.test(cell) ? cell.slice(1) : cell;
}
