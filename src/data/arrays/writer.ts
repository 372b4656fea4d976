import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { messageOf, UserError } from "../../errors.js";
import { fsyncFolder, makeFolder } from "../../files.js";
import { sizeOf, type Tensor } from "../../tensor.js";
import { ELEMENTS } from "./elements.js";

/** What one array of a file will be. */
export interface ArrayPlan {
  readonly name: string;
  readonly dtype: Tensor["dtype"];
  readonly shape: readonly number[];
}

/** A file of arrays being written. Until `finish` it exists only under a temporary name. */
export interface ArrayWriter {
  /** Appends the next numbers, in row-major order, array after array. @throws RangeError for a wrong type or too many */
  write(block: Tensor["data"]): Promise<void>;
  /** Makes the file appear whole under its name. @throws RangeError if numbers are missing */
  finish(): Promise<void>;
  /** Gives up what is not finished; does nothing after `finish`. */
  close(): Promise<void>;
}

/** Opens a writer: `header` first, then the numbers of each planned array. @throws UserError `io` naming the file */
export async function openArrayWriter(path: string, header: Uint8Array, plans: readonly ArrayPlan[]): Promise<ArrayWriter> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  let file: FileHandle | undefined;
  const discard = async () => {
    await file?.close();
    file = undefined;
    await rm(temporary, { force: true });
  };
  const orRefused = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      // What the disk said first is the news; that it also refuses to clean up is not.
      await discard().catch(() => undefined);
      throw new UserError("io", `${path}: cannot be written: ${messageOf(error)}`, {
        hint: "Check the free space and the permissions of the folder.",
        cause: error,
      });
    }
  };
  const append = (bytes: Uint8Array) =>
    orRefused(async () => {
      if (file === undefined) throw new Error("the writer is closed");
      for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done)).bytesWritten;
    });
  await orRefused(async () => {
    makeFolder(dirname(path));
    file = await open(temporary, "wx", 0o644);
  });
  await append(header);

  const queue = plans.map(({ name, dtype, shape }) => ({ name, dtype, left: sizeOf(shape) }));
  const nextPlan = () => queue.find((plan) => plan.left > 0);
  return {
    async write(block) {
      if (block.length === 0) return;
      const plan = nextPlan();
      if (plan === undefined || block.length > plan.left) {
        throw new RangeError(`${path} has no room for ${block.length} more numbers`);
      }
      if (block.BYTES_PER_ELEMENT !== ELEMENTS[plan.dtype].bytes)
        throw new RangeError(`${plan.name} of ${path} takes ${plan.dtype}`);
      plan.left -= block.length;
      await append(new Uint8Array(block.buffer, block.byteOffset, block.byteLength));
    },
    async finish() {
      const plan = nextPlan();
      if (plan !== undefined) throw new RangeError(`${path}: ${plan.left} numbers of ${plan.name} are missing`);
      await orRefused(async () => {
        await file?.sync();
        await file?.close();
        file = undefined;
        await rename(temporary, path);
      });
      fsyncFolder(dirname(path));
    },
    close: () => (file === undefined ? Promise.resolve() : discard()),
  };
}
