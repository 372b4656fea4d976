import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { messageOf, UserError } from "../../errors.js";
import { makeFolder } from "../../files.js";
import { PLUGINS, type PluginName, type PluginValues } from "./plugins.js";
import { encodeEvent, type ValueInit } from "./proto.js";
import { encodeRecord } from "./record.js";

const FILE_VERSION = "brain.Event:2";
const FLUSH_AT_BYTES = 65536;

/** Something at one step. */
export interface Logged<T> {
  readonly tag: string;
  readonly step: number;
  readonly value: T;
  /** Seconds since 1970. */
  readonly wallTime: number;
}

/** One number at one step, as TensorBoard plots it: stored as float32; NaN and infinities are allowed. */
export type ScalarEvent = Logged<number>;

/** Writes one TensorBoard event file: what one run has to show. */
export interface EventWriter {
  readonly path: string;
  /** Adds one number. @throws RangeError if step is not an integer */
  scalar(tag: string, value: number, step: number): void;
  /** Adds what one of the other plugins shows. @throws RangeError if step is not an integer */
  add<P extends PluginName>(plugin: P, tag: string, value: PluginValues[P], step: number): void;
  /** Hands everything written so far to the operating system, so that TensorBoard shows it. */
  flush(): void;
  /** Flushes, makes the file durable and closes it; a second call does nothing. */
  close(): void;
}

/** Seconds since 1970. The library's one look at the clock: TensorBoard draws by it, and no result depends on it. */
export const wallClock = () => Date.now() / 1000;

/**
 * Starts `events.out.tfevents.<seconds>.<host>` in a folder, which is made if needed. Never touches an existing file:
 * a second writer in the same second gets `.1`, `.2`, … appended.
 *
 * @throws UserError `io` if the disk refuses
 */
export function createEventWriter(
  folder: string,
  { wallTime = wallClock, host = "sigmax" }: { readonly wallTime?: (() => number) | undefined; readonly host?: string } = {},
): EventWriter {
  const start = wallTime();
  const seconds = String(Math.floor(start)).padStart(10, "0");
  const name = `events.out.tfevents.${seconds}.${host.replace(/[^\w.-]/g, "_")}`;
  const { path, handle } = createNew(folder, name);
  let open = true;
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;

  const add = (payload: Uint8Array) => {
    const record = encodeRecord(payload);
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

  add(
    encodeEvent({
      wallTime: start,
      what: { case: "fileVersion", value: FILE_VERSION },
      sourceMetadata: { writer: "sigmax" },
    }),
  );
  flush();
  return {
    path,
    scalar: (tag, value, step) => add(encodeScalar({ tag, value, step, wallTime: wallTime() })),
    add: (plugin, tag, value, step) => add(encodePluginValue(plugin, { tag, value, step, wallTime: wallTime() })),
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
export function encodeScalar({ value, ...at }: ScalarEvent): Uint8Array {
  return encodeValue(at, { value: { case: "simpleValue", value } });
}

/** The protobuf bytes of one event of a plugin. @throws RangeError if step is not an integer */
export function encodePluginValue<P extends PluginName>(plugin: P, { value, ...at }: Logged<PluginValues[P]>): Uint8Array {
  const { dataClass, write } = PLUGINS[plugin];
  const { tensor, content } = write(value);
  return encodeValue(at, {
    metadata: { pluginData: { pluginName: plugin, content }, dataClass },
    value: { case: "tensor", value: tensor },
  });
}

function encodeValue({ tag, step, wallTime }: Omit<Logged<unknown>, "value">, value: Omit<ValueInit, "$typeName">): Uint8Array {
  return encodeEvent({ wallTime, step: BigInt(step), what: { case: "summary", value: { value: [{ tag, ...value }] } } });
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
