import { createHash } from "node:crypto";
import { existsSync, readdirSync, renameSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readSafetensors, safetensorsHeader } from "../../data/arrays/safetensors.js";
import { openArrayWriter } from "../../data/arrays/writer.js";
import { messageOf, UserError } from "../../errors.js";
import { discard, fsyncFolder, readWholeFile } from "../../files.js";

/** What JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonRecord;
export type JsonRecord = { readonly [key: string]: JsonValue };

/** Numbers that a checkpoint gives back bit by bit. */
export type Numbers = Float32Array | Float64Array;

/** Everything a training needs to go on as if it had never stopped. */
export interface Checkpoint {
  /**
   * Weights, moments of the optimizer, averages, the best weights so far and the history, told apart by their names: one file is one
   * moment.
   */
  readonly tensors: ReadonlyMap<string, Numbers>;
  /** Epoch, step, best epoch: little, since it stands in the head of the file. What grows with the training is a tensor. */
  readonly progress: JsonRecord;
  /** Digest of options, data and network: a checkpoint of another training is refused. */
  readonly fingerprint: string;
}

const FORMAT = "sigmax-checkpoint";
const VERSION = "1";
/** The checkpoint before the newest stays, should the newest be damaged. */
const KEPT = 2;
/** Node 20 cannot hold more in one piece. */
export const MAX_CHECKPOINT_BYTES = 2 ** 32;
/** The checksum is the first thing in the file, so that it is found before anything is believed. */
const PREFIX = '{"__metadata__":{"sha256":"';
const CHECKSUM_AT = 8 + PREFIX.length;
const NO_CHECKSUM = "0".repeat(64);

const NAME = /^\d{8}\.safetensors$/;
const LEFTOVER = /^\.?\d{8}\.safetensors\.(?:[0-9a-f]{12}\.tmp|damaged)$/;
const UNFINISHED = /^\.(\d{8}\.safetensors)\.[0-9a-f]{12}\.tmp$/;

/**
 * Writes the next checkpoint of a folder and removes all but the newest two. A kill at any moment leaves the earlier ones whole.
 * The tensors must not change before the promise settles.
 *
 * @throws UserError `numeric` naming the tensor that holds NaN or infinity, `limit` above 4 GiB, `io` if the disk refuses: nothing
 *   has changed then
 * @throws RangeError for numbers in `progress` that JSON cannot hold
 */
export async function writeCheckpoint(folder: string, { tensors, progress, fingerprint }: Checkpoint): Promise<void> {
  const next = Number(checkpointsIn(folder).at(-1)?.slice(0, 8) ?? 0) + 1;
  const path = join(folder, `${String(next).padStart(8, "0")}.safetensors`);
  let bytes = 0;
  for (const [name, values] of tensors) {
    bytes += values.byteLength;
    const bad = indexOfNonFinite(values);
    if (bad >= 0) {
      throw new UserError(
        "numeric",
        `${path}: "${name}" holds ${values[bad]} (element ${bad}), so the checkpoint is not written`,
        {
          hint: "The training has diverged: use a lower learning rate, or clip the gradients.",
        },
      );
    }
  }
  const plans = Array.from(tensors, ([name, values]) => ({ name, dtype: dtypeOf(values), shape: [values.length] }));
  const metadata = { sha256: NO_CHECKSUM, format: FORMAT, version: VERSION, fingerprint, progress: strictJson(progress) };
  const header = safetensorsHeader({ tensors: plans, metadata });
  if (header.length + bytes > MAX_CHECKPOINT_BYTES) {
    throw new UserError(
      "limit",
      `${path}: a checkpoint of ${header.length + bytes} bytes is above the limit of ${MAX_CHECKPOINT_BYTES} bytes`,
      {
        hint: "Train a smaller network, or freeze more of it.",
      },
    );
  }
  header.write(checksum([header, ...Array.from(tensors.values(), bytesOf)]), CHECKSUM_AT, "latin1");

  const isNew = !existsSync(folder);
  const writer = await openArrayWriter(path, header, plans);
  try {
    for (const values of tensors.values()) await writer.write(values);
    await writer.finish();
  } finally {
    await writer.close();
  }
  if (isNew) fsyncFolder(dirname(resolve(folder)));
  const old = checkpointsIn(folder).slice(0, -KEPT);
  for (const name of [...old, ...namesIn(folder).filter((name) => LEFTOVER.test(name))]) discard(join(folder, name));
}

