import { crc32 } from "../../crc32.js";
import { viewOf } from "./header.js";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const LENGTH_BYTES = 4;
const TYPE_BYTES = 4;
const CRC_BYTES = 4;
const MOST_DELAY_MS = 65_535;

/** One chunk of a PNG. */
export interface PngChunk {
  readonly type: string;
  readonly data: Uint8Array;
}

/** The chunks of a PNG in their order. @throws RangeError if it is none, is cut off, or a checksum is wrong */
export function pngChunks(png: Uint8Array): readonly PngChunk[] {
  if (!SIGNATURE.every((byte, i) => png[i] === byte)) throw new RangeError("not a PNG");
  const view = viewOf(png);
  const chunks: PngChunk[] = [];
  for (let at = SIGNATURE.length; at < png.length; ) {
    if (at + LENGTH_BYTES + TYPE_BYTES > png.length) throw new RangeError("the PNG is cut off");
    const start = at + LENGTH_BYTES + TYPE_BYTES;
    const end = start + view.getUint32(at);
    if (end + CRC_BYTES > png.length) throw new RangeError("the PNG is cut off");
    if (view.getUint32(end) !== crc32(png.subarray(at + LENGTH_BYTES, end)))
      throw new RangeError("a checksum of the PNG is wrong");
    chunks.push({ type: String.fromCharCode(...png.subarray(at + LENGTH_BYTES, start)), data: png.subarray(start, end) });
    at = end + CRC_BYTES;
  }
  return chunks;
}

/**
 * An animated PNG of still ones, shown in turn and for ever; the first is what programs without animation show (PNG specification, third
 * edition, 11.3.6).
 *
 * @param frames PNGs of one size and one kind, without palettes
 * @throws RangeError for frames that differ in more than their pixels, for none, and for a delay that a frame cannot have
 */
export function animatedPng(frames: readonly Uint8Array[], { delayMs }: { readonly delayMs: number }): Uint8Array {
  if (!(Number.isInteger(delayMs) && delayMs > 0 && delayMs <= MOST_DELAY_MS)) throw new RangeError(`a delay of ${delayMs} ms`);
  const all = frames.map(pngChunks);
  if (all.length === 0) throw new RangeError("an animation without frames");
  const header = all[0][0].data;
  for (const chunks of all) {
    const isAlike = chunks[0].data.length === header.length && chunks[0].data.every((byte, i) => byte === header[i]);
    if (!isAlike || chunks.some(({ type }) => type === "PLTE")) throw new RangeError("frames differ in more than their pixels");
  }
  let sequence = 0;
  const next = () => uint32(sequence++);
  const parts = [SIGNATURE, chunk("IHDR", header), chunk("acTL", uint32(frames.length), uint32(0))];
  all.forEach((chunks, frame) => {
    // Width and height from the header, no offset; the delay as a fraction of seconds; dispose and blend: none, source.
    const delay = Uint8Array.of(delayMs >> 8, delayMs & 0xff, 1000 >> 8, 1000 & 0xff, 0, 0);
    parts.push(chunk("fcTL", next(), header.subarray(0, 8), uint32(0), uint32(0), delay));
    for (const { type, data } of chunks) {
      if (type !== "IDAT") continue;
      parts.push(frame === 0 ? chunk("IDAT", data) : chunk("fdAT", next(), data));
    }
  });
  parts.push(chunk("IEND"));
  return Buffer.concat(parts);
}

function chunk(type: string, ...data: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, "latin1"), ...data]);
  return Buffer.concat([uint32(body.length - TYPE_BYTES), body, uint32(crc32(body))]);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value);
  return bytes;
}
