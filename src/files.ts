import { randomBytes } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { messageOf, UserError } from "./errors.js";

/** Node refuses to read more in one call than a signed 32-bit integer counts. */
const READ_BYTES = 2 ** 30;

/** What the system says where a path leads nowhere. */
const MISSING: readonly unknown[] = ["ENOENT", "ENOTDIR"];

/** Why a file cannot be read: that it is not there, or what the system says. */
export function unreadable(file: string, hint: string, cause: unknown): UserError {
  const isMissing = cause instanceof Error && "code" in cause && MISSING.includes(cause.code);
  const why = isMissing ? "there is no such file" : `cannot be read: ${messageOf(cause)}`;
  return new UserError("not-found", `${file}: ${why}`, { hint, cause });
}

/** What `readWholeFile` may read, and how it speaks of it. */
export interface ReadWholeOptions {
  /** Larger files are refused before anything is allocated. */
  readonly maxBytes: number;
  /** Names the file in messages; the path by default. */
  readonly file?: string | undefined;
  /** What to do when there is no such file. */
  readonly hint?: string | undefined;
  /** Where to read to; new memory by default. */
  readonly allocate?: ((bytes: number) => Uint8Array) | undefined;
}

/**
 * Reads a regular file whole. Never waits for a pipe or a device.
 *
 * @throws UserError `not-found` if it cannot be opened or read, `bad-file` if it is no regular file, `limit` if it is too large
 */
export function readWholeFile(
  path: string,
  {
    maxBytes,
    file = path,
    hint = "Check the path for typing mistakes, and the permissions of the file.",
    // Not from Node's pool, which would travel along when the bytes are handed to a worker.
    allocate = Buffer.allocUnsafeSlow,
  }: ReadWholeOptions,
): Uint8Array {
  const orNotFound = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      throw unreadable(file, hint, cause);
    }
  };
  // Opening a pipe that nobody writes to would wait for ever; Windows has neither such pipes nor the flag.
  const handle = orNotFound(() => openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
  try {
    const status = orNotFound(() => fstatSync(handle));
    if (!status.isFile()) {
      throw new UserError("bad-file", `${file}: is not a regular file`, {
        hint: "Give a file, not a folder, a pipe or a device.",
      });
    }
    if (status.size > maxBytes) {
      throw new UserError("limit", `${file}: ${status.size} bytes are more than the limit of ${maxBytes} bytes`, {
        hint: "Give a smaller file, or check that it is the one you mean.",
      });
    }
    const bytes = allocate(status.size);
    for (let read = 0; read < bytes.length; ) {
      const count = orNotFound(() => readSync(handle, bytes, read, Math.min(bytes.length - read, READ_BYTES), null));
      if (count === 0) return bytes.subarray(0, read); // it was cut short meanwhile
      read += count;
    }
    return bytes;
  } finally {
    closeSync(handle);
  }
}

/**
 * Writes a whole file so that a crash leaves either the old content or the new: temporary file in the same folder,
 * fsync, rename, fsync of the folder.
 *
 * @param options.durable false for one of many files that can be made again: after a power cut it may be gone, but is never half
 * @throws UserError `io` naming the file if the disk refuses; the old file is intact and the temporary one removed
 */
export function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  { durable = true }: { readonly durable?: boolean } = {},
): void {
  const folder = dirname(path);
  const temporary = temporaryBeside(path);
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
    if (durable) fsyncFolder(folder);
  } catch (error) {
    discard(temporary);
    throw unwritable(path, error);
  }
}

/** A file being written piece by piece. Until `finish` it exists only under a temporary name. */
export interface AtomicFile {
  /** Appends; the bytes may be reused when the promise is kept. @throws UserError `io` naming the file if the disk refuses */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the file appear whole under its name. @throws UserError `io` naming the file; the old file is intact */
  finish(): Promise<void>;
  /** Gives up what is not finished and removes it; does nothing after `finish`. */
  discard(): Promise<void>;
}

/**
 * {@link writeFileAtomic} for a file too large to hold: temporary file in the same folder, fsync, rename, fsync of the folder.
 * After any error the temporary file is gone.
 *
 * @throws UserError `io` naming the file if the disk refuses
 */
export async function openAtomicFile(path: string): Promise<AtomicFile> {
  const folder = dirname(path);
  const temporary = temporaryBeside(path);
  let file: FileHandle | undefined;
  const giveUp = async () => {
    const handle = file;
    file = undefined;
    // What the disk said first is the news; that it also refuses to close is not.
    await handle?.close().catch(() => undefined);
    discard(temporary);
  };
  const orRefused = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      await giveUp();
      throw unwritable(path, error);
    }
  };
  const opened = () => {
    if (file === undefined) throw new Error("the file is closed");
    return file;
  };
  await orRefused(async () => {
    makeFolder(folder);
    file = await open(temporary, "wx", 0o644);
  });
  return {
    write: (bytes) =>
      orRefused(async () => {
        for (let done = 0; done < bytes.length; ) done += (await opened().write(bytes, done)).bytesWritten;
      }),
    async finish() {
      await orRefused(async () => {
        await opened().sync();
        await opened().close();
        file = undefined;
        await rename(temporary, path);
      });
      fsyncFolder(folder);
    },
    discard: () => (file === undefined ? Promise.resolve() : giveUp()),
  };
}

/** A hidden name in the folder of a file, which no other process has. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
}

/** What to tell where the disk refuses an output. */
export function unwritable(path: string, cause: unknown): UserError {
  return new UserError("io", `${path}: cannot be written: ${messageOf(cause)}`, {
    hint: "Check the free space and the permissions of the folder.",
    cause,
  });
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
