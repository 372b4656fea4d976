import { findColumn, refuseTwice } from "../../data/columns.js";
import { parseCsv } from "../../data/csv.js";
import { NO, UNKNOWN, YES } from "../../data/dataset.js";
import { readLabelFile } from "../../data/documents.js";
import { normalizedLabel, placeOf } from "../../data/labels.js";
import { parseTagColumn, type Tags } from "../../data/tags.js";
import { decodeText, quoted } from "../../data/text.js";
import { nearest, UserError } from "../../errors.js";
import type { Task } from "../../task.js";
import { NO_LABEL } from "../products.js";

/** What a person found at a sample. */
export interface Answer {
  readonly id: string;
  readonly line: number;
  /** Undefined where the table does not say. */
  readonly stratum: string | undefined;
  /** What the map says, where the table does: `map`. */
  readonly mapped: string | undefined;
  /** By date, labels of 1, 0 and -1 (unknown) `[K]`; all -1 where there is no answer. */
  readonly labels: readonly Int8Array[];
}

export interface Answers {
  readonly file: string;
  readonly classes: readonly string[];
  readonly rows: readonly Answer[];
}

export interface AnswerOptions {
  readonly task: Task;
  /** Columns of labels, one for each date. */
  readonly columns: readonly string[];
  /** What labels may be; undefined for any. */
  readonly classes: readonly string[] | undefined;
}

/**
 * Reads the answers of a filled sample. A cell that is empty or `?` is no answer; `none` says that no label is there.
 *
 * @throws UserError `not-found`, `bad-file`, `bad-data` naming line and label: unknown labels, several where there may be one, an id
 *   or a column twice, a row without some cells
 */
export function readAnswers(path: string, { task, columns, classes: known }: AnswerOptions): Answers {
  const { header, rows } = parseCsv(decodeText(readLabelFile(path), path), path, {
    shortRows: { endBefore: columns.map((name) => name.toLowerCase()) },
  });
  refuseTwice(header, ["id", "stratum", "map", ...columns], path);
  const at = (name: string) => findColumn(header, [name.toLowerCase()]);
  const missing = ["id", ...columns].find((name) => at(name) < 0);
  if (missing !== undefined) {
    throw new UserError("bad-data", `${path}: no column ${quoted(missing)} among ${header.slice(0, 8).map(quoted).join(", ")}`, {
      hint: `A sample has the columns id, stratum, ${columns.join(", ")}.`,
    });
  }
  const single = SINGLE[task];
  const tags = columns.map((name) => {
    const cells = rows.map(({ cells, line }) => ({ text: cells[at(name)], line }));
    return parseTagColumn(cells, { file: path, single, classes: known });
  });
  const found = new Set(
    tags.flatMap((column) => column.flatMap(({ yes, unknown }) => [...yes, ...(unknown === "rest" ? [] : unknown)])),
  );
  const classes = known ?? [...found].filter((name) => name !== NO_LABEL).sort();
  const indexOf = new Map(classes.map((name, k) => [normalizedLabel(name), k]));
  const lineOf = new Map<string, number>();
  const read = rows.map(({ cells, line }, row): Answer => {
    const where = placeOf(path, line);
    const id = cells[at("id")];
    if (id === "") throw new UserError("bad-data", `${where}: no id`, { hint: "Keep the ids of the sample as they were drawn." });
    const before = lineOf.get(id);
    if (before !== undefined) {
      throw new UserError("bad-data", `${where}: the sample ${quoted(id)} stands on line ${before} already`, {
        hint: "Keep one row for each sample.",
      });
    }
    lineOf.set(id, line);
    const optional = (name: string) => (at(name) < 0 ? undefined : normalizedLabel(cells[at(name)]));
    return {
      ...{ id, line, stratum: optional("stratum"), mapped: optional("map") },
      labels: tags.map((column) => encoded(column[row], { classes, indexOf, where, single })),
    };
  });
  return { file: path, classes, rows: read };
}

/** Whether a cell has one label at most. */
const SINGLE: Readonly<Record<Task, boolean>> = { multiclass: true, multilabel: false };

interface Encoding {
  readonly classes: readonly string[];
  readonly indexOf: ReadonlyMap<string, number>;
  readonly where: string;
  readonly single: boolean;
}

function encoded({ yes, unknown }: Tags, { classes, indexOf, where, single }: Encoding): Int8Array {
  // Of a cell that has exactly one class, "none" is a label like any other.
  const named = yes.filter((label) => single || label !== NO_LABEL || indexOf.has(label));
  if (named.length < yes.length && (named.length > 0 || unknown === "rest")) {
    throw new UserError("bad-data", `${where}: ${quoted(NO_LABEL)} beside other labels`, { hint: "Keep one of the two." });
  }
  const index = (label: string) => indexOf.get(label) ?? refuseLabel(label, classes, where);
  if (single && named.length > 1) {
    throw new UserError("bad-data", `${where}: ${named.length} labels (${named.map(quoted).join(", ")}) for one cell`, {
      hint: "Write the one that covers most of the cell, or ? where nobody can tell.",
    });
  }
  const isOpen = yes.length === 0 && (unknown === "rest" || unknown.length === 0);
  // One label of several settles the others; without it nothing is settled.
  const rest = isOpen || unknown === "rest" || (single && named.length === 0) ? UNKNOWN : NO;
  const labels = new Int8Array(classes.length).fill(single && named.length === 1 ? NO : rest);
  if (unknown !== "rest" && !single) for (const label of unknown) labels[index(label)] = UNKNOWN;
  for (const label of named) labels[index(label)] = YES;
  return labels;
}

function refuseLabel(label: string, classes: readonly string[], where: string): never {
  const meant = nearest(label, classes);
  throw new UserError("bad-data", `${where}: unknown label ${quoted(label)}`, {
    hint: `${meant === undefined ? `The classes are ${classes.slice(0, 8).join(", ")}.` : `Did you mean ${quoted(meant)}?`} A class that the map does not have is given with --classes.`,
  });
}
