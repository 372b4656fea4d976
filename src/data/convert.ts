import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, readdirSync, renameSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { messageOf, nearest, UserError } from "../errors.js";
import { discard, fsyncFolder, makeFolder, refuseToOverwrite, writeFileAtomic } from "../files.js";
import { throwIfAborted, type WorkOptions } from "../progress.js";
import type { Dataset } from "./dataset.js";
import { extensionOf } from "./listing.js";
import type { OutputFile, Source } from "./sources/source.js";
import { SOURCES } from "./sources.js";

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
 * Writes the labels of a dataset in another form. A new folder appears whole or not at all.
 *
 * @throws UserError `usage` for unknown forms, `exists`, `io`, and `bad-data` where the form cannot say what the dataset says
 */
export function convertDataset(dataset: Dataset, options: ConvertOptions): Converted {
  const { to, out, force = false, copyImages = false, onWarning } = options;
  const source = sourceNamed(to);
  const toFile = source.kind === "file" && !copyImages && extensionOf(out) !== "";
  const fileName = toFile ? basename(out) : source.kind === "file" ? source.defaultFileName : "";
  const written = [...source.write(dataset, { fileName, onWarning })];
  const copies = written.some((file) => "copyOf" in file);
  if (copies && !copyImages) {
    throw new UserError("usage", `${to} is an arrangement of the images themselves`, { hint: "Add --copy-images." });
  }
  const images = copyImages && !copies ? dataset.samples.map(({ file, path }) => ({ path: file, copyOf: path })) : [];
  if (!toFile) return writeFolder(out, [...written, ...images], source, force, options);
  refuseToOverwrite(out, force);
  for (const file of written) if ("text" in file) writeFileAtomic(out, file.text);
  return { path: out, files: 1 };
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

function writeFolder(
  out: string,
  files: readonly OutputFile[],
  source: Source,
  force: boolean,
  { signal, onProgress }: WorkOptions,
): Converted {
  const isNew = !existsSync(out) || (statSync(out).isDirectory() && readdirSync(out).length === 0);
  if (!isNew && !force) {
    throw new UserError("exists", `${out}: exists already`, { hint: "Choose another --out, or add --force to write into it." });
  }
  const path = source.kind === "file" ? join(out, source.defaultFileName) : out;
  const report = (done: number) => {
    throwIfAborted(signal);
    onProgress?.({ stage: "convert", done, total: files.length, unit: "files" });
  };
  if (!isNew) {
    files.forEach((file, i) => {
      if ("text" in file) writeFileAtomic(join(out, file.path), file.text);
      else copyAtomic(file.copyOf, join(out, file.path));
      report(i + 1);
    });
    return { path, files: files.length };
  }
  const temporary = join(dirname(out), `.${basename(out)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const folders = new Set(files.map((file) => dirname(join(temporary, file.path)))).add(temporary);
    for (const folder of folders) makeFolder(folder);
    files.forEach((file, i) => {
      const target = join(temporary, file.path);
      if ("text" in file) writeFileSync(target, file.text);
      else copyFileSync(file.copyOf, target);
      report(i + 1);
    });
    if (existsSync(out)) rmdirSync(out);
    renameSync(temporary, out);
    fsyncFolder(dirname(out));
  } catch (error) {
    discard(temporary);
    if (error instanceof UserError) throw error;
    throw refused(out, error);
  }
  return { path, files: files.length };
}

function copyAtomic(from: string, to: string): void {
  const temporary = join(dirname(to), `.${basename(to)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    makeFolder(dirname(to));
    copyFileSync(from, temporary);
    renameSync(temporary, to);
  } catch (error) {
    discard(temporary);
    throw refused(to, error);
  }
}

function refused(path: string, cause: unknown): UserError {
  return new UserError("io", `${path}: cannot be written: ${messageOf(cause)}`, {
    hint: "Check the free space and the permissions of the folder.",
    cause,
  });
}
