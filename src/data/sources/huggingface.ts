import { join } from "node:path";
import { UserError } from "../../errors.js";
import { LABEL_COLUMNS, PART_OF_WORD } from "../columns.js";
import { parseDocument, readLabelFile } from "../documents.js";
import { isObject, type Json, type JsonObject } from "../json.js";
import { type LabelRow, type LabelTable, placeOf } from "../labels.js";
import { indexNames } from "../names.js";
import { parseTagColumn, type Tags, tagsOf } from "../tags.js";
import { quoted } from "../text.js";
import { parseTagTable } from "./csv.js";
import { bareRow, COLUMN_HINT, type Columns, columnsOf } from "./rows.js";
import type { FileSource, FolderSource, LabelDocument, SourceOptions } from "./source.js";
import { tokensOf, WRITINGS } from "./tokens.js";

/** `metadata.csv` or `metadata.jsonl` with a `file_name`, as the Hugging Face image folder has it. */
export const huggingfaceSource: FileSource = {
  kind: "file",
  name: "huggingface",
  defaultFileName: "metadata.jsonl",
  accepts: (document) =>
    document.form === "jsonl" ||
    (document.form === "table" &&
      /metadata\.csv$/i.test(document.file) &&
      columnsOf(document.table.header, document.file).label >= 0),
  parse: (document, options) => (document.form === "jsonl" ? parseJsonl(document, options) : parseTagTable(document, options)),

  *write(dataset, { fileName }) {
    const tokens = tokensOf(dataset);
    const { field, json } = WRITINGS[dataset.task];
    const lines = dataset.samples.map((sample) => {
      const said = { file_name: sample.file, [field]: json(tokens(sample)) };
      return JSON.stringify({ ...said, ...(sample.part && { split: sample.part }) });
    });
    yield { path: fileName, text: `${lines.join("\n")}\n` };
  },
};

/** Metadata in the folder of each part: `root/train/metadata.jsonl` beside the images that it names. */
export const huggingfaceFoldersSource: FolderSource = {
  kind: "folder",
  name: "huggingface-folders",
  detect: ({ others }) => (others.some((name) => METADATA.test(name)) ? 0.95 : 0),

  async read({ root, images, others }, options) {
    const index = indexNames(images);
    const tables = others.flatMap((name) => {
      const [, folder] = METADATA.exec(name) ?? [];
      if (folder === undefined) return [];
      const path = join(root, name);
      const table = huggingfaceSource.parse(parseDocument(readLabelFile(path), path), options);
      const rows = table.rows.map((row): LabelRow => {
        const file = `${folder}/${row.file}`;
        const image = index.find(file, placeOf(path, row.line));
        const part = PART_OF_WORD.get(folder.toLowerCase());
        return { ...row, file: image === undefined ? file : images[image], labelFile: path, ...(part && { part }) };
      });
      return [{ ...table, rows }];
    });
    return { ...tables[0], file: root, rows: tables.flatMap(({ rows }) => rows), single: tables.every(({ single }) => single) };
  },

  write: (dataset, options) => huggingfaceSource.write(dataset, { ...options, fileName: huggingfaceSource.defaultFileName }),
};

const METADATA = new RegExp(`^(${[...PART_OF_WORD.keys()].join("|")})/metadata\\.(?:csv|jsonl)$`, "i");

function parseJsonl(document: LabelDocument & { readonly form: "jsonl" }, { classes, groupBy }: SourceOptions): LabelTable {
  const { file, lines } = document;
  const records = lines.map(({ line, json }) => {
    if (isObject(json)) return { line, json };
    throw new UserError("bad-data", `${placeOf(file, line)}: not an object`, {
      hint: 'A line is {"file_name": "a.jpg", "label": "forest"}.',
    });
  });
  // A field that only some lines have still counts: null labels are often left out.
  const fields = [...new Set(records.flatMap(({ json }) => [...json.entries.keys()]))];
  const columns = columnsOf(fields, file, groupBy);
  if (columns.file < 0 || columns.label < 0) {
    const what = columns.file < 0 ? "file names" : "labels";
    throw new UserError("bad-data", `${file}: no field with ${what} among ${fields.slice(0, 8).map(quoted).join(", ")}`, {
      hint: COLUMN_HINT,
    });
  }
  const label = fields[columns.label];
  const { single } = LABEL_COLUMNS.get(label.toLowerCase())!;
  const said = records.map(({ line, json }) => ({ line, value: json.entries.get(label) }));
  const texts = said.flatMap(({ line, value }) => (typeof value === "string" ? [{ text: value, line }] : []));
  // A text under `labels` may hold several; under `label` it is one, for JSON has lists.
  const parsed = single
    ? texts.map(({ text, line }) => tagsOf([text], placeOf(file, line)))
    : parseTagColumn(texts, { file, single, classes });
  const textTags = parsed[Symbol.iterator]();
  const rows = records.map(({ line, json }, i) => {
    const { value } = said[i];
    // As many texts were parsed as there are.
    const tags = typeof value === "string" ? (textTags.next().value as Tags) : listedTags(value, placeOf(file, line));
    return { ...bareRow(cellsOf(json, fields, columns, placeOf(file, line)), line, columns, file), ...tags };
  });
  return { file, rows, single: single && rows.every(({ yes }) => yes.length < 2), emptyMulticlass: "unknown" };
}

/** Labels as a list of texts or class numbers, or one of them; null or nothing at all where they are not known. */
export function listedTags(value: Json | undefined, where: string): Tags {
  if (value === null || value === undefined) return { yes: [], unknown: "rest" };
  const items: readonly Json[] = Array.isArray(value) ? value : [value];
  if (items.every((item) => typeof item === "string" || Number.isSafeInteger(item))) return tagsOf(items.map(String), where);
  throw new UserError("bad-data", `${where}: labels that are neither text nor a list of texts`, {
    hint: 'Write "forest", ["forest", "water"], [] for none, or null where they are not known.',
  });
}

function cellsOf(json: JsonObject, fields: readonly string[], columns: Columns, where: string): readonly string[] {
  const used = new Set<number>(Object.values(columns));
  return fields.map((field, i) => {
    const value = json.entries.get(field);
    if (!used.has(i) || value === undefined || value === null) return "";
    if (typeof value === "string" || typeof value === "number") return String(value);
    if (LABEL_COLUMNS.has(field.toLowerCase()) || i === columns.x || i === columns.y) return "";
    throw new UserError("bad-data", `${where}: the field ${quoted(field)} is not text`, { hint: COLUMN_HINT });
  });
}
