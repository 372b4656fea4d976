import { nearest, UserError } from "../errors.js";
import type { Part, Task } from "../task.js";
import { type Coordinates, NO, UNKNOWN, YES } from "./dataset.js";
import { compareCodePoints, quoted } from "./text.js";

/** One image of a label source, before its name is matched with a file and its labels with classes. */
export interface LabelRow {
  /** As {@link safeName} returns it. */
  readonly file: string;
  /** Line of the label file, from 1; 0 where the source has no lines. */
  readonly line: number;
  /** The file that the labels are from, where every image has its own. */
  readonly labelFile?: string;
  /** Labels that the image has. */
  readonly yes: readonly string[];
  /** Labels of which nothing is known; "rest" stands for all that are not in `yes`. Every other label is a no. */
  readonly unknown: readonly string[] | "rest";
  readonly part?: Part;
  readonly group?: string;
  readonly coordinates?: Coordinates;
}

/** What a source gives: rows, and whatever it says about the classes. */
export interface LabelTable {
  /** For messages: the label file or the folder. */
  readonly file: string;
  readonly rows: readonly LabelRow[];
  /** Classes that the source declares, in its order. */
  readonly classes?: readonly string[];
  /** The task, where the source can only mean one. */
  readonly task?: Task;
  /** The source has room for one label per image (a column named `label`): an empty one does not speak for several. */
  readonly single: boolean;
  /** What a row without labels means when there is exactly one label per image: nothing known yet, or a mistake. */
  readonly emptyMulticlass: "unknown" | "mistake";
}

/** Rows with labels encoded as one of YES, NO, UNKNOWN per class. */
export interface EncodedLabels {
  readonly task: Task;
  readonly classes: readonly string[];
  readonly rows: readonly EncodedRow[];
}

/** One row of {@link EncodedLabels}. */
export interface EncodedRow extends Pick<LabelRow, "file" | "line" | "part" | "group" | "coordinates"> {
  /** `[K]` in class order; equal rows share one array: never write into it. */
  readonly labels: Int8Array;
}

