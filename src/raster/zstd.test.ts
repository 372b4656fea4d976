import { describe, expect, it } from "vitest";
import { zstdCompress, zstdDecompress } from "./zstd.js";

const BYTES = Uint8Array.from({ length: 50_000 }, (_, i) => (i * (i % 7)) % 251);

describe("ZSTD", () => {
  // On Node 20 all four are the same.
  it.each([
    ["WebAssembly", "none", "none"],
    ["this Node", undefined, undefined],
    ["WebAssembly, read by this Node", "none", undefined],
    ["this Node, read by WebAssembly", undefined, "none"],
  ] as const)("gives back what went in: %s", async (_, writer, reader) => {
    const frame = await zstdCompress(BYTES, 3, writer);
    expect(frame.length).toBeLessThan(BYTES.length / 2);
    const outcome = await zstdDecompress(frame, BYTES.length + 1, reader);
    expect("bytes" in outcome && new Uint8Array(outcome.bytes)).toEqual(BYTES);
    const cut = await zstdDecompress(frame.subarray(0, frame.length / 2), BYTES.length + 1, reader);
    expect("damage" in cut || cut.bytes.length < BYTES.length).toBe(true);
  });
});
