import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.js";
import { decodeDeflate } from "./codecs/deflate.js";
import { decodeLzw } from "./codecs/lzw.js";
import { decodePackBits } from "./codecs/packbits.js";
import { CODECS } from "./codecs.js";

/** Packs codes of 9 bits. */
function codes(values: readonly number[], highFirst: boolean): Uint8Array {
  const bits = values.flatMap((value) => {
    const low = Array.from({ length: 9 }, (_, i) => (value >> i) & 1);
    return highFirst ? low.reverse() : low;
  });
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [i, bit] of bits.entries()) bytes[i >> 3] |= bit << (highFirst ? 7 - (i & 7) : i & 7);
  return bytes;
}

describe("codecs", () => {
  it("have one row for each number", () => {
    const ids = CODECS.flatMap((codec) => codec.ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  // The example of TIFF 6.0, section 13.
  it.each([true, false])("LZW reads the example of the specification, high bit first: %s", (highFirst) => {
    const bytes = codes([256, 7, 258, 8, 8, 258, 6, 6, 257], highFirst);
    expect([...decodeLzw(bytes, { neededBytes: 100 })]).toEqual([7, 7, 7, 8, 8, 7, 7, 6, 6]);
    expect(decodeLzw(bytes, { neededBytes: 4 })).toHaveLength(4);
  });

  it("LZW refuses codes that stand for nothing yet", () => {
    expect(() => decodeLzw(codes([256, 7, 300], true), { neededBytes: 10 })).toThrow(/LZW code 300 where 258/);
    expect(() => decodeLzw(codes([256, 258], true), { neededBytes: 10 })).toThrow(/LZW code 258 where 257/);
  });

  it("PackBits reads the example of the specification", () => {
    const packed = [0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa];
    const plain = [0xaa, 0xaa, 0xaa, 0x80, 0, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0, 0x2a, 0x22, ...Array(10).fill(0xaa)];
    expect([...decodePackBits(Uint8Array.from(packed), { neededBytes: 24 })]).toEqual(plain);
    expect(decodePackBits(Uint8Array.from(packed), { neededBytes: 5 })).toHaveLength(5);
  });

  it("Deflate stops at the most bytes of its block, but for a few", async () => {
    const bytes = deflateSync(new Uint8Array(1_000_000));
    const read = (mostBytes: number) => decodeDeflate(bytes, { neededBytes: 1000, mostBytes });
    await expect(read(1000)).rejects.toThrow("inflates to more than its 1000 bytes");
    expect(await read(999_000)).toHaveLength(1_000_000);
    await expect(decodeDeflate(Uint8Array.of(1, 2, 3), { neededBytes: 10, mostBytes: 10 })).rejects.toThrow(/no Deflate stream/);
  });

  it("none gives more than the block, whatever the bytes are", async () => {
    const random = createRandom(5);
    const shape = { widthPx: 10, heightPx: 10, samples: 1, bits: 8, neededBytes: 100, mostBytes: 100 };
    const pixels = { stored: "uint8", samples: 3, photometric: 2, tables: undefined, lercCompression: 1 };
    for (let round = 0; round < 300; round++) {
      const bytes = Uint8Array.from({ length: 200 }, () => random.int(256));
      for (const codec of CODECS) {
        if ("unread" in codec || codec.name === "none") continue;
        const decode = "bind" in codec ? codec.bind(pixels) : codec.decode;
        if ("unread" in decode) throw new Error(`${codec.name} of bytes is not read`);
        const length = await Promise.resolve()
          .then(() => decode(bytes, shape))
          .then(
            ({ length }) => length,
            ({ name }) => name,
          );
        expect(length === "BadBlock" || length <= 100, `${codec.name}: ${length}`).toBe(true);
      }
    }
  });
});
