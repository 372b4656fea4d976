import { constants, fstatSync, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { messageOf, UserError } from "../../errors.js";
import { type ByteSource, checkWithin, cutOff } from "./bytes.js";

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
        // To hand a read to another thread takes as long as to copy what the system holds in memory, and of a map nearly all is held.
        fill(handle.fd, bytes, offset, path);
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
  let done = 0;
  while (done < bytes.length) {
    // One read may give less than was asked for, above 2 GiB always.
    const bytesRead = readPart(file, bytes, done, offset + done, path);
    if (bytesRead === 0) throw cutOff(path, `it ended at byte ${offset + done} while it was read`);
    done += bytesRead;
  }
}

function readPart(file: number, bytes: Uint8Array, from: number, offset: number, path: string): number {
  try {
    return readSync(file, bytes, from, Math.min(bytes.length - from, 2 ** 30), offset);
  } catch (error) {
    throw new UserError("io", `${path}: cannot be read: ${messageOf(error)}`, { hint: "Check the disk.", cause: error });
  }
}