/** What overrides a source. */
export interface LabelOptions {
  readonly task?: Task | undefined;
  /** Class names in output order; labels outside of them are errors. */
  readonly classes?: readonly string[] | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** A label as it is compared and stored: trimmed, Unicode NFC. */
export function normalizedLabel(label: string): string {
  return label.trim().normalize("NFC");
}

/** "labels.csv line 3", or the file alone where there are no lines. */
export function placeOf(file: string, line: number): string {
  return line > 0 ? `${file} line ${line}` : file;
}

/**
 * Decides task and classes and encodes every row.
 *
 * @throws UserError `bad-data` naming file and line: unknown labels, several labels where one is allowed
 */
export function encodeLabels(
  table: LabelTable,
  { task: givenTask, classes: given, onWarning }: LabelOptions = {},
): EncodedLabels {
  const declared = given ?? table.classes;
  const classes = declared === undefined ? collectClasses(table.rows) : checkClasses(declared.map(normalizedLabel), table.file);
  const task = givenTask ?? table.task ?? inferTask(table, onWarning);
  warnOfClasses(classes, table, onWarning);
  const indexOf = new Map(classes.map((name, i) => [name, i]));
  const shared = new Map<string, Int8Array>();
  const rows = table.rows.map(({ file, line, labelFile, yes, unknown, part, group, coordinates }): EncodedRow => {
    const where = placeOf(labelFile ?? table.file, line);
    const index = (label: string) => indexOf.get(label) ?? unknownLabel(label, classes, where);
    const positives = yes.map(index);
    const open = unknown === "rest" ? unknown : unknown.map(index);
    if (task === "multiclass") refuseUnlessSingle(where, yes, open.length, table.emptyMulticlass);
    // In a multiclass row one yes settles the others; without it nothing is settled.
    const settled = task === "multiclass" ? (yes.length === 1 ? [] : "rest") : open;
    const key = `${positives}|${settled}`;
    const labels = shared.get(key) ?? encode(positives, settled, classes.length);
    shared.set(key, labels);
    return {
      file,
      line,
      labels,
      ...(part && { part }),
      ...(group !== undefined && { group }),
      ...(coordinates && { coordinates }),
    };
  });
  return { task, classes, rows };
}

function encode(yes: readonly number[], unknown: readonly number[] | "rest", size: number): Int8Array {
  const labels = new Int8Array(size).fill(unknown === "rest" ? UNKNOWN : NO);
  if (unknown !== "rest") for (const k of unknown) labels[k] = UNKNOWN;
  for (const k of yes) labels[k] = YES;
  return labels;
}

function refuseUnlessSingle(where: string, yes: readonly string[], unknown: number, empty: LabelTable["emptyMulticlass"]): void {
  if (yes.length > 1) {
    throw new UserError("bad-data", `${where}: ${yes.length} labels (${yes.map(quoted).join(", ")}) for one image`, {
      hint: "A multiclass dataset has exactly one label per image: fix the row, or say --task multilabel.",
    });
  }
  if (yes.length === 0 && unknown === 0 && empty === "mistake") {
    throw new UserError("bad-data", `${where}: no label, and none is unknown`, {
      hint: "A multiclass dataset has exactly one label per image: write ? where it is not known, or say --task multilabel.",
    });
  }
}

function inferTask({ file, rows, single }: LabelTable, onWarning: LabelOptions["onWarning"]): Task {
  // An image of which nothing is known says nothing of the task.
  const telling = rows.filter(({ yes, unknown }) => yes.length > 0 || unknown !== "rest");
  const odd = telling.find(({ yes, unknown }) => (single ? yes.length > 1 : yes.length !== 1 || unknown.length > 0));
  if (odd === undefined) {
    onWarning?.(`${file}: read as multiclass, for no image has several labels; say --task multilabel if they could.`);
    return "multiclass";
  }
  const what = odd.yes.length > 1 ? "several labels" : odd.unknown.length > 0 ? "an unknown label" : "no label";
  const place = odd.line > 0 ? `line ${odd.line}` : quoted(odd.file);
  onWarning?.(`${file}: read as multilabel, for ${place} has ${what}; say --task multiclass if each image has exactly one.`);
  return "multilabel";
}

function collectClasses(rows: readonly LabelRow[]): readonly string[] {
  const names = new Set<string>();
  for (const { yes, unknown } of rows) {
    for (const label of yes) names.add(label);
    if (unknown !== "rest") for (const label of unknown) names.add(label);
  }
  return [...names].sort(compareCodePoints);
}

/** @throws UserError `bad-data` for class names that are empty or stand twice */
function checkClasses(classes: readonly string[], file: string): readonly string[] {
  const twice = classes.find((name, i) => name === "" || classes.indexOf(name) !== i);
  if (twice === undefined) return classes;
  throw new UserError(
    "bad-data",
    twice === "" ? `${file}: an empty class name` : `${file}: the class ${quoted(twice)} stands twice`,
    {
      hint: "Name every class once.",
    },
  );
}

function unknownLabel(label: string, classes: readonly string[], where: string): never {
  const similar = nearest(label, classes);
  const meant = similar === undefined ? `The classes are ${classes.slice(0, 8).join(", ")}.` : `Did you mean ${quoted(similar)}?`;
  throw new UserError("bad-data", `${where}: unknown label ${quoted(label)}`, {
    hint: `${meant} Add it to the classes, or fix the row.`,
  });
}

function warnOfClasses(classes: readonly string[], { file, rows }: LabelTable, onWarning: LabelOptions["onWarning"]): void {
  const byFolded = new Map<string, string>();
  for (const name of classes) {
    const folded = name.toLowerCase().replace(/[\s_-]+/g, " ");
    const other = byFolded.get(folded);
    if (other !== undefined)
      onWarning?.(`${file}: the classes ${quoted(other)} and ${quoted(name)} differ only in case or spacing.`);
    else byFolded.set(folded, name);
  }
  const counts = countLabels(rows);
  // Only words are compared: numbered classes look alike and are not.
  const words = classes.length > 200 ? [] : classes.filter((name) => /^\D{5,}$/.test(name));
  for (const rare of words.filter((name) => (counts.get(name) ?? 0) <= 2)) {
    const similar = nearest(
      rare,
      words.filter((name) => (counts.get(name) ?? 0) > (counts.get(rare) ?? 0)),
    );
    if (similar !== undefined)
      onWarning?.(`${file}: the class ${quoted(rare)} is rare and looks like ${quoted(similar)}: a typing mistake?`);
  }
  if (classes.length > 50 && classes.length * 2 > rows.length) {
    onWarning?.(`${file}: ${classes.length} classes for ${rows.length} images; is this the column with the labels?`);
  }
}

function countLabels(rows: readonly LabelRow[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { yes } of rows) for (const label of yes) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

/**
 * Leaves one row per image.
 *
 * @throws UserError `bad-data` with both lines when two rows of one image say different things
 */
export function mergeDuplicates<R extends EncodedRow>(
  rows: readonly R[],
  file: string,
  onWarning: LabelOptions["onWarning"],
): readonly R[] {
  const first = new Map<string, R>();
  let repeated = 0;
  for (const row of rows) {
    const known = first.get(row.file);
    if (known === undefined) {
      first.set(row.file, row);
      continue;
    }
    repeated++;
    const there = `${known.coordinates}` === `${row.coordinates}`;
    if (known.labels === row.labels && known.part === row.part && known.group === row.group && there) continue;
    const lines = row.line > 0 ? ` lines ${known.line} and ${row.line}` : "";
    throw new UserError("bad-data", `${file}${lines}: two rows for ${quoted(row.file)} that say different things`, {
      hint: "Keep one row per image; several labels stand in one cell, separated by a space or |.",
    });
  }
  if (repeated > 0) onWarning?.(`${file}: ${repeated} rows repeat an image with the same labels and were left out.`);
  return repeated === 0 ? rows : [...first.values()];
}
