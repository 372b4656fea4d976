import zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeZstd } from "../tiff/codecs/zstd.js";
import { compressionOf } from "./compressions.js";

const BYTES = Uint8Array.from({ length: 5000 }, (_, index) => index % 7);

describe("a compression", () => {
  it("deflate can be undone", async () => {
    const { code, compress } = compressionOf("deflate");
    expect(code).toBe(8);
    expect(new Uint8Array(zlib.inflateSync(await compress(BYTES)))).toEqual(BYTES);
  });

  it("zstd can be undone", async () => {
    const { code, compress } = compressionOf("zstd");
    expect(code).toBe(50000);
    expect(new Uint8Array(await decodeZstd(await compress(BYTES), { mostBytes: BYTES.length }))).toEqual(BYTES);
  });
});
