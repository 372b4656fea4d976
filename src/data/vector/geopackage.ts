import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compiledFile } from "../../compiled.js";
import { UserError } from "../../errors.js";
import { readWholeFile } from "../../files.js";
import { isolate } from "../../isolate.js";
import type { GeoPackageInput, GeoPackageResult } from "./geopackage-task.js";
import type { VectorLayer, VectorOptions } from "./layer.js";

const MOST_BYTES = 2 ** 30;
const TIMEOUT_MS = 120_000;
const MEMORY_MB = 2048;
const MAGIC = "SQLite format 3\0";
/** Bytes of the header that say how the file is written and read: 1 in place, 2 by a log beside it (SQLite file format, 1.3). */
const VERSION_BYTES = [18, 19];

/**
 * Reads the polygons of a GeoPackage (OGC 12-128r19) with one layer, in a process of its own and from a copy: SQLite puts locks
 * beside what it opens, and what a stranger's database makes it compute is not known.
 *
 * @throws UserError `not-found`, `bad-file`, `bad-data`, `limit`
 */
export async function readGeoPackage(path: string, { field, onWarning }: VectorOptions): Promise<VectorLayer> {
  const bytes = readWholeFile(path, { maxBytes: MOST_BYTES });
  if (new TextDecoder("latin1").decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) {
    throw new UserError("bad-file", `${path}: is no GeoPackage`, { hint: "Give a file that QGIS or ogr2ogr wrote." });
  }
  if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    throw new UserError("bad-file", `${path}: has changes that are not in it yet, but in ${path}-wal`, {
      hint: "Close the program that has it open.",
    });
  }
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  for (const at of VERSION_BYTES) if (bytes[at] === 2) bytes[at] = 1;
  const folder = mkdtempSync(join(tmpdir(), "sigmax-gpkg-"));
  try {
    const copy = join(folder, "copy.gpkg");
    writeFileSync(copy, bytes);
    const result = await isolate({
      task: compiledFile("./geopackage-task.js", import.meta.url),
      input: { path: copy, file: path, field } satisfies GeoPackageInput,
      subject: path,
      crash: "bad-file",
      timeoutMs: TIMEOUT_MS,
      memoryMb: MEMORY_MB,
    });
    // geopackage-task.ts returns nothing else.
    const { warnings, ...layer } = result as GeoPackageResult;
    for (const warning of warnings) onWarning?.(warning);
    return { ...layer, sha256 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
