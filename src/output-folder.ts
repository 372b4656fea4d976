import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readlinkSync, renameSync, rmSync } from "node:fs";
import { hostname } from "node:os";
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
  const suffix = `${MACHINE}-${process.pid}-${randomBytes(6).toString("hex")}`;
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

/** Tells machines apart, and containers, that write into a shared folder: their processes have the same numbers. */
const MACHINE = createHash("sha256").update(`${hostname()} ${processSpace()}`).digest("hex").slice(0, 8);

/** Where processes are counted; "" where the system does not say. */
function processSpace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

/** Removes hidden folders of processes that ended without a word; a result that was being replaced just then gets its name back. */
function clearLeftovers(target: string): void {
  const folder = dirname(target);
  const start = `.${basename(target)}.`;
  const leftovers = (namesIn(folder) ?? []).filter((name) => {
    const [, machine, pid] = (name.startsWith(start) && LEFTOVER.exec(name.slice(start.length))) || [];
    return machine === MACHINE && !isRunning(Number(pid));
  });
  // Whole, as long as what was to replace it is there too; later it was being removed.
  const replacing = (name: string) => `${start}partial-${name.slice(`${start}old-`.length)}`;
  const old = leftovers.find((name) => name.startsWith(`${start}old-`) && leftovers.includes(replacing(name)));
  if (old !== undefined && !existsSync(target)) giveBack(join(folder, old), target);
  for (const name of leftovers) discard(join(folder, name));
}

const LEFTOVER = /^(?:partial|old)-([0-9a-f]{8})-(\d+)-[0-9a-f]{12}$/;

/** @throws UserError `io` where the system refuses and nobody else did it */
function giveBack(path: string, target: string): void {
  try {
    renameSync(path, target);
  } catch (cause) {
    if (existsSync(target)) return;
    throw new UserError("io", `${target}: an earlier result is at ${path} and cannot be moved back: ${messageOf(cause)}`, {
      hint: "Move it back yourself, or remove it.",
      cause,
    });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process may not be asked, but is there.
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/**
 * Says before the work begins what `writeFolder` would say after it. What processes of this machine left at the folder when they were
 * killed is cleared away first.
 *
 * @throws UserError `exists` or `io`
 */
export function refuseFolder(out: string, { force, marker }: { readonly force: boolean; readonly marker: string }): void {
  const target = resolve(out);
  refuseUnwritable(target);
  clearLeftovers(target);
  if (!existsSync(target) || namesIn(target)?.length === 0) return;
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

/** Undefined for what cannot be listed. */
function namesIn(folder: string): readonly string[] | undefined {
  try {
    return readdirSync(folder);
  } catch {
    return undefined;
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}
