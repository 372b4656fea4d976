import { closeSync, existsSync, ftruncateSync, openSync, readSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "../crc32.js";
import { messageOf, UserError } from "../errors.js";
import { makeFolder } from "../files.js";

/** A row of cells, as far as it is decided. */
export interface CellRow {
  /** `[columns, K]` */
  readonly probabilities: Float32Array;
  /** By cell: what `CELL` says. */
  readonly states: Uint8Array;
}

/** What became of a cell. */
export const CELL = { nodata: 0, masked: 1, answered: 2 } as const;

/** Rows of a map that are being made: a file beside it, from which a map that was interrupted goes on. */
export interface Journal {
  /** Rows that are there. */
  readonly rows: number;
  /** Whether there was one of another fingerprint, or another file, in its place: what it held is gone. */
  readonly isReplacing: boolean;
  append(row: CellRow): void;
  /** From the first to the last. */
  read(): Generator<CellRow>;
  close(): void;
  /** Removes the file. */
  remove(): void;
}

export interface JournalOptions {
  readonly path: string;
  /** Of everything that decides the numbers: another one begins anew. */
  readonly fingerprint: string;
  readonly columns: number;
  readonly classes: number;
}

const MAGIC = "sigmax cells 1\n";
const CRC_BYTES = 4;

/**
 * Opens the journal of a map. Rows after the first that is damaged or cut off, as a crash leaves them, are dropped.
 *
 * @throws UserError `io` naming the file if the disk refuses
 */
export function openJournal({ path, fingerprint, columns, classes }: JournalOptions): Journal {
  const head = Buffer.from(`${MAGIC}${JSON.stringify({ fingerprint, columns, classes })}\n`);
  const numberBytes = 4 * columns * classes;
  const rowBytes = numberBytes + columns + CRC_BYTES;
  const row = Buffer.alloc(rowBytes);
  const orIo = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw new UserError("io", `${path}: cannot be written: ${messageOf(error)}`, {
        hint: "Check the free space and the permissions of the folder.",
        cause: error,
      });
    }
  };
  orIo(() => makeFolder(dirname(path)));
  const file = orIo(() => openSync(path, existsSync(path) ? "r+" : "w+", 0o644));
  const isWhole = (index: number) => {
    if (readSync(file, row, 0, rowBytes, head.length + index * rowBytes) < rowBytes) return false;
    return crc32(row.subarray(0, rowBytes - CRC_BYTES)) === row.readUInt32LE(rowBytes - CRC_BYTES);
  };
  let isReplacing = false;
  const rowsThere = () => {
    const start = Buffer.alloc(head.length);
    const bytes = readSync(file, start, 0, head.length, 0);
    if (!start.equals(head)) {
      // A kill may leave the beginning of the head alone, or nothing yet.
      isReplacing = !start.subarray(0, bytes).equals(head.subarray(0, bytes));
      ftruncateSync(file, 0);
      writeSync(file, head, 0, head.length, 0);
      return 0;
    }
    const most = Math.floor((statSync(path).size - head.length) / rowBytes);
    let whole = 0;
    while (whole < most && isWhole(whole)) whole++;
    ftruncateSync(file, head.length + whole * rowBytes);
    return whole;
  };
  let rows = orIo(rowsThere);
  return {
    isReplacing,
    get rows() {
      return rows;
    },
    append({ probabilities, states }) {
      row.set(new Uint8Array(probabilities.buffer, probabilities.byteOffset, numberBytes), 0);
      row.set(states, numberBytes);
      row.writeUInt32LE(crc32(row.subarray(0, rowBytes - CRC_BYTES)), rowBytes - CRC_BYTES);
      orIo(() => writeSync(file, row, 0, rowBytes, head.length + rows * rowBytes));
      rows++;
    },
    *read() {
      const bytes = Buffer.alloc(rowBytes);
      for (let i = 0; i < rows; i++) {
        readSync(file, bytes, 0, rowBytes, head.length + i * rowBytes);
        const probabilities = new Float32Array(columns * classes);
        new Uint8Array(probabilities.buffer).set(bytes.subarray(0, numberBytes));
        yield { probabilities, states: Uint8Array.from(bytes.subarray(numberBytes, numberBytes + columns)) };
      }
    },
    close: () => closeSync(file),
    remove() {
      closeSync(file);
      rmSync(path, { force: true });
    },
  };
}
