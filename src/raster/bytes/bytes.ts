import { UserError } from "../../errors.js";

/** Where some bytes lie. */
export interface BytePiece {
  readonly offset: number;
  readonly length: number;
}

/** Bytes at rest that are read piece by piece: a file, memory, something behind an address. */
export interface ByteSource {
  /** Names it in messages. */
  readonly name: string;
  /** In bytes; does not change while the source is open. */
  readonly size: number;
  /**
   * Exactly these bytes, in memory that belongs to the caller.
   *
   * @throws UserError `bad-file` where they lie beyond the end
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * The same bytes for somebody who will read these pieces, in this order: far away, what lies together is fetched together.
   * Absent where that makes no difference.
   *
   * @throws UserError `bad-file` where one lies beyond the end
   */
  ahead?(pieces: readonly BytePiece[], signal?: AbortSignal): Pick<ByteSource, "read">;
  close(): Promise<void>;
}

/** Bytes that are in memory already. */
export function memoryBytes(bytes: Uint8Array, name: string): ByteSource {
  const size = bytes.length;
  return {
    name,
    size,
    async read(offset, length) {
      checkWithin({ name, size }, offset, length);
      return new Uint8Array(bytes.subarray(offset, offset + length));
    },
    async close() {},
  };
}

/** @throws UserError `bad-file` unless the bytes are all there; so that nothing is allocated for what is not */
export function checkWithin({ name, size }: Pick<ByteSource, "name" | "size">, offset: number, length: number): void {
  if (offset >= 0 && length >= 0 && offset + length <= size) return;
  throw cutOff(name, `bytes ${offset} to ${offset + length} are not there, it ends at byte ${size}`);
}

/** The error of a file that ends before what it promises. */
export function cutOff(name: string, what: string): UserError {
  return new UserError("bad-file", `${name}: cut off: ${what}`, { hint: "Fetch or export the file again." });
}
