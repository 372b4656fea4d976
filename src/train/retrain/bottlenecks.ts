import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { mapInOrder } from "../../concurrency.js";
import { isImageName, listFolder } from "../../data/listing.js";
import { quoted } from "../../data/text.js";
import { messageOf, UserError } from "../../errors.js";
import { writeFileAtomic } from "../../files.js";
import type { WorkOptions } from "../../progress.js";

/** Longer files are not read: a million numbers take about as much. */
const MAX_BYTES = 16 * 2 ** 20;
/** How many files are read at once. */
const CONCURRENCY = 16;

/** What a bottleneck file holds: the embedding of one image, or why it is of no use. */
export type Bottleneck =
  | { readonly vector: Float32Array; readonly reason?: undefined }
  | { readonly vector?: undefined; readonly reason: string };

/** Reads retrain.py's text form: numbers separated by commas, on one line. */
export function parseBottleneck(text: string): Bottleneck {
  const cells = text.split(",");
  const vector = new Float32Array(cells.length);
  for (const [i, cell] of cells.entries()) {
    const trimmed = cell.trim();
    const value = trimmed === "" ? Number.NaN : Math.fround(Number(trimmed));
    if (!Number.isFinite(value)) return { reason: `number ${i + 1} is ${quoted(cell)}` };
    vector[i] = value;
  }
  return { vector };
}

/** The text form of an embedding: each number in the fewest digits that give the same float32 again. */
export function formatBottleneck(vector: Float32Array): string {
  return Array.from(vector, shortest).join(",");
}

function shortest(value: number): string {
  // 9 significant digits tell any two float32 apart; 6 to 8 are often enough.
  for (let digits = 6; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(Number(value.toPrecision(9)));
}

/** `<folder>/<class>/<file>_<module>.txt`, with retrain.py's `~` for what a file name cannot hold. */
export function bottleneckPath(folder: string, file: string, moduleName: string): string {
  return join(folder, `${file}_${moduleName.replaceAll("://", "~").replaceAll(/[/:\\]/g, "~")}.txt`);
}

/**
 * Reads one bottleneck file; undefined where there is none, or where the image has changed since it was written.
 *
 * @param image path of the image that it was computed from, where that exists
 */
export async function readBottleneck(path: string, image?: string): Promise<Bottleneck | undefined> {
  try {
    const written = await stat(path).catch(() => undefined);
    if (written === undefined) return undefined;
    if (!written.isFile()) return { reason: "it is not a regular file" };
    if (written.size > MAX_BYTES) return { reason: `${written.size} bytes are more than the limit of ${MAX_BYTES}` };
    if (image !== undefined && (await stat(image)).mtimeMs > written.mtimeMs) return undefined;
    return parseBottleneck(await readFile(path, "utf8"));
  } catch (error) {
    return { reason: messageOf(error) };
  }
}

/** Writes one bottleneck file. @throws UserError `io` */
export function writeBottleneck(path: string, vector: Float32Array): void {
  writeFileAtomic(path, formatBottleneck(vector), { durable: false });
}

/** Bottleneck files whose images are not there. */
export interface BottleneckFolder {
  /** The module that wrote them, as their names say. */
  readonly moduleName: string;
  /** Names of the images, `<class>/<file>`. */
  readonly images: readonly string[];
}

/**
 * Lists `<folder>/<class>/<image>_<module>.txt`; undefined where there is no such file.
 *
 * @throws UserError `bad-data` when several modules wrote them: their numbers cannot be mixed
 */
export async function listBottlenecks(folder: string, options: WorkOptions): Promise<BottleneckFolder | undefined> {
  const { others } = await listFolder(folder, { ...options, onProgress: undefined });
  const byModule = new Map<string, string[]>();
  for (const name of others) {
    const parts = partsOf(name);
    if (parts === undefined) continue;
    const known = byModule.get(parts.moduleName);
    if (known === undefined) byModule.set(parts.moduleName, [parts.image]);
    else known.push(parts.image);
  }
  const modules = [...byModule];
  if (modules.length > 1) {
    const found = modules.map(([name, images]) => `${images.length} of ${name}`).join(", ");
    throw new UserError("bad-data", `${folder}: bottlenecks of several modules (${found})`, {
      hint: "Keep those of one module in --bottleneck_dir.",
    });
  }
  return modules.length === 0 ? undefined : { moduleName: modules[0][0], images: modules[0][1] };
}

/** The two parts of `<class>/<image>_<module>.txt`: the image ends at the first underscore behind an image's extension. */
function partsOf(name: string): { readonly image: string; readonly moduleName: string } | undefined {
  if (name.split("/").length !== 2 || !name.endsWith(".txt")) return undefined;
  for (let at = name.indexOf("_"); at >= 0; at = name.indexOf("_", at + 1)) {
    const image = name.slice(0, at);
    if (isImageName(image)) return { image, moduleName: name.slice(at + 1, -".txt".length) };
  }
  return undefined;
}

/**
 * Reads bottleneck files whose images are not there, as `[N, D]`.
 *
 * @throws UserError `bad-data` naming the files that are not numbers or not as long as the others
 */
export async function readBottlenecks(
  paths: readonly string[],
  { signal, onProgress }: WorkOptions,
): Promise<{ readonly embeddings: Float32Array; readonly size: number }> {
  const read: { path: string; bottleneck: Bottleneck | undefined }[] = [];
  const load = async (path: string) => ({ path, bottleneck: await readBottleneck(path) });
  for await (const entry of mapInOrder(paths, CONCURRENCY, load, signal)) {
    read.push(entry);
    onProgress?.({ stage: "read", done: read.length, total: paths.length, unit: "bottlenecks" });
  }
  const size = commonest(read.flatMap(({ bottleneck }) => (bottleneck?.vector ? [bottleneck.vector.length] : [])));
  const embeddings = new Float32Array(read.length * size);
  const bad: string[] = [];
  read.forEach(({ path, bottleneck }, row) => {
    const vector = bottleneck?.vector;
    if (vector === undefined) bad.push(`${path}: ${bottleneck?.reason ?? "gone"}`);
    else if (vector.length !== size) bad.push(`${path}: ${vector.length} numbers, the others have ${size}`);
    else embeddings.set(vector, row * size);
  });
  if (bad.length > 0) {
    const shown = `${bad.slice(0, 5).join("; ")}${bad.length > 5 ? "; …" : ""}`;
    throw new UserError("bad-data", `${bad.length} of ${read.length} bottleneck files cannot be used: ${shown}`, {
      hint: "Give the images with --image_dir to compute them again, or remove these files.",
    });
  }
  return { embeddings, size };
}

function commonest(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
}
