import { describe, expect, it } from "vitest";
import type { BytePiece } from "./bytes.js";
import { joinedReads, joinPieces } from "./joined.js";

const KIB = 1024;
const MIB = KIB * KIB;
const piece = (offset: number, length: number): BytePiece => ({ offset, length });
const rangesOf = (pieces: readonly BytePiece[]) => joinPieces(pieces).map(({ offset, length }) => [offset, length]);

describe("pieces", () => {
  it("are joined over gaps of 32 KiB, not of a byte more", () => {
    expect(rangesOf([piece(0, 10), piece(10 + 32 * KIB, 5)])).toEqual([[0, 15 + 32 * KIB]]);
    expect(rangesOf([piece(0, 10), piece(11 + 32 * KIB, 5)])).toEqual([
      [0, 10],
      [11 + 32 * KIB, 5],
    ]);
  });

  it("are joined up to 8 MiB; a larger one stands alone", () => {
    expect(rangesOf([piece(0, 4 * MIB), piece(4 * MIB, 4 * MIB), piece(8 * MIB, 1)])).toEqual([
      [0, 8 * MIB],
      [8 * MIB, 1],
    ]);
    expect(rangesOf([piece(0, 1), piece(1, 9 * MIB), piece(1 + 9 * MIB, 1)])).toEqual([
      [0, 1],
      [1, 9 * MIB],
      [1 + 9 * MIB, 1],
    ]);
  });

  it("that overlap, lie one in the other or come twice are fetched once", () => {
    expect(rangesOf([piece(0, 100), piece(20, 10), piece(90, 20), piece(0, 100)])).toEqual([[0, 110]]);
  });

  it("are fetched in the order in which they are read", () => {
    expect(rangesOf([piece(3 * MIB, 1), piece(0, 1), piece(1 + 3 * MIB, 1)])).toEqual([
      [3 * MIB, 2],
      [0, 1],
    ]);
  });
});

describe("reads that were said beforehand", () => {
  /** Byte i is i mod 251. */
  const bytesOf = ({ offset, length }: BytePiece) => Uint8Array.from({ length }, (_, i) => (offset + i) % 251);

  function source() {
    const [fetched, others]: [BytePiece[], BytePiece[]] = [[], []];
    const log = (list: BytePiece[]) => async (wanted: BytePiece) => {
      list.push(piece(wanted.offset, wanted.length));
      return bytesOf(wanted);
    };
    return { fetched, others, fetchBytes: log(fetched), otherwise: log(others) };
  }

  it("give each piece its bytes from one fetch, in memory of its own", async () => {
    const { fetched, others, fetchBytes, otherwise } = source();
    const pieces = [piece(5, 10), piece(15, 10), piece(100, 3)];
    const read = joinedReads(pieces, fetchBytes, otherwise);
    for (const wanted of pieces) {
      const bytes = await read(wanted);
      expect(bytes).toEqual(bytesOf(wanted));
      bytes.fill(0);
    }
    expect(fetched).toEqual([piece(5, 98)]);
    expect(others).toEqual([]);
  });

  it("are three ranges ahead of what is read, no further, and leave out what was passed over", async () => {
    const { fetched, fetchBytes, otherwise } = source();
    const pieces = Array.from({ length: 12 }, (_, i) => piece(i * MIB, 10));
    const read = joinedReads(pieces, fetchBytes, otherwise);
    expect(fetched).toEqual([]);
    await read(pieces[0]);
    expect(fetched).toEqual(pieces.slice(0, 4));
    await read(pieces[6]);
    expect(fetched).toEqual([...pieces.slice(0, 4), ...pieces.slice(6, 10)]);
  });

  it("are made otherwise for what was not said, and for what was read before", async () => {
    const { others, fetchBytes, otherwise } = source();
    const read = joinedReads([piece(0, 10)], fetchBytes, otherwise);
    await read(piece(0, 10));
    expect(await read(piece(0, 10))).toEqual(bytesOf(piece(0, 10)));
    expect(await read(piece(0, 11))).toEqual(bytesOf(piece(0, 11)));
    expect(others).toEqual([piece(0, 10), piece(0, 11)]);
  });
});
