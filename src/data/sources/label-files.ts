import { join } from "node:path";
import { UserError } from "../../errors.js";
import { throwIfAborted } from "../../progress.js";
import { readLabelFile } from "../documents.js";
import type { LabelRow, LabelTable } from "../labels.js";
import { extensionOf, isImageName, type Listing } from "../listing.js";
import { baseName, indexNames } from "../names.js";
import { tagsOf } from "../tags.js";
import { decodeText, linesOf } from "../text.js";
import type { FolderSource, SourceOptions } from "./source.js";
import { tokensOf } from "./tokens.js";

/** Files that list the classes rather than the labels of one image. */
const CLASS_LISTS = new Set(["classes.txt", "labels.txt"]);

/**
 * One text file per image, one label per line, as the multi-label forks of retrain.py have it: `a.jpg.txt` beside the image or in
 * a folder of its own. An empty file means no label, a missing one that nothing is known; `?` and `?label` are unknown.
 */
export const labelFilesSource: FolderSource = {
  kind: "folder",
  name: "label-files",
  detect: ({ others }) => (others.some(isLabelFileName) ? 0.9 : 0),
  read: readLabelFiles,

  *write(dataset, { onWarning }) {
    const tokens = tokensOf(dataset);
    if (dataset.samples.some(({ part }) => part !== undefined)) {
      onWarning?.("The parts of the split are left behind: label files have no place for them.");
    }
    for (const sample of dataset.samples) {
      const labels = tokens(sample);
      // In a multiclass dataset no file at all says that nothing is known.
      if (dataset.task === "multiclass" && labels.length === 0) continue;
      yield { path: `${sample.file}.txt`, text: labels.map((label) => `${label}\n`).join("") };
    }
  },
};

function isLabelFileName(name: string): boolean {
  return extensionOf(name) === "txt" && isImageName(name.slice(0, -4));
}

async function readLabelFiles(
  listing: Listing,
  { labelFolder, signal, onProgress, onWarning }: SourceOptions,
): Promise<LabelTable> {
  const { root, others } = labelFolder ?? listing;
  // In a folder of their own `a.txt` is enough; beside images only `a.jpg.txt` is surely about one.
  const texts = others.filter((name) =>
    labelFolder ? extensionOf(name) === "txt" && !CLASS_LISTS.has(baseName(name)) : isLabelFileName(name),
  );
  const index = indexNames(listing.images);
  const rows: LabelRow[] = [];
  const labelled = new Set<string>();
  for (const text of texts) {
    throwIfAborted(signal);
    const path = join(root, text);
    const lines = linesOf(decodeText(readLabelFile(path), path));
    const named = text.slice(0, -4).normalize("NFC");
    const image = index.find(named, path);
    const file = image === undefined ? named : listing.images[image];
    rows.push({ file, line: 0, labelFile: path, ...tagsOf(lines, path) });
    labelled.add(file);
    onProgress?.({ stage: "read labels", done: rows.length, total: texts.length, unit: "files" });
  }
  const unlabelled = listing.images.filter((file) => !labelled.has(file));
  if (unlabelled.length > 0 && rows.length > 0) {
    onWarning?.(
      `${root}: ${unlabelled.length} images have no text file; nothing is known of their labels (${unlabelled[0]}, …).`,
    );
  }
  for (const file of unlabelled) rows.push({ file, line: 0, yes: [], unknown: "rest" });
  if (texts.length === 0) {
    throw new UserError("bad-data", `${root}: no label files`, {
      hint: "Write one text file per image, a.jpg.txt, with one label per line.",
    });
  }
  return { file: root, rows, single: false, emptyMulticlass: "unknown" };
}
