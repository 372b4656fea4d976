import { describe, expect, it } from "vitest";
import { sampleFormat } from "./samples.js";

function unpack(kind: "uint" | "int" | "float", bits: number, bytes: readonly number[], length: number, rows = 1): number[] {
  const format = sampleFormat(kind, bits);
  if (format === undefined) throw new Error("no such format");
  return [...format.unpack(Uint8Array.from(bytes), { rows, length })];
}

describe("stored samples", () => {
  it.each([
    ["uint", 8, "uint8"],
    ["int", 8, "int16"],
    ["uint", 4, "uint8"],
    ["uint", 12, "uint16"],
    ["uint", 24, "uint32"],
    ["uint", 64, "float64"],
    ["int", 32, "int32"],
    ["float", 16, "float32"],
    ["float", 64, "float64"],
  ] as const)("%s of %i bits become %s", (kind, bits, dtype) => {
    expect(sampleFormat(kind, bits)).toMatchObject({ stored: `${kind}${bits}`, dtype });
  });

  it.each([
    ["uint", 0],
    ["uint", 33],
    ["int", 12],
    ["float", 8],
    ["complex", 64],
  ] as const)("%s of %i bits are none", (kind, bits) => {
    expect(sampleFormat(kind, bits)).toBeUndefined();
  });

  it("of a few bits lie high bit first, and each row begins a byte", () => {
    expect(unpack("uint", 4, [0x12, 0x30, 0x45, 0x60], 3, 2)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(unpack("uint", 12, [0xab, 0xc1, 0x23], 2)).toEqual([0xabc, 0x123]);
    expect(unpack("uint", 1, [0b10110000], 4)).toEqual([1, 0, 1, 1]);
    expect(unpack("uint", 31, [0xff, 0xff, 0xff, 0xfe], 1)).toEqual([2 ** 31 - 1]);
  });

  it("that are signed bytes keep their sign", () => {
    expect(unpack("int", 8, [0xff, 0x7f, 0x80], 3)).toEqual([-1, 127, -128]);
  });

  it("that are halves are 1, -2, the least above 0, infinity and NaN", () => {
    const halves = [0x3c00, 0xc000, 0x0001, 0x7c00, 0x7e00];
    const bytes = halves.flatMap((half) => [half & 255, half >> 8]);
    expect(unpack("float", 16, bytes, 5)).toEqual([1, -2, 2 ** -24, Number.POSITIVE_INFINITY, Number.NaN]);
  });

  it("of 64 bits are read where a number holds them exactly", () => {
    expect(unpack("uint", 64, [0, 0, 0, 0, 0, 1, 0, 0], 1)).toEqual([2 ** 40]);
    expect(unpack("int", 64, Array(8).fill(255), 1)).toEqual([-1]);
    expect(() => unpack("uint", 64, Array(8).fill(255), 1)).toThrow("18446744073709551615");
  });
});
