import { constants, fstatSync, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { messageOf, UserError } from "../../errors.js";
import { type ByteSource, checkWithin, cutOff } from "./bytes.js";

/**
 * Of a read on the calling thread: to hand one over takes as long as to copy what the system holds in memory. A longer one would hold
 * everything else up for too long where the disk is slow.
 */
const MOST_AT_ONCE = 2 ** 22;
/** One call reads less than 2 GiB. */
const MOST_PER_CALL = 2 ** 30;

/**
 * Opens a regular file for reads at any place.
 *
 * @throws UserError `not-found`, `io`, or `bad-file` for what is no regular file; from `read` also where the file changed meanwhile
 */
export async function fileBytes(path: string): Promise<ByteSource> {
  const handle = await openFile(path);
  try {
    const before = await handle.stat();
    if (!before.isFile()) {
      throw new UserError("bad-file", `${path}: is not a regular file`, { hint: "Give the path of a file." });
    }
    const { size, mtimeMs } = before;
    return {
      name: path,
      size,
      async read(offset, length) {
        checkWithin({ name: path, size }, offset, length);
        const bytes = new Uint8Array(length);
        if (length <= MOST_AT_ONCE) fill(handle.fd, bytes, offset, path);
        else await fillElsewhere(handle, bytes, offset, path);
        const now = fstatSync(handle.fd);
        if (now.size !== size || now.mtimeMs !== mtimeMs) {
          throw new UserError("io", `${path}: changed while it was read`, { hint: "Run again once nothing writes to it." });
        }
        return bytes;
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK a pipe that nobody writes to would hold the opening up for ever.
    return await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      throw new UserError("not-found", `${path}: there is no such file`, { hint: "Check the path.", cause: error });
    }
    throw new UserError("io", `${path}: cannot be opened: ${messageOf(error)}`, {
      hint: "Check the path and its permissions.",
      cause: error,
    });
  }
}

function fill(file: number, bytes: Uint8Array, offset: number, path: string): void {
  try {
    for (let done = 0; done < bytes.length; ) done += some(readSync(file, bytes, done, bytes.length - done, offset + done), path);
  } catch (error) {
    throw unreadable(error, path);
  }
}

async function fillElsewhere(handle: FileHandle, bytes: Uint8Array, offset: number, path: string): Promise<void> {
  try {
    for (let done = 0; done < bytes.length; ) {
      const most = Math.min(bytes.length - done, MOST_PER_CALL);
      done += some((await handle.read(bytes, done, most, offset + done)).bytesRead, path);
    }
  } catch (error) {
    throw unreadable(error, path);
  }
}

/** A read may give less than was asked for, but something. */
function some(bytesRead: number, path: string): number {
  if (bytesRead === 0) throw cutOff(path, "it ended while it was read");
  return bytesRead;
}

function unreadable(error: unknown, path: string): unknown {
  if (error instanceof UserError) return error;
  return new UserError("io", `${path}: cannot be read: ${messageOf(error)}`, { hint: "Check the disk.", cause: error });
}
