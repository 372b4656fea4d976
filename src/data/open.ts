import { statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../errors.js";
import { throwIfAborted, type WorkOptions } from "../progress.js";
import { FILE_COLUMNS, findColumn, LABEL_COLUMNS } from "./columns.js";
import { parseCsv } from "./csv.js";
import type { Dataset, Sample } from "./dataset.js";
import { parseDocument, readHead, readLabelFile } from "./documents.js";
import {
  type EncodedLabels,
  type EncodedRow,
  encodeLabels,
  type LabelOptions,
  type LabelTable,
  mergeDuplicates,
  placeOf,
} from "./labels.js";
import { extensionOf, isImageName, type Listing, listFolder } from "./listing.js";
import { indexNames, rebase, withoutExtension } from "./names.js";
import { labelsFromOf } from "./provenance.js";
import { labelFilesSource } from "./sources/label-files.js";
import type { SourceOptions } from "./sources/source.js";
import { FOLDER_SOURCES, fileSourceOf } from "./sources.js";
import { decodeText, linesOf } from "./text.js";

/** What overrides the detection of a dataset's form. */
export interface OpenOptions extends LabelOptions, WorkOptions {
  /** Label file, or folder of label text files; by default found under the root. */
  readonly labels?: string | undefined;
  /** A column of the label file: images with the same value there stay together when the data is split. */
  readonly groupBy?: string | undefined;
  /** Images that the label file names and that are not there: left out and counted, an error, or kept (for work on labels alone). */
  readonly missing?: "skip" | "fail" | "keep" | undefined;
  /** Accept a folder or list of images without any label. */
  readonly unlabelled?: boolean | undefined;
}

/**
 * Opens a dataset: finds the form its labels are in, reads them, and matches them with the images under the root. Pixels are
 * read later.
 *
 * @param root the folder with the images, or a label file in it
 * @throws UserError naming file and line for everything that is wrong with the labels
 */
export async function openDataset(root: string, options: OpenOptions = {}): Promise<Dataset> {
  const { onWarning } = options;
  const isFile = statSync(root, { throwIfNoEntry: false })?.isFile() ?? false;
  const folder = isFile ? dirname(root) : root;
  const listing = await listFolder(folder, options);
  throwIfAborted(options.signal);
  const { source, table, fromFile } = await readLabels(
    listing,
    isFile ? { ...options, labels: options.labels ?? root } : options,
  );
  const encoded = encodeLabels(table, options);
  const match = fromFile ? matchNames(encoded.rows, table, listing) : encoded.rows;
  const rows = mergeDuplicates(match, table.file, onWarning);
  const { samples, missing } = samplesOf(rows, listing, options.missing ?? "skip");
  reportMissing(missing, rows.length, table.file, listing, options);
  if (fromFile) reportUnnamed(rows, listing, table.file, onWarning);
  if (samples.length === 0) {
    throw new UserError("not-found", `${folder}: no images`, { hint: "Name a folder with .jpg, .png, .webp or .tif files." });
  }
  if (!options.unlabelled && encoded.classes.length === 0) {
    throw new UserError("bad-data", `${table.file}: ${samples.length} images and no labels`, {
      hint: "Put the images into one folder per class, or name a label file with --labels.",
    });
  }
  const labelsFrom = fromFile ? labelsFromOf(table.file) : undefined;
  const grouped = options.groupBy !== undefined && rows.some(({ group }) => group !== undefined);
  return {
    root: folder,
    source,
    task: encoded.task,
    classes: encoded.classes,
    samples,
    ...(missing.length > 0 && { missing }),
    ...(labelsFrom && { labelsFrom }),
    ...(grouped && { groupedBy: options.groupBy }),
  };
}

/** A label file that was read without its images. */
export interface LabelSet extends EncodedLabels {
  /** The row of the table of sources that read it. */
  readonly source: string;
}

/**
 * Reads a label file from memory, without looking for images.
 *
 * @throws UserError `bad-file` or `bad-data` naming file and line
 */
export function parseLabels(bytes: Uint8Array, { file, ...options }: SourceOptions & { readonly file: string }): LabelSet {
  const { source, table } = parseLabelFile(bytes, file, options);
  const encoded = encodeLabels(table, options);
  return { source, ...encoded, rows: mergeDuplicates(encoded.rows, file, options.onWarning) };
}

function parseLabelFile(bytes: Uint8Array, file: string, options: SourceOptions): { source: string; table: LabelTable } {
  const document = parseDocument(bytes, file);
  const source = fileSourceOf(document);
  return { source: source.name, table: source.parse(document, options) };
}

interface ReadLabels {
  readonly source: string;
  readonly table: LabelTable;
  /** The rows name images as people do, and have to be matched with what is there. */
  readonly fromFile: boolean;
}

async function readLabels(listing: Listing, options: OpenOptions): Promise<ReadLabels> {
  const path = options.labels ?? findLabelFile(listing);
  if (path === undefined) {
    const [surest] = FOLDER_SOURCES.map((row) => ({ row, sure: row.detect(listing) })).sort((a, b) => b.sure - a.sure);
    if (surest.sure === 0) {
      throw new UserError("not-found", `${listing.root}: no images`, {
        hint: "Name a folder with .jpg, .png, .webp or .tif files.",
      });
    }
    return { source: surest.row.name, table: await surest.row.read(listing, options), fromFile: false };
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    const labelFolder = await listFolder(path, options);
    return {
      source: labelFilesSource.name,
      table: await labelFilesSource.read(listing, { ...options, labelFolder }),
      fromFile: false,
    };
  }
  return { ...parseLabelFile(readLabelFile(path), path, options), fromFile: true };
}

const LABEL_FILE = /^(?:labels|metadata)\.(?:csv|tsv|json|jsonl)$/i;

/** A label file by its name, or, where the folders say nothing, the one table that has columns of files and labels. */
function findLabelFile(listing: Listing): string | undefined {
  const atRoot = listing.others.filter((name) => !name.includes("/"));
  const named = atRoot.filter((name) => LABEL_FILE.test(name));
  const foldersSay = Math.max(...FOLDER_SOURCES.map(({ detect }) => detect(listing))) >= 0.5;
  const found = named.length > 0 || foldersSay ? named : atRoot.filter((name) => hasLabelHeader(join(listing.root, name)));
  if (found.length > 1) {
    throw new UserError("bad-data", `${listing.root}: ${found.length} label files: ${found.join(", ")}`, {
      hint: "Choose one with --labels.",
    });
  }
  return found.length === 1 ? join(listing.root, found[0]) : undefined;
}

function hasLabelHeader(path: string): boolean {
  if (!["csv", "tsv"].includes(extensionOf(path))) return false;
  const [first = ""] = linesOf(new TextDecoder().decode(readHead(path, 4096)));
  try {
    const { header } = parseCsv(first, path);
    return findColumn(header, FILE_COLUMNS) >= 0 && findColumn(header, LABEL_COLUMNS.keys()) >= 0;
  } catch {
    return false;
  }
}

/** Replaces names as people write them by the names of the files; names without a file stay as they are. */
function matchNames(
  rows: readonly EncodedRow[],
  table: LabelTable,
  { root, images, strayLinks }: Listing,
): readonly EncodedRow[] {
  const index = indexNames(images);
  const stray = new Set(strayLinks.flatMap((name) => [name, withoutExtension(name)]));
  const labelFolder = dirname(resolve(table.file));
  return rows.map((row) => {
    const where = placeOf(table.file, row.line);
    const besideLabels = () => {
      const name = rebase(row.file, labelFolder, root);
      return name === undefined ? undefined : index.find(name, where);
    };
    const found = index.find(row.file, where) ?? besideLabels();
    if (found !== undefined) return { ...row, file: images[found] };
    if (stray.has(row.file)) {
      throw new UserError("bad-data", `${where}: ${row.file} is a link that leaves the folder`, {
        hint: "Copy the image into the folder.",
      });
    }
    return row;
  });
}

function samplesOf(
  rows: readonly EncodedRow[],
  { root, images }: Listing,
  whenMissing: "skip" | "fail" | "keep",
): { samples: readonly Sample[]; missing: readonly string[] } {
  const present = new Set(images);
  const missing: string[] = [];
  const samples = rows.flatMap(({ file, labels, part, group, coordinates }): readonly Sample[] => {
    if (!present.has(file)) {
      missing.push(file);
      if (whenMissing !== "keep") return [];
    }
    const rest = { ...(part && { part }), ...(group !== undefined && { group }), ...(coordinates && { coordinates }) };
    return [{ file: file.normalize("NFC"), path: join(root, file), labels, ...rest }];
  });
  return { samples, missing };
}

function reportMissing(missing: readonly string[], rows: number, file: string, { root }: Listing, options: OpenOptions): void {
  if (missing.length === 0 || options.missing === "keep") return;
  const what = `${file}: ${missing.length} of ${rows} images are not in ${root}`;
  const some = `${missing.slice(0, 5).join(", ")}${missing.length > 5 ? ", …" : ""}`;
  if (options.missing !== "fail" && missing.length < rows) {
    options.onWarning?.(`${what} and were left out (${some}).`);
    return;
  }
  throw new UserError("not-found", `${what} (${some})`, { hint: "Names are relative to the folder with the images." });
}

function reportUnnamed(
  rows: readonly EncodedRow[],
  { images }: Listing,
  file: string,
  onWarning: OpenOptions["onWarning"],
): void {
  const named = new Set(rows.map((row) => row.file));
  const unnamed = images.filter((name) => !named.has(name));
  if (unnamed.length === 0) return;
  onWarning?.(
    `${file}: ${unnamed.length} images have no row and were left out (${unnamed.slice(0, 3).join(", ")}${unnamed.length > 3 ? ", …" : ""}).`,
  );
}

/** An image to predict. */
export interface ImageFile {
  /** The name to show. */
  readonly file: string;
  readonly path: string;
}

/**
 * The images that a path stands for: an image file, every image in a folder and the folders in it, or the files that a text
 * file lists one per line (relative to its folder).
 *
 * @throws UserError `not-found` where there is nothing, `bad-data` naming the line of a list
 */
export async function listImages(path: string, options: WorkOptions = {}): Promise<readonly ImageFile[]> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined)
    throw new UserError("not-found", `${path}: no such file or folder`, { hint: "Check the path for typing mistakes." });
  if (stats.isDirectory()) {
    const { images } = await listFolder(path, options);
    if (images.length > 0) return images.map((file) => ({ file: file.normalize("NFC"), path: join(path, file) }));
    throw new UserError("not-found", `${path}: no images`, { hint: "Name a folder with .jpg, .png, .webp or .tif files." });
  }
  if (extensionOf(path) !== "txt" || isImageName(path)) return [{ file: path, path }];
  // The user's own list is trusted like the command line: it may name files anywhere.
  const files = linesOf(decodeText(readLabelFile(path), path))
    .map((line) => line.trim())
    .filter((file) => file !== "");
  if (files.length === 0) throw new UserError("bad-file", `${path}: empty`, { hint: "Write one file name per line." });
  return files.map((file) => ({ file, path: resolve(dirname(path), file) }));
}
