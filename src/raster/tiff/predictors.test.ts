import { describe, expect, it } from "vitest";
import { PREDICTORS } from "./predictors.js";

describe("predictors", () => {
  it("2 adds up each band of a pixel by itself, row by row, and wraps", () => {
    const bytes = Uint8Array.of(10, 200, 5, 100, 255, 1, 1, 2, 3, 4, 5, 6);
    PREDICTORS[2].undo(bytes, { rows: 2, length: 6, stride: 2, bits: 8 });
    expect([...bytes]).toEqual([10, 200, 15, 44, 14, 45, 1, 2, 4, 6, 9, 12]);
  });

  it.each([16, 32, 64])("2 adds up samples of %i bits", (bits) => {
    const size = bits / 8;
    const bytes = new Uint8Array(3 * size);
    // 255, 1, 1: the carry goes into the second byte.
    bytes.set([255], 0);
    bytes.set([1], size);
    bytes.set([1], 2 * size);
    PREDICTORS[2].undo(bytes, { rows: 1, length: 3, stride: 1, bits });
    expect([bytes[0], bytes[size], bytes[size + 1], bytes[2 * size], bytes[2 * size + 1]]).toEqual([255, 0, 1, 1, 1]);
  });

  it("3 puts planes of bytes, high ones first, back together", () => {
    const values = Float32Array.of(1.5, -2.25, 1000, 3e-8, 0, -1);
    const length = 3;
    const stored = new Uint8Array(values.byteLength);
    const view = new DataView(values.buffer);
    for (let row = 0; row < 2; row++) {
      const planes = Array.from({ length: 12 }, (_, i) =>
        view.getUint8(4 * (row * length + (i % length)) + 3 - Math.floor(i / length)),
      );
      stored.set(
        planes.map((byte, i) => byte - (i === 0 ? 0 : planes[i - 1])),
        row * 12,
      );
    }
    PREDICTORS[3].undo(stored, { rows: 2, length, stride: 1, bits: 32 });
    expect(new Float32Array(stored.buffer)).toEqual(values);
  });
});
