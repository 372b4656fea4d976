import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { messageOf, UserError } from "./errors.js";
import { discard, fsyncFolder, makeFolder, refuseUnwritable } from "./files.js";

/**
 * Writes a whole folder so that its final name never holds half a result: everything goes to a hidden folder beside it, which is
 * renamed at the end. With `force` an earlier result is replaced, but only if it holds the `marker` file: a folder that sigmax did
 * not write is never removed.
 *
 * @throws UserError `exists`, or `io` if the disk refuses
 */
export async function writeFolder<T>(
  out: string,
  { force, marker }: { readonly force: boolean; readonly marker: string },
  write: (folder: string) => Promise<T>,
): Promise<T> {
  const target = resolve(out);
  refuseFolder(target, { force, marker });
  const suffix = randomBytes(6).toString("hex");
  const beside = (kind: string) => join(dirname(target), `.${basename(target)}.${kind}-${suffix}`);
  const partial = beside("partial");
  try {
    makeFolder(partial);
    const result = await write(partial);
    if (existsSync(target)) {
      const old = beside("old");
      renameSync(target, old);
      try {
        renameSync(partial, target);
      } catch (error) {
        renameSync(old, target);
        throw error;
      }
      rmSync(old, { recursive: true, force: true });
    } else {
      renameSync(partial, target);
    }
    fsyncFolder(dirname(target));
    return result;
  } catch (error) {
    discard(partial);
    if (error instanceof UserError || !isSystemError(error)) throw error;
    throw new UserError("io", `${out}: cannot be written: ${messageOf(error)}`, {
      hint: "Check the free space and the permissions of the folder.",
      cause: error,
    });
  }
}

/** Says before the work begins what `writeFolder` would say after it. @throws UserError `exists` or `io` */
export function refuseFolder(out: string, { force, marker }: { readonly force: boolean; readonly marker: string }): void {
  const target = resolve(out);
  refuseUnwritable(target);
  if (!existsSync(target) || isEmptyFolder(target)) return;
  if (!force)
    throw new UserError("exists", `${out}: exists already`, { hint: "Choose another --out, or add --force to replace it." });
  if (!existsSync(join(target, marker))) {
    throw new UserError(
      "exists",
      `${out}: was not written by this command (it has no ${marker}), so --force does not replace it`,
      {
        hint: "Choose another --out, or remove it yourself.",
      },
    );
  }
}

function isEmptyFolder(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    return false;
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}
