import { FILE_COLUMNS, findColumn } from "../columns.js";
import type { Dataset } from "../dataset.js";
import { isLabelled } from "../dataset.js";
import type { LabelTable } from "../labels.js";
import { bareRow, refuseWithoutRows } from "./rows.js";
import type { FileSource, FolderSource, LabelDocument, WriteOptions } from "./source.js";

/** File names, one per line, without labels: something to predict. */
export const listSource: FileSource = {
  kind: "file",
  name: "list",
  defaultFileName: "files.txt",
  accepts: (document) => document.form === "table" && document.table.header.length === 1,
  parse: parseList,

  *write(dataset, options) {
    warnOfLostLabels(dataset, options);
    yield { path: options.fileName, text: dataset.samples.map(({ file }) => `${file}\n`).join("") };
  },
};

/** Images in one folder, without labels: something to predict. */
export const imagesSource: FolderSource = {
  kind: "folder",
  name: "images",
  detect: ({ images }) => (images.length > 0 ? 0.1 : 0),
  read: async ({ root, images }) => ({ ...UNLABELLED, file: root, rows: images.map((file) => ({ file, line: 0, ...NOTHING })) }),

  *write(dataset, options) {
    warnOfLostLabels(dataset, options);
    for (const { file, path } of dataset.samples) yield { path: file, copyOf: path };
  },
};

const NOTHING = { yes: [], unknown: "rest" } as const;
const UNLABELLED = { task: "multiclass", single: true, emptyMulticlass: "unknown" } as const;

function parseList(document: LabelDocument): LabelTable {
  if (document.form !== "table") throw new TypeError(`${document.file} is not a list`);
  const { file, table } = document;
  const columns = { file: 0, part: -1, group: -1, x: -1, y: -1 };
  const headed = findColumn(table.header, FILE_COLUMNS) === 0;
  if (headed) refuseWithoutRows(table, file);
  // Without a header the first line is a file like the others.
  const rows = headed ? table.rows : [{ line: 1, cells: table.header }, ...table.rows];
  return { ...UNLABELLED, file, rows: rows.map(({ line, cells }) => ({ ...bareRow(cells, line, columns, file), ...NOTHING })) };
}

function warnOfLostLabels({ samples }: Dataset, { onWarning }: WriteOptions): void {
  const labelled = samples.filter(isLabelled).length;
  if (labelled > 0) onWarning?.(`The labels of ${labelled} images are left behind: a list of images has none.`);
}