/** What `readCheckpoint` needs to know. */
export interface ReadCheckpointOptions {
  /** Of the training that wants to go on. */
  readonly fingerprint: string;
  /** Told of every checkpoint that is passed over, and why. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * The newest whole checkpoint of a folder, undefined where there is none. A damaged one is told of and set aside (`.damaged`, until
 * the next is written), and the one before it is read. Most tensors are views of one block of memory.
 *
 * @throws UserError `bad-data` naming the file, when it belongs to another training or a later version of sigmax
 */
export function readCheckpoint(folder: string, { fingerprint, onWarning }: ReadCheckpointOptions): Checkpoint | undefined {
  for (const name of namesIn(folder)) {
    const [, unfinished] = UNFINISHED.exec(name) ?? [];
    if (unfinished)
      onWarning?.(`${join(folder, unfinished)}: was being written when the training was stopped; it is passed over`);
  }
  const names = checkpointsIn(folder);
  for (let name = names.pop(); name !== undefined; name = names.pop()) {
    const path = join(folder, name);
    const checkpoint = readOrSetAside(path, names.length > 0, onWarning);
    if (checkpoint === undefined) continue;
    if (checkpoint.fingerprint !== fingerprint) throw ofAnother(path);
    return checkpoint;
  }
  return undefined;
}

/**
 * Refuses a folder of checkpoints early, by the beginning of a fingerprint whose rest is not known yet. What is damaged or of a later
 * version is left to `readCheckpoint`, which tells of it.
 *
 * @throws UserError `bad-data` naming the newest checkpoint, when it belongs to another training
 */
export function refuseOther(folder: string, beginning: string): void {
  const name = checkpointsIn(folder).at(-1);
  if (name === undefined) return;
  const path = join(folder, name);
  let found: Checkpoint;
  try {
    found = readCheckpointFile(path);
  } catch (error) {
    if (error instanceof UserError) return;
    throw error;
  }
  if (!found.fingerprint.startsWith(beginning)) throw ofAnother(path);
}

function ofAnother(path: string): UserError {
  return new UserError("bad-data", `${path}: is a checkpoint of another training: its options, data or network differ`, {
    hint: "Go on with the options and data it was started with, choose another --out, or start anew with --force.",
  });
}

function readOrSetAside(
  path: string,
  hasEarlier: boolean,
  onWarning: ReadCheckpointOptions["onWarning"],
): Checkpoint | undefined {
  try {
    return readCheckpointFile(path);
  } catch (error) {
    // A disk that cannot read the file is as bad as damage.
    if (!(error instanceof UserError) || !["bad-file", "not-found"].includes(error.code)) throw error;
    const then = hasEarlier ? "the checkpoint before it is used" : "there is none before it, the training starts anew";
    onWarning?.(`${error.message}; ${then}`);
    try {
      // Otherwise it would count as one of the newest two, and the next write would remove the whole one before it.
      renameSync(path, `${path}.damaged`);
    } catch {
      // A folder that may not be changed: the next write will say so.
    }
    return undefined;
  }
}

/**
 * Reads one checkpoint; every bit of the file is covered by its checksum.
 *
 * @throws UserError `bad-file` naming the file when it is damaged or no checkpoint, `bad-data` when a later version wrote it
 */
export function readCheckpointFile(path: string): Checkpoint {
  const bad = (what: string) =>
    new UserError("bad-file", `${path}: ${what}`, {
      hint: "Remove it to go on from the checkpoint before it, or to start anew.",
    });
  const bytes = readWholeFile(path, { maxBytes: MAX_CHECKPOINT_BYTES });
  const at = (from: number, to: number) => Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");
  const start = CHECKSUM_AT + NO_CHECKSUM.length;
  if (bytes.length < start || at(8, CHECKSUM_AT) !== PREFIX) {
    throw bad("is no checkpoint of sigmax, or its beginning is damaged");
  }
  const expected = checksum([bytes.subarray(0, CHECKSUM_AT), Buffer.from(NO_CHECKSUM), bytes.subarray(start)]);
  if (at(CHECKSUM_AT, start) !== expected) throw bad("is damaged or cut off: its checksum does not agree");

  const { tensors, metadata } = readSafetensors(bytes, path);
  if (metadata.get("format") !== FORMAT) throw bad("is no checkpoint of sigmax");
  const version = metadata.get("version");
  if (version !== VERSION) {
    throw new UserError("bad-data", `${path}: is a checkpoint of version ${version}; this sigmax reads version ${VERSION}`, {
      hint: "Go on with the sigmax that wrote it, choose another --out, or start anew with --force.",
    });
  }
  const floats = new Map<string, Numbers>();
  for (const [name, { data }] of tensors) {
    if (!(data instanceof Float32Array) && !(data instanceof Float64Array)) throw bad(`"${name}" is neither float32 nor float64`);
    if (indexOfNonFinite(data) >= 0) throw bad(`"${name}" holds NaN or infinite numbers`);
    floats.set(name, data);
  }
  const progress = parseRecord(metadata.get("progress"));
  const fingerprint = metadata.get("fingerprint");
  if (progress === undefined || fingerprint === undefined) throw bad("says nothing of its progress or its training");
  return { tensors: floats, progress, fingerprint };
}

/** sha256 of some blocks, as 64 hexadecimal digits. */
function checksum(blocks: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const block of blocks) {
    // One call takes less than 2 GiB.
    for (let from = 0; from < block.length; from += 2 ** 30) hash.update(block.subarray(from, from + 2 ** 30));
  }
  return hash.digest("hex");
}

function bytesOf({ buffer, byteOffset, byteLength }: Numbers): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function dtypeOf(values: Numbers): "float32" | "float64" {
  return values instanceof Float64Array ? "float64" : "float32";
}

/** Where the first NaN or infinity is, or −1. */
function indexOfNonFinite(values: Numbers): number {
  // 0 · x is 0 for every finite x and NaN for all others.
  const fours = values.length - (values.length % 4);
  let sum = 0;
  for (let i = 0; i < fours; i += 4) sum += 0 * values[i] + 0 * values[i + 1] + (0 * values[i + 2] + 0 * values[i + 3]);
  for (let i = fours; i < values.length; i++) sum += 0 * values[i];
  return sum === 0 ? -1 : values.findIndex((value) => !Number.isFinite(value));
}

/** JSON that gives back the same numbers. @throws RangeError for NaN and infinity, which it would turn into null */
function strictJson(progress: JsonRecord): string {
  return JSON.stringify(progress, (key, value: unknown) => {
    if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError(`progress "${key}" is ${value}`);
    return value;
  });
}

function parseRecord(text: string | undefined): JsonRecord | undefined {
  try {
    const value: JsonValue = JSON.parse(text ?? "null");
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: JsonValue): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The names of finished checkpoints, oldest first. */
function checkpointsIn(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => NAME.test(name))
    .sort();
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return [];
    throw new UserError("io", `${folder}: the checkpoints cannot be read: ${messageOf(cause)}`, {
      hint: "Check that it is a folder, and its permissions.",
      cause,
    });
  }
}
