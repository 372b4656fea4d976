import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import type { Scene } from "../raster/scene/open.js";

/** Metadata of what is made from a scene: where it is from, and what was done to its pixels. */
export function sceneItems({ sensor, date, scaling, mask }: Scene): Readonly<Record<string, string>> {
  return {
    ...(sensor && { SIGMAX_SENSOR: sensor }),
    ...(date && { SIGMAX_DATE: date }),
    SIGMAX_REFLECTANCE: scaling.words,
    SIGMAX_MASK: mask?.words ?? "none",
  };
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What identifies the pixels of a scene: of one file its hash; of several that of their names and hashes, in any order. */
export async function sha256OfFiles(files: readonly string[]): Promise<string> {
  const hashes = [];
  for (const file of files) hashes.push({ name: basename(file), hash: await sha256OfFile(file) });
  if (hashes.length === 1) return hashes[0].hash;
  const lines = hashes.map(({ name, hash }) => `${hash}  ${name}\n`).sort();
  return sha256(Buffer.from(lines.join("")));
}

/** Larger files are told apart by size and time of change: reading them twice would take minutes. */
const HASHED_BYTES = 8 * 2 ** 30;

async function sha256OfFile(path: string): Promise<string> {
  const { size, mtimeMs } = statSync(path);
  const hash = createHash("sha256");
  if (size > HASHED_BYTES) return hash.update(`${size} ${mtimeMs}`).digest("hex");
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest("hex");
}
