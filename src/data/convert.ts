import { randomBytes } from "node:crypto";
import { createReadStream, existsSync, readdirSync, statSync } from "node:fs";
import { open, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { mapInOrder } from "../concurrency.js";
import { messageOf, nearest, UserError } from "../errors.js";
import { discard, fsyncFolder, makeFolder, refuseToOverwrite, writeFileAtomic } from "../files.js";
import { writeFolder } from "../output-folder.js";
import { throwIfAborted, type WorkOptions } from "../progress.js";
import type { Dataset } from "./dataset.js";
import { extensionOf } from "./listing.js";
import type { OutputFile, Source } from "./sources/source.js";
import { SOURCES } from "./sources.js";

/** How many files are written together. */
const CONCURRENCY = 8;

/** How a dataset is converted. */
export interface ConvertOptions extends WorkOptions {
  /** Name of a row of the table of sources: "csv", "one-hot", "label-files", … */
  readonly to: string;
  /** A file or a new folder. A folder gets the labels under the usual name of their form. */
  readonly out: string;
  /** Replace the file; or write into a folder that is not empty, where files of the same name are replaced. */
  readonly force?: boolean | undefined;
  /** Copy the images into the output folder as well; forms that are folders of images need it. */
  readonly copyImages?: boolean | undefined;
}

/** What a conversion wrote. */
export interface Converted {
  /** The label file, or the folder. */
  readonly path: string;
  readonly files: number;
}

/**
 * Writes the labels of a dataset in another form. A new folder appears whole or not at all; into a folder that holds something
 * already, which `force` allows, each file comes whole and the other files stay.
 *
 * @throws UserError `usage` for unknown forms, `exists`, `io`, and `bad-data` where the form cannot say what the dataset says
 */
export async function convertDataset(dataset: Dataset, options: ConvertOptions): Promise<Converted> {
  const { to, out, force = false, copyImages = false, signal, onWarning } = options;
  throwIfAborted(signal);
  const source = sourceNamed(to);
  const toFile = source.kind === "file" && !copyImages && extensionOf(out) !== "";
  const fileName = toFile ? basename(out) : source.kind === "file" ? source.defaultFileName : "";
  const written = [...source.write(dataset, { fileName, onWarning })];
  const copies = written.some((file) => "copyOf" in file);
  if (copies && !copyImages) {
    throw new UserError("usage", `${to} is an arrangement of the images themselves`, { hint: "Add --copy-images." });
  }
  if (toFile) {
    refuseToOverwrite(out, force);
    for (const file of written) if ("text" in file) writeFileAtomic(out, file.text);
    return { path: out, files: 1 };
  }
  const images = copyImages && !copies ? dataset.samples.map(({ file, path }) => ({ path: file, copyOf: path })) : [];
  const files = [...written, ...images];
  if (!existsSync(out) || isEmptyFolder(out)) {
    // Nothing is there to be replaced, so that no marker has to allow it.
    await writeFolder(out, { force: false, marker: "" }, (folder) => writeFiles(folder, files, options));
  } else if (force) {
    await writeInto(out, files, options);
  } else {
    throw new UserError("exists", `${out}: exists already`, { hint: "Choose another --out, or add --force to write into it." });
  }
  return { path: source.kind === "file" ? join(out, source.defaultFileName) : out, files: files.length };
}

function sourceNamed(name: string): Source {
  const source = SOURCES.find((row) => row.name === name);
  if (source !== undefined) return source;
  const names = SOURCES.map((row) => row.name);
  const similar = nearest(name, names);
  throw new UserError("usage", `"${name}" is no form of labels`, {
    hint: `${similar === undefined ? "" : `Did you mean ${similar}? `}The forms are ${names.join(", ")}.`,
  });
}

function isEmptyFolder(path: string): boolean {
  return statSync(path).isDirectory() && readdirSync(path).length === 0;
}

async function writeInto(folder: string, files: readonly OutputFile[], work: WorkOptions): Promise<void> {
  try {
    await writeFiles(folder, files, work);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError("io", `${folder}: cannot be written: ${messageOf(cause)}`, {
      hint: "Check the free space and the permissions of the folder.",
      cause,
    });
  }
}

/** Every file under its name at once, complete and on the disk; a few at the same time. @throws the system's error */
async function writeFiles(folder: string, files: readonly OutputFile[], { signal, onProgress }: WorkOptions): Promise<void> {
  const folders = new Set(files.map(({ path }) => dirname(join(folder, path))));
  for (const path of folders) makeFolder(path);
  let done = 0;
  for await (const _ of mapInOrder(files, CONCURRENCY, (file) => writeOne(join(folder, file.path), file), signal)) {
    onProgress?.({ stage: "convert", done: ++done, total: files.length, unit: "files" });
  }
  for (const path of folders) fsyncFolder(path);
}

async function writeOne(path: string, content: OutputFile): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const file = await open(temporary, "wx", 0o644);
    try {
      await writeFile(file, "text" in content ? content.text : createReadStream(content.copyOf));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    discard(temporary);
    throw error;
  }
}
