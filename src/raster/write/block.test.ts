import { describe, expect, it } from "vitest";
import { blockBytes, PREDICTOR } from "./block.js";

describe("the bytes of a block", () => {
  it("are the bands interleaved, and the fill where there are no pixels", () => {
    const pixels = { data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), widthPx: 2, heightPx: 2 };
    const form = { dtype: "uint8", predictor: PREDICTOR.none, widthPx: 3, heightPx: 3, fill: 9 } as const;
    expect([...blockBytes(pixels, [0, 1], form)]).toEqual([1, 5, 2, 6, 9, 9, 3, 7, 4, 8, 9, 9, 9, 9, 9, 9, 9, 9]);
    expect([...blockBytes(pixels, [1], form)]).toEqual([5, 6, 9, 7, 8, 9, 9, 9, 9]);
  });

  it("are differences within a row for whole numbers, modulo their type, lowest byte first", () => {
    const pixels = { data: Uint16Array.of(1000, 1003, 1, 500, 500, 499), widthPx: 3, heightPx: 2 };
    const form = { dtype: "uint16", predictor: PREDICTOR.horizontal, widthPx: 3, heightPx: 2, fill: 0 } as const;
    const words = [1000, 3, 65536 - 1002, 500, 0, 65535];
    expect([...blockBytes(pixels, [0], form)]).toEqual(words.flatMap((word) => [word & 255, word >> 8]));
  });

  it("are differences of planes of bytes for floating point, highest byte first", () => {
    // 1 = 3f800000, 2 = 40000000.
    const pixels = { data: Float32Array.of(1, 2), widthPx: 2, heightPx: 1 };
    const form = { dtype: "float32", predictor: PREDICTOR.floatingPoint, widthPx: 2, heightPx: 1, fill: 0 } as const;
    expect([...blockBytes(pixels, [0], form)]).toEqual([0x3f, 0x01, 0x40, 0x80, 0, 0, 0, 0]);
  });
});
