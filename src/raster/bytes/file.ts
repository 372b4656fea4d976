import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { messageOf, UserError } from "../../errors.js";
import { type ByteSource, checkWithin, cutOff } from "./bytes.js";
import { joined } from "./joined.js";

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
    const source: ByteSource = {
      name: path,
      size,
      async read(offset, length) {
        checkWithin({ name: path, size }, offset, length);
        // Filled below, to the last byte.
        const bytes = Buffer.allocUnsafeSlow(length);
        await fill(handle, bytes, offset, path);
        const now = await handle.stat();
        if (now.size !== size || now.mtimeMs !== mtimeMs) {
          throw new UserError("io", `${path}: changed while it was read`, { hint: "Run again once nothing writes to it." });
        }
        return bytes;
      },
      ahead: (pieces) => joined(source, pieces),
      close: () => handle.close(),
    };
    return source;
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

async function fill(handle: FileHandle, bytes: Uint8Array, offset: number, path: string): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    // One read may give less than was asked for, above 2 GiB always.
    const { bytesRead } = await handle.read(bytes, done, Math.min(bytes.length - done, 2 ** 30), offset + done).catch((error) => {
      throw new UserError("io", `${path}: cannot be read: ${messageOf(error)}`, { hint: "Check the disk.", cause: error });
    });
    if (bytesRead === 0) throw cutOff(path, `it ended at byte ${offset + done} while it was read`);
    done += bytesRead;
  }
}
