import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import { throwIfAborted } from "../progress.js";
import { isAddress, shownFile } from "../raster/bytes/address.js";
import { httpBytes } from "../raster/bytes/http.js";
import type { Scene } from "../raster/scene/open.js";

/** What tells one content of an input from another. */
export interface ContentMark {
  /** `sha256` is of the content; `version` is what the disk or the server says of it, which is less. */
  readonly kind: "sha256" | "version";
  readonly text: string;
}

/** Larger files are told apart by size and time of change: reading them twice would take minutes. */
const HASHED_BYTES = 8 * 2 ** 30;

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * The mark of what files hold: of one, its sha256 up to 8 GiB, and else, and over a network, its size and its time of change or ETag; of
 * several, the sha256 of their marks and names, in any order.
 *
 * @param files paths, or addresses of http or https
 * @throws UserError `network`, `not-found`, `aborted`
 */
export async function contentMark(files: readonly string[], signal?: AbortSignal): Promise<ContentMark> {
  const marks: ContentMark[] = [];
  for (const file of files) marks.push(await markOf(file, signal));
  if (marks.length === 1) return marks[0];
  const lines = marks.map(({ text }, i) => `${text}  ${fileName(files[i])}\n`).sort();
  return {
    kind: marks.every(({ kind }) => kind === "sha256") ? "sha256" : "version",
    text: sha256(Buffer.from(lines.join(""))),
  };
}

async function markOf(file: string, signal: AbortSignal | undefined): Promise<ContentMark> {
  if (isAddress(file)) {
    const source = await httpBytes(file, { signal });
    await source.close();
    return { kind: "version", text: source.version ?? `size=${source.size}` };
  }
  const { size, mtimeMs } = statSync(file);
  if (size > HASHED_BYTES) return { kind: "version", text: `size=${size}; mtime=${mtimeMs}` };
  const hash = createHash("sha256");
  for await (const piece of createReadStream(file)) {
    throwIfAborted(signal);
    hash.update(piece as Uint8Array); // without an encoding, pieces are bytes
  }
  return { kind: "sha256", text: hash.digest("hex") };
}

/** Of an address without what may be secret in it. */
export function fileName(file: string): string {
  return basename(shownFile(file));
}

/** A mark as an item of metadata: `SIGMAX_SCENE_SHA256`, or `SIGMAX_SCENE_VERSION`, which nobody takes for a hash of the content. */
export function markItem(name: string, { kind, text }: ContentMark): Readonly<Record<string, string>> {
  return { [`${name}_${kind.toUpperCase()}`]: text };
}

/** Metadata of what is made from a scene: where it is from, and what was done to its pixels. */
export function sceneItems({ sensor, date, scaling, mask }: Scene): Readonly<Record<string, string>> {
  return {
    ...(sensor && { SIGMAX_SENSOR: sensor }),
    ...(date && { SIGMAX_DATE: date }),
    SIGMAX_REFLECTANCE: scaling.words,
    SIGMAX_MASK: mask?.words ?? "none",
  };
}

/** What decides the numbers that are read of a scene, beside the content of its files. */
export function readingOf({ sources, info, scaling, notes }: Scene): object {
  return { sources, bandsOf: info.bands, scaling: scaling.bands, notes };
}
