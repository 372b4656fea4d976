import { randomBytes } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { messageOf, UserError } from "./errors.js";

/**
 * Writes a whole file so that a crash leaves either the old content or the new: temporary file in the same folder,
 * fsync, rename, fsync of the folder.
 *
 * @throws UserError `io` naming the file if the disk refuses; the old file is intact and the temporary one removed
 */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  try {
    makeFolder(folder);
    const file = openSync(temporary, "wx", 0o644);
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    fsyncFolder(folder);
  } catch (error) {
    discard(temporary);
    throw new UserError("io", `${path}: cannot be written: ${messageOf(error)}`, {
      hint: "Check the free space and the permissions of the folder.",
      cause: error,
    });
  }
}

/**
 * Makes a folder and those above it. Node's own recursive mkdir never returns where a parent refuses as if it were missing (`/proc`).
 *
 * @throws the system's error
 */
export function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/**
 * Says before the work what writing would say after it: whether the nearest folder that exists may be written into.
 *
 * @throws UserError `io` naming the output
 */
export function refuseUnwritable(path: string): void {
  let folder = dirname(resolve(path));
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new UserError("io", `${path}: ${folder} may not be written into`, {
      hint: "Choose another --out, or change the permissions.",
      cause,
    });
  }
}

/** Removes a temporary file or folder, if it ever came to be. Never fails: the error that led here is the one to tell. */
export function discard(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Its folder is not a folder, or is gone: there is nothing to remove.
  }
}

/** Makes a rename in this folder survive a power cut; quietly nothing where a folder cannot be opened (Windows). */
export function fsyncFolder(folder: string): void {
  let handle: number;
  try {
    handle = openSync(folder, "r");
  } catch {
    return;
  }
  try {
    fsyncSync(handle);
  } catch {
    // Some network file systems refuse fsync on folders; the rename itself has happened.
  } finally {
    closeSync(handle);
  }
}

/** @throws UserError `exists` if the output is there and `force` was not given */
export function refuseToOverwrite(path: string, force: boolean): void {
  if (!force && existsSync(path)) {
    throw new UserError("exists", `${path}: exists already`, { hint: "Choose another --out, or add --force to replace it." });
  }
}
