import { nearest, UserError } from "../errors.js";
import type { Part } from "../task.js";
import { quoted } from "./text.js";

/** Column names that hold the file, best first. */
export const FILE_COLUMNS: readonly string[] = ["file", "filename", "file_name", "image_name", "image"];

/** Column names that hold labels, and whether the name promises exactly one. */
export const LABEL_COLUMNS: ReadonlyMap<string, { readonly single: boolean }> = new Map([
  ["label", { single: true }],
  ["labels", { single: false }],
  ["tags", { single: false }],
]);

/** Columns that hold the part, in label files and split files. */
export const PART_COLUMNS: readonly string[] = ["split", "part"];

/** Columns that hold coordinates, x before y, best first. */
export const COORDINATE_COLUMNS: readonly (readonly [x: string, y: string])[] = [
  ["longitude", "latitude"],
  ["lon", "lat"],
  ["long", "lat"],
  ["lng", "lat"],
  ["easting", "northing"],
  ["x", "y"],
  ["x_px", "y_px"],
  ["column", "row"],
  ["col", "row"],
];

/** The words for the parts of a dataset, as folders and as cells. */
export const PART_OF_WORD: ReadonlyMap<string, Part> = new Map([
  ["train", "train"],
  ["training", "train"],
  ["validation", "validation"],
  ["valid", "validation"],
  ["val", "validation"],
  ["test", "test"],
  ["testing", "test"],
]);

/** The first of some names that stands among the columns, without regard to case; -1 when none does. */
export function findColumn(header: readonly string[], names: Iterable<string>): number {
  const lower = header.map((name) => name.toLowerCase());
  for (const name of names) if (lower.includes(name)) return lower.indexOf(name);
  return -1;
}

/** @throws UserError `bad-data` where one of some names stands twice among the columns, without regard to case: nobody knows which is meant */
export function refuseTwice(header: readonly string[], names: readonly string[], file: string): void {
  const lower = header.map((name) => name.toLowerCase());
  const twice = names.find((name) => lower.indexOf(name.toLowerCase()) !== lower.lastIndexOf(name.toLowerCase()));
  if (twice === undefined) return;
  const places = lower.flatMap((name, i) => (name === twice.toLowerCase() ? [i + 1] : []));
  throw new UserError("bad-data", `${file}: the column ${quoted(twice)} stands twice, as columns ${places.join(" and ")}`, {
    hint: "Keep one of them, or give the other another name.",
  });
}

/** The columns of x and y; undefined where there is no pair of them. */
export function findCoordinates(header: readonly string[]): readonly [x: number, y: number] | undefined {
  const pairs = COORDINATE_COLUMNS.map(([x, y]) => [findColumn(header, [x]), findColumn(header, [y])] as const);
  return pairs.find(([x, y]) => x >= 0 && y >= 0);
}

/** @throws UserError `bad-data` naming the place for a word that is no part */
export function partOf(word: string, where: string): Part {
  const part = PART_OF_WORD.get(word.trim().toLowerCase());
  if (part !== undefined) return part;
  const similar = nearest(word, PART_OF_WORD.keys());
  throw new UserError("bad-data", `${where}: ${quoted(word)} is no part of a split`, {
    hint: `${similar === undefined ? "" : `Did you mean ${quoted(similar)}? `}The parts are train, validation and test.`,
  });
}
