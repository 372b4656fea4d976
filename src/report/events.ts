import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { maskedCrc32c } from "../crc32.js";
import { messageOf, UserError } from "../errors.js";
import { makeFolder } from "../files.js";
import { type Event, EventSchema } from "./tfevents_pb.js";

const FILE_VERSION = "brain.Event:2";
const HEADER_BYTES = 12;
const FOOTER_BYTES = 4;
const FLUSH_AT_BYTES = 65536;

/** One number at one step, as TensorBoard plots it. */
export interface ScalarEvent {
  readonly tag: string;
  readonly step: number;
  /** Stored as float32; NaN and infinities are allowed. */
  readonly value: number;
  /** Seconds since 1970. */
  readonly wallTime: number;
}

/** What an event file holds, as far as it can be trusted. */
export interface EventFile {
  /** "brain.Event:2"; undefined where the file does not say. */
  readonly fileVersion: string | undefined;
  readonly scalars: readonly ScalarEvent[];
  /** Histograms, images and texts, which are not decoded. */
  readonly passedOver: readonly { readonly tag: string; readonly step: number }[];
  /** Why reading stopped before the end of the file; undefined for a whole one. */
  readonly damage: string | undefined;
}

/** Writes the scalars of one training part to one TensorBoard event file. */
export interface EventWriter {
  readonly path: string;
  /** Adds one number. @throws RangeError if step is not an integer */
  scalar(tag: string, value: number, step: number): void;
  /** Hands everything written so far to the operating system, so that TensorBoard shows it. */
  flush(): void;
  /** Flushes, makes the file durable and closes it; a second call does nothing. */
  close(): void;
}

/** Seconds since 1970. The library's one look at the clock: TensorBoard draws by it, and no result depends on it. */
const clock = () => Date.now() / 1000;

/**
 * Starts `events.out.tfevents.<seconds>.<host>` in a folder, which is made if needed. Never touches an existing file:
 * a second writer in the same second gets `.1`, `.2`, … appended.
 *
 * @throws UserError `io` if the disk refuses
 */
export function createEventWriter(
  folder: string,
  { wallTime = clock, host = "sigmax" }: { readonly wallTime?: (() => number) | undefined; readonly host?: string } = {},
): EventWriter {
  const start = wallTime();
  const seconds = String(Math.floor(start)).padStart(10, "0");
  const name = `events.out.tfevents.${seconds}.${host.replace(/[^\w.-]/g, "_")}`;
  const { path, handle } = createNew(folder, name);
  let open = true;
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;

  const add = (record: Uint8Array) => {
    pending.push(record);
    pendingBytes += record.length;
    if (pendingBytes >= FLUSH_AT_BYTES) flush();
  };
  const flush = () => {
    const bytes = Buffer.concat(pending);
    pending = [];
    pendingBytes = 0;
    guard(path, () => {
      for (let written = 0; written < bytes.length; ) written += writeSync(handle, bytes, written);
    });
  };

  const header = create(EventSchema, {
    wallTime: start,
    what: { case: "fileVersion", value: FILE_VERSION },
    sourceMetadata: { writer: "sigmax" },
  });
  add(encodeRecord(toBinary(EventSchema, header)));
  flush();
  return {
    path,
    scalar: (tag, value, step) => add(encodeRecord(encodeScalar({ tag, value, step, wallTime: wallTime() }))),
    flush,
    close() {
      if (!open) return;
      open = false;
      try {
        flush();
        guard(path, () => fsyncSync(handle));
      } finally {
        closeSync(handle);
      }
    },
  };
}

/** The protobuf bytes of one scalar event. @throws RangeError if step is not an integer */
export function encodeScalar({ tag, value, step, wallTime }: ScalarEvent): Uint8Array {
  const summary = { value: [{ tag, value: { case: "simpleValue" as const, value } }] };
  return toBinary(EventSchema, create(EventSchema, { wallTime, step: BigInt(step), what: { case: "summary", value: summary } }));
}

/** Frames a payload as a TFRecord: length (uint64, little-endian), its masked CRC, payload, masked CRC. */
export function encodeRecord(payload: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEADER_BYTES + payload.length + FOOTER_BYTES);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(payload.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(payload, HEADER_BYTES);
  view.setUint32(HEADER_BYTES + payload.length, maskedCrc32c(payload), true);
  return record;
}

/**
 * Reads the scalars of an event file up to the first damaged record, as TensorBoard does: a file that is still being
 * written ends in half a record, and what comes before is good. Never throws: `damage` says what was wrong and where.
 */
export function readEvents(bytes: Uint8Array, { file }: { readonly file: string }): EventFile {
  const scalars: ScalarEvent[] = [];
  const passedOver: { tag: string; step: number }[] = [];
  let fileVersion: string | undefined;
  let damage: string | undefined;
  for (let offset = 0; offset < bytes.length; ) {
    const record = decodeRecord(bytes, offset);
    if (typeof record === "string") {
      damage = `${file}: ${record} at byte ${offset}; only what stands before it was read`;
      break;
    }
    const { event, end } = record;
    if (event.what.case === "fileVersion") fileVersion = event.what.value;
    if (event.what.case === "summary") {
      const step = Number(event.step);
      for (const { tag, value } of event.what.value.value) {
        if (value.case === "simpleValue") scalars.push({ tag, step, value: value.value, wallTime: event.wallTime });
        else passedOver.push({ tag, step });
      }
    }
    offset = end;
  }
  return { fileVersion, scalars, passedOver, damage };
}

/** One record, or what is wrong with it. */
function decodeRecord(bytes: Uint8Array, offset: number): { event: Event; end: number } | string {
  if (offset + HEADER_BYTES > bytes.length) return "half a record";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(offset + 8, true) !== maskedCrc32c(bytes.subarray(offset, offset + 8))) {
    return "a record length with a wrong checksum";
  }
  const start = offset + HEADER_BYTES;
  const end = start + Number(view.getBigUint64(offset, true));
  if (end + FOOTER_BYTES > bytes.length) return "half a record";
  const payload = bytes.subarray(start, end);
  if (view.getUint32(end, true) !== maskedCrc32c(payload)) return "a record with a wrong checksum";
  try {
    return { event: fromBinary(EventSchema, payload), end: end + FOOTER_BYTES };
  } catch {
    return "a record that is not an event";
  }
}

function createNew(folder: string, name: string): { path: string; handle: number } {
  for (let attempt = 0; ; attempt++) {
    const path = join(folder, attempt === 0 ? name : `${name}.${attempt}`);
    try {
      makeFolder(folder);
      return { path, handle: openSync(path, "wx", 0o644) };
    } catch (error) {
      // `as` because Node's typings do not say that file system errors carry a code.
      if ((error as NodeJS.ErrnoException).code === "EEXIST" && attempt < 1000) continue;
      throw cannotWrite(path, error);
    }
  }
}

function guard(path: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

function cannotWrite(path: string, cause: unknown): UserError {
  return new UserError("io", `${path}: cannot be written: ${messageOf(cause)}`, {
    hint: "Check the free space and the permissions of the folder.",
    cause,
  });
}
