import type { WorkOptions } from "../../progress.js";
import type { Task } from "../../task.js";
import type { Table } from "../csv.js";
import type { Dataset } from "../dataset.js";
import type { Json } from "../json.js";
import type { LabelTable } from "../labels.js";
import type { Listing } from "../listing.js";

/** A label file, parsed as far as its form goes. */
export type LabelDocument = { readonly file: string } & (
  | { readonly form: "table"; readonly table: Table }
  | { readonly form: "json"; readonly json: Json }
  | { readonly form: "jsonl"; readonly lines: readonly { readonly line: number; readonly json: Json }[] }
);

/** What every source is told. */
export interface SourceOptions extends WorkOptions {
  readonly task?: Task | undefined;
  readonly classes?: readonly string[] | undefined;
  /** A folder with one text file per image, when it is not the folder of the images. */
  readonly labelFolder?: Listing | undefined;
  /** The column whose value groups images. */
  readonly groupBy?: string | undefined;
}

/** One file that a conversion writes, relative to the output folder: text, or a copy of an image. */
export type OutputFile = { readonly path: string; readonly text: string } | { readonly path: string; readonly copyOf: string };

/** What a writer is told. */
export interface WriteOptions {
  /** Name of the file to write, for sources that are one file. */
  readonly fileName: string;
  readonly onWarning?: ((message: string) => void) | undefined;
}

interface Writer {
  readonly name: string;
  /**
   * The files of a dataset in this form.
   *
   * @throws UserError `bad-data` where the form cannot say what the dataset says
   */
  readonly write: (dataset: Dataset, options: WriteOptions) => Iterable<OutputFile>;
}

/** Labels in one file. */
export interface FileSource extends Writer {
  readonly kind: "file";
  /** File name when a folder is given as output. */
  readonly defaultFileName: string;
  /** Whether a document is of this form; the first row of the table that accepts reads. */
  readonly accepts: (document: LabelDocument) => boolean;
  /** @throws UserError `bad-data` naming file and line */
  readonly parse: (document: LabelDocument, options: SourceOptions) => LabelTable;
}

/** Labels in the arrangement of a folder. */
export interface FolderSource extends Writer {
  readonly kind: "folder";
  /** How surely a folder is arranged this way, from 0 to 1; the surest row of the table reads. */
  readonly detect: (listing: Listing) => number;
  readonly read: (listing: Listing, options: SourceOptions) => Promise<LabelTable>;
}

/** One row of the table of sources. */
export type Source = FileSource | FolderSource;
