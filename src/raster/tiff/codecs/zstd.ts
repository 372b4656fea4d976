import { zstdDecompress } from "../../zstd.js";
import { BadBlock } from "../bad-block.js";

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** Some writers leave a few bytes behind those of the block. */
const SURPLUS_BYTES = 4096;
/** Of a window; zstd itself refuses more unless told otherwise, and its highest level needs this much. */
const MAX_WINDOW_BYTES = 2 ** 27;

/**
 * A ZSTD frame (RFC 8878). One that ends early comes back short.
 *
 * @throws BadBlock where it is damaged, or claims or gives more than `mostBytes`: nothing beyond is decompressed
 */
export async function decodeZstd(bytes: Uint8Array, { mostBytes }: { mostBytes: number }): Promise<Uint8Array> {
  const { contentBytes, windowBytes } = readFrameHeader(bytes);
  const most = mostBytes + SURPLUS_BYTES;
  if (contentBytes !== undefined && contentBytes > most) {
    throw new BadBlock(`claims ${contentBytes} bytes where its block has ${mostBytes}`);
  }
  if (windowBytes > MAX_WINDOW_BYTES) throw new BadBlock(`claims a window of ${windowBytes} bytes`);
  const outcome = await zstdDecompress(bytes, most);
  if ("damage" in outcome) throw new BadBlock(`no ZSTD frame: ${outcome.damage}`);
  if (outcome.bytes.length >= most) throw new BadBlock(`decompresses to more than its ${mostBytes} bytes`);
  return outcome.bytes;
}

/** Bytes of the field Frame_Content_Size by its flag. */
const CONTENT_BYTES = [0, 2, 4, 8];
const DICTIONARY_BYTES = [0, 1, 2, 4];

function readFrameHeader(bytes: Uint8Array): { contentBytes: number | undefined; windowBytes: number } {
  if (!MAGIC.every((byte, i) => bytes[i] === byte) || bytes.length < 6) throw new BadBlock("no ZSTD frame");
  const descriptor = bytes[4];
  const single = (descriptor & 0x20) !== 0;
  let at = 5;
  let windowBytes = 0;
  if (!single) {
    const base = 2 ** (10 + (bytes[at] >> 3));
    windowBytes = base + (base / 8) * (bytes[at] & 7);
    at++;
  }
  at += DICTIONARY_BYTES[descriptor & 3];
  const size = descriptor >> 6 === 0 && single ? 1 : CONTENT_BYTES[descriptor >> 6];
  if (at + size > bytes.length) throw new BadBlock("the ZSTD frame is cut off within its header");
  if (size === 0) return { contentBytes: undefined, windowBytes };
  let contentBytes = size === 2 ? 256 : 0;
  for (let i = 0; i < size; i++) contentBytes += bytes[at + i] * 2 ** (8 * i);
  return { contentBytes, windowBytes: single ? 0 : windowBytes };
}
