import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { isAddress } from "../raster/bytes/address.js";
import { httpBytes } from "../raster/bytes/http.js";

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
 * The mark of a file's content: its sha256 up to 8 GiB, and else, and over a network, its size and its time of change or ETag.
 *
 * @param input a path, or an address of http or https
 * @throws UserError `network`, `not-found`, `aborted`
 */
export async function contentMark(input: string, signal?: AbortSignal): Promise<ContentMark> {
  if (isAddress(input)) {
    const source = await httpBytes(input, { signal });
    await source.close();
    return { kind: "version", text: source.version ?? `size=${source.size}` };
  }
  const { size, mtimeMs } = statSync(input);
  if (size > HASHED_BYTES) return { kind: "version", text: `size=${size}; mtime=${mtimeMs}` };
  const hash = createHash("sha256");
  for await (const piece of createReadStream(input)) hash.update(piece as Uint8Array); // without an encoding, pieces are bytes
  return { kind: "sha256", text: hash.digest("hex") };
}

/** A mark as an item of metadata: `SIGMAX_SCENE_SHA256`, or `SIGMAX_SCENE_VERSION`, which nobody takes for a hash of the content. */
export function markItem(name: string, { kind, text }: ContentMark): Readonly<Record<string, string>> {
  return { [`${name}_${kind.toUpperCase()}`]: text };
}
