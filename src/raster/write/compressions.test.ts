import zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { compressionOf } from "./compressions.js";

const BYTES = Uint8Array.from({ length: 5000 }, (_, index) => index % 7);

describe("a compression", () => {
  it("deflate can be undone", async () => {
    const { code, compress } = compressionOf("deflate");
    expect(code).toBe(8);
    expect(new Uint8Array(zlib.inflateSync(await compress(BYTES)))).toEqual(BYTES);
  });

  it("zstd is refused where Node has none, with what serves instead", () => {
    expect(() => compressionOf("zstd", {})).toThrow(
      expect.objectContaining({ code: "usage", hint: expect.stringContaining("deflate") }),
    );
  });

  const hasZstd = "zstdCompress" in zlib;
  if (!hasZstd) console.warn(`skipped: Node ${process.versions.node} has no ZSTD`);
  it.skipIf(!hasZstd)("zstd can be undone", async () => {
    const { code, compress } = compressionOf("zstd");
    expect(code).toBe(50000);
    const { zstdDecompressSync } = zlib as unknown as { zstdDecompressSync: (bytes: Uint8Array) => Buffer };
    expect(new Uint8Array(zstdDecompressSync(await compress(BYTES)))).toEqual(BYTES);
  });
});
