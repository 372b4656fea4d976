import { UserError } from "../errors.js";
import { csvSource } from "./sources/csv.js";
import { foldersSource, splitFoldersSource } from "./sources/folders.js";
import { huggingfaceFoldersSource, huggingfaceSource } from "./sources/huggingface.js";
import { jsonMapSource } from "./sources/json-map.js";
import { labelFilesSource } from "./sources/label-files.js";
import { labelStudioSource } from "./sources/label-studio.js";
import { imagesSource, listSource } from "./sources/list.js";
import { oneHotSource } from "./sources/one-hot.js";
import type { FileSource, FolderSource, LabelDocument, Source } from "./sources/source.js";

/** Label files; the first that accepts a document reads it. */
export const FILE_SOURCES: readonly FileSource[] = [
  huggingfaceSource,
  listSource,
  csvSource,
  oneHotSource,
  labelStudioSource,
  jsonMapSource,
];

/** Arrangements of folders; the surest one reads. */
export const FOLDER_SOURCES: readonly FolderSource[] = [
  huggingfaceFoldersSource,
  labelFilesSource,
  splitFoldersSource,
  foldersSource,
  imagesSource,
];

/** Every form that labels come in. */
export const SOURCES: readonly Source[] = [...FILE_SOURCES, ...FOLDER_SOURCES];

/** @throws UserError `bad-data` naming the file when no source accepts it */
export function fileSourceOf(document: LabelDocument): FileSource {
  const source = FILE_SOURCES.find(({ accepts }) => accepts(document));
  if (source !== undefined) return source;
  throw new UserError("bad-data", `${document.file}: no labels in a form that is known`, {
    hint: "The simplest form is CSV with a header: image_name,tags.",
  });
}
