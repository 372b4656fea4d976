import { UserError } from "../../errors.js";
import { PART_OF_WORD } from "../columns.js";
import { classOf, type Dataset, type Sample } from "../dataset.js";
import { type LabelTable, normalizedLabel } from "../labels.js";
import type { Listing } from "../listing.js";
import { baseName } from "../names.js";
import { quoted } from "../text.js";
import type { FolderSource, OutputFile, SourceOptions } from "./source.js";

/** One folder per class: `root/forest/a.jpg`. */
export const foldersSource: FolderSource = {
  kind: "folder",
  name: "folders",
  detect: ({ images }) => {
    const classes = new Set(images.map((file) => file.split("/")).flatMap((path) => (path.length === 2 ? [path[0]] : [])));
    return classes.size > 1 ? 0.7 : classes.size * 0.3;
  },
  read: async (listing, options) => classFolders(listing, 0, options),
  write: (dataset) => copies(dataset, () => ""),
};

/** One folder per part and in it one per class: `root/train/forest/a.jpg`. */
export const splitFoldersSource: FolderSource = {
  kind: "folder",
  name: "split-folders",
  detect: ({ images }) => {
    const paths = images.map((file) => file.split("/"));
    const fits = paths.length > 0 && paths.every(([first, ...rest]) => rest.length > 0 && PART_OF_WORD.has(first.toLowerCase()));
    return fits && paths.some((path) => path.length === 3) ? 0.8 : 0;
  },
  read: async (listing, options) => classFolders(listing, 1, options),
  write: (dataset) =>
    copies(dataset, ({ file, part }) => {
      if (part !== undefined) return `${part}/`;
      throw new UserError("bad-data", `${file}: belongs to no part`, { hint: "Split the dataset first: sigmax data split." });
    }),
};

const NONE: readonly string[] = [];

/** The class is the name of the folder at a depth; the part, where there is one, that of the folder above. */
function classFolders({ root, images }: Listing, depth: 0 | 1, { onWarning }: SourceOptions): LabelTable {
  const labels = new Map<string, readonly string[]>();
  let elsewhere = 0;
  const rows = images.flatMap((file) => {
    const path = file.split("/");
    if (path.length !== depth + 2) {
      elsewhere++;
      return [];
    }
    const folder = path[depth];
    const yes = labels.get(folder) ?? [normalizedLabel(folder)];
    labels.set(folder, yes);
    const part = depth === 1 ? PART_OF_WORD.get(path[0].toLowerCase()) : undefined;
    return [{ file, line: 0, yes, unknown: NONE, ...(part && { part }) }];
  });
  if (elsewhere > 0) onWarning?.(`${root}: ${elsewhere} images lie above or below the class folders and were left out.`);
  return { file: root, rows, task: "multiclass", single: true, emptyMulticlass: "unknown" };
}

function* copies({ task, classes, samples }: Dataset, parent: (sample: Sample) => string): Iterable<OutputFile> {
  if (task !== "multiclass") {
    throw new UserError("bad-data", "a multilabel dataset cannot be put into one folder per class", {
      hint: "Convert to csv, one-hot, huggingface, json-map, label-files or label-studio.",
    });
  }
  const bad = classes.find((name) => /[/\\:*?"<>|]|^\.|[. ]$/.test(name));
  if (bad !== undefined) {
    throw new UserError("bad-data", `the class ${quoted(bad)} cannot be the name of a folder`, { hint: "Rename the class." });
  }
  const taken = new Map<string, string>();
  for (const sample of samples) {
    const k = classOf(sample);
    if (k < 0) throw new UserError("bad-data", `${sample.file}: has no known class`, { hint: "Label it, or remove it first." });
    const path = `${parent(sample)}${classes[k]}/${baseName(sample.file)}`;
    const other = taken.get(path.toLowerCase());
    if (other !== undefined) {
      throw new UserError("bad-data", `${sample.file} and ${other} would both become ${path}`, {
        hint: "Rename one of the images.",
      });
    }
    taken.set(path.toLowerCase(), sample.file);
    yield { path, copyOf: sample.path };
  }
}
