import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { discard, makeFolder, temporaryBeside, unwritable } from "../../files.js";

/** A temporary file beside an output, for what comes in another order than it is stored. */
export interface Spool {
  /** Stores the bytes behind all others. Several may be under way. @returns where they begin */
  append(bytes: Uint8Array): Promise<number>;
  /** Stores the bytes at a place, over what is there. */
  overwrite(bytes: Uint8Array, offset: number): Promise<void>;
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Removes it. May be called again. */
  close(): Promise<void>;
}

/**
 * Opens an empty spool for the output at `path`.
 *
 * @throws UserError `io` naming the output if the disk refuses, from here and from every method
 */
export async function openSpool(path: string): Promise<Spool> {
  const temporary = temporaryBeside(path);
  const orRefused = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw unwritable(path, error);
    }
  };
  let file: FileHandle | undefined = await orRefused(() => {
    makeFolder(dirname(path));
    return open(temporary, "wx+", 0o600);
  });
  // An open file needs no name: without one, nothing is left behind even by a process that is killed. Where the system keeps the
  // name (Windows), it goes with `close`.
  discard(temporary);
  let end = 0;
  const opened = () => {
    if (file === undefined) throw new Error("the file is closed");
    return file;
  };
  const overwrite = (bytes: Uint8Array, offset: number) =>
    orRefused(async () => {
      for (let done = 0; done < bytes.length; ) {
        done += (await opened().write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
      }
    });
  return {
    overwrite,
    async append(bytes) {
      const offset = end;
      end += bytes.length;
      await overwrite(bytes, offset);
      return offset;
    },
    read: (offset, length) =>
      orRefused(async () => {
        const bytes = Buffer.allocUnsafeSlow(length);
        for (let done = 0; done < length; ) {
          const { bytesRead } = await opened().read(bytes, done, length - done, offset + done);
          if (bytesRead === 0) throw new Error("the temporary file was cut short");
          done += bytesRead;
        }
        return bytes;
      }),
    async close() {
      const handle = file;
      file = undefined;
      await handle?.close().catch(() => undefined);
      discard(temporary);
    },
  };
}
