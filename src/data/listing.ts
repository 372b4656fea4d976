import { realpathSync, statSync } from "node:fs";
import { opendir } from "node:fs/promises";
import { join, sep } from "node:path";
import { messageOf, UserError } from "../errors.js";
import { throwIfAborted, type WorkOptions } from "../progress.js";
import { FORMATS } from "../raster/formats.js";
import { compareCodePoints } from "./text.js";

/** File name extensions that count as images, without the dot, in lower case. */
export const IMAGE_EXTENSIONS: readonly string[] = FORMATS.flatMap(({ extensions }) =>
  extensions.map((dotted) => dotted.slice(1)),
);

/** Pictures of kinds that are not read: they are mentioned rather than passed over. */
const OTHER_PICTURES = new Set(["avif", "bmp", "dng", "heic", "heif", "hdf", "img", "j2k", "jp2", "nc", "svg", "tga"]);

/** More files than this under one root are refused. */
const MAX_FILES = 5_000_000;
const MAX_DEPTH = 16;

/** What lies under a root: names with `/` between folders, in code-point order. */
export interface Listing {
  readonly root: string;
  readonly images: readonly string[];
  /** Files that are not images: label files among them. */
  readonly others: readonly string[];
  /** Links that were not followed. */
  readonly strayLinks: readonly string[];
}

/** Whether a name ends like an image. */
export function isImageName(name: string): boolean {
  return IMAGE_EXTENSIONS.includes(extensionOf(name));
}

/** The extension in lower case without the dot, or "". */
export function extensionOf(name: string): string {
  return /\.([^./\\]+)$/.exec(name)?.[1].toLowerCase() ?? "";
}

/**
 * Lists a folder and the folders in it. Hidden files are passed over; links are followed only to files inside the root.
 *
 * @throws UserError `not-found` or `io` naming the folder, `limit` for too many files
 */
export async function listFolder(root: string, { signal, onProgress, onWarning }: WorkOptions = {}): Promise<Listing> {
  const images: string[] = [];
  const others: string[] = [];
  const unread = new Map<string, number>();
  const strayLinks: string[] = [];
  const realRoot = realRootOf(root);
  const queue = [{ folder: "", depth: 0 }];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    throwIfAborted(signal);
    const { folder, depth } = next;
    try {
      for await (const entry of await opendir(join(root, folder), { bufferSize: 1024 })) {
        if (entry.name.startsWith(".")) continue;
        const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
        const kind = entry.isSymbolicLink() ? linkKind(join(root, name), realRoot) : kindOf(entry);
        if (kind === "stray") strayLinks.push(name);
        if (kind === "folder" && depth < MAX_DEPTH) queue.push({ folder: name, depth: depth + 1 });
        if (kind !== "file") continue;
        const extension = extensionOf(name);
        if (IMAGE_EXTENSIONS.includes(extension)) images.push(name);
        else others.push(name);
        if (OTHER_PICTURES.has(extension)) unread.set(extension, (unread.get(extension) ?? 0) + 1);
        if (images.length + others.length > MAX_FILES) {
          throw new UserError("limit", `${root}: more than ${MAX_FILES} files`, { hint: "Name a folder further down." });
        }
      }
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError("io", `${join(root, folder)}: cannot be listed: ${messageOf(error)}`, {
        hint: "Check the permissions of the folder.",
        cause: error,
      });
    }
    onProgress?.({ stage: "list", done: images.length, unit: "images" });
  }
  if (unread.size > 0) {
    const kinds = [...unread].sort(([a], [b]) => compareCodePoints(a, b)).map(([kind, count]) => `${count} .${kind}`);
    onWarning?.(`${root}: pictures of kinds that are not read were left out (${kinds.join(", ")}).`);
  }
  if (strayLinks.length > 0) {
    const some = strayLinks.slice(0, 3).join(", ");
    onWarning?.(
      `${root}: ${strayLinks.length} links were not followed (${some}), for they lead out of the folder or to other folders: copy what they point to.`,
    );
  }
  return { root, images: images.sort(compareCodePoints), others: others.sort(compareCodePoints), strayLinks };
}

function realRootOf(root: string): string {
  try {
    if (statSync(root).isDirectory()) return realpathSync(root);
  } catch (cause) {
    throw new UserError("not-found", `${root}: no such folder`, { hint: "Check the path for typing mistakes.", cause });
  }
  throw new UserError("not-found", `${root}: not a folder`, { hint: "Name the folder that holds the images." });
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean }): "file" | "folder" | "other" {
  if (entry.isFile()) return "file";
  return entry.isDirectory() ? "folder" : "other";
}

/** Links to folders are not followed even inside the root: what they hold is listed already, and loops end here. */
function linkKind(path: string, realRoot: string): "file" | "stray" {
  try {
    const target = realpathSync(path);
    return isInside(target, realRoot) && statSync(target).isFile() ? "file" : "stray";
  } catch {
    return "stray";
  }
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
